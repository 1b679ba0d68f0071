#!/usr/bin/python3
"""What goes wrong around the program: unreadable files, full disks, damaged stores, two at once, sudden ends. One clear line, nothing lost."""
import fcntl, glob, hashlib, json, os, random, re, resource, signal, sqlite3, subprocess, sys, termios
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from screen import PATIENCE, Screen
from script import *
from stranger import STRANGER, become, give, read_only, writable
from tap import FULMAR, Clock, Home, faked, imap_conf, run, seed
from world import flags_of

NOON = 1700000000


def message(n, body=None):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\n%s\n' % (n, n, n // 60 % 60, n % 60, body or 'text of %d' % n)).encode()


def deliver(home, n, data=None, box='Mail'):
    path = os.path.join(home.dir, box)
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, sub), exist_ok=True)
    file = os.path.join(path, 'cur', '%d.n%d.t:2,' % (NOON - n, n))
    with open(file, 'wb') as f:
        f.write(data or message(n))
    os.utime(file, (NOON - n, NOON - n))


def maildir_conf(home, name='local', box='Mail'):
    return '[account %s]\ntype = maildir\naddress = me@harbour.example\npath = %s/%s\n' % (name, home.dir, box)


def local_home(count=5):
    home = Home()
    home.write_conf(maildir_conf(home))
    for n in range(1, count + 1):
        deliver(home, n)
    return home


def rows(home, target, *more):
    return [json.loads(l) for l in home.run(*more, 'list', target, '--json').splitlines()]


def one_line(text, *words):
    assert text.startswith('fulmar: ') and text.endswith('\n') and text.count('\n') == 1, text
    for w in words:
        assert re.search(w, text), (w, text)
    return text


def store_of(home, account='work'):
    return os.path.join(home.dir, 'data', 'fulmar', account, 'store.db')


def sound(home, account='work'):
    """The store is whole, by SQLite's own account."""
    with sqlite3.connect(store_of(home, account)) as db:
        assert db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
    db.close()


def run_as(home, args, status, prepare=None, timeout=120):
    p = subprocess.run([FULMAR, *args], env=home.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout * PATIENCE, preexec_fn=prepare)
    home.err = p.stderr.decode(errors='replace')
    assert p.returncode in (status if isinstance(status, tuple) else (status,)), (args, p.returncode, p.stdout.decode(errors='replace')[-500:], home.err[-3000:])
    return p.stdout.decode()


# ---- the configuration ----

def test_a_configuration_that_others_may_read_keeps_no_password():
    with Home(imap_conf(1)) as home:
        conf = os.path.join(home.dir, 'config/fulmar/fulmar.conf')
        os.chmod(conf, 0o644)
        home.run('sync', status=2)
        one_line(home.err, 'fulmar.conf', 'chmod|600')
        home.run('check-config', status=2)
        assert 'fulmar.conf' in home.err and 'secret word' not in home.err
        os.chmod(conf, 0o600)
        home.run('check-config')


def test_a_configuration_that_cannot_be_read_is_told():
    with local_home() as home:
        give(home)
        conf = os.path.join(home.dir, 'config/fulmar/fulmar.conf')
        os.chmod(conf, 0)
        run_as(home, ['accounts'], 2, become(STRANGER))
        one_line(home.err, 'fulmar.conf', 'Permission denied')
        os.remove(conf)
        os.mkdir(conf)
        run_as(home, ['accounts'], 2, become(STRANGER))
        one_line(home.err, 'fulmar.conf')


# ---- a full disk ----

def small_files(octets):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    return prepare


def agree(home, imap):
    want, have = imap.flags(), flags_of(rows(home, 'work/INBOX', '--offline'))
    assert have == want, {u: (want.get(u), have.get(u)) for u in want.keys() | have.keys() if want.get(u) != have.get(u)}


def whole(home, count, body):
    """Every message of the server is here, octet by octet."""
    have = rows(home, 'work/INBOX', '--offline')
    assert sorted(r['subject'] for r in have) == sorted('number %d' % n for n in range(1, count + 1))
    for r in have:
        n = int(r['subject'].split()[1])
        assert home.run('--offline', 'show', r['id'], '--raw').replace('\r\n', '\n').encode() == message(n, body(n)), r


def test_a_disk_that_fills_during_a_sync_loses_nothing():
    body = lambda n: 'long line %d\n' % n * (60 if n % 10 else 60000)
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = full')) as home:
        for n in range(1, 31):
            imap.append(message(n, body(n)))
        seen = set()
        for octets in (0, 4096, 40000, 60000, 90000, 110000, 700000):
            run_as(home, ['sync', 'work/INBOX'], (1, 6), small_files(octets))
            seen.add(one_line(home.err, 'no room left|File too large').replace(home.dir, ''))
            home.run('--offline', 'list', 'work/INBOX', status=None)
        assert any('store.db' in s for s in seen) and any('cannot keep|cannot be written' in s or 'File too large' in s for s in seen), seen
        home.run('sync', 'work/INBOX')
        sound(home)
        whole(home, 30, body)
        agree(home, imap)


def test_a_disk_that_is_full_keeps_what_was_marked():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        for n in range(1, 21):
            imap.append(message(n))
        home.run('sync')
        ids = [r['id'] for r in rows(home, 'work/INBOX', '--offline')]
        full, done = small_files(30000), 0
        for i, id in enumerate(ids):
            run_as(home, ['flag', id, '+flagged'], (0, 1), full if i % 2 else small_files(1 << 16))
            done += home.err == ''
            if home.err:
                one_line(home.err, 'store.db.*no room left')
                assert 'flagged' not in next(r for r in rows(home, 'work/INBOX', '--offline') if r['id'] == id)['flags']
        assert 0 < done < len(ids)
        home.run('--offline', 'flag', *ids[:5], '+answered')
        run_as(home, ['sync'], 1, full)
        one_line(home.err, 'no room left')
        waiting = [json.loads(l) for l in home.run('queue', '--json').splitlines()]
        assert waiting and all(w['state'] == 'waiting' for w in waiting) and len(waiting[-1]['ids']) == 5, 'nothing that was queued is lost or booked as refused'
        home.run('sync')
        sound(home)
        agree(home, imap)
        assert sum('\\Flagged' in f for f in imap.flags().values()) == done and sum('\\Answered' in f for f in imap.flags().values()) == 5
        assert home.run('queue') == ''


def test_a_full_disk_under_a_maildir_is_told():
    with local_home(200) as home:
        for octets in (0, 20000, 60000):
            run_as(home, ['sync'], 1, small_files(octets))
            one_line(home.err, 'no room left|File too large')
        home.run('sync')
        id = rows(home, 'local/INBOX')[0]['id']
        run_as(home, ['flag', id, '+seen'], 1, small_files(0))
        one_line(home.err, 'no room left|File too large')
        home.run('sync')
        sound(home, 'local')
        assert len(rows(home, 'local/INBOX')) == 200 and len(os.listdir(os.path.join(home.dir, 'Mail/cur'))) == 200


# ---- a damaged store ----

def replace_store(home, data, account):
    for f in glob.glob(store_of(home, account) + '*'):
        os.remove(f)
    with open(store_of(home, account), 'wb') as f:
        f.write(data)


def damaged(data, chance):
    size = len(data)
    for n in (10, 100, 4095, 4096, 5000, size // 3, size - 4096):
        yield 'cut at %d' % n, data[:n]
    yield 'garbage', bytes(chance.randrange(256) for _ in range(20000))
    yield 'text', b'this is no store\n' * 500
    for i in range(8):
        copy = bytearray(data)
        for _ in range(size // 1000):
            copy[chance.randrange(100 if i % 2 else 0, size)] ^= 1 << chance.randrange(8)
        yield 'flipped bits %d' % i, bytes(copy)
    for page in sorted(chance.sample(range(size // 4096), 6)):
        copy = bytearray(data)
        copy[page * 4096:page * 4096 + 4096] = bytes(chance.randrange(256) for _ in range(4096))
        yield 'page %d' % page, bytes(copy)


def test_a_damaged_store_is_told_and_stops_nobody_else():
    chance = random.Random(seed(1))
    told = 0
    with local_home(150) as home:
        home.write_conf(maildir_conf(home) + maildir_conf(home, 'other', 'Other'))
        deliver(home, 1, box='Other')
        home.run('sync')
        with open(store_of(home, 'local'), 'rb') as f:
            data = f.read()
        for name, wrong in damaged(data, chance):
            replace_store(home, wrong, 'local')
            words = 'local/store.db.*damaged|no message|not in the store|no folder|nothing of local|File exists'
            if name.startswith('flipped'): # perhaps in the name of a file
                words += '|file of this message is gone'
            for args in (['list', 'local/INBOX', '--json'], ['show', 'local:5'], ['flag', 'local:5', '+flagged'], ['sync'], ['folders']):
                run_as(home, args, (0, 1, 6))
                if home.err:
                    one_line(home.err, words)
                told += 'damaged' in home.err
            home.run('list', 'other/INBOX')
        assert told > 20, told
        replace_store(home, data, 'local')
        home.run('sync')
        assert len(rows(home, 'local/INBOX')) == 150


def test_bodies_outlive_a_damaged_store():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = full')) as home:
        for n in range(1, 6):
            imap.append(message(n))
        home.run('sync')
        bodies = {f: open(f, 'rb').read() for f in glob.glob(home.dir + '/data/fulmar/work/mail/*/*.eml')}
        assert len(bodies) == 5
        replace_store(home, random.Random(1).randbytes(9000), 'work')
        home.run('sync', status=1)
        one_line(home.err, 'work/store.db.*damaged')
        assert {f: open(f, 'rb').read() for f in bodies} == bodies
        # A body that changed on the disk is fetched anew, and never shown.
        os.rename(store_of(home), store_of(home) + '.away')
        home.run('sync')
        whole(home, 5, lambda n: None)
        id = rows(home, 'work/INBOX', '--offline')[0]['id']
        for spoil in (lambda f: os.truncate(f, 10), os.remove):
            for f in glob.glob(home.dir + '/data/fulmar/work/mail/*/*.eml'):
                spoil(f)
            home.run('--offline', 'show', id, '--raw', status=3)
            for row in rows(home, 'work/INBOX', '--offline'):
                home.run('show', row['id'], '--raw')
            whole(home, 5, lambda n: None)


def test_a_store_of_a_newer_version_is_left_alone():
    with local_home() as home:
        home.run('sync')
        with sqlite3.connect(store_of(home, 'local')) as db:
            db.execute('PRAGMA user_version = 999')
        db.close()
        before = hashlib.sha256(open(store_of(home, 'local'), 'rb').read()).hexdigest()
        for args in (['list', 'local'], ['sync'], ['show', 'local:1'], ['flag', 'local:1', '+seen']):
            home.run(*args, status=1)
            one_line(home.err, 'local/store.db', 'newer', '999')
        assert hashlib.sha256(open(store_of(home, 'local'), 'rb').read()).hexdigest() == before


# ---- what cannot be written ----

def test_what_is_here_is_read_from_a_read_only_home():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = full')) as home:
        for n in range(1, 4):
            imap.append(message(n))
        home.run('sync')
        give(home)
        stranger = become(STRANGER)
        read_only(home.dir)
        try:
            for offline in ([], ['--offline']):
                assert len(run_as(home, offline + ['list', 'work/INBOX', '--json'], 0, stranger).splitlines()) == 3
                assert 'text of 1' in run_as(home, offline + ['show', 'work:1'], 0, stranger)
                assert len(run_as(home, offline + ['folders'], 0, stranger).splitlines()) == 3
            for args in (['sync'], ['flag', 'work:1', '+seen']):
                run_as(home, args, 1, stranger)
                one_line(home.err, home.dir, 'read-only|Permission denied|cannot be written')
        finally:
            writable(home.dir)
        run_as(home, ['sync'], 0, stranger)
    with Home(imap_conf(1)) as home:
        give(home)
        os.chmod(home.dir, 0o500)
        try:
            run_as(home, ['sync'], 1, become(STRANGER))
            one_line(home.err, home.dir + '/data', 'Permission denied')
        finally:
            os.chmod(home.dir, 0o700)


# ---- two at once ----

def storm(home, ids, chance):
    """Many processes at one store; every one of them must end well."""
    running = []

    def ended(p):
        out, err = p.communicate(timeout=60 * PATIENCE)
        assert p.returncode == 0 and not err, (p.args[1:], p.returncode, err)

    for i in range(30):
        id = chance.choice(ids)
        args = chance.choice((['flag', id, '+seen'], ['flag', id, '-seen'], ['--offline', 'flag', id, '+Word%d' % (i % 5)], ['flag', id, '-Word%d' % (i % 5)], ['sync'],
                              ['show', id, '--raw'], ['show', id, '--seen'], ['list', 'work/INBOX'], ['queue']))
        running.append(subprocess.Popen([FULMAR, *args], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        if len(running) == 5:
            ended(running.pop(0))
    for p in running:
        ended(p)


def test_several_make_a_store_at_once():
    with Dovecot() as d, RawImap(d.port) as imap:
        for n in range(1, 31):
            imap.append(message(n))
        # Of several sessions that are the first to list an account Dovecot 2.3 may panic in one (locks of its list index).
        imap('LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))')
        for _ in range(3):
            with Home(imap_conf(d.port, more='keep = full')) as home:
                running = [subprocess.Popen([FULMAR, *args], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                           for args in (['sync'], ['sync', 'work/INBOX'], ['list', 'work/INBOX'], ['folders'], ['sync'])]
                for p in running:
                    out, err = p.communicate(timeout=60 * PATIENCE)
                    assert p.returncode == 0 and not err, (p.args[1:], err)
                sound(home)
                whole(home, 30, lambda n: None)


def test_commands_beside_the_screen():
    chance = random.Random(seed(1))
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = full')) as home:
        for n in range(1, 41):
            imap.append(message(n))
        with Screen([FULMAR], home.env) as s:
            s.wait(r'40 mails .* Idle')
            have = rows(home, 'work/INBOX', '--offline')
            ids = {r['subject']: r['id'] for r in have}
            home.run('flag', ids['number 40'], '+flagged')
            assert '\\Flagged' in imap.flags()[40]
            s.wait(lambda lines: any('!' in l and 'number 40' in l for l in lines))
            # Only queued by the other process: shown here at once, carried out by this one.
            assert 'queued' in home.run('--offline', 'flag', ids['number 39'], '+flagged')
            s.wait(lambda lines: any('!' in l and 'number 39' in l for l in lines))
            s.wait(lambda _: '\\Flagged' in imap.flags()[39])
            s.wait(lambda _: home.run('queue') == '')
            storm(home, list(ids.values())[:8], chance)
            s.wait(lambda _: home.run('queue') == '')
            # One that stopped holds up nobody.
            os.kill(s.pid, signal.SIGSTOP)
            home.run('flag', ids['number 38'], '+answered')
            home.run('sync')
            assert '\\Answered' in imap.flags()[38]
            os.kill(s.pid, signal.SIGCONT)
            s.send('q')
            assert s.ended() == 0
        home.run('sync')
        sound(home)
        agree(home, imap)
        whole(home, 40, lambda n: None)
        assert not glob.glob(home.dir + '/data/fulmar/work/mail/**/*.part*', recursive=True)


def test_a_journal_in_other_hands_is_waited_for_and_then_told():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        imap.append(message(1))
        home.run('sync')
        home.write_conf(imap_conf(d.port).replace('timeout = 10s', 'timeout = 2s'))
        with open(os.path.join(home.dir, 'data/fulmar/work/journal.lock')) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert 'queued' in home.run('flag', 'work:1', '+seen'), 'as another process that does not finish would have it'
            assert home.run('--offline', 'list', 'work/INBOX')
            home.run('sync', status=6)
            one_line(home.err, 'work', 'another fulmar')
            assert imap.flags()[1] == set()
        home.write_conf(imap_conf(d.port))
        home.run('sync')
        assert imap.flags()[1] == {'\\Seen'} and home.run('queue') == ''


# ---- sudden ends ----

def test_a_sync_that_was_killed_is_made_whole_by_the_next():
    chance = random.Random(seed(1))
    body = lambda n: 'long line %d\n' % n * 100
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = full')) as home:
        for n in range(1, 61):
            imap.append(message(n, body(n)), flags='\\Seen' if n % 2 else '')
        marked, longest = set(), .15 * PATIENCE
        for kill in range(20):
            p = subprocess.Popen([FULMAR, 'sync'], env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                p.wait(chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                p.kill()
            p.wait()
            if kill % 4 == 3:
                have = rows(home, 'work/INBOX', '--offline') if os.path.exists(store_of(home)) and home.run('--offline', 'list', 'work/INBOX', status=None) else []
                if have:
                    id = chance.choice(have)
                    home.run('--offline', 'flag', id['id'], '+flagged')
                    marked.add(id['uid'])
                imap('UID STORE %d +FLAGS (\\Answered)' % chance.randrange(1, 61))
        home.run('sync')
        sound(home)
        agree(home, imap)
        whole(home, 60, body)
        assert {u for u, f in imap.flags().items() if '\\Flagged' in f} == marked, 'each mark that was promised is there'
        assert home.run('queue') == ''


def test_a_mark_that_was_killed_under_way_is_made_or_not_and_shown_so():
    chance = random.Random(seed(1))
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        for n in range(1, 21):
            imap.append(message(n))
        home.run('sync')
        ids = [r['id'] for r in rows(home, 'work/INBOX', '--offline')]
        for id in ids:
            p = subprocess.Popen([FULMAR, 'flag', id, '+flagged'], env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                p.wait(chance.uniform(0, .08 * PATIENCE))
            except subprocess.TimeoutExpired:
                p.kill()
            promised = p.wait() == 0
            flagged = 'flagged' in next(r for r in rows(home, 'work/INBOX', '--offline') if r['id'] == id)['flags']
            assert flagged or not promised
        home.run('sync')
        sound(home)
        agree(home, imap)
        assert home.run('queue') == ''


def test_the_screen_ends_well_on_signals():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        for n in range(1, 6):
            imap.append(message(n))
        for i, (name, number) in enumerate((('SIGTERM', signal.SIGTERM), ('SIGHUP', signal.SIGHUP)), 1):
            with Screen([FULMAR], home.env) as s:
                s.wait(r'5 mails .* Idle')
                s.press('=' + 'j' * i + 'F', lambda _: s.at_cursor.count('!') == 1)
                os.kill(s.pid, number)
                assert s.ended() == 0, name
                s.pump(.1)
                after = termios.tcgetattr(s.fd)
                assert b'\x1b[?1049l' in s.raw[-400:] and after[3] & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO, name
        home.run('sync')
        assert sorted(u for u, f in imap.flags().items() if '\\Flagged' in f) == [3, 4], imap.flags()
        sound(home)


# ---- time ----

def test_a_clock_that_is_set_changes_nothing():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        imap.append(message(1))
        clock = Clock(home)
        with Screen([FULMAR], clock.env) as s:
            s.wait(r'1 mail .* Idle')
            for n, offset in enumerate(('-1d', '+2d', '-300d', '+0'), 2):
                clock.set(offset)
                imap.append(message(n))
                s.wait(r' %d mails' % n)
                s.press('=F', lambda _: s.at_cursor.count('!') == 1)
                s.wait(lambda _: '\\Flagged' in imap.flags()[n])
            s.wait(r'5 mails .* Idle')
            s.send('q')
            assert s.ended() == 0
        home.run('sync')
        agree(home, imap)


def test_a_wait_that_a_clock_set_back_would_make_endless_is_over():
    """What broke the link again and again waits, by the clock that there was then."""
    fake = faked()
    with Script(Box(range(1, 4)), answers={'UID STORE.*': CUT}) as s, Home(imap_conf(s.port, more='keep = headers')) as home:
        def at(offset, *args):
            subprocess.run([FULMAR, *args], env={**home.env, **fake, 'FAKETIME': offset}, capture_output=True, timeout=60)

        at('+3d', 'sync')
        at('+3d', '--offline', 'flag', 'work:1', '+flagged')
        tried = -1
        while tried != len(s.said('UID STORE.*')) < 20:
            tried = len(s.said('UID STORE.*'))
            at('+3d', 'sync')
        assert 2 < tried < 20, s.heard[-9:]
        s.answers.clear()
        at('-300d', 'sync')
        assert [m.flags for m in s.boxes[0].mails].count({'\\Flagged'}) == 1, s.heard[-9:]
        assert home.run('queue') == ''


run(globals())
