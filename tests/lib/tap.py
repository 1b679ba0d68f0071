"""Tests as functions, reported as TAP. run(globals()) takes every function named test_…, in order of writing; a failure prints why and the rest goes on.

$FULMAR is the program; home() makes a private place to live in with a configuration, and env() its environment.
"""
import glob, os, re, shutil, subprocess, sys, tempfile, time, traceback

FULMAR = os.environ.get('FULMAR') or 'fulmar'


class Home:
    """A private $HOME with XDG folders; conf is the text of fulmar.conf."""

    def __init__(self, conf=''):
        self.dir = tempfile.mkdtemp(prefix='fulmar-home-')
        self.env = {'HOME': self.dir, 'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'TERM': 'xterm-256color'}
        for kind in ('config', 'data', 'state', 'cache'):
            self.env['XDG_%s_HOME' % kind.upper()] = os.path.join(self.dir, kind)
        self.env.update({k: v for k, v in os.environ.items() if k.startswith(('ASAN_', 'UBSAN_', 'TSAN_', 'LSAN_'))})
        self.write_conf(conf)

    def write_conf(self, conf):
        path = os.path.join(self.dir, 'config', 'fulmar')
        os.makedirs(path, mode=0o700, exist_ok=True)
        fd = os.open(os.path.join(path, 'fulmar.conf'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, 'w') as f:
            f.write(conf)

    def run(self, *args, status=0, stdin='', timeout=120):
        """Runs the program; its standard output. The exit status must be status (None: any)."""
        p = subprocess.run([FULMAR, *args], env=self.env, input=stdin.encode(), capture_output=True, timeout=timeout)
        self.status, self.err = p.returncode, p.stderr.decode(errors='replace')
        if status is not None and p.returncode != status:
            raise AssertionError('fulmar %s: status %d, not %d\n%s%s' % (' '.join(args), p.returncode, status, p.stdout.decode(errors='replace')[-2000:], self.err[-3000:]))
        return p.stdout.decode()

    def start(self, *args):
        """The program, under way and unheard."""
        return subprocess.Popen([FULMAR, *args], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def imap_conf(port, user='ann', password='secret word', security='none', more=''):
    return ('[account work]\ntype = imap\naddress = ann@example.org\nname = Ann\nhost = 127.0.0.1\nport = %d\nsecurity = %s\n'
            'user = %s\npassword = "%s"\ntimeout = 10s\n%s\n' % (port, security, user, password, more))


def pop3_conf(port, user='ann', password='secret word', security='none', more=''):
    return ('[account post]\ntype = pop3\naddress = ann@example.org\nname = Ann\nhost = 127.0.0.1\nport = %d\nsecurity = %s\n'
            'user = %s\npassword = "%s"\ntimeout = 10s\n%s\n' % (port, security, user, password, more))


def seed(default):
    """What a random test begins with: always the same, so that it can be repeated, or $FULMAR_SEED to look for more."""
    n = int(os.environ.get('FULMAR_SEED') or default)
    print('# seed %d' % n, flush=True)
    return n


class Skip(Exception):
    """Raised by a test that cannot be made here: why."""


def faked():
    """What makes Fulmar see another time: that of FAKETIME, or of a Clock."""
    library = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1') + glob.glob('/usr/lib*/faketime/libfaketimeMT.so.1')
    if not library:
        raise Skip('libfaketime is not installed')
    if re.search(r'lib[at]san', subprocess.run(['ldd', FULMAR], capture_output=True, text=True).stdout):
        raise Skip('with a sanitizer loaded too, libfaketime waits for ever now and then')
    return {'LD_PRELOAD': library[0], 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}


class Clock:
    """A time that is set while programs run: those with its env."""

    def __init__(self, home):
        self.path = os.path.join(home.dir, 'clock')
        self.env = {**home.env, **faked(), 'FAKETIME_TIMESTAMP_FILE': self.path, 'FAKETIME_NO_CACHE': '1'}
        self.set('+0')

    def set(self, offset):
        with open(self.path + '.new', 'w') as f:
            f.write(offset + '\n')
        os.rename(self.path + '.new', self.path)


def run(names):
    tests = [(n, f) for n, f in names.items() if n.startswith('test_') and callable(f)]
    if len(sys.argv) > 1:
        tests = [t for t in tests if any(a in t[0] for a in sys.argv[1:])]
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for i, (name, test) in enumerate(tests, 1):
        began = time.monotonic()
        try:
            test()
            print('ok %d - %s' % (i, name[5:].replace('_', ' ')), flush=True)
        except Skip as why:
            print('ok %d - %s # SKIP %s' % (i, name[5:].replace('_', ' '), why), flush=True)
        except Exception:
            failed += 1
            print('not ok %d - %s' % (i, name[5:].replace('_', ' ')))
            print('\n'.join('# ' + l for l in traceback.format_exc().splitlines()), flush=True)
        print('# that took %.1f s' % (time.monotonic() - began), flush=True)
    sys.exit(1 if failed else 0)
