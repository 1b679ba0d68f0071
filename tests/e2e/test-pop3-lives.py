#!/usr/bin/python3
"""A POP3 account through random lives: mail comes, goes and gets other names, rules file it, a person acts, and visits are cut or killed anywhere.

After each run of the program what is seen must be what a model says: no message lost, none twice, none gone from the server before it was due and here
as a whole; each judged once by the rules, and never again when that was undone. In the end all may be undone, and "fulmar check" finds nothing.

$POP3_LIVES (2) is how many there are, of $POP3_STEPS (8) steps each, $FULMAR_SEED where the dice begin. A seed gives the same steps, though never the
same moments.
"""
import json, os, random, re, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from pop import CUT, Mail, Pop, text_message
from tap import Clock, FULMAR, Home, Skip, pop3_conf, run, seed

LIVES = int(os.environ.get('POP3_LIVES') or 2)
STEPS = int(os.environ.get('POP3_STEPS') or 8)
DAY = 86400
RAW = 'INBOX', frozenset()
NAMELESS = {'no': ['UIDL'], 'caps': ['TOP', 'USER', 'RESP-CODES', 'PIPELINING', 'SASL PLAIN']}
WORDS = 'amber', 'birch', 'cedar'
PLACES = 'INBOX', 'Lists', 'Rest', 'Archive', 'Trash'


class Letter(Mail):
    """A message on the server."""

    def __init__(self, n, data, name):
        super().__init__(data, name)
        self.n, self.row, self.due, self.swept, self.since = n, None, False, False, None


class Rule:
    def __init__(self, name, match, fits, reads=False, folder=None, flags='', keyword='', stop=None):
        self.name, self.match, self.fits, self.reads, self.folder, self.add = name, match, fits, reads, folder, {w.strip('+') for w in flags.split()}
        self.add |= set(keyword.split())
        self.stops = stop == 'yes' or (folder and stop != 'no')
        self.text = '[rule %s]\nmatch = %s\n' % (name, match) + ''.join('%s = %s\n' % x for x in (
            ('folder', folder), ('flags', flags), ('keyword', keyword), ('stop', stop)) if x[1])


def kind(k):
    return lambda n: n % 7 == k


def word(n):
    return WORDS[n // 7 % 3]


RULES = [
    Rule('lists', 'subject:"kind 0"', kind(0), folder='Lists'),
    Rule('mark', 'subject:"kind 1"', kind(1), flags='+flagged'),
    Rule('both', 'subject:"kind 2"', kind(2), flags='+seen', keyword='harbour'),
    Rule('read', 'body:amber', lambda n: word(n) == 'amber', reads=True, folder='Rest'),
    Rule('reads', 'body:birch', lambda n: word(n) == 'birch', reads=True, keyword='birch'),
    Rule('stop', 'subject:"kind 3"', kind(3), stop='yes'),
    Rule('all', 'from:bob', lambda n: True, keyword='bobs'),
    Rule('made', 'subject:"kind 4"', kind(4), folder='Made', flags='+flagged', stop='no'),
]


class Server(Pop):
    """Things happen when it hears the n-th command of a run."""

    def __init__(self, **kw):
        super().__init__([], answers={'.*': self.hear}, **kw)
        self.gone, self.sick, self.count, self.then, self.lies = set(), set(), 0, {}, False

    def begin(self):
        self.count, self.then, self.lies = 0, {}, False

    def hear(self, session, command):
        self.count += 1
        did = self.then.pop(self.count, lambda: None)()
        if did:
            return did
        name, _, rest = command.partition(' ')
        if name in ('RETR', 'TOP', 'DELE'):
            mail = session.at(rest)
            if mail in self.gone or (name != 'DELE' and mail in self.sick):
                return '-ERR not now\n'
        if name == 'QUIT' and self.lies:
            session.gone.clear()
        return None

    def rest(self):
        self.wait(lambda: not self.sessions)


class Row:
    def __init__(self, id, n, state, full, arrived):
        self.id, self.n, self.state, self.full, self.arrived = id, n, state, full, arrived
        self.unjudged = self.vague = False
        self.ruled = []  # (before, after) of what rules did


class Life:
    def __init__(self, number):
        self.dice, self.number = random.Random(number), number
        dice = self.dice
        self.rules = dice.sample(RULES, dice.randint(0, len(RULES)))
        self.twins = dice.random() < .4
        self.nameless = not self.twins and dice.random() < .2
        self.log, self.rows, self.limbo, self.steps, self.made, self.now = [], {}, {}, [], 0, 0
        self.left, self.absent = [], []  # what went from the server by the last run, and by all of them
        self.clock, self.slept, self.usual = None, False, .1
        self.unsure = set()  # numbers of messages that could not be had at some time
        self.server = Server(**(NAMELESS if self.nameless else {}))
        self.home = Home()
        self.ends = {'cut': 0, 'kill': 0}
        self.configure()
        if number % 4 == 3:
            try:
                self.clock = Clock(self.home)
                self.home.env = self.clock.env
            except Skip:
                pass
        self.note('rules: %s%s%s' % (' '.join(r.name for r in self.rules), ' (twins)' * self.twins, ' (no names)' * self.nameless))
        self.home.run('--offline', 'folder', 'create', *['post/' + p for p in PLACES[1:]])

    def note(self, text):
        self.log.append(text)

    def say(self, why):
        return '%s\nlife %d of $FULMAR_SEED:\n%s' % (why, self.number, '\n'.join(self.log))

    def must(self, ok, why):
        if not ok:
            raise AssertionError(self.say(why))

    def configure(self):
        self.policy = self.dice.choice(['forever', 'until-deleted', 'until-moved', 'never', '3d'])
        keep = self.dice.choice(['headers', 'full'])
        self.note('leave-on-server = %s, keep = %s' % (self.policy, keep))
        self.home.write_conf(pop3_conf(self.server.port, more='leave-on-server = %s\nkeep = %s\n' % (self.policy, keep)) + ''.join(r.text for r in self.rules))

    # ---- the maildrop ----

    def deliver(self):
        for _ in range(self.dice.randint(1, 4)):
            self.made += 1
            n = self.made
            big = 'long line of text\n' * 16000 if self.dice.random() < .03 else ''
            data = text_message(n, body='%s%s\n.dot\n' % (big, word(n))).replace(b'number %d' % n, b'number %d kind %d' % (n, n % 7))
            for i in range(2 if self.twins and self.dice.random() < .3 else 1):
                name = 'u%d' % n if not i or self.dice.random() < .5 else 'u%d-again' % n
                self.server.mails.append(Letter(n, data, name))
                self.note('  came: %d %s' % (n, name))

    def single(self):
        mails = self.server.mails
        return [m for m in mails if sum(o.n == m.n for o in mails) == 1]

    def vanish(self):
        """Another client deletes one."""
        if self.single():
            mail = self.dice.choice(self.single())
            self.note('  gone: %d' % mail.n)
            self.server.gone.add(mail)
            self.unsure.add(mail.n)
            self.server.mails.remove(mail)

    def rename(self):
        if self.twins or self.nameless:
            return self.deliver()
        self.note('  all have other names')
        for mail in self.server.mails:
            mail.uidl = 'v%d-%d' % (self.made, mail.n)

    def resize(self):
        if not self.twins:
            return self.deliver()
        by = self.dice.randint(1, 9)
        self.note('  all have other sizes')
        for mail in self.server.mails:
            mail.size += by

    def shuffle(self):
        self.note('  in another order')
        self.dice.shuffle(self.server.mails)

    def sicken(self):
        if self.server.mails:
            mail = self.dice.choice(self.server.mails)
            self.note('  sick: %d' % mail.n)
            self.server.sick.add(mail)
            self.unsure.add(mail.n)

    def heal(self):
        self.server.sick.clear()

    def weather(self):
        getattr(self, self.dice.choice('deliver deliver deliver deliver deliver vanish rename resize shuffle sicken heal heal'.split()))()

    # ---- what the rules say ----

    def judge(self, n, state, read=True):
        folder, flags = state
        if folder != 'INBOX':
            return state
        for rule in self.rules:
            if rule.fits(n) and (read or not rule.reads):
                folder, flags = rule.folder or folder, flags | rule.add
                if rule.stops:
                    break
        return folder, frozenset(flags)

    def verdicts(self, n, state):
        return {self.judge(n, state)} | ({self.judge(n, state, False)} if n in self.unsure else set())

    # ---- what is seen ----

    def look(self):
        text = self.home.run('--offline', 'list', 'post', '--json', status=None)
        self.must(self.home.status == 0 or 'is here yet' in self.home.err, self.home.err)
        seen = {}
        for line in text.splitlines():
            r = json.loads(line)
            n = int(re.match(r'<(\d+)@', r['message_id']).group(1))
            seen[r['id']] = n, (r['folder'], frozenset(r['flags'] + r['keywords'])), r['body'] == 'full'
        return seen

    def allowed(self, row, change=None, judged=False):
        """What may be seen of it after a change; judged: the rules must have been asked."""
        change = change or (lambda state: state)
        states = {change(row.state)}
        if row.vague:
            return None
        if row.unjudged:
            ruled = {change(s) for s in self.verdicts(row.n, row.state)} | self.verdicts(row.n, change(row.state))
            states = ruled if judged and change(row.state)[0] == 'INBOX' else states | ruled
        return states

    def fit(self, seen, want, judged):
        """want: {id: allowed states}, copies as {(source, number): state}. None, or what does not fit; and which ids are copies."""
        copies, ids = {}, {i for i in want if isinstance(i, str)}
        new = [i for i in seen if i not in ids]
        for key in want:
            if isinstance(key, tuple):
                found = [i for i in new if i not in copies.values() and (seen[i][0], seen[i][1]) == (key[1], want[key])]
                if not found:
                    return 'no copy of %d as %s' % (key[1], want[key]), copies
                copies[key] = found[0]
        for i in ids:
            if i not in seen:
                return 'lost: %s, number %d, was to be %s' % (i, self.row(i).n, want[i]), copies
            if want[i] is not None and seen[i][1] not in want[i]:
                return '%s, number %d, is %s and was to be %s' % (i, self.row(i).n, seen[i][1], want[i]), copies
        unseen = self.fresh()
        for i in new:
            if i in copies.values():
                continue
            n, state, _ = seen[i]
            if n not in unseen:
                return 'there is one more: %s, number %d, %s' % (i, n, state), copies
            unseen.remove(n)
            states = self.verdicts(n, RAW) | (set() if judged else {RAW})
            if state not in states:
                return 'new: %s, number %d, is %s and was to be %s' % (i, n, state, states), copies
        return None, copies

    def fresh(self):
        return [m.n for m in list(self.server.mails) + list(self.server.gone) + self.absent if m.row is None]

    def row(self, i):
        return self.rows.get(i) or self.limbo[i]

    def take(self, seen, copies, changed=()):
        """What is seen is right, and is what the model has from now on."""
        for i, (n, state, full) in seen.items():
            row = self.rows.get(i) or self.limbo.pop(i, None)
            if not row:
                arrived = i not in copies
                row = Row(i, n, state, full, arrived)
                if arrived:
                    mail = [m for m in list(self.server.mails) + list(self.server.gone) + self.absent if m.n == n and m.row is None][0]
                    mail.row, mail.since = i, self.now
                    row.unjudged = state == RAW and self.verdicts(n, RAW) != {RAW}
                    row.vague = mail.swept
                    if state != RAW:
                        row.ruled.append((RAW, state))
            elif state != row.state and i not in changed:
                row.ruled.append((row.state, state))
                row.unjudged = False
            self.rows[i] = row
            row.state, row.full = state, full
        for i in list(self.rows):
            if i not in seen:
                self.limbo[i] = self.rows.pop(i)

    # ---- the server's side ----

    def is_due(self, mail, states):
        """By what its rows were at some time: {id: state}."""
        if mail.swept or (mail.row is None and self.policy == 'never'):
            return True
        rows = [i for i, r in list(self.rows.items()) + list(self.limbo.items()) if r.n == mail.n and r.arrived]
        for i in rows if self.twins else [mail.row]:
            state = states.get(i)
            if self.policy == 'never' or (self.policy == 'until-deleted' and not state) or (self.policy == 'until-moved' and (not state or state[0] != 'INBOX')):
                return True
        return self.policy == '3d' and mail.since is not None and self.now - mail.since >= 3 * DAY

    def compare(self, mails, before, done):
        """What a visit did to the maildrop, of which mails were there."""
        after = {i: r.state for i, r in self.rows.items()}
        for mail in mails:
            twin = [m for m in self.server.mails if mail in self.left and mail.row is None and m.n == mail.n and m.row]
            if twin:  # it was the other one that came
                mail.row, mail.due, mail.since, twin[0].row = twin[0].row, twin[0].due, twin[0].since, None
            due = [self.is_due(mail, states) for states in (before, after)] if mail.row else [False, False]
            if mail in self.left:
                # of two that are alike in all, one that was refused may be taken for one whose deletion is to be said again
                alike = self.twins and mail.n in self.unsure and mail.uidl == 'u%d' % mail.n
                if alike and not mail.row:
                    continue
                self.must(mail.row or mail.swept, 'number %d went from the server and never was here' % mail.n)
                self.must(mail.due or mail.swept or any(due), 'number %d went from the server early' % mail.n)
                row = self.rows.get(mail.row)
                self.must(not row or row.full or self.twins, 'number %d went from the server and is not whole here' % mail.n)
            elif done and all(due) and not mail.swept and mail in self.server.mails and mail.row:
                row = self.row(mail.row)
                self.must(not row.full or self.twins or self.slept, 'number %d did not go from the server' % mail.n)
            mail.due |= any(due)
        if self.twins:
            for n in {m.n for m in mails} - {m.n for m in self.server.gone}:
                there = sum(m.n == n for m in self.server.mails)
                rows = [r for r in list(self.rows.values()) + list(self.limbo.values()) if r.n == n and r.arrived]
                self.must(there + sum(r.full or r.id in self.limbo for r in rows) >= len(rows), 'of number %d one is nowhere as a whole' % n)

    # ---- runs of the program ----

    def go(self, args, want=None, changed=(), force=None, beside=None):
        """Runs it. want: what is to be seen after it, else as before; of force either will do. beside: a sync that is under way at the same time.
        TRUE when that was seen and not what was before."""
        online = args[0] != '--offline' or beside
        before = {i: self.allowed(r) for i, r in self.rows.items()}
        was = {i: r.state for i, r in self.rows.items()}
        mails = list(self.server.mails)
        self.server.begin()
        if online and self.dice.random() < .15:
            self.server.then[self.dice.randint(1, 20)] = self.dice.choice([self.deliver, self.vanish])
        if online and self.dice.random() < .1:
            self.server.lies = True
        if args[-1] == 'post/INBOX' and 'empty' in args:
            for mail in mails:  # that holds for what the server has told of
                mail.swept |= mail.row is None
        self.note('%s%s%s' % (force + ' ' if force else '', 'beside a visit ' if beside else '', ' '.join(args)))
        status = self.act(args, force, beside)
        self.server.rest()
        calm = not self.server.sick and not self.server.then and not self.server.lies and len([m for m in self.server.gone if m in mails]) == 0
        done = args == ['sync'] and status == 0 and not force and calm
        self.left = [m for m in mails if m not in self.server.mails and m not in self.server.gone]
        self.absent += self.left
        seen = self.look()
        ways, faults = [before if want is None else want] + ([before] if force and want is not None else []), []
        for way in ways:
            if done and way is before:
                way = {i: self.allowed(r, judged=True) for i, r in self.rows.items()}
            why, copies = self.fit(seen, way, done)
            if not why:
                break
            faults.append(why)
        self.must(not why, 'after this: ' + '; nor as before: '.join(faults))
        self.take(seen, copies.values(), changed if way is not before else ())
        self.compare(mails, was, done)
        if done:
            for row in self.rows.values():
                row.unjudged = False
            late = [m.n for m in mails if m in self.server.mails and m.row is None and not m.swept]
            self.must(not late, 'not here after a sync: %s' % late)
        self.copies = copies
        return way is not before

    def act(self, args, force, beside):
        args = [str(a) for a in args]
        if beside:
            return self.act_beside(args)
        if force == 'cut':
            self.server.cut_at = self.dice.randint(1, self.dice.choice([300, 1000, 3000, 9000]))
            self.home.run(*args, status=None)
            self.ends['cut'] += self.server.cut_at is None
            self.server.cut_at = None
            return 3
        if force == 'kill':
            p = self.home.start(*args)
            if self.dice.random() < .5:
                self.server.then[self.dice.randint(1, 25)] = lambda: p.kill() or CUT
                p.wait(60)
            else:
                try:
                    p.wait(self.dice.random() * self.usual)
                except subprocess.TimeoutExpired:
                    p.kill()
            self.ends['kill'] += p.wait() < 0
            return 3
        began = time.monotonic()
        self.home.run(*args, status=None)
        self.must(self.home.status in (0, 3, 6) or args[0] == 'show' or self.server.sick, 'status %d: %s' % (self.home.status, self.home.err))
        self.usual = .9 * self.usual + .1 * (time.monotonic() - began)
        return self.home.status

    def act_beside(self, args):
        """While a visit stands still."""
        at, let = threading.Event(), threading.Event()
        def stand():
            at.set()
            let.wait(60)
        self.server.then[self.dice.randint(2, 12)] = stand
        p = self.home.start('sync')
        while not at.wait(.01) and p.poll() is None:
            pass
        try:
            self.home.run(*args, status=None)
        finally:
            let.set()
            p.wait(60)
        self.must(self.home.status == 0, 'status %d: %s' % (self.home.status, self.home.err))
        return 0

    # ---- what a person does ----

    def some(self, most=4):
        rows = list(self.rows.values())
        return self.dice.sample(rows, min(len(rows), self.dice.randint(1, most)))

    def change(self, args, chosen, change, gone=(), copies=()):
        """A step: change(state) of the chosen, those in gone are deleted, copies are [(row, state)]."""
        if not chosen:
            return self.sync()
        ids = {r.id for r in chosen}
        want = {i: self.allowed(r, change if i in ids else None) for i, r in self.rows.items() if i not in gone}
        for k, (row, state) in enumerate(copies):
            want[(k, row.n)] = state
        vague = [r for r in chosen if r.unjudged]
        was = {r.id: r.state for r in chosen}
        force = self.dice.choice(['kill', None, None, None])
        if vague or any(r.vague for r in chosen):  # before and after look alike
            force = None
        beside = not force and self.dice.random() < .15
        if force or beside or self.dice.random() < .7:
            args = ['--offline'] + args
        done = self.go(args, want, ids, force, beside)
        if not done:
            return
        for row in vague:
            row.vague = True
        if any(was[i] != (self.rows[i].state if i in self.rows else None) for i in was) or copies or vague:
            self.steps.append((was, list(self.copies.values())))

    def flag(self):
        chosen, name, on = self.some(), self.dice.choice(['seen', 'flagged', 'answered', 'blue', 'harbour']), self.dice.random() < .6
        if any(r.unjudged for r in chosen):  # it is a change whether or not they are judged before
            chosen, name, on = [r for r in chosen if r.unjudged and 'blue' not in r.state[1]], 'blue', True
        self.change(['flag', *[r.id for r in chosen], ('+' if on else '-') + name], chosen, lambda s: (s[0], s[1] | {name} if on else s[1] - {name}))

    def move(self):
        chosen, to = self.some(), self.dice.choice(PLACES)
        if any(r.unjudged for r in chosen):
            chosen, to = [r for r in chosen if r.unjudged and r.state[0] != 'Archive'], 'Archive'
        self.change(['move', *[r.id for r in chosen], 'post/' + to], chosen, lambda s: (to, s[1]))

    def delete(self):
        chosen = [r for r in self.some(3) if not r.unjudged and not r.vague]
        gone = {r.id for r in chosen if r.state[0] == 'Trash'}
        self.change(['delete', *[r.id for r in chosen]], chosen, lambda s: ('Trash', s[1]), gone)

    def purge(self):
        chosen = [r for r in self.rows.values() if r.state[0] == 'Trash' and not r.unjudged and not r.vague][:3]
        self.change(['delete', *[r.id for r in chosen]], chosen, lambda s: s, {r.id for r in chosen})

    def copy(self):
        chosen, to = [r for r in self.some(2) if not r.unjudged and not r.vague and r.full], self.dice.choice(PLACES)
        self.change(['copy', *[r.id for r in chosen], 'post/' + to], chosen, lambda s: s, (), [(r, (to, r.state[1])) for r in chosen])

    def empty(self):
        folder = self.dice.choice(['Trash', 'Trash', 'Lists', 'INBOX'])
        chosen = [r for r in self.rows.values() if r.state[0] == folder]
        if any(r.unjudged or r.vague for r in self.rows.values()):
            return self.sync()
        self.change(['folder', 'empty', '--yes', 'post/' + folder], chosen, lambda s: s, {r.id for r in chosen})

    def undo(self, last=False):
        """What the rules did is taken back when its turn has come, whose that is the program says."""
        before = {i: self.allowed(r) for i, r in self.rows.items()}
        was = {i: r.state for i, r in self.rows.items()}
        self.server.begin()
        said = self.home.run('--offline', '--json', 'undo', status=None)
        status, error, self.left = self.home.status, self.home.err, []
        self.note('undo: %d %s' % (self.home.status, (said or self.home.err).strip()))
        self.must(said or self.home.status, 'undo says nothing')
        seen = self.look()
        if status:
            self.must('nothing to undo' not in error or not self.steps, 'there are steps: %s' % self.steps)
            way, changed = before, ()
        elif json.loads(said)['verb'] == 'rules':
            way, changed = dict(before), set()
            for i, row in self.rows.items():
                if row.ruled and seen.get(i, (0, 0))[1] != row.state and not row.vague and seen.get(i, (0, 0))[1] == row.ruled[-1][0]:
                    way[i] = {row.ruled.pop()[0]}
                    changed.add(i)
            count = json.loads(said)['count']
            self.must(len(changed) == count or self.slept or any(r.vague for r in self.rows.values()), '%d were changed by rules, %d came back' % (count, len(changed)))
        elif json.loads(said)['verb'] == 'create':
            if not last:
                self.home.run('--offline', 'folder', 'create', 'post/' + json.loads(said)['target'])
            return True
        else:
            self.must(self.steps, 'there is nothing to undo')
            back, copies = self.steps.pop()
            changed = set(back)
            way = {i: s for i, s in before.items() if i not in copies}
            way.update({i: None if self.row(i).vague else {s} for i, s in back.items() if i in self.rows or i in self.limbo and (not self.slept or i in seen)})
        why, copies = self.fit(seen, way, False)
        self.must(not why, 'undone: %s' % why)
        self.take(seen, (), changed)
        return not status

    def sync(self):
        self.go(['sync'], force=self.dice.choice(['cut', 'kill', 'cut', 'kill', None, None]))

    def show(self):
        if self.rows:
            self.go(['show', self.dice.choice(list(self.rows))])

    def sleep(self):
        """Some days pass."""
        if self.clock:
            self.now += self.dice.choice([DAY // 2, DAY, 2 * DAY, 3 * DAY]) + 600
            self.slept = True
            self.note('it is %.1f days later' % (self.now / DAY))
            self.clock.set('+%d' % self.now)

    # ---- a life ----

    def live(self):
        for _ in range(STEPS):
            if self.dice.random() < .5:
                self.weather()
            if self.dice.random() < .05:
                self.configure()
            getattr(self, self.dice.choice('sync sync sync sync flag flag move move move delete delete purge copy empty undo undo undo show sleep'.split()))()
        self.finish()

    def calm(self):
        self.heal()
        self.server.begin()
        dice, self.dice = self.dice, Calm(self.dice)
        self.go(['sync'])
        self.dice = dice

    def finish(self):
        self.calm()
        self.calm()
        out = self.home.run('check', 'post', status=None)
        out = [line for line in out.splitlines() if 'belongs to no mail' not in line]
        self.must(self.home.status == 0 or not out, 'check: %s%s' % (out, self.home.err))
        for row in self.dice.sample(list(self.rows.values()), min(3, len(self.rows))):
            self.read(row)
        if self.dice.random() < .5:
            self.undo_all()

    def read(self, row):
        if row.full:
            text = self.home.run('--offline', 'show', '--raw', row.id)
            self.must('number %d kind %d' % (row.n, row.n % 7) in text and word(row.n) + '\n.dot' in text.replace('\r', ''), '%s is %s' % (row.id, text[-400:]))

    def undo_all(self):
        while self.undo(last=True):
            pass
        self.calm()
        for i, row in self.rows.items():
            self.must(row.arrived and (row.state == RAW or row.unjudged), '%s, number %d, is %s when all is undone' % (i, row.n, row.state))
        lost = [r.n for r in self.limbo.values() if r.arrived]
        self.must(self.slept or not lost, 'not back when all is undone: %s' % lost)

    def close(self):
        self.server.faults.clear()
        self.server.close()
        self.home.close()


class Calm:
    """Dice for when nothing happens beside."""

    def __init__(self, dice):
        self.dice = dice

    def random(self):
        return 1

    def __getattr__(self, name):
        return getattr(self.dice, name)


def test_lives():
    first, ends = int(os.environ.get('POP3_LIFE') or seed(2) * 10000), {'cut': 0, 'kill': 0}
    for number in range(first, first + LIVES):
        life = Life(number)
        try:
            life.live()
        finally:
            life.close()
            ends = {k: ends[k] + life.ends[k] for k in ends}
    print('# %d lives, %s' % (LIVES, ends), flush=True)


run(globals())
