#!/usr/bin/python3
"""A person acts, and the program is killed, the line is cut, another client acts at the same time: nothing is lost, doubled or wrongly changed.

Every action is one run of the program. It is killed at a random moment, or its connection is cut after a random number of octets; what the store
then shows must be either all or nothing of that action. After some dozens of actions the program may finish; then the server, the store and the
model must agree. One fixed script of every verb is also ended behind each line of the dialogue in turn, by a cut and by a kill.

$CRASH_KILLS (50) is about how many ends by force there are in all these ways together, from 1000 on with every line of the fixed script;
$CRASH_SEED is where the dice begin. Both are printed. A server that is still at work for a client that has gone is waited for: no client can
know of that.
"""
import atexit, itertools, os, random, shutil, subprocess, sys, tempfile, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from tap import Home, imap_conf, run
from world import Mail, bag, difference, folders_here, folders_there, here, there

KILLS = int(os.environ.get('CRASH_KILLS') or 50)
SEED = int(os.environ.get('CRASH_SEED') or 1)
ACTIONS = 40  # of a script, before everything must agree
STRIDE = 1 if KILLS >= 1000 else 10001 // KILLS | 1  # half lines of the fixed script from one end to the next
NO_MOVE = 'disable-capability = MOVE, LITERAL+, MULTIAPPEND'
PLAIN = 'disable-capability = MOVE, UIDPLUS, QRESYNC, CONDSTORE, ENABLE'
FIXED = ['INBOX', 'Lists', 'Projects']  # folders that stay
PLACES = FIXED + ['Sent', 'Archive']


def message(mid, subject):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: %s\nMessage-ID: <%s@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:00:00 +0100\n\ntext of %s\n' % (subject, mid, mid))


class Server(Dovecot):
    """One for all, with people of their own for each who asks."""

    def __init__(self):
        super().__init__()
        self.people = (('ann%d' % n, 'bob%d' % n) for n in range(99))
        with open(os.path.join(self.dir, 'users'), 'w') as f:
            f.write(''.join('%s%d:{PLAIN}%s::::::\n' % (name, n, self.password) for name in ('ann', 'bob') for n in range(99)))

    def mail(self, name):
        return os.path.join(self.dir, 'mail', name)


def server(running=[]):
    if not running:
        running.append(Server().start())
        atexit.register(running[0].close)
    return running[0]


class Driver:
    """One person, one server with two accounts on it, one model."""

    def __init__(self, seed, forced, way, more='', accounts=('work', 'home')):
        self.dice = random.Random(seed)
        self.seed, self.forced, self.way, self.more, self.accounts, self.made = seed, forced, way, more, accounts, 0
        self.steps = []  # bags and folder sets before each step that can be undone
        self.log, self.ends, self.other = [], 0, None
        self.marks = 'UIDPLUS' in more  # what is to go can only be marked then
        self.usual = {'online': .1, 'offline': .03, 'sync': .2}  # seconds that unharmed runs take
        self.server = server()
        self.users = next(self.server.people)
        self.proxy = Proxy(self.server.port)
        self.proxy.gentle = True
        self.home = Home('\n'.join(imap_conf(self.proxy.port, user=user, more='keep = full\n' + more).replace('account work', 'account ' + account)
                                   for account, user in zip(accounts, self.users)))
        for n, user in enumerate(self.users):
            with RawImap(self.server.port, user=user) as imap:
                for folder in FIXED[1:]:
                    imap('CREATE "%s"' % folder)
                for i in range(12):
                    flags = ['', '\\Seen', '\\Flagged \\Seen', 'blue', '\\Answered'][i % 5]
                    imap.append(message('%s%d' % (user[0], i), 'mail %d of %s' % (i, user)), box=FIXED[i % 3], flags=flags,
                                date='%02d-Oct-2026 10:00:00 +0000' % (i + 1 + n))
        self.home.run('sync')
        self.look()
        assert len(self.mails) == 12 * len(accounts), len(self.mails)

    def close(self):
        self.proxy.__exit__()
        self.home.close()

    def look(self):
        self.all = self.kept(here(self.home, self.accounts))
        self.mails = [m.but(flags=m.flags - {'red'}) for m in self.all if not m.mid.startswith('<other')]
        self.folders = {a: folders_here(self.home, a) for a in self.accounts}

    def kept(self, mails):
        return [m for m in mails if not (self.marks and 'deleted' in m.flags)]

    def say(self):
        return 'seed %d, %s %s:\n%s' % (self.seed, self.way, self.more, '\n'.join(self.log[-12:]))

    # ---- what a person may do: (arguments, mails after it, folders after it) ----

    def some(self, account, n, but=()):
        mails = [m for m in self.mails if m.account == account and m.folder not in but]
        return self.dice.sample(mails, min(len(mails), self.dice.randint(1, n)))

    def changed(self, chosen, **how):
        ids = {m.id for m in chosen}
        return [m.but(**how) if m.id in ids else m for m in self.mails]

    def account(self):
        return self.dice.choice(self.accounts)

    def flag(self):
        chosen, word = self.some(self.account(), 5), self.dice.choice(['seen', 'flagged', 'answered', 'blue', 'Project-7'])
        on = self.dice.random() < .6
        ids = {m.id for m in chosen}
        after = [m.but(flags=frozenset(m.flags | {word} if on else m.flags - {word})) if m.id in ids else m for m in self.mails]
        return ['flag', *ids, ('+' if on else '-') + word], after, self.folders

    def move(self):
        account = self.account()
        chosen, to = self.some(account, 4), self.dice.choice([p for p in PLACES if p in self.folders[account]])
        return ['move', *[m.id for m in chosen], '%s/%s' % (account, to)], self.changed(chosen, folder=to), self.folders

    def copy(self):
        account = self.account()
        chosen, to = self.some(account, 2), self.dice.choice([p for p in PLACES if p in self.folders[account]])
        return ['copy', *[m.id for m in chosen], '%s/%s' % (account, to)], self.mails + [m.but(folder=to, id=None) for m in chosen], self.folders

    def letter(self, mid):
        """A file with a message of that id."""
        path = os.path.join(self.home.dir, mid + '.eml')
        with open(path, 'w') as f:
            f.write(message(mid, 'draft ' + mid))
        return path

    def draft(self):
        """A new one, or one instead of another."""
        account = self.account()
        old = [m for m in self.mails if (m.account, m.folder) == (account, 'Drafts')]
        old = self.dice.choice(old) if old and self.dice.random() < .7 and not self.is_crossing() else None
        self.made += 1
        new = Mail(None, account, 'Drafts', '<d%d@harbour.example>' % self.made, {'draft', 'seen'})
        folders = {**self.folders, account: self.folders[account] | {'Drafts'}}
        args = ['draft', *(['--replace', old.id] if old else []), account, self.letter('d%d' % self.made)]
        return args, [m for m in self.mails if m is not old] + [new], folders

    def is_crossing(self):
        """Mail that goes for good before it has come across to its account comes back where it was, with the reason: else nobody could undo that."""
        return '"transfer"' in self.home.run('--offline', 'queue', '--json')

    def delete(self):
        if self.is_crossing():
            return self.flag()
        chosen = self.some(self.account(), 3)
        gone = {m.id for m in chosen if m.folder == 'Trash'}
        after = [m for m in self.changed(chosen, folder='Trash') if m.id not in gone]
        return ['delete', *[m.id for m in chosen]], after, self.folders

    def archive(self):
        account = self.account()
        chosen = self.some(account, 3)
        folders = {**self.folders, account: self.folders[account] | {'Archive'}}
        return ['archive', *[m.id for m in chosen]], self.changed(chosen, folder='Archive'), folders

    def create(self):
        account = self.account()
        self.made += 1
        name = self.dice.choice(['', 'Lists/', 'Projects/']) + 'new %d' % self.made
        return ['folder', 'create', '%s/%s' % (account, name)], self.mails, {**self.folders, account: self.folders[account] | {name}}

    def own(self, account):
        return sorted(f for f in self.folders[account] if 'new ' in f)

    def rename(self):
        account = self.account()
        if not self.own(account):
            return self.create()
        self.made += 1
        old, new = self.dice.choice(self.own(account)), 'new %d' % self.made
        folders = {**self.folders, account: self.folders[account] - {old} | {new}}
        after = [m.but(folder=new) if (m.account, m.folder) == (account, old) else m for m in self.mails]
        return ['folder', 'rename', '%s/%s' % (account, old), '%s/%s' % (account, new)], after, folders

    def fill(self):
        account = self.account()
        if not self.own(account):
            return self.create()
        chosen, to = self.some(account, 2), self.dice.choice(self.own(account))
        return ['move', *[m.id for m in chosen], '%s/%s' % (account, to)], self.changed(chosen, folder=to), self.folders

    def remove(self):
        account = self.account()
        if not self.own(account) or self.is_crossing():
            return self.create()
        old = self.dice.choice(self.own(account))
        after = [m for m in self.mails if (m.account, m.folder) != (account, old)]
        return ['folder', 'delete', '--yes', '%s/%s' % (account, old)], after, {**self.folders, account: self.folders[account] - {old}}

    def empty(self):
        account = self.account()
        after = [m for m in self.mails if (m.account, m.folder) != (account, 'Trash')]
        if len(after) == len(self.mails) or self.is_crossing():  # what is marked alone is not seen here to be a step
            return self.flag()
        return ['folder', 'empty', '--yes', account + '/Trash'], after, self.folders

    def transfer(self):
        if len(self.accounts) < 2:
            return self.move()
        account = self.account()
        other = [a for a in self.accounts if a != account][0]
        chosen, verb = self.some(account, 2), self.dice.choice(['move', 'copy'])
        after = [m.but(account=other, folder='INBOX', id=None) for m in chosen]
        ids = {m.id for m in chosen} if verb == 'move' else set()
        return [verb, *[m.id for m in chosen], other + '/INBOX'], [m for m in self.mails if m.id not in ids] + after, self.folders

    def undo(self):
        if not self.steps:
            return self.flag()
        mails, folders = self.steps[-1]
        return ['undo'], mails, folders

    def sync(self):
        return ['sync'], self.mails, self.folders

    CHOICES = 'draft draft draft draft sync sync flag flag flag move move move move copy copy delete delete archive create fill rename remove empty transfer transfer undo undo undo'.split()

    # ---- doing it ----

    def kill_after(self, args, seconds):
        p = self.home.start(*args)
        try:
            p.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            p.kill()
            return True
        finally:
            p.wait()

    def force(self, args):
        """Runs the program and ends it by force, or cuts its line, at a random moment; FALSE when that was too late."""
        if self.way == 'kill':
            return self.kill_after(args, self.dice.random() * self.usual[self.kind(args)] * 1.1)
        up = self.dice.random() < .4
        self.proxy.cut_after(self.dice.randint(0, self.dice.choice([300, 1500] if up else [600, 9000])), up)
        self.home.run(*args, status=None, timeout=60)
        return not self.proxy.mend()

    @staticmethod
    def kind(args):
        return args[0] if args[0] == 'sync' else 'offline' if args[0] == '--offline' else 'online'

    def act(self, force):
        what = self.dice.choice(self.CHOICES)
        args, mails, folders = getattr(self, what)()
        args = [str(a) for a in args]
        if what != 'sync' and self.dice.random() < .4 and not (force and self.way == 'cut'):
            args = ['--offline'] + args
        self.log.append(('forced ' if force else '') + (what + ': ' if what == 'transfer' else '') + ' '.join(args))
        before = (self.mails, self.folders)
        if force:
            self.ends += self.force(args)
        else:
            start = time.monotonic()
            self.home.run(*args, status=None if what == 'undo' else 0)
            if self.home.status:  # what a crash left half done is finished first
                assert 'being carried out' in self.home.err, self.say() + self.home.err
                mails, folders = before
            self.usual[self.kind(args)] = .8 * self.usual[self.kind(args)] + .2 * (time.monotonic() - start)
        self.take(args, before, (mails, folders), force)

    def take(self, args, before, after, force):
        """The store must show all of it, or nothing where force was used."""
        if force and ('transfer' in self.log[-1] or args[-1] == 'undo'):
            self.recover()
        self.look()
        now = (bag(self.mails), self.folders)
        if now == (bag(after[0]), after[1]):
            if args[-1] == 'undo':
                self.steps.pop()
            elif now != (bag(before[0]), before[1]) or args[-1] not in ('undo',):
                self.remember(before, after)
            return
        if force and now == (bag(before[0]), before[1]):
            return
        raise AssertionError('%s\nneither before nor after:\n%s\n%r' % (self.say(), difference(bag(after[0]), now[0]), {
            a: after[1][a] ^ now[1][a] for a in self.accounts}))

    def remember(self, before, after):
        if bag(before[0]) != bag(after[0]) or before[1] != after[1]:
            self.steps.append(before)

    def recover(self):
        """A transfer is in two stores: what a crash left between them goes when the other account starts."""
        for account in self.accounts:
            known = [m.id for m in self.mails if m.account == account and m.id]
            self.home.run('--offline', 'flag', known[0], '-nothing', status=None)

    def finish(self):
        if self.other:
            with self.other.lock:
                self.agree()
        else:
            self.agree()

    def agree(self):
        """The program may finish: nothing waits then, nothing that was seen changes by it, and the server has the same."""
        self.log.append('sync')
        self.home.run('sync', timeout=120)
        queue = self.home.run('--offline', 'queue', '--json')
        assert not queue.strip(), '%s\nleft in the queue:\n%s' % (self.say(), queue)
        wanted = bag(self.mails)
        self.look()
        wrong = difference(wanted, bag(self.mails), ('before the last sync', 'after it'))
        assert not wrong, '%s\nthe store changed:\n%s' % (self.say(), wrong)
        self.compare()
        # a file is there before its row is: one without a row is harmless
        out = [line for line in self.home.run('check', status=None).splitlines() if 'belongs to no mail' not in line]
        assert self.home.status == 0 or not out, '%s\ncheck: %s%s' % (self.say(), out, self.home.err)

    def compare(self):
        for account, user in zip(self.accounts, self.users):
            with RawImap(self.server.port, user=user) as imap:
                wrong = difference(bag(m for m in self.all if m.account == account), bag(self.kept(there(imap, account))), ('here', 'on the server'))
                assert not wrong, '%s\nserver and store differ:\n%s' % (self.say(), wrong)
                assert folders_there(imap) == self.folders[account], (self.say(), folders_there(imap) ^ self.folders[account])

    def run(self):
        """Scripts of some dozen actions, about half of them forced, until enough were."""
        while self.ends < self.forced:
            for _ in range(ACTIONS):
                self.act(self.dice.random() < .6)
                if self.ends >= self.forced:
                    break
            self.finish()

    # ---- the fixed script ----

    def id(self, mid):
        return [m.id for m in self.mails if m.mid == '<%s@harbour.example>' % mid][0]

    def say_all(self, text, *first):
        """Runs lines of text as commands; words such as a7 are messages, @d2 is a file with one."""
        for line in text.strip().splitlines():
            words = [str(self.id(w)) if w[0] in 'abd' and w[1:].isdigit() else self.letter(w[1:]) if w[0] == '@' else w for w in line.split()]
            self.home.run(*first, *words)
            if words[0] == 'draft':
                self.look()
        self.look()

    def keep(self, where):
        """What is here and on the server, to come back to; a folder that is not there yet."""
        os.mkdir(where)
        for n, path in enumerate([self.home.dir] + [self.server.mail(user) for user in self.users]):
            subprocess.run(['cp', '-a', path, '%s/%d' % (where, n)], check=True)

    def come_back(self, where):
        for n, path in enumerate([self.home.dir] + [self.server.mail(user) for user in self.users]):
            shutil.rmtree(path)
            subprocess.run(['cp', '-a', '%s/%d' % (where, n), path], check=True)

    def end_at_line(self, way, number):
        """TRUE when it came through before that line."""
        self.log = ['%s at line %d' % (way, number)]
        p = self.home.start('sync')
        self.proxy.cut_at_line(number, p.kill if way == 'kill' else None)
        p.wait(60)
        return self.proxy.mend()

    def end_at_lines(self, stride):
        self.say_all(BEFORE)
        self.home.run('sync')
        self.say_all(SCRIPT, '--offline')
        aim = self.mails, self.folders
        with tempfile.TemporaryDirectory(prefix='fulmar-kept-') as scratch:
            self.keep(scratch + '/kept')
            for n in itertools.count(self.dice.randint(0, stride - 1), stride):
                through = self.end_at_line(['cut', 'kill'][n % 2], n // 2 + 1)
                self.mails, self.folders = aim
                self.agree()
                if through:
                    return
                self.ends += 1
                self.come_back(scratch + '/kept')


BEFORE = '''
folder create work/old work/gone
move a0 a3 work/old
move a6 work/gone
draft work @d1
draft home @d2
delete a1 a4 b1
delete a4
'''
SCRIPT = '''
undo
flag a2 a5 +flagged +Project-7
flag a9 -seen
draft --replace d1 @d3
draft --replace d2 @d4
draft --replace d4 @d5
draft work @d6
move a2 a8 work/Lists
copy a5 a10 work/Projects
delete a11
delete a1
archive a7
folder create work/new
folder rename work/old work/older
folder delete --yes work/gone
folder unsubscribe work/Lists
folder empty --yes home/Trash
move a9 home/INBOX
copy a8 home/Lists
move b2 b3 work/INBOX
'''


def drive(seed, way, share, more='', during=Driver.run, accounts=('work', 'home')):
    """share: of all ends by force, in hundredths."""
    driver = Driver(seed, max(1, KILLS * share // 100), way, more, accounts)
    try:
        during(driver)
    finally:
        driver.close()
        print('# ends by force, %s: %d' % (way, driver.ends), flush=True)


print('# CRASH_SEED=%d CRASH_KILLS=%d' % (SEED, KILLS), flush=True)


def test_killed_at_any_moment():
    drive(SEED, 'kill', 20)


def test_killed_without_move():
    drive(SEED + 1, 'kill', 10, NO_MOVE)


def test_killed_without_move_and_uidplus():
    drive(SEED + 2, 'kill', 10, PLAIN)


def test_cut_anywhere():
    drive(SEED + 3, 'cut', 12)


def test_cut_without_move():
    drive(SEED + 4, 'cut', 6, NO_MOVE)


def test_cut_without_move_and_uidplus():
    drive(SEED + 5, 'cut', 6, PLAIN)


def test_ended_behind_every_line():
    for n, more in enumerate(['', NO_MOVE, PLAIN]):
        drive(SEED + 6 + n, 'both', 0, more, lambda driver: driver.end_at_lines(STRIDE))


class Other(threading.Thread):
    """Another client of the same mailbox: it delivers, marks, moves and deletes mail of its own, and marks what is there."""

    def __init__(self, port, user, seed):
        super().__init__()
        self.port, self.user, self.dice, self.going, self.fault, self.n = port, user, random.Random(seed), True, None, 0
        self.lock = threading.Lock()  # held while it acts

    def run(self):
        try:
            with RawImap(self.port, user=self.user) as imap:
                while self.going and self.n < 400:
                    with self.lock:
                        self.act(imap)
        except Exception as e:
            self.fault = e

    @staticmethod
    def uids(imap, key):
        return [u for line in imap('UID SEARCH ' + key) if line.startswith(b'* SEARCH') for u in line.split()[2:]]

    def act(self, imap):
        self.n += 1
        imap('SELECT INBOX')
        for uid in self.dice.sample(self.uids(imap, 'ALL')[-8:], 1):
            imap(b'UID STORE ' + uid + self.dice.choice([b' +', b' -']) + b'FLAGS (red)')
        imap.append(message('other%d' % self.n, 'other %d' % self.n), box='Lists', flags=self.dice.choice(['', '\\Seen']))
        imap('SELECT Lists')
        found = self.uids(imap, 'HEADER Message-ID other')
        for uid in self.dice.sample(found, min(2, len(found))):
            what = self.dice.choice(['+FLAGS (\\Flagged)', '-FLAGS (\\Seen)', '+FLAGS (red)'])
            imap(b'UID STORE ' + uid + b' ' + what.encode())
        if len(found) > 6:
            gone = self.dice.choice(found)
            if self.dice.random() < .5:
                imap(b'UID STORE ' + gone + b' +FLAGS (\\Deleted)')
                imap(b'UID EXPUNGE ' + gone)
            else:
                imap(b'UID MOVE ' + gone + b' Projects')


def beside_another(driver):
    driver.other = Other(driver.server.port, driver.users[0], driver.seed)
    driver.other.start()
    try:
        driver.run()
    finally:
        driver.other.going = False
        driver.other.join()
    assert not driver.other.fault, driver.other.fault
    driver.finish()


def test_another_client_acts_at_the_same_time():
    drive(SEED + 9, 'kill', 6, during=beside_another)
    drive(SEED + 10, 'cut', 4, during=beside_another)


def take_too(driver, mids, port, user):
    """Another client moves some of the same messages, or marks them, wherever they stand."""
    dice = random.Random(driver.dice.random())
    with RawImap(port, user=user) as imap:
        for folder in dice.sample(PLACES[:4], 3):
            imap('SELECT "%s"' % folder)
            for mid in mids:
                for uid in Other.uids(imap, 'HEADER Message-ID ' + mid.strip('<>')):
                    imap(b'UID ' + dice.choice([b'STORE ' + uid + b' +FLAGS (red)', b'MOVE ' + uid + b' "' + dice.choice(PLACES[:4]).encode() + b'"']))


def take_both(driver):
    """Each of them has its way with some; what is at stake is that every message is there once, and the same here."""
    mids = sorted(m.mid for m in driver.mails)
    while driver.ends < driver.forced:
        for _ in range(12):
            chosen = driver.some('work', 4, but=('Trash',))
            ids = [str(m.id) for m in chosen]
            args = driver.dice.choice([['move', *ids, 'work/Lists'], ['move', *ids, 'work/Projects'], ['delete', *ids], ['flag', *ids, '+flagged']])
            rival = threading.Thread(target=take_too, args=(driver, [m.mid for m in chosen], driver.server.port, driver.users[0]))
            driver.log.append(' '.join(args))
            rival.start()
            driver.ends += driver.force(args)
            rival.join()
            driver.look()
        driver.home.run('sync', timeout=120)
        driver.look()
        assert sorted(m.mid for m in driver.mails) == mids, '%s\n%s' % (driver.say(), [m.mid for m in driver.mails])
        driver.compare()


def test_another_client_takes_the_same_mail():
    drive(SEED + 11, 'kill', 4, during=take_both, accounts=('work',))
    drive(SEED + 12, 'cut', 3, during=take_both, accounts=('work',))


run(globals())
