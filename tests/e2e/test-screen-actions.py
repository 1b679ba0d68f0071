#!/usr/bin/python3
"""Acting on mail and folders by keys: on the sample account, on a Maildir and on a real Dovecot, with and without a network, undone, undone after a
restart, refused. What the screen shows is compared with what the server or the disk has."""
import atexit, contextlib, json, mailbox, os, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from screen import Screen, becomes, said
from tap import FULMAR, Home, imap_conf, run

servers = []


def server():
    if not servers:
        d = Dovecot(extra='auth_failure_delay = 0\nmail_plugins = $mail_plugins acl quota\nprotocol imap {\n  mail_plugins = $mail_plugins acl quota imap_acl imap_quota\n}\nplugin {\n  quota = count:User quota\n  quota_rule = *:storage=10M\n  quota_vsizes = yes\n\n  acl = vfile\n}\n'
                    'service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n')
        atexit.register(d.close)
        with open(os.path.join(d.dir, 'users'), 'a') as f:
            f.write(''.join('ann%d:{PLAIN}%s::::::\n' % (n, d.password) for n in range(1, 60)))
        d.people = 0
        servers.append(d.start())
    return servers[0]


@contextlib.contextmanager
def account(through=None, **conf):
    """A new user of one server for all tests: (another client on the inbox, a home that knows the account)."""
    d = server()
    d.people += 1
    user = 'ann%d' % d.people
    with RawImap(d.port, user=user) as imap, Home(imap_conf(through.port if through else d.port, user=user, **conf)) as home:
        imap.user = user
        yield imap, home


def freeze(imap):
    """A folder that the person may read and share, but not change."""
    imap('CREATE Frozen')
    imap('SETACL Frozen %s lra' % imap.user)


def message(n, sender='Bob Marsh <bob@harbour.example>', more=''):
    return ('From: %s\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n%s'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\ntext of %d\n' % (sender, n, n, more, n // 60 % 60, n % 60, n))


def fill(imap, first, last, box='INBOX', flags='\\Seen'):
    for n in range(first, last + 1):
        imap.append(message(n), box=box, flags=flags)


def numbers(imap, box='INBOX'):
    """{number: flags} of the messages that box has on the server; None when there is no such box."""
    got = imap('SELECT "%s"' % box, ok=False)
    if not got[-1].split(b' ')[1].startswith(b'OK'):
        return None
    lines = imap('FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])', ok=False)
    out, flags = {}, set()
    for line in lines:
        m = re.search(rb'FLAGS \(([^)]*)\)', line)
        if m:
            flags = set(m.group(1).decode().split()) - {'\\Recent'}
        m = re.match(rb'Subject: number (\d+)', line)
        if m:
            out[int(m.group(1))] = flags
    return out


def boxes(imap):
    return {m.group(1).decode() for l in imap('LIST "" "*"') if (m := re.match(rb'\* LIST \([^)]*\) \S+ "?([^"\r\n]*)"?', l))}


def opened(home, cols=80, rows=24, *args, **env):
    return Screen([FULMAR, *args], {**home.env, **env}, cols, rows)


def quits(screen):
    screen.send('\x1b')
    screen.wait(lambda lines: True)
    for _ in range(5):
        screen.press('\x0c', r'(?m)q (quit|back)|Esc cancel')
        if 'q quit' in screen.text:
            break
        screen.send('q')
    screen.send('q')
    assert screen.ended() == 0, screen.text
    said(screen.raw)


def goes(screen, folder):
    """To a folder, once it is known."""
    screen.press('c', r'Go to folder')
    screen.press(folder, r'^.*│ %s .*│' % folder)
    screen.send('\r')


@contextlib.contextmanager
def local(count=12):
    """A Maildir account with numbered messages, all known, that stays from one start to the next."""
    with Home() as home:
        path = os.path.join(home.dir, 'Maildir')
        box = mailbox.Maildir(path)
        for n in range(1, count + 1):
            m = mailbox.MaildirMessage(message(n).encode())
            m.set_subdir('cur')
            m.set_flags('S')
            m.set_date(1795000000 + n * 60)
            box.add(m)
        for sub in ('Archive', 'Trash', 'Lists.kernel'):
            mailbox.Maildir(os.path.join(path, '.' + sub))
        home.write_conf('[account local]\ntype = maildir\naddress = ann@example.org\npath = %s\n' % path)
        home.maildir = path
        home.run('sync')
        yield home


def on_disk(home, folder=''):
    path = os.path.join(home.maildir, '.' + folder if folder else '')
    if not os.path.isdir(path):
        return None
    return sorted(int(re.search(r'number (\d+)', m['subject']).group(1)) for m in mailbox.Maildir(path, create=False))


# ---- the sample account ----

def test_the_sample_account_acts_and_takes_back():
    with Home() as home, Screen([FULMAR, 'demo'], {**home.env, 'TMPDIR': home.dir}) as s:
        s.wait(r'demo / INBOX +30 mails · 11 new +● Idle')
        s.press('=jjjjjjj', r'^▌.*Undelivered')
        s.press('d', lambda lines: 'Invitation' in s.at_cursor and '29 mails' in lines[0] and 'moved to Trash; u takes it back' in lines[-2])
        s.press('A', lambda lines: 'Invitation' not in s.text and 'moved to Archive; u takes it back' in lines[-2])
        s.press('F', lambda lines: '!' in s.at_cursor[:8])
        s.press('u', lambda lines: '!' not in s.at_cursor[:8] and 'ndone' in lines[-2])
        s.press('u', lambda lines: 'Invitation' in s.text and 'ndone' in lines[-2])
        s.press('u', r'30 mails')
        s.press('u', r'Nothing to undo')
        quits(s)


def test_every_new_screen_at_every_size():
    for cols, rows, env, args in ((80, 24, {}, ()), (120, 40, {}, ()), (40, 12, {}, ()), (80, 24, {'LC_ALL': 'C', 'LANG': 'C'}, ()), (80, 24, {'NO_COLOR': '1'}, ()),
                                  (40, 12, {}, ('-o', 'ui.accessible=yes'))):
        with Home() as home, Screen([FULMAR, *args, 'demo'], {**home.env, 'TMPDIR': home.dir, **env}, cols, rows) as s:
            s.wait(r'demo / INBOX')
            s.press('s', r'Move the message to')
            s.press('\x07', r'demo / INBOX')
            s.press('y', r'Lists')
            s.press('*', r'harbour')
            s.press('o', r'kept here')
            s.press('\x07', r'harbour')
            s.press('d', r'\(y/n\)')
            s.press('n', r'Nothing was done')
            s.press('S', r'Sharing of')
            s.press('q', r'^.*Drafts')
            s.press('W', r'All is well')
            s.press('q', r'^.*Drafts')
            if env.get('LC_ALL') == 'C' or args:
                assert all(c < 0x80 for c in s.raw) or args, 'only ASCII'
            assert all(len(l) <= cols for l in s.lines), s.text
            s.send('Q')
            assert s.ended() == 0
            said(s.raw)


def test_the_accessible_screen_says_a_line_for_every_change():
    with Home() as home, Screen([FULMAR, '-o', 'ui.accessible=yes', 'demo'], {**home.env, 'TMPDIR': home.dir}) as s:
        s.wait(r'demo / INBOX')
        s.press('=', lambda lines: s.emulator.cursor.y == 1)
        for keys, line in (('F', r'flagged|flag taken off'), ('N', r'marked as'), ('t', r'1 message is selected'), ('\x14', r'Nothing is selected'), ('d', r'moved to Trash'),
                           ('A', r'moved to Archive'), ('u', r'ndone'), ('T.\r', r'\d+ messages are selected'), ('\x14', r'Nothing is selected')):
            s.press(keys, lambda lines: re.search(line, lines[-2]))


# ---- a Maildir ----

def test_maildir_delete_move_copy_and_undo_reach_the_disk():
    with local() as home, opened(home) as s:
        s.wait(r'local / INBOX +12 mails')
        s.wait(r'^▌.*number 12')
        s.press('d', r'11 mails')
        becomes(s, lambda: on_disk(home, 'Trash'), [12])
        s.press('s', r'│ Lists/kernel')
        s.press('kern\r', r'moved to Lists/kernel')
        becomes(s, lambda: on_disk(home, 'Lists.kernel'), [11])
        s.press('s\r', r'moved to Lists/kernel')
        becomes(s, lambda: on_disk(home, 'Lists.kernel'), [10, 11])
        s.press('Carch\r', r'copied to Archive')
        becomes(s, lambda: on_disk(home, 'Archive'), [9])
        assert on_disk(home) == list(range(1, 10))
        for n in range(4):
            s.press('u', lambda lines: 'ndone' in lines[-2])
            s.press('\x0c', lambda lines: 'ndone' not in lines[-2])
        s.wait(r'12 mails')
        becomes(s, lambda: (on_disk(home), on_disk(home, 'Trash'), on_disk(home, 'Lists.kernel'), on_disk(home, 'Archive')), (list(range(1, 13)), [], [], []))
        quits(s)


def test_the_cursor_goes_to_what_undo_brings_back():
    with local() as home:
        box = mailbox.Maildir(home.maildir)
        for n, parent in ((20, 0), (21, 20), (22, 21)):
            m = mailbox.MaildirMessage(message(n, more='In-Reply-To: <n%d@harbour.example>\n' % parent if parent else '').encode())
            m.set_date(1795100000 + n)
            box.add(m)
        with opened(home) as s:
            s.wait(r'15 mails')
            s.press('=jjjjj', r'^▌.*number 10')
            s.press('d', r'^▌.*number 9')
            s.press('jjj', r'^▌.*number 6')
            s.press('u', r'^▌.*number 10')
            s.wait(r'15 mails')
            s.press('T~s "number 1"\r', r'4 messages are selected')
            s.press('A', r'11 mails')
            s.press('*', r'^▌.*number 2$')
            s.press('u', r'^▌.*number 12')
            s.press('=j', r'^▌.*number 21')
            s.press('d', r'14 mails')
            s.press('*', r'^▌.*number 1$')
            s.press('u', r'^▌.*number 21')
            s.wait(r'15 mails')
            s.press('s', r'Move the message to')
            s.press('kern\r', r'14 mails')
            s.press('\r', r'text of 22')
            s.press('u', r'text of 21')
            s.press('q', r'^▌.*number 21')
            quits(s)


def test_undo_after_a_restart():
    with local() as home:
        with opened(home) as s:
            s.wait(r'12 mails')
            s.press('T"number 1"\r', r'4 messages are selected')
            s.press('d', r'4 messages: moved to Trash')
            becomes(s, lambda: on_disk(home, 'Trash'), [1, 10, 11, 12])
            quits(s)
        with opened(home) as s:
            s.wait(r'8 mails')
            s.press('u', r'ndone')
            s.wait(r'12 mails')
            becomes(s, lambda: (on_disk(home), on_disk(home, 'Trash')), (list(range(1, 13)), []))
            quits(s)


def test_patterns_threads_and_the_whole_folder():
    with local(3) as home:
        box = mailbox.Maildir(home.maildir)
        for n, parent in ((20, 0), (21, 20), (22, 21)):
            m = mailbox.MaildirMessage(message(n, 'Cy <cy@other.example>', 'In-Reply-To: <n%d@harbour.example>\n' % parent if parent else '').encode())
            m.set_date(1795100000 + n)
            box.add(m)
        with opened(home) as s:
            s.wait(r'6 mails · 3 new')
            s.press('\x1bR', lambda lines: '6 mails · 0 new' in lines[0] and 'marked as read' in lines[-2])
            s.press('u', r'6 mails · 3 new')
            s.press('=\x12', r'6 mails · 0 new')
            s.press('D~f bob ~s "number 2"\r', r'5 mails')
            becomes(s, lambda: on_disk(home, 'Trash'), [2])
            s.press('=\x04', r'2 mails')
            becomes(s, lambda: (on_disk(home), on_disk(home, 'Trash')), ([1, 3], [2, 20, 21, 22]))
            s.press('u', r'5 mails')
            s.press('D~f nobody\r', r'No message fits')
            s.press('D~x\r', r'“~x” is not known here')
            quits(s)


def test_folders_by_keyboard():
    with local() as home, opened(home) as s:
        s.wait(r'12 mails')
        s.press('y', r'^ +kernel')
        s.press('*', lambda lines: 'kernel' in s.at_cursor)
        s.press('C', r'New folder in local: Lists/')
        s.press('neu ☕\r', lambda lines: 'neu ☕' in s.at_cursor)
        becomes(s, lambda: len(os.listdir(home.maildir)) > 0 and any(d.startswith('.Lists.neu') for d in os.listdir(home.maildir)))
        s.press('r', r'New name: Lists/neu ☕')
        s.press('\x15Lists/alt\r', lambda lines: 'alt' in s.at_cursor)
        becomes(s, lambda: on_disk(home, 'Lists.alt'), [])
        s.press('march\r', r'Lists/alt is now Archive/alt')
        s.press('\x0c', r'Archive/alt: 0 mails')
        becomes(s, lambda: on_disk(home, 'Archive.alt'), [])
        s.press('d', r'Delete Archive/alt with 0 messages\? \(y/n\)')
        s.press('y', lambda lines: 'alt' not in '\n'.join(lines[1:-2]))
        becomes(s, lambda: on_disk(home, 'Archive.alt'), None)
        s.press('u', lambda lines: re.search(r'^ +alt', '\n'.join(lines), re.M))
        becomes(s, lambda: on_disk(home, 'Archive.alt'), [])
        s.press('/kern\r', lambda lines: 'kernel' in s.at_cursor)
        s.press('p', r'^ • Lists/kernel')
        s.press('h', lambda lines: not re.search(r'^ +kernel', '\n'.join(lines), re.M))
        s.press('T', r'^ +kernel .*hidden')
        s.press('T', lambda lines: not re.search(r'^ +kernel', '\n'.join(lines), re.M))
        quits(s)


def test_what_is_folded_stays_folded():
    with local() as home:
        with opened(home) as s:
            s.wait(r'12 mails')
            s.press('y', r'^ +kernel')
            s.press('*-', r'▸ Lists')
            quits(s)
        with opened(home) as s:
            s.wait(r'12 mails')
            s.press('y', r'▸ Lists')
            assert 'kernel' not in s.text
            quits(s)


def test_emptying_asks_and_says_how_many():
    with local() as home, opened(home) as s:
        s.wait(r'12 mails')
        s.press('T~s "number 1"\rd', r'8 mails')
        becomes(s, lambda: on_disk(home, 'Trash'), [1, 10, 11, 12])
        s.press('y', r'Folders')
        s.press('/Trash\r', lambda lines: 'Trash' in s.at_cursor)
        s.press('E', r'Delete all 4 messages of Trash for good\?')
        s.press('n', r'Nothing was done')
        assert on_disk(home, 'Trash') == [1, 10, 11, 12]
        s.press('E', r'\(y/n\)')
        s.press('y', r'Trash emptied')
        becomes(s, lambda: on_disk(home, 'Trash'), [])
        s.press('u', r'ndone')
        becomes(s, lambda: on_disk(home, 'Trash'), [1, 10, 11, 12])
        quits(s)


# ---- IMAP ----

def test_imap_changes_reach_the_server_and_come_back():
    with account() as (imap, home):
        imap('CREATE Lists/kernel')
        imap('CREATE Archive')
        fill(imap, 1, 10)
        with opened(home) as s:
            s.wait(r'10 mails.*● Idle')
            s.press('d', r'9 mails')
            becomes(s, lambda: sorted(numbers(imap, 'Trash')), [10])
            s.press('skern\r', r'8 mails')
            becomes(s, lambda: sorted(numbers(imap, 'Lists/kernel')), [9])
            s.press('Clists\r', r'copied to Lists/kernel')
            becomes(s, lambda: sorted(numbers(imap, 'Lists/kernel')), [8, 9])
            s.press('A', r'7 mails')
            becomes(s, lambda: sorted(numbers(imap, 'Archive')), [8])
            s.press('F', lambda lines: '!' in s.at_cursor[:8])
            becomes(s, lambda: numbers(imap)[7], {'\\Seen', '\\Flagged'})
            s.press('Y+work\r', r'keywords changed')
            becomes(s, lambda: numbers(imap)[7], {'\\Seen', '\\Flagged', 'work'})
            assert sorted(numbers(imap)) == [1, 2, 3, 4, 5, 6, 7]
            for _ in range(6):
                s.press('u', lambda lines: 'ndone' in lines[-2])
                s.press('\x0c', lambda lines: 'ndone' not in lines[-2])
            s.wait(r'10 mails')
            becomes(s, lambda: (numbers(imap), numbers(imap, 'Trash'), numbers(imap, 'Lists/kernel'), numbers(imap, 'Archive')),
                    ({n: {'\\Seen'} for n in range(1, 11)}, {}, {}, {}))
            quits(s)


def test_imap_offline_looks_the_same_and_is_carried_out_later():
    with Proxy(server().port) as p, account(through=p) as (imap, home):
        imap('CREATE Lists/kernel')
        fill(imap, 1, 10)
        with opened(home) as s:
            s.wait(r'10 mails.*● Idle')
            s.press('\x1bo', r'○ Offline')
            s.press('d', lambda lines: '9 mails' in lines[0] and 'number 9' in s.at_cursor and 'moved to Trash' in lines[-2])
            s.press('skern\r', lambda lines: '8 mails' in lines[0] and 'number 8' in s.at_cursor)
            s.press('y*C\x15Lists/new\r', r'^ +new .*waiting for the server')
            s.press('W', r'Waiting for the server')
            s.wait(r'○ Offline +work is offline by your wish')
            s.wait(r'waiting +move 1 mail|waiting +move 1 message to Trash')
            s.wait(r'make the folder Lists/new')
            s.press('r', r'^ It is tried as soon as there is a connection')
            s.press('qq', r'8 mails.*○ Offline')
            assert sorted(numbers(imap)) == list(range(1, 11)) and 'Lists/new' not in boxes(imap)
            s.press('\x1bo', r'● Idle')
            becomes(s, lambda: (sorted(numbers(imap)), sorted(numbers(imap, 'Trash')), sorted(numbers(imap, 'Lists/kernel')), 'Lists/new' in boxes(imap)),
                    ([1, 2, 3, 4, 5, 6, 7, 8], [10], [9], True))
            s.wait(lambda lines: 'waiting' not in lines[-2])
            quits(s)


def whole(home):
    """How many messages are here in full."""
    return sum(json.loads(line)['body'] == 'full' for line in home.run('--offline', 'list', 'work/INBOX', '--json').splitlines())


def test_imap_a_journey_asked_for_offline_waits_also_through_a_quit():
    with account(more='keep = headers') as (imap, home):
        fill(imap, 1, 5)
        with opened(home) as s:
            s.wait(r'5 mails.*● Idle')
            s.press('\x1bo', r'○ Offline')
            s.press('t\x1bD', r'Download 1 message of INBOX')
            s.press('y', r'Downloaded as soon as there is a connection: 1 message of INBOX')
            s.press('=', r'1 waiting · 1 selected')
            s.press('\x03', r'Nothing is running')
            s.press('W', r'^ Waiting for a connection\n   Downloading 1 message of INBOX$')
            s.press('q\x1bo', r'Here for the journey: 1 message of INBOX')
            becomes(s, lambda: whole(home), 1)
            s.press('\x1bo', r'○ Offline')
            s.press('y', r'Folders')
            s.press('D', r'Download 4 messages of INBOX')
            s.press('y', r'as soon as there is a connection: INBOX')
            s.press('W', r'Waiting for a connection')
            s.press('d', lambda lines: 'Called off' in lines[-2] and 'Waiting' not in '\n'.join(lines))
            s.press('q', r'Folders')
            s.press('D', r'Download 4 messages of INBOX')
            s.press('y', r'as soon as there is a connection: INBOX')
            s.press('q', r'1 waiting')
            quits(s)
        assert whole(home) == 1
        with opened(home) as s:
            s.wait(r'Here for the journey: INBOX')
            assert whole(home) == 5
            s.press('W', r'All is well')
            s.press('q', r'5 mails')
            quits(s)


def test_imap_sync_connects_at_once():
    with Proxy(server().port) as proxy, account(proxy) as (imap, home):
        fill(imap, 1, 3)
        with opened(home) as s:
            s.wait(r'3 mails.*● Idle')
            proxy.refuse(True)
            s.wait(r'○ Offline')
            proxy.refuse(False)
            s.press('$', r'● Idle')
            assert 'closed' not in s.text, s.text
            quits(s)


def test_imap_undo_after_a_restart():
    with account() as (imap, home):
        fill(imap, 1, 6)
        with opened(home) as s:
            s.wait(r'6 mails.*● Idle')
            s.press('t', r'1 selected')
            s.press('t', r'2 selected')
            s.press(';d', r'4 mails')
            becomes(s, lambda: sorted(numbers(imap, 'Trash')), [5, 6])
            quits(s)
        with opened(home) as s:
            s.wait(r'4 mails.*● Idle')
            s.press('u', r'6 mails')
            becomes(s, lambda: (sorted(numbers(imap)), sorted(numbers(imap, 'Trash'))), ([1, 2, 3, 4, 5, 6], []))
            quits(s)


def test_imap_folders_by_keyboard():
    with account() as (imap, home):
        fill(imap, 1, 2)
        with opened(home) as s:
            s.wait(r'2 mails.*● Idle')
            s.press('y', r'Folders')
            s.press('C\x15Work/Reise\r', lambda lines: 'Reise' in s.at_cursor)
            becomes(s, lambda: 'Work/Reise' in boxes(imap))
            s.press('r\x15Work/Urlaub\r', lambda lines: 'Urlaub' in s.at_cursor)
            becomes(s, lambda: 'Work/Urlaub' in boxes(imap) and 'Work/Reise' not in boxes(imap))
            s.press('s', r'no longer subscribed|subscribed to')
            imap.append(message(50), box='Work/Urlaub')
            s.press('$', r'Urlaub')
            s.press('d', r'Delete Work/Urlaub with \d+ messages?\?[^?]*\(y/n\)')
            s.press('y', lambda lines: 'Urlaub' not in '\n'.join(lines[1:-2]))
            becomes(s, lambda: 'Work/Urlaub' not in boxes(imap))
            quits(s)


def test_imap_emptying_leaves_what_came_meanwhile_and_marks_of_others():
    with account() as (imap, home):
        fill(imap, 1, 3)
        fill(imap, 4, 6, box='Trash')
        imap('STORE 1 +FLAGS (\\Deleted)')
        with opened(home) as s:
            s.wait(r'3 mails.*● Idle')
            goes(s, 'Trash')
            s.wait(r'work / Trash +3 mails')
            s.press('y', lambda lines: 'Trash' in s.at_cursor)
            s.press('E', r'Delete all 3 messages of Trash for good\?')
            s.press('y', r'Trash emptied')
            s.press('q', r'work / Trash +0 mails')
            s.press('d', r'^ There is no message here')
            becomes(s, lambda: numbers(imap, 'Trash'), {})
            assert numbers(imap)[1] == {'\\Seen', '\\Deleted'} and sorted(numbers(imap)) == [1, 2, 3], 'a mark of another client stays'
            quits(s)


def test_imap_rights_forbid_with_a_reason():
    with account() as (imap, home):
        freeze(imap)
        with opened(home) as s:
            s.wait(r'● Idle')
            goes(s, 'Frozen')
            s.wait(r'work / Frozen')
            s.press('y', lambda lines: 'Frozen' in s.at_cursor)
            s.press('S', r'You may: see, read')
            s.press('q', r'Folders')
            s.press('d', r'Not allowed: the owner of this folder has not given you the right')
            quits(s)


def test_imap_a_refused_change_is_seen_and_cleared():
    with account(more='disable-capability = ACL') as (imap, home):
        freeze(imap)
        fill(imap, 1, 2)
        with opened(home) as s:
            s.wait(r'2 mails.*● Idle')
            s.press('s', r'Move the message to')
            s.press('Frozen', r'^.*│ Frozen +│')
            s.press('\r', lambda lines: '2 mails' in lines[0] and re.search(r'^.. +\? .*number 2', '\n'.join(lines), re.M))
            s.wait(lambda lines: (lines[-2] + lines[-1]).startswith(' Not done: move 1 message to Frozen: Permission denied (you have not got the right') and '); W: ' in lines[-1])
            s.press('=', lambda lines: (lines[-2] + lines[-1]).startswith(' Refused (,: seen): move 1 message to Frozen: Permission denied (you have not got the right')
                    and lines[-1].endswith('give it to you)'))
            assert 'Waiting' not in s.press('W', r'^ +failed +move 1 message to Frozen: ')
            s.press('q', lambda lines: not re.search(r'^.. +\? .*number 2', '\n'.join(lines), re.M))
            s.press('W', r'^ +failed +move')
            s.press('d', r'All is well')
            s.press('u', r'^ nothing was left to undo of this: 1 mail moved to Frozen')
            s.press('u', r'^ Nothing to undo')
            s.press('q', r'2 mails')
            s.press('sFrozen\r', lambda lines: 'Refused' in lines[-2] or re.search(r'^.. +\? .*number 2', '\n'.join(lines), re.M))
            s.press('=', r'^ Refused')
            assert '127.0.0.1' not in s.text
            s.press(',', lambda lines: 'Refused' not in '\n'.join(lines))
            assert sorted(numbers(imap)) == [1, 2]
            quits(s)


def test_imap_reading_where_nothing_is_kept_stays_without_a_word():
    with account(more='disable-capability = ACL') as (imap, home):
        imap('CREATE Frozen')
        fill(imap, 1, 2, box='Frozen', flags='')
        imap('SETACL Frozen %s lra' % imap.user)
        log = os.path.join(home.dir, 'log')
        with opened(home, 80, 24, '--trace', 'imap', '--log', log) as s:
            s.wait(r'● Idle')
            goes(s, 'Frozen')
            s.wait(r'Frozen +2 mails · 2 new.*● Idle')
            s.wait(r'^▌.*number 2')
            s.press('\r', r'text of 2')
            s.press('j', r'text of 1')
            s.press('q', r'Frozen +2 mails · 2 new')
            s.press('W', r'All is well')
            s.press('q', r'Frozen +2 mails · 2 new')
            s.press('F', r'Not done: .*lets nobody change this folder')
            s.press('\x1b', r'Refused \(,: seen\)')
            s.press(',', r'(?m)q quit')
            quits(s)
        log = open(os.path.join(home.dir, 'log')).read()
        assert 'Flagged' in log and not re.search(r'STORE \d \+FLAGS.SILENT ..*Seen', log)
        assert numbers(imap, 'Frozen') == {1: set(), 2: set()}


# ---- many ----

def keys_until(screen, done):
    """Keys that move, each answered, 200 and more until done; the latencies in order."""
    took = []
    while len(took) < 200 or not done():
        took += [screen.latency(key) for key in 'jkjjzkkZ']
        assert None not in took, screen.text
    screen.press('=', lambda lines: screen.emulator.cursor.y == 1)
    return sorted(took)


def tell(what, took):
    print('# %d keys while %s: p50 %.1f ms, p99 %.1f ms, most %.1f ms' % (
        len(took), what, took[len(took) // 2] * 1000, took[int(len(took) * .99)] * 1000, took[-1] * 1000), flush=True)


def test_ten_thousand_are_moved_while_keys_are_answered():
    with account(more='keep = headers') as (imap, home):
        imap('CREATE Archive')
        fill(imap, 1, 100)
        n = 100
        while n < 10000:
            imap('COPY 1:%d INBOX' % min(n, 10000 - n))
            n += min(n, 10000 - n)
            imap('NOOP')
        for k in range(200, 260):
            imap.append(message(k), flags='')
        with opened(home, 80, 24, '-o', 'list.threads=no') as s:
            s.wait(r'10,060 mails.*● Idle', 60)
            s.wait(lambda lines: '10,060' in lines[-2], 60)
            tell('nothing else is done', keys_until(s, lambda: True))
            s.press('T!~N\r', r'10,000 messages are selected')
            s.press('s', r'Move 10,000 messages to')
            s.press('Arch\r', lambda lines: re.search(r' 60 mails ', lines[0]) and '10,000 messages: moved to Archive; u takes it back' in lines[-2])
            tell('10,000 messages are moved', keys_until(s, lambda: 'waiting' not in s.lines[-2]))
            becomes(s, lambda: b'MESSAGES 10000' in b''.join(imap('STATUS Archive (MESSAGES)')), timeout=60)
            goes(s, 'Archive')
            s.wait(r'work / Archive +10,000 mails')
            s.press('u', lambda lines: 'ndone' in lines[-2])
            becomes(s, lambda: b'MESSAGES 0' in b''.join(imap('STATUS Archive (MESSAGES)')), timeout=60)
            quits(s)


run(globals())
