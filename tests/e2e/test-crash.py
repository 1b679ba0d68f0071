#!/usr/bin/python3
"""A person acts, and the program is killed, the line is cut, another client acts at the same time: nothing is lost, doubled or wrongly changed.

Every action is one run of the program. It is killed at a random moment, or its connection is cut after a random number of octets; what the store
then shows must be either all or nothing of that action. After some dozens of actions the program may finish; then the server, the store and the
model must agree. $CRASH_KILLS (50) is how many runs are ended by force, $CRASH_SEED where the dice begin: both are printed.
"""
import os, random, signal, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from tap import FULMAR, Home, imap_conf, run
from world import Mail, bag, difference, folders_here, folders_there, here, there

KILLS = int(os.environ.get('CRASH_KILLS') or 50)
SEED = int(os.environ.get('CRASH_SEED') or random.randrange(10 ** 6))
ACTIONS = 40
FIXED = ['INBOX', 'Lists', 'Projects']  # folders that stay
PLACES = FIXED + ['Sent', 'Archive']


def message(mid, subject):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: %s\nMessage-ID: <%s@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:00:00 +0100\n\ntext of %s\n' % (subject, mid, mid))


class Driver:
    """One person, one server with two accounts on it, one model."""

    def __init__(self, seed, forced, way, more='', accounts=('work', 'home')):
        self.dice = random.Random(seed)
        self.seed, self.forced, self.way, self.accounts, self.made = seed, forced, way, accounts, 0
        self.steps = []  # bags and folder sets before each step that can be undone
        self.log = []
        self.marks = 'UIDPLUS' in more  # what is to go can only be marked then
        self.slow = .2  # seconds an unharmed run takes
        self.dovecot = Dovecot().start()
        self.proxy = Proxy(self.dovecot.port) if way == 'cut' else None
        port = self.proxy.port if self.proxy else self.dovecot.port
        conf = imap_conf(port, more='keep = full\n' + more)
        if 'home' in accounts:
            conf += conf.replace('[account work]', '[account home]').replace('user = ann', 'user = bob')
        self.home = Home(conf)
        for n, user in enumerate(('ann', 'bob')):
            with RawImap(self.dovecot.port, user=user) as imap:
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
        if self.proxy:
            self.proxy.__exit__()
        self.home.close()
        self.dovecot.close()

    def look(self):
        self.mails = self.kept(here(self.home, self.accounts))
        self.folders = {a: folders_here(self.home, a) for a in self.accounts}

    def kept(self, mails):
        return [m for m in mails if not (self.marks and 'deleted' in m.flags)]

    def say(self):
        return 'seed %d, %s:\n%s' % (self.seed, self.way, '\n'.join(self.log[-12:]))

    # ---- what a person may do: (arguments, mails after it, folders after it) ----

    def some(self, account, n, but=()):
        mails = [m for m in self.mails if m.account == account and m.folder not in but and not m.mid.startswith('<other')]
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

    def delete(self):
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
        if not self.own(account):
            return self.create()
        old = self.dice.choice(self.own(account))
        after = [m for m in self.mails if (m.account, m.folder) != (account, old)]
        return ['folder', 'delete', '--yes', '%s/%s' % (account, old)], after, {**self.folders, account: self.folders[account] - {old}}

    def empty(self):
        account = self.account()
        after = [m for m in self.mails if (m.account, m.folder) != (account, 'Trash')]
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

    CHOICES = 'flag flag flag move move move move copy copy delete delete archive create fill rename remove empty transfer transfer undo undo undo'.split()

    # ---- doing it ----

    def force(self, args):
        """Runs the program and ends it by force, or cuts its line, at a random moment."""
        if self.way == 'cut':
            self.proxy.cut_after(self.dice.choice([self.dice.randint(0, 600), self.dice.randint(0, 6000)]))
            self.home.run(*args, status=None, timeout=60)
            return
        p = subprocess.Popen([FULMAR, *args], env=self.home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            p.wait(self.dice.random() * self.slow * 1.1)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
        p.wait()

    def act(self, force):
        what = self.dice.choice(self.CHOICES)
        args, mails, folders = getattr(self, what)()
        args = [str(a) for a in args]
        if self.dice.random() < .4:
            args = ['--offline'] + args
        self.log.append(('forced ' if force else '') + (what + ': ' if what == 'transfer' else '') + ' '.join(args))
        before = (self.mails, self.folders)
        if force:
            self.force(args)
        else:
            start = time.monotonic()
            self.home.run(*args, status=None if what == 'undo' else 0)
            if self.home.status:  # what a crash left half done is finished first
                assert 'being carried out' in self.home.err, self.say() + self.home.err
                mails, folders = before
            if '--offline' not in args:
                self.slow = .8 * self.slow + .2 * (time.monotonic() - start)
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
        self.log.append('sync')
        if self.proxy:
            self.proxy.cut_after(10 ** 12)
        self.home.run('sync', timeout=120)
        queue = self.home.run('--offline', 'queue', '--json')
        assert not queue.strip(), '%s\nleft in the queue:\n%s' % (self.say(), queue)
        wanted = bag(self.mails)
        self.look()
        wrong = difference(wanted, bag(self.mails), ('before the last sync', 'after it'))
        assert not wrong, '%s\nthe store changed:\n%s' % (self.say(), wrong)
        for account, user in zip(('work', 'home'), ('ann', 'bob')):
            if account not in self.accounts:
                continue
            with RawImap(self.dovecot.port, user=user) as imap:
                wrong = difference(bag(m for m in self.mails if m.account == account), bag(self.kept(there(imap, account))), ('here', 'on the server'))
                assert not wrong, '%s\nserver and store differ:\n%s' % (self.say(), wrong)
                assert folders_there(imap) == self.folders[account], (self.say(), folders_there(imap) ^ self.folders[account])
        out = self.home.run('check', status=None)
        assert self.home.status == 0, '%s\ncheck: %s%s' % (self.say(), out, self.home.err)

    def run(self):
        """Scripts of ACTIONS actions, about half of them forced, until enough were."""
        forced = 0
        while forced < self.forced:
            for _ in range(ACTIONS):
                force = self.dice.random() < .6 and forced < self.forced
                forced += force
                self.act(force)
            self.finish()


def drive(seed, forced, way, more='', during=None):
    driver = Driver(seed, forced, way, more)
    try:
        if during:
            during(driver)
        else:
            driver.run()
    finally:
        driver.close()


print('# CRASH_SEED=%d CRASH_KILLS=%d' % (SEED, KILLS), flush=True)


def test_killed_at_any_moment():
    drive(SEED, KILLS, 'kill')


def test_killed_without_move_and_uidplus():
    drive(SEED + 1, max(10, KILLS // 5), 'kill', 'disable-capability = MOVE, UIDPLUS, QRESYNC, CONDSTORE, ENABLE')


def test_killed_without_move():
    drive(SEED + 2, max(10, KILLS // 5), 'kill', 'disable-capability = MOVE, LITERAL+, MULTIAPPEND')


def test_cut_anywhere():
    drive(SEED + 3, max(20, KILLS // 2), 'cut')


class Other(threading.Thread):
    """Another client of the same mailbox: it delivers, marks, moves and deletes mail of its own, and marks what is there."""

    def __init__(self, port, seed):
        super().__init__()
        self.port, self.dice, self.going, self.fault, self.n = port, random.Random(seed), True, None, 0

    def run(self):
        try:
            with RawImap(self.port) as imap:
                while self.going and self.n < 400:
                    self.act(imap)
        except Exception as e:
            self.fault = e

    def act(self, imap):
        self.n += 1
        imap.append(message('other%d' % self.n, 'other %d' % self.n), box='Lists', flags=self.dice.choice(['', '\\Seen']))
        imap('SELECT Lists')
        found = [u for line in imap('UID SEARCH HEADER Message-ID other') if line.startswith(b'* SEARCH') for u in line.split()[2:]]
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


def test_another_client_acts_at_the_same_time():
    def during(driver):
        other = Other(driver.dovecot.port, SEED + 5)
        ours = lambda mails: [m for m in mails if not m.mid.startswith('<other')]
        look = driver.look

        def look_at_ours():
            look()
            driver.all, driver.mails = driver.mails, ours(driver.mails)
        driver.look = look_at_ours
        other.start()
        try:
            for i in range(30):
                driver.act(i % 2 == 1)
        finally:
            other.going = False
            other.join()
        assert not other.fault, other.fault
        driver.look = look
        driver.home.run('sync', timeout=120)
        driver.look()
        driver.finish()

    drive(SEED + 4, 0, 'kill', during=during)


run(globals())
