#!/usr/bin/python3
"""fulmar check: damage of every kind is told in one line, put right by --repair, and what went with it comes back from the server."""
import fcntl, glob, json, os, random, re, sqlite3, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from screen import PATIENCE, Screen
from tap import FULMAR, Home, imap_conf, run, seed

COUNT = 30


def message(n):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\n%s\n' % (n, n, n // 60 % 60, n % 60, 'text of %d ' % n * 40))


def rows(home, target='work/INBOX'):
    return [json.loads(l) for l in home.run('--offline', 'list', target, '--json').splitlines()]


def store_of(home):
    return os.path.join(home.dir, 'data', 'fulmar', 'work', 'store.db')


def sql(home, text):
    db = sqlite3.connect(store_of(home))
    db.executescript(text)
    db.close()


def findings(home, *more, status=1):
    return [json.loads(l) for l in home.run('check', *more, '--json', status=status).splitlines()]


def whole(home, imap):
    """The store holds what the server has, and says so."""
    assert home.run('check') == ''
    have = rows(home)
    assert sorted(r['subject'] for r in have) == sorted('number %d' % n for n in range(1, COUNT + 1)), sorted(r['subject'] for r in have)
    assert {r['uid'] for r in have} == set(imap.flags())
    for r in have:
        assert r['body'] == 'full' and r['message_id'] == '<n%s@harbour.example>' % r['subject'].split()[1], r
    assert all('text of' in home.run('--offline', 'show', r['id']) for r in have[:5])


class World:
    def __init__(self, keep='keep = full'):
        self.keep = keep

    def __enter__(self):
        self.d = Dovecot().__enter__()
        self.imap = RawImap(self.d.port)
        self.imap('CREATE Plans')
        for n in range(1, COUNT + 1):
            self.imap.append(message(n), flags='\\Seen' if n % 3 else '', date='20-Nov-2026 10:%02d:%02d +0000' % (n // 60, n % 60))
        self.proxy = Proxy(self.d.port).__enter__()
        self.home = Home(imap_conf(self.proxy.port, more=self.keep))
        self.home.run('sync')
        return self

    def __exit__(self, *exc):
        self.home.close()
        self.proxy.__exit__(*exc)
        self.imap.close()
        self.d.__exit__(*exc)


def test_a_sound_store_is_status_0_and_silent():
    with World() as w:
        assert w.home.run('check') == '' and w.home.run('check', 'work') == '' and w.home.run('check', 'work/INBOX') == ''
        assert w.home.run('check', '--repair') == '' and w.home.run('check', '--repair', '--json') == ''
        w.home.run('check', 'wrk', status=2)
        for args in (['check', 'work/Plnas'], ['check', '--repair', 'work/Plnas']):
            w.home.run(*args, status=1)
            assert 'work has no folder “Plnas”; the nearest is “Plans”' in w.home.err, w.home.err
        whole(w.home, w.imap)
    with Home(imap_conf(1)) as home:
        home.run('check', status=1)
        assert home.err.count('\n') == 1 and 'nothing has been stored' in home.err, home.err


def test_damage_is_one_line_each_and_repaired():
    with World() as w:
        sql(w.home, 'UPDATE folder SET total = 3 WHERE path = "INBOX"; DELETE FROM envelope WHERE id = (SELECT id FROM message WHERE uid = 7);'
                    'UPDATE message SET thread_count = 5 WHERE uid = 9')
        text = w.home.run('check', status=1)
        assert all(re.match(r'work/INBOX: .*; --repair ', l) for l in text.splitlines()), text
        found = findings(w.home)
        assert {f['kind'] for f in found} == {'row', 'thread', 'counter'} and all(f['account'] == 'work' and f['where'] == 'INBOX' and not f['repaired'] for f in found), found
        assert findings(w.home, 'work/Plans', status=0) == []
        assert len(w.home.run('check', status=1).splitlines()) == len(found), 'looking changes nothing'
        done = findings(w.home, '--repair', status=0)
        assert len(done) == len(found) and all(f['repaired'] for f in done), done
        assert w.home.run('check') == ''
        assert len(rows(w.home)) == COUNT - 1
        w.home.run('sync')
        whole(w.home, w.imap)


def test_bodies_that_are_damaged_come_again():
    with World() as w:
        files = sorted(glob.glob(w.home.dir + '/data/fulmar/work/mail/*/*.eml'))
        assert len(files) == COUNT
        os.truncate(files[0], 11)
        os.remove(files[1])
        stray = os.path.join(os.path.dirname(files[2]), '987654.eml')
        with open(stray, 'w') as f:
            f.write('x')
        os.utime(stray, (1, 1))
        assert sorted(f['kind'] for f in findings(w.home)) == ['body', 'body', 'file']
        w.home.run('check', '--repair')
        assert not os.path.exists(stray)
        w.home.run('sync')
        whole(w.home, w.imap)


def test_rows_that_went_come_back_and_others_stay():
    """Random rows are lost, one message is deleted: exactly that one goes."""
    chance = random.Random(seed(1))
    with World() as w:
        lost = chance.sample(range(1, COUNT + 1), 9)
        sql(w.home, 'DELETE FROM message WHERE uid IN (%s)' % ','.join(map(str, lost)))
        w.home.run('check', '--repair')
        victim = chance.choice([r for r in rows(w.home)])
        w.home.run('delete', victim['id'])
        assert set(w.imap.flags()) == set(range(1, COUNT + 1)) - {victim['uid']}
        w.home.run('undo')
        w.home.run('sync')
        assert sorted(r['subject'] for r in rows(w.home)) == sorted('number %d' % n for n in range(1, COUNT + 1))
        assert w.home.run('check') == ''


def test_a_folder_is_built_anew_with_its_bodies_and_what_waits():
    with World() as w:
        ids = {r['uid']: r['id'] for r in rows(w.home)}
        sql(w.home, "UPDATE envelope SET subject = 'wrong' WHERE id IN (SELECT id FROM message WHERE uid < 9)")
        w.home.run('--offline', 'flag', ids[1], '+flagged')
        w.home.run('--offline', 'move', ids[2], 'work/Plans')
        out = w.home.run('check', '--repair', 'work/INBOX')
        assert out.startswith('work/INBOX: ') and '%d' % COUNT in out, out
        assert w.home.run('check') == ''
        w.proxy.zero()
        w.home.run('sync')
        assert w.proxy.counts()['down'] < 40000, 'no text was fetched twice: %r' % w.proxy.counts()
        assert w.home.run('queue') == ''
        assert '\\Flagged' in w.imap.flags()[1] and 2 not in w.imap.flags()
        w.home.run('undo')
        w.home.run('sync')
        assert {r['subject']: r['id'] for r in rows(w.home)} == {'number %d' % n: i for n, i in ids.items()}, 'the IDs stay'
        assert w.home.run('check') == ''


def test_headers_are_read_anew_where_only_the_text_is_here():
    with World('keep = text 100000d') as w:
        ids = {r['uid']: r['id'] for r in rows(w.home)}
        assert all(r['body'] == 'partial' for r in rows(w.home)), rows(w.home)[0]
        sql(w.home, "UPDATE envelope SET subject = 'wrong', sender = NULL")
        assert {r['subject'] for r in rows(w.home)} == {'wrong'}
        w.home.run('check', '--repair', 'work/INBOX')
        assert 'text of 3' in w.home.run('--offline', 'show', ids[3])
        w.home.run('sync')
        assert {r['subject']: r['id'] for r in rows(w.home)} == {'number %d' % n: i for n, i in ids.items()}
        assert all(r['from'][0]['email'] == 'bob@harbour.example' and r['body'] == 'partial' for r in rows(w.home))
        assert w.home.run('check') == ''


def test_a_database_that_cannot_be_read_is_set_aside_and_the_queue_saved():
    with World() as w:
        ids = {r['uid']: r['id'] for r in rows(w.home)}
        w.home.run('--offline', 'flag', ids[1], '+flagged')
        w.home.run('--offline', 'move', ids[2], ids[3], 'work/Plans')
        w.home.run('--offline', 'delete', ids[4])
        w.home.run('--offline', 'folder', 'create', 'work/Later')
        sql(w.home, 'PRAGMA wal_checkpoint(TRUNCATE)')
        db = sqlite3.connect(store_of(w.home))
        root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'envelope'").fetchone()
        db.close()
        with open(store_of(w.home), 'r+b') as f:
            f.seek((root - 1) * 4096)
            f.write(random.Random(1).randbytes(4096))
        found = findings(w.home)
        assert found and all(f['kind'] == 'database' for f in found), found
        w.home.run('--offline', 'list', 'work/INBOX', status=1)
        assert 'fulmar check --repair work' in w.home.err, w.home.err
        out = w.home.run('check', '--repair', status=0)
        assert 'damaged-2' in out and '4 queued changes' in out, out
        assert glob.glob(w.home.dir + '/data/fulmar/work/damaged-*/store.db')
        assert w.home.run('check') == ''
        assert sorted(json.loads(l)['verb'] for l in w.home.run('queue', '--json').splitlines())[:1] == ['create']
        w.home.run('sync')
        w.home.run('sync')
        assert w.home.run('check') == ''
        assert len(rows(w.home, 'work')) == COUNT
    with World() as w:
        with open(store_of(w.home), 'r+b') as f:
            f.write(random.Random(2).randbytes(8192))
        assert [f['kind'] for f in findings(w.home)] == ['database']
        w.home.run('list', 'work/INBOX', status=1)
        assert 'fulmar check --repair work' in w.home.err and w.home.err.count('\n') == 1, w.home.err
        w.home.run('check', '--repair')
        w.home.run('sync')
        whole(w.home, w.imap)


def test_flipped_bits_end_in_what_the_server_has():
    chance = random.Random(seed(3))
    with World() as w:
        sql(w.home, 'PRAGMA wal_checkpoint(TRUNCATE)')
        with open(store_of(w.home), 'rb') as f:
            good = f.read()
        for turn in range(12):
            bad = bytearray(good)
            for _ in range(1 + turn):
                bad[chance.randrange(100, len(bad))] ^= 1 << chance.randrange(8)
            for f in glob.glob(store_of(w.home) + '-*'):
                os.remove(f)
            with open(store_of(w.home), 'wb') as f:
                f.write(bad)
            if w.home.run('check', status=None) or w.home.status:
                w.home.run('check', '--repair')
            # A subject with another letter in it is a subject; everything that can be known is right again.
            w.home.run('sync')
            assert w.home.run('check') == '', (turn, w.home.run('check', status=None))
            have = rows(w.home)
            assert len(have) == COUNT and {r['uid'] for r in have} == set(w.imap.flags()), turn
            w.home.run('check', '--repair', 'work/INBOX')
            w.home.run('sync')
            whole(w.home, w.imap)


def test_check_runs_beside_a_screen_and_repair_waits_for_its_turn():
    with World() as w:
        with Screen([FULMAR], w.home.env) as s:
            s.wait(r'%d mails .* Idle' % COUNT)
            assert w.home.run('check') == ''
            sql(w.home, 'UPDATE folder SET total = 3')
            w.home.run('check', status=1)
            w.home.run('check', '--repair')
            s.press('=F', lambda _: s.at_cursor.count('!') == 1)
            assert w.home.run('check') == ''
            s.send('q')
            assert s.ended() == 0
        sql(w.home, 'UPDATE folder SET total = 3')
        with open(w.home.dir + '/data/fulmar/work/journal.lock') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            w.home.run('check', status=1)
            w.home.run('check', '--repair', status=1)
            assert 'another fulmar' in w.home.err and w.home.err.count('\n') == 1, w.home.err
        w.home.run('check', '--repair')
        whole(w.home, w.imap)


def test_many_checks_beside_many_changes_find_nothing():
    with World() as w:
        ids = [r['id'] for r in rows(w.home)]
        running = []
        for i, id in enumerate(ids[:12]):
            for args in (['flag', id, '+flagged'], ['check'], ['move', id, 'work/Plans'], ['check', '--json']):
                running.append(subprocess.Popen([FULMAR, *args], env=w.home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
                if len(running) == 4:
                    p = running.pop(0)
                    out, err = p.communicate(timeout=60 * PATIENCE)
                    assert p.returncode == 0 and not err and (not out or p.args[1] != 'check'), (p.args[1:], p.returncode, out, err)
        for p in running:
            out, err = p.communicate(timeout=60 * PATIENCE)
            assert p.returncode == 0 and not err, (p.args[1:], out, err)


run(globals())
