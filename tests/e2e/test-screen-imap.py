#!/usr/bin/python3
"""The screen on a real Dovecot: first start, reading, other clients, offline, a network that is cut or stalls, refused log-ins. Latencies are comments."""
import atexit, contextlib, json, os, re, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from screen import PATIENCE, Screen, becomes, said
from tap import FULMAR, Home, imap_conf, run
from world import flags_of

MODES = {'qresync': '', 'condstore': 'disable-capability = QRESYNC', 'plain': 'disable-capability = QRESYNC, CONDSTORE, ENABLE, ESEARCH',
         'without IDLE': 'disable-capability = IDLE\npoll = 5s'}
SIZES = ((80, 24), (120, 40))


servers = []


def server():
    if not servers:
        d = Dovecot(extra='auth_failure_delay = 0\nservice anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n')
        atexit.register(d.close)
        with open(os.path.join(d.dir, 'users'), 'a') as f:
            f.write(''.join('ann%d:{PLAIN}%s::::::\n' % (n, d.password) for n in range(1, 50)))
        d.people = 0
        servers.append(d.start())
    return servers[0]


def proxy():
    return Proxy(server().port)


@contextlib.contextmanager
def mailbox(through=None, timeout=10, **conf):
    """A new user of one server for all tests: (another client on the inbox, a home that knows the account)."""
    d = server()
    d.people += 1
    user = 'ann%d' % d.people
    with RawImap(d.port, user=user) as imap, Home(
            imap_conf(through.port if through else d.port, user=user, **conf).replace('timeout = 10s', 'timeout = %ds' % timeout)) as home:
        imap.user = user
        yield imap, home


def message(n, body=None):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\n%s\n' % (n, n, n // 60 % 60, n % 60, body or 'text of %d' % n))


def fill(imap, first, last, box='INBOX', flags='\\Seen', date=None):
    for n in range(first, last + 1):
        imap.append(message(n), box=box, flags=flags, date=date)


def opened(home, cols=80, rows=24, *args):
    return Screen([FULMAR, *args], home.env, cols, rows)


def equal(home, imap):
    """The store of the program and the server have the same messages with the same flags, newest on top."""
    rows = [json.loads(l) for l in home.run('--offline', 'list', 'work/INBOX', '--json').splitlines()]
    uids = [r['uid'] for r in rows]
    have = flags_of(rows)
    return len(uids) == len(have) and uids == sorted(uids, reverse=True) and have == imap.flags()


def answers(screen, what, keys='jkjkjk', bound=1.8):
    """Each key changes the screen within bound seconds, before any link is given up; says in how many."""
    took = [screen.latency(k) for k in keys]
    print('# keys %s: %s ms' % (what, ' '.join('%.1f' % (t * 1000) if t else 'never' for t in took)), flush=True)
    assert all(t and t < bound * PATIENCE for t in took), (what, took, screen.text)
    return screen


def quits(screen):
    screen.press('\x0c', r'q (quit|back)')
    screen.send('q' if 'q quit' in screen.text else 'Q')
    assert screen.ended() == 0, screen.text
    said(screen.raw)


# ---- the whole path ----

def whole_path(cols, rows):
    with mailbox(more='keep = headers') as (imap, home):
        fill(imap, 1, 60)
        fill(imap, 61, 62, flags='')
        with opened(home, cols, rows) as s:
            s.wait(r'number 62')
            s.wait(r'62( mails)? · 2.*● Idle')
            assert 'number 62' in s.at_cursor and 'number 61' in s.lines[s.emulator.cursor.y + 1], s.text
            s.press('\r', r'text of 62')
            becomes(s, lambda: '\\Seen' in imap.flags()[62])
            s.press('j', r'text of 61')
            becomes(s, lambda: '\\Seen' in imap.flags()[61])
            s.press('q', lambda lines: re.search(r'62( mails)? · 0', lines[0]) and 'number 61' in s.at_cursor)
            s.press('N', lambda lines: re.search(r'62( mails)? · 1', lines[0]))
            becomes(s, lambda: '\\Seen' not in imap.flags()[61])
            s.press('F', lambda lines: '!' in s.at_cursor)
            becomes(s, lambda: '\\Flagged' in imap.flags()[61])
            s.press('u', lambda lines: '!' not in s.at_cursor)
            becomes(s, lambda: '\\Flagged' not in imap.flags()[61])
            quits(s)
        assert equal(home, imap)
        with opened(home, cols, rows, '--offline') as s:
            s.wait(r'number 62')
            assert '○ Offline' in s.text and re.search(r'62( mails)? · 1', s.text), s.text
            s.press('\r', r'text of 6[12]')
            s.press('j', r'text of 6[12]|number 60')
            s.press('q', r'number 5')
            s.press('jjj', lambda lines: 'number 5' in s.at_cursor)
            s.press('\r', r'offline')
            assert 'text of' not in '\n'.join(l[-cols // 2:] for l in s.lines), s.text
            quits(s)


def test_from_an_empty_store_to_offline_at_80x24():
    whole_path(*SIZES[0])


def test_from_an_empty_store_to_offline_at_120x40():
    whole_path(*SIZES[1])


def steps(imap):
    """What another client does, and how the screen shows it."""
    return ((lambda: imap.append(message(6)), r'^▌ N .* number 6\n(.*\n)*$'),
            (lambda: imap('UID STORE 6 +FLAGS (\\Seen \\Answered)'), r'^▌ r .* number 6$'),
            (lambda: imap('UID STORE 3 +FLAGS (\\Flagged)'), r'^    ! .* number 3$'),
            (lambda: (imap('UID STORE 1:2 +FLAGS (\\Deleted)'), imap('UID EXPUNGE 1:2')),
             lambda lines: not re.search(r'number [12]$', '\n'.join(lines), re.M) and '4 mails · 0 new' in lines[0]))


def test_the_screen_follows_another_client_without_a_key():
    for mode, more in MODES.items():
        with mailbox(more=more) as (imap, home):
            fill(imap, 1, 5)
            with opened(home) as s:
                s.wait(r'number 5\n(.*\n)*.*number 1$')
                s.wait(r'● Idle')
                start = time.monotonic()
                for change, seen in steps(imap):
                    change()
                    if mode != 'without IDLE':
                        s.wait(seen)
                for _, seen in steps(imap)[2:]:
                    s.wait(seen)
                print('# %s: four changes of another client seen after %.1f s' % (mode, time.monotonic() - start), flush=True)
                becomes(s, lambda: equal(home, imap))
                quits(s)


def test_new_mail_comes_on_top_and_the_cursor_stays_where_it_was_put():
    with mailbox() as (imap, home):
        fill(imap, 1, 50)
        with opened(home) as s:
            s.wait(r'50 mails.*● Idle')
            fill(imap, 51, 51, flags='')
            s.wait(lambda lines: 'number 51' in s.at_cursor)
            s.press('jj', lambda lines: 'number 49' in s.at_cursor)
            fill(imap, 52, 53, flags='')
            s.wait(lambda lines: '53 mails' in lines[0] and 'number 53' in '\n'.join(lines) and 'number 49' in s.at_cursor)
            assert 'number 53' in s.lines[1], s.text
            s.press('\t', lambda lines: 'number 53' in s.at_cursor)
            s.wait(r'On from the top')
            s.press('\t', lambda lines: 'number 52' in s.at_cursor)
            s.press('\t', lambda lines: 'number 51' in s.at_cursor)
            imap('UID STORE 1:53 +FLAGS (\\Seen)')
            s.wait(r'53 mails · 0 new')
            s.press('\t', r'No new messages')
            s.press('*', lambda lines: 'number 1' == s.at_cursor[-8:])
            quits(s)


def test_another_folder_by_its_name():
    with mailbox() as (imap, home):
        imap('CREATE Lists/kernel')
        fill(imap, 1, 3)
        fill(imap, 7, 9, box='Lists/kernel')
        with opened(home) as s:
            s.wait(r'3 mails.*● Idle')
            s.press('c', r'│ Lists/kernel')
            s.press('kern\r', r'work / Lists/kernel')
            s.wait(r'^▌.*number 9$')
            with RawImap(servers[0].port, user=imap.user, box='Lists/kernel') as other:
                fill(other, 10, 10, box='Lists/kernel', flags='')
                s.wait(r'^▌ N .*number 10$')
            s.press('cINBOX\r', r'^▌.*number 3$')
            fill(imap, 4, 4)
            s.wait(r'^▌.*number 4$')
            quits(s)
        with opened(home, 80, 24, 'work/Lists/kernel') as s:
            s.wait(r'work / Lists/kernel(.*\n)+▌.*number 10$')
            quits(s)


# ---- a network that fails ----

def test_a_cut_while_idle_comes_back_by_itself():
    with proxy() as p, mailbox(through=p) as (imap, home):
        fill(imap, 1, 40)
        with opened(home) as s:
            s.wait(r'40 mails.*● Idle')
            p.refuse(True)
            s.wait(r'[○◐▲] (Offline|Connecting)')
            answers(s, 'while the server is not there')
            s.press('F', lambda lines: '!' in s.at_cursor)
            s.press('j', r'1 waiting')
            imap('UID STORE 1:3 +FLAGS (\\Flagged)')
            fill(imap, 41, 41)
            p.refuse(False)
            s.wait(r'41 mails.*● Idle')
            s.wait(lambda lines: 'waiting' not in lines[-2])
            becomes(s, lambda: equal(home, imap))
            p.cut()
            s.wait(lambda lines: p.counts()['connections'] > 2)
            s.wait(r'● Idle')
            fill(imap, 42, 42)
            s.wait(r'number 42')
            quits(s)


def test_a_stall_while_idle_holds_no_key():
    with proxy() as p, mailbox(through=p, timeout=2) as (imap, home):
        fill(imap, 1, 40)
        with opened(home) as s:
            s.wait(r'40 mails.*● Idle')
            s.press('\r', r'text of 40')
            s.press('q', r'● Idle')
            p.stall()
            answers(s, 'while the link stalls')
            s.press('F', lambda lines: '!' in s.at_cursor)
            answers(s, 'while a change waits', keys='jk')
            s.wait(r'(Offline|Connecting)')
            answers(s, 'while the link is found dead')
            fill(imap, 41, 42)
            p.resume()
            s.wait(r'42 mails.*● Idle')
            becomes(s, lambda: equal(home, imap))
            quits(s)


def test_a_body_that_stalls_can_be_left():
    with proxy() as p, mailbox(through=p, timeout=2, more='keep = headers') as (imap, home):
        fill(imap, 1, 39)
        imap.append(message(40, 'a long line of text\n' * 20000), flags='\\Seen')
        with opened(home) as s:
            s.wait(r'40 mails.*● Idle')
            p.cut_after(60000)
            s.press('\r', r'^ From +Bob Marsh')
            s.wait(r'a long line of text')
            s.press('q', r'work / INBOX')
            s.press('j', lambda lines: 'number 39' in s.at_cursor)
            p.stall()
            s.press('\r', r'^ From +Bob Marsh')
            answers(s, 'while a text stalls', keys='jkjk')
            s.press('q', r'work / INBOX')
            answers(s, 'back in the list')
            p.resume()
            s.wait(r'● Idle')
            s.press('=', lambda lines: 'number 40' in s.at_cursor)
            s.press('j', lambda lines: 'number 39' in s.at_cursor)
            s.press('\r', r'text of 39')
            quits(s)


def test_cuts_during_the_first_sync_lose_nothing():
    with proxy() as p, mailbox(through=p) as (imap, home):
        for n in range(1, 26):  # at one time, so that the order is that of the UIDs
            imap.append(message(n), flags='\\Seen', date='20-Nov-2025 12:00:00 +0000')
        while (n := len(imap.flags())) < 1600:
            imap('COPY 1:%d INBOX' % n)
        p.rate = 400000
        with opened(home, 80, 24, '-o', 'list.threads=no') as s:
            for octets in (700, 3000, 60000):
                p.cut_after(octets)
                s.wait(lambda lines: p.left is None and 'number 2' in lines[2])
                answers(s, 'after a cut at %d octets' % octets, keys='jk')
            p.rate = 0
            s.wait(r'1,600 mails.*● Idle', 30)
            becomes(s, lambda: equal(home, imap))
            quits(s)


def test_a_stall_during_the_first_sync_holds_no_key():
    with proxy() as p, mailbox(through=p) as (imap, home):
        fill(imap, 1, 25, date='20-Nov-2026 10:00:00 +0000')  # all at one time: copies stand by their UIDs
        while (n := len(imap.flags())) < 3200:
            imap('COPY 1:%d INBOX' % n)
        p.rate = 300000
        with opened(home, 80, 24, '-o', 'list.threads=no') as s:
            s.wait(r'number 25')
            p.stall()
            answers(s, 'while the first sync stalls', keys='jkjkjk')
            s.press('j' * 30 + '\t', r'work / INBOX')
            answers(s, 'below what is here', keys='kjkj')
            p.rate = 0
            p.resume()
            s.wait(r'3,200 mails.*● Idle', 30)
            becomes(s, lambda: equal(home, imap))
            quits(s)


# ---- log-in ----

def test_a_wrong_password_is_told_and_a_right_one_asked_for():
    with mailbox(password='wrong') as (imap, home), opened(home) as s:
        s.wait(r'▲ Error')
        s.wait(r'refused the log-in of ann\d+; check user and password')
        s.press('W', r'Activity(.*\n)*.*check user and\s+password')
        quits(s)
    with mailbox() as (imap, home):
        fill(imap, 1, 3)
        home.write_conf(imap_conf(server().port, user=imap.user).replace('password = "secret word"\n', ''))
        with opened(home) as s:
            s.wait(r'^ .*[Pp]assword.*:')
            s.send('not this')
            s.wait(lambda lines: re.search(r'[•*]{8}', lines[-1]))
            assert 'not this' not in s.text
            s.press('\r', r'refused the log-in')
            s.wait(r'^ .*[Pp]assword.*: *$')
            s.press('secret word\r', r'3 mails.*● Idle')
            quits(s)
            assert b'secret word' not in s.raw


run(globals())
