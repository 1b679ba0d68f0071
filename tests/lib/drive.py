"""An account's backend and store as a program (tests/backend/drive.c), told what to do step by step.

with Drive(port, hide=['MOVE']) as d: d.link(); d.open('INBOX'); d.move([id], 'Trash'); d.run(); d.rows('Trash')
d.kill() ends it as a crash would; d.start(port) goes on with the same store.
"""
import json, os, shutil, subprocess, tempfile

SEEN, ANSWERED, FLAGGED, DELETED, DRAFT, FORWARDED = 1, 2, 4, 8, 16, 32
RIGHTS, SET_RIGHTS, QUOTA, NOTES, SET_NOTE = range(5)
PROGRAM = os.path.join(os.environ.get('top_builddir') or '.', 'tests', 'backend', 'drive')


class Drive:
    def __init__(self, port, hide=()):
        self.dir = tempfile.mkdtemp(prefix='fulmar-drive-')
        self.start(port, hide)

    def start(self, port, hide=()):
        self.process = subprocess.Popen([PROGRAM, os.path.join(self.dir, 'store'), str(port), *hide], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, *words, more=b''):
        self.process.stdin.write('\t'.join(str(w) for w in words).encode() + b'\n' + more)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError('drive has ended at %r: %r' % (words, self.process.wait()))
        return json.loads(line, strict=False)

    def well(self, *words, more=b''):
        answer = self(*words, more=more)
        assert answer['error'] == 0, (words, answer)

    def link(self):
        assert self('link'), 'the link does not come up'
        return self('folders')

    def open(self, path):
        self.well('open', path)

    def rows(self, path):
        return self('rows', path)

    def row(self, path, subject):
        found = [r for r in self.rows(path) if r['subject'] == subject]
        assert len(found) == 1, (path, subject, self.rows(path))
        return found[0]

    def subjects(self, path):
        return sorted(r['subject'] for r in self.rows(path))

    def ids(self, path, *subjects):
        return [self.row(path, s)['id'] for s in subjects]

    def on(self, verb, ids, *more):
        self.well(verb, ','.join(map(str, ids)), *more)

    def append(self, path, message, when=0, flags=0):
        self.well('append', path, when, flags, len(message), more=message)

    def replace(self, id, path, message, when=0, flags=0):
        self.well('replace', id, path, when, flags, len(message), more=message)

    def run(self, *errors, verb='run'):
        """Carries out what is ready; the ends of the ops must have these codes (all well when none is given)."""
        ends = self(verb)
        assert [e['error'] for e in ends] == (list(errors) or [0] * len(ends)), ends
        return ends

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.process.stdout.close()
        return status

    def close(self):
        status = self.end() if not self.process.stdin.closed else 0
        shutil.rmtree(self.dir, ignore_errors=True)
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        status = self.close()
        assert kind or status == 0, 'drive ended with %d' % status
