"""Round trips and octets of single operations on a known mailbox, beside what an excellent engine needs.

Each is one run of the program on a store that is up to date. Counted is what goes over the line after the log-in: the log-in's own turns and
octets are those of `doctor`, measured in the same run and taken off.
"""
import os, re, subprocess
from boxes import Session

PLAIN = 'QRESYNC, CONDSTORE, ENABLE'
OLD = 'MOVE'


class Known:
    """A store of one mailbox that is up to date, and another client of that mailbox."""

    def __init__(self, bench, place, size):
        self.bench, self.place, self.size, self.marks = bench, place, size, 0
        self.argv, self.env = place.client.configure(place.home, place.user, bench.link.port)
        self.conf = next(os.path.join(root, f) for root, _, files in os.walk(place.home) for f in files if f == 'fulmar.conf')
        with open(self.conf) as f:
            self.text = f.read()

    def run(self, *args, hide='', stdin=''):
        with open(self.conf, 'w') as f:
            f.write(self.text.replace('type = imap\n', 'type = imap\n' + ('disable-capability = %s\n' % hide if hide else '')))
        p = subprocess.run([self.argv[0], *args], env={**os.environ, **self.env}, input=stdin, capture_output=True, text=True)
        if p.returncode:
            raise RuntimeError('fulmar %s: %s' % (' '.join(args[:3]), p.stderr))
        return p.stdout

    def cost(self, *args, hide=''):
        self.bench.link('zero')
        self.run(*args, hide=hide)
        return self.bench.link('counts')

    def ids(self, n):
        return [re.search(r'"id":\s*"([^"]+)"', line).group(1) for line in
                self.run('--offline', 'list', 'a/INBOX', '--limit', str(n), '--json').splitlines()]

    def elsewhere(self, *commands):
        session = Session(self.bench.server.port, self.place.user)
        session.drain('SELECT INBOX', *commands)
        session.close()


def changes(known, n):
    """Another client marks n messages spread over the mailbox."""
    step = max(1, known.size // n)
    known.marks += 1
    known.elsewhere('STORE %s +FLAGS.SILENT (mark%d)' % (','.join(str(i) for i in range(1, n * step, step)), known.marks))


def expunges(known, n):
    """Another client removes n messages spread over the mailbox."""
    step = max(1, known.size // (n + 1))
    known.elsewhere('STORE %s +FLAGS.SILENT (\\Deleted)' % ','.join(str(step * i + 3) for i in range(n)), 'EXPUNGE')


def operations(known):
    """(what, target, function that gives the counts)"""
    sync = lambda hide='': known.cost('sync', 'a/INBOX', hide=hide)

    def after(change, n, hide=''):
        sync(hide)
        change(known, n)
        return sync(hide)

    yield 'in sync again, no change', '1, < 1 kB', sync
    yield '100 flags changed: QRESYNC', '1', lambda: after(changes, 100)
    yield '100 flags changed: CONDSTORE', '2', lambda: after(changes, 100, 'QRESYNC')
    yield '100 flags changed: plain', '2-5', lambda: after(changes, 100, PLAIN)
    yield '1 message gone: CONDSTORE', '2+3', lambda: after(expunges, 1, 'QRESYNC')
    yield '100 messages gone: CONDSTORE', '2+8', lambda: after(expunges, 100, 'QRESYNC')
    yield '1 message gone: plain', '2-5', lambda: after(expunges, 1, PLAIN)
    yield '100 messages gone: plain', '2-5', lambda: after(expunges, 100, PLAIN)
    sync()
    yield 'mark 1000', '1', lambda: known.cost('flag', *known.ids(1000), '+flagged')
    yield 'move 1000: MOVE', '1', lambda: known.cost('move', *known.ids(1000), 'a/Sent')
    yield 'move 1000: without', '3', lambda: known.cost('move', *known.ids(1000), 'a/Sent', hide=OLD)


def measure(bench, place, size):
    """Rows of (what, target, turns, octets down, octets up)."""
    known = Known(bench, place, size)
    log_in = known.cost('doctor', 'a')
    rows = []
    for what, target, run in operations(known):
        counts = run()
        rows.append([what, target, counts['turns'] - log_in['turns'], max(0, counts['down'] - log_in['down']),
                     max(0, counts['up'] - log_in['up'])])
    return rows
