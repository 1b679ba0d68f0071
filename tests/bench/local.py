"""A Maildir opened for the first time and again, filled by import and by others; beside reading the same files by hand, mutt and neomutt."""
import os, random, shutil, statistics, subprocess, tempfile, time
from boxes import NEWEST, SEED, message
from clients import Client, write
from terminal import Terminal

IMPORTED, ARRIVED = 1000, 10000
RULES = '[rule half]\nmatch = subject:a\nfolder = Lists\n[rule words]\nmatch = subject:e\nkeyword = later\n'


def texts(total):
    rng, thread = random.Random(SEED), []
    for n in range(total):
        date, text = message(rng, n, total, thread)
        del thread[:-200]
        yield date, text.replace(b'\r\n', b'\n')


def fill(folder, total):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(folder + '/' + sub)
    for n, (date, text) in enumerate(texts(total)):
        path = '%s/cur/%d.M%dP1.bench:2,%s' % (folder, date, n, '' if n % 20 == 7 else 'S')
        with open(path, 'wb') as f:
            f.write(text)
        os.utime(path, (date, date))


# ---- who opens it: a command and its environment ----

def fulmar(home, folder, keep):
    write(home + '/config/fulmar/fulmar.conf', f'[account a]\ntype = maildir\naddress = ann@example.org\nname = Ann\npath = {folder}\n')
    env = {'HOME': home, **{'XDG_%s_HOME' % kind.upper(): home + '/' + kind for kind in ('config', 'data', 'state', 'cache')}}
    return [os.environ.get('FULMAR') or 'fulmar', 'a/INBOX'], env


def mutt(program):
    def configure(home, folder, keep):
        os.makedirs(home + '/headers', exist_ok=True)
        write(home + '/rc', 'set folder=%s\nset mbox_type=Maildir\nset quit=yes\nset move=no\nset beep=no\n' % home + ('set header_cache=%s/headers\n' % home if keep else ''))
        return [program, '-n', '-F', home + '/rc', '-f', folder], {'HOME': home}
    return configure


def shown(client, command, quit=()):
    t = Terminal(*command)
    at = t.wait(client.listed, client.hint, 60)
    memory = t.memory()
    if quit:
        t.settle(.5, 5)
    t.end(quit, 120)
    return at, memory


def settle(argv, env):
    """Lets the store have all of it."""
    subprocess.run([argv[0], 'sync', 'a/INBOX'], env={**os.environ, **env}, check=True, capture_output=True)


def opens(configure, folder, runs, keep, known=None, quit=()):
    """Medians of the first time and of the next, and the peak of memory."""
    first, again, memory, client = [], [], 0, Client()
    for _ in range(runs):
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        at, memory = shown(client, configure(home, folder, False))
        first.append(at)
        if known:
            known(*configure(home, folder, True))
        else:
            shown(client, configure(home, folder, keep), quit)
        again.append(shown(client, configure(home, folder, keep), quit)[0])
        shutil.rmtree(home, ignore_errors=True)
    return statistics.median(first), statistics.median(again), memory


def floor(folder):
    """The names, then the first 8 kB of each."""
    start = time.monotonic()
    for entry in os.scandir(folder + '/cur'):
        fd = os.open(entry.path, os.O_RDONLY)
        os.read(fd, 8192)
        os.close(fd)
    whole = time.monotonic() - start
    start = time.monotonic()
    sum(1 for _ in os.scandir(folder + '/cur'))
    return whole, time.monotonic() - start, 0


def imported(runs):
    """Seconds of `import`, and of writing the same files and making all durable at once."""
    times, floors = [], []
    for _ in range(runs):
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        fill(home + '/Mail', 0)
        mails = list(texts(IMPORTED))
        with open(home + '/mbox', 'wb') as f:
            f.writelines(b'From ann@example.org %s\n%s\n' % (time.asctime(time.gmtime(date)).encode(), text.replace(b'\nFrom ', b'\n>From '))
                         for date, text in mails)
        argv, env = fulmar(home, home + '/Mail', True)
        start = time.monotonic()
        subprocess.run([argv[0], 'import', 'a/INBOX', home + '/mbox'], env={**os.environ, **env}, check=True, capture_output=True)
        times.append(time.monotonic() - start)
        os.makedirs(home + '/floor')
        start = time.monotonic()
        for n, (_, text) in enumerate(mails):
            with open('%s/floor/%d' % (home, n), 'wb') as f:
                f.write(text)
        os.sync()
        floors.append(time.monotonic() - start)
        shutil.rmtree(home)
    return statistics.median(times), statistics.median(floors)


def arrived(runs):
    """Seconds until so many new files are in the store, without rules and with two, of which one files."""
    times = {'': [], RULES: []}
    for rules in list(times) * runs:
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        fill(home + '/Mail', 10)
        argv, env = fulmar(home, home + '/Mail', True)
        with open(home + '/config/fulmar/fulmar.conf', 'a') as f:
            f.write(rules)
        settle(argv, env)
        for n, (date, text) in enumerate(texts(ARRIVED)):
            with open('%s/Mail/new/%d.M%dP2.bench' % (home, date, n), 'wb') as f:
                f.write(text)
        os.sync()
        start = time.monotonic()
        settle(argv, env)
        times[rules].append(time.monotonic() - start)
        shutil.rmtree(home)
    return [statistics.median(t) for t in times.values()]


def measure(bench, sizes, table, seconds, ratio):
    for size in bench.sizes:
        root = tempfile.mkdtemp(prefix='fulmar-bench-')
        folder = root + '/Mail'
        fill(folder, sizes[size])
        rows = [('floor: by hand', *floor(folder)), ('fulmar', *opens(fulmar, folder, bench.runs, True, settle))]
        for program in filter(shutil.which, ('mutt', 'neomutt')):
            rows.append((program, *opens(mutt(program), folder, min(bench.runs, 2), True, None, ('q',))))
        table('A Maildir of %s: until the list is shown' % size, ['client', 'first s', 'again s', 'memory MB'],
              [[name, seconds(a), seconds(b), '%.0f' % memory if memory else '-'] for name, a, b, memory in rows])
        shutil.rmtree(root)
    times = imported(bench.runs)
    table('%d messages imported into a Maildir, all durable' % IMPORTED, ['', 's'],
          [['fulmar import', seconds(times[0])], ['floor: files and one sync', seconds(times[1])]])
    times = arrived(bench.runs)
    table('%d new files come into a Maildir' % ARRIVED, ['', 's'], [['without rules', seconds(times[0])], ['with two rules', seconds(times[1])]])
