#!/usr/bin/python3
"""The screen on the sample account and on a Maildir of hostile mail: what a person sees and presses, what the terminal is told, what is left behind."""
import mailbox, os, re, signal, stat, sys, termios
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from screen import Screen, said
from tap import FULMAR, Home, run


def demo(home, cols=80, rows=24, **env):
    screen = Screen([FULMAR, 'demo'], {**home.env, 'TMPDIR': home.dir, **env}, cols, rows)
    try:
        screen.wait(r'demo / INBOX .*[●*] Idle(.*\n)+.* of \d+\n.*q quit')
    except BaseException:
        screen.close()
        raise
    return screen


def to(screen, subject):
    """Puts the list's cursor on a message by its subject, from the top."""
    screen.press('=', lambda lines: screen.emulator.cursor.y == 1)
    for _ in range(60):
        if subject in screen.at_cursor:
            return
        y, place = screen.emulator.cursor.y, screen.lines[-2]
        screen.press('j', lambda lines: (screen.emulator.cursor.y, lines[-2]) != (y, place))
    raise AssertionError('%s is not in the list\n%s' % (subject, screen.text))


def everything_below(folder):
    return sorted((os.path.join(d, f), os.lstat(os.path.join(d, f)).st_mtime_ns) for d, _, files in os.walk(folder) for f in files)


# ---- looking ----

def test_first_screen_has_all_that_is_always_there():
    with Home() as home, demo(home) as s:
        s.wait(r'\A demo / INBOX +\d+ mails · \d+ new +● Idle')
        lines = s.lines
        assert re.match(r' synced \d\d:\d\d +\d+ of \d+$', lines[-2]), s.text
        for key in ('Enter read', '? help', 'q quit'):
            assert key in lines[-1], s.text
        assert any(re.match(r'▌ N .*└─>', l) for l in lines), 'the cursor stands on the newest message\n' + s.text
        assert s.at_cursor.startswith('▌') and s.emulator.cursor.x == 0, 'the real cursor is on the selection'
        assert '会議の議事録' in s.text and re.search(r'佐藤健二 +会議', s.text)


def test_read_next_previous_and_back():
    with Home() as home, demo(home) as s:
        to(s, 'Undelivered')
        s.press('\r', r'^ From +Mail system <postmaster@harbour\.example>$')
        assert re.match(r' Undelivered: A berth for two nights +\d+ of \d+', s.lines[0]), s.text
        assert 'because the host nowhere.example does not exist.' in s.text
        assert 'q back' in s.lines[-1]
        s.press('j', r'^ Invitation: Harbour board')
        s.press('k', r'^ Undelivered')
        s.press('k', r'^ Re: Budget')
        s.press('q', r'^ demo / INBOX(.*\n)+.*q quit')
        assert s.at_cursor.startswith('▌') and 'Ann Smith' in s.at_cursor, s.text


def test_what_was_read_is_no_longer_new():
    with Home() as home, demo(home) as s:
        to(s, 'Your statement is ready')
        new = int(re.search(r'(\d+) new', s.text).group(1))
        assert re.match(r'▌ N ', s.at_cursor), s.text
        s.press('\r', r'^ From +Harbour office')
        s.press('q', lambda lines: re.search(r' %d new' % (new - 1), lines[0]) and not s.at_cursor.startswith('▌ N'))
        s.press('N', lambda lines: re.search(r' %d new' % new, lines[0]) and s.at_cursor.startswith('▌ N'))
        s.press('F', lambda lines: s.at_cursor.startswith('▌ N !'))
        s.press('u', lambda lines: s.at_cursor.startswith('▌ N  '))
        s.press('u', lambda lines: re.search(r' %d new' % (new - 1), lines[0]))


def test_help_lists_the_keys_of_this_very_screen():
    with Home() as home, demo(home, rows=60) as s:
        s.press('?', r'Keys of the message list')
        assert re.search(r'Enter .*Read the message', s.text) and 'previous-thread' in s.text and 'skip-quoted' not in s.text, s.text
        s.press('q', r'^ demo / INBOX')
        s.press('\r', r'^ From ')
        s.press('?', r'skip-quoted')
        assert 'fold-all' not in s.text
        s.press('q', r'^ From ')
        s.press('v', r'^ Parts of')
        s.press('?', r'Save the part')
        assert 'skip-quoted' not in s.text


def test_palette_finds_commands_folders_and_settings():
    with Home() as home, demo(home) as s:
        s.press(':', r'Commands, folders, settings')
        s.press('activ', r'│ activity .* W │')
        s.press('\r', r'^ Activity')
        s.press('q', r'^ demo / INBOX')
        s.press('\x10', r'Commands, folders, settings')
        s.press('harb', r'folder Lists/harbour')
        s.press('\r', r'^ demo / Lists/harbour')
        s.press(':', r'Commands, folders, settings')
        s.press('line-art', r'setting \[ui\] line-art')
        s.press('\x1b', lambda lines: 'Commands' not in '\n'.join(lines))


def test_a_folder_is_found_by_some_of_its_name():
    with Home() as home, demo(home) as s:
        s.press('c', r'Go to folder')
        s.press('arch', lambda lines: 'Archive' in '\n'.join(lines) and '│ Drafts' not in '\n'.join(lines))
        s.press('\r', r'^ demo / Archive')
        s.press('cINBOX\r', r'^ demo / INBOX')
        s.press('y', r'^ Folders')
        s.press('*', lambda lines: 'harbour' in s.at_cursor)
        s.press('\r', r'^ demo / Lists/harbour')


def test_wide_screens_have_a_rail_and_a_pane():
    with Home() as home, demo(home, 120, 40) as s:
        s.wait(r'^ demo +│ demo / INBOX.*│ Re: Budget for the harbour project')
        assert re.match(r' +INBOX +\d+ │', s.lines[1]), s.text
        new = re.search(r'(\d+) · (\d+)', s.lines[0]).group(2)
        to(s, 'Undelivered')
        s.wait(r'│ because the host nowhere\.example')
        assert re.search(r'(\d+) · (\d+)', s.lines[0]).group(2) == new, 'what the pane shows stays new'
        s.press('V', lambda lines: 'because' not in '\n'.join(lines))
        s.press('B', lambda lines: lines[0].startswith(' demo / INBOX'))
        s.press('VB', r'│ because the host')


def test_every_size_keeps_what_is_never_missing():
    with Home() as home, demo(home) as s:
        to(s, 'Undelivered')
        before = s.at_cursor
        for cols, rows in ((40, 12), (120, 40), (24, 6), (100, 30), (80, 24)):
            s.resize(cols, rows)
            s.wait(lambda lines: 'demo / INBOX' in lines[0] and '● Idle' in lines[0] and '? help' in lines[-1] and re.search(r'8 of \d+', lines[-2])
                   and '▌' in s.at_cursor)
            assert all(len(l) <= cols for l in s.lines), s.text
        assert s.at_cursor == before and all(s.lines), s.text
        s.resize(10, 3)
        s.wait(r'^The windo')
        s.resize(40, 12)
        s.wait(r'^ demo / INBOX')
        s.press('\r', r'^ From +Mail system')
        s.press(' ', r'Reporting-MTA')
        s.resize(80, 24)
        s.wait(r'^ From +Mail system <post')


# ---- saving ----

EVIL = ('From: "\\u001b]0;owned\\u0007" <evil@example.com>\nTo: ann@example.org\nSubject: =?utf-8?Q?=1B]0;pwned=07_=1B[777J=C2=9B31m_=1BP+q544e=1B=5C_'
        '=E2=80=AEtxt.exe_=1B[6n=1B[c_end?=\nMessage-ID: <evil@example.com>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n'
        'Content-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n'
        'before =1B]52;c;ZXZpbA=3D=3D=07 =1B[777mred =1B[5;777Hthere =1B[>c =1B[?1049l =C2=9D0;title=C2=9C =E2=81=A6isolated =1B(0 =0E after=08=08\n'
        '--XX\nContent-Type: text/html; charset=utf-8\n\n<p>&#27;]0;entity&#7; &#155;31m <a href="https://example.com/&#27;]8;;">link</a></p>\n'
        '--XX\nContent-Type: application/octet-stream; name="x"\n'
        'Content-Disposition: attachment; filename="../../.-rc\x1b]0;file\x07.txt"\nContent-Transfer-Encoding: base64\n\naGVsbG8K\n--XX--\n')


def hostile(home):
    """An account whose one message tries everything."""
    path = os.path.join(home.dir, 'Maildir')
    box = mailbox.Maildir(path)
    box.add(EVIL.replace('\\u001b', '\x1b').replace('\\u0007', '\x07').encode())
    mailbox.Maildir(os.path.join(path, '.evil\x1b]0;folder\x07'))
    home.write_conf('[account local]\ntype = maildir\naddress = ann@example.org\npath = %s\n[pager]\nsave-folder = %s\n' % (path, home.dir))
    return path


def test_an_attachment_is_saved_under_a_harmless_name_and_over_no_file():
    with Home() as home:
        hostile(home)
        with Screen([FULMAR], home.env) as s:
            s.wait(r'N @ Fri .*txt\.exe')
            s.press('\r', r'^ From ')
            s.press('v', r'^ Parts of')
            s.press('s', r'^ Save as: ')
            s.press('\x03', r's save')
            s.press('q', r'^ From ')
            s.press('\x1bs', r'^ Save as: ')
            name = re.search(r'Save as: (.*)', s.text).group(1).strip()
            assert os.path.dirname(name) == home.dir and not os.path.basename(name).startswith(('.', '-')), name
            s.press('\r', r'^ Saved ')
            assert open(name).read() == 'hello\n' and stat.S_IMODE(os.stat(name).st_mode) == 0o600
            with open(name, 'w') as f:
                f.write('mine')
            s.press('\x1bs', r'^ Save as: ')
            s.press('\r', r'^ Saved .*\(2\)')
            assert open(name).read() == 'mine'
            os.symlink('/dev/null', os.path.join(home.dir, 'there'))
            s.press('\x1bs', r'^ Save as: ')
            s.press('\x15' + os.path.join(home.dir, 'there') + '\r', r'^ Saved ')
            assert os.path.islink(os.path.join(home.dir, 'there')) and os.path.exists(os.path.join(home.dir, 'there (2)'))
            s.press('\x1bs', r'^ Save as: ')
            s.press('\x15/no/such/folder/x\r', r'No such file|does not exist|cannot')
            s.press('qq', lambda lines: not s.pump() and not s.alive)
        said(s.raw)


# ---- what the terminal is told ----

def test_no_octet_of_a_message_steers_the_terminal():
    for env in ({}, {'TERM': 'xterm'}, {'TERM': 'vt100'}, {'LC_ALL': 'C', 'LANG': 'C'}):
        with Home() as home:
            hostile(home)
            with Screen([FULMAR], {**home.env, **env}, 99, 40) as s:
                s.wait(r'N @ Fri .*txt\.exe')
                assert s.at_cursor.endswith('end'), s.text
                s.press('\r', r'before ')
                s.wait(r'after')
                s.press('h', r'Content-Type')
                s.press('1', r'example\.com')
                s.press('v', r'^.*Parts of')
                s.press('q', r'before |Content-Type')
                s.press('q', r'local / INBOX')
                s.press('y', r'Folders')
                s.press('W', r'Activity')
                s.press('q', r'Folders')
                s.press('Q', lambda lines: not s.pump() and not s.alive)
                assert s.ended() == 0
            text = said(s.raw)
            for forbidden in ('\u202e', '\u2066', '\u200b', '\x9b', '\x9d'):
                assert forbidden.encode() not in text, '%r is in %r' % (forbidden, text)
            assert not re.search(rb'\x1b\[(6n|[?>=]?0?c)|\x1b[\]PX^_]', s.raw)
            assert b'777' in text and not re.search(rb'\x1b\[[^A-Za-z]*777', s.raw), 'what curses would say too, but a message said'
            if 'LC_ALL' in env:
                assert all(c < 0x80 for c in s.raw), 'only ASCII'


def test_no_color_gives_no_colour():
    colour = re.compile(rb'\x1b\[[0-9;]*(?<![0-9])(3[0-9]|4[0-9]|9[0-7]|10[0-7])(;[0-9;]*)?m')
    for env, coloured in (({}, True), ({'NO_COLOR': '1'}, False), ({'TERM': 'vt100'}, False)):
        with Home() as home, demo(home, **env) as s:
            s.press('\r', r'^ From ')
            assert bool(colour.search(s.raw)) == coloured, (env, colour.search(s.raw))


def test_ascii_line_art_where_the_locale_has_no_more():
    with Home() as home, demo(home, 120, 40, LC_ALL='C', LANG='C') as s:
        s.wait(r'\* Idle')
        assert '`->' in s.text and '|->' in s.text and re.match(r' demo +\| demo / INBOX', s.lines[0]), s.text
        s.press('c', r'\+- Go to folder')
        assert all(ord(c) < 0x80 for c in s.text)


def test_plain_terminals_show_the_same():
    seen = {}
    for term in ('vt100', 'xterm', 'xterm-256color', 'linux'):
        with Home() as home, demo(home, TERM=term) as s:
            to(s, 'Undelivered')
            seen[term] = re.sub(r'\d\d:\d\d', 'hh:mm', s.text)
            s.press('\r', r'^ From +Mail system')
            said(s.raw)
    assert len(set(seen.values())) == 1, '\n\n'.join(seen.values())


def test_an_unknown_terminal_is_told_in_one_line():
    with Home() as home, Screen([FULMAR, 'demo'], {**home.env, 'TERM': 'no-such-terminal'}) as s:
        assert s.ended() == 2, s.text
        assert len(s.text.strip().splitlines()) <= 2 and 'no-such-terminal' in s.text, s.text


# ---- coming and going ----

def restored(s):
    """Waits until the terminal has got all that gives it back: the other screen left, the cursor shown, no mouse."""
    last = s.raw.rfind
    s.wait(lambda _: last(b'\x1b[?1049l') > last(b'\x1b[?1049h') >= 0 and last(b'\x1b[?25h') >= last(b'\x1b[?25l') and last(b'\x1b[?1000l') >= last(b'\x1b[?1000h'))


def test_quit_gives_the_terminal_back():
    for how in ('q', signal.SIGTERM, signal.SIGHUP):
        with Home() as home, Screen(['/bin/sh', '-c', 'stty -a >before; "$1" demo; echo "left $?"; stty -a >after', 'sh', FULMAR], {**home.env, 'TMPDIR': home.dir}, cwd=home.dir) as s:
            s.wait(r'demo / INBOX .*● Idle')
            if how == 'q':
                s.send('q')
            else:
                pid = int(open('/proc/%d/task/%d/children' % (s.pid, s.pid)).read().split()[0])
                os.kill(pid, how)
            s.wait(r'left 0')
            restored(s)
            assert s.ended() == 0
            assert not [f for f in os.listdir(home.dir) if f.startswith('fulmar-')], 'the sample account is gone'
            assert open(home.dir + '/before').read() == open(home.dir + '/after').read(), 'the modes of the terminal'


def test_suspended_and_continued():
    with Home() as home, demo(home) as s:
        to(s, 'Undelivered')
        before, cooked = s.text, termios.ICANON
        for _ in range(2):
            s.send('\x1a')
            assert s.stopped(), s.text
            restored(s)
            assert termios.tcgetattr(s.fd)[3] & cooked, 'the terminal is cooked for the shell'
            s.emulator.reset()
            s.resize(80, 24)
            os.kill(s.pid, signal.SIGCONT)
            s.wait(lambda lines: '\n'.join(lines) == before)
            assert not termios.tcgetattr(s.fd)[3] & cooked
        s.press('\r', r'^ From +Mail system')


def test_ctrl_l_draws_afresh():
    with Home() as home, demo(home) as s:
        rows = s.text.split('\n')[1:-2]  # without what goes on meanwhile, and the clock
        s.emulator.reset()
        s.press('\x0c', lambda lines: lines[1:-2] == rows and '? help' in lines[-1])


def test_demo_without_a_terminal_prints_its_first_screen_and_touches_nothing():
    with Home('[nonsense]\n') as home:
        before = everything_below(home.dir)
        home.env['TMPDIR'] = home.dir
        out = home.run('demo')
        assert re.match(r' demo / INBOX +\d+ mails · \d+ new', out) and 'Photos from the trip' in out, out
        assert len(out.splitlines()) == 24 and '\x1b' not in out
        assert everything_below(home.dir) == before
        assert home.err == ''


def test_demo_on_a_terminal_touches_nothing():
    with Home('[nonsense]\n') as home:
        before = everything_below(home.dir)
        with demo(home) as s:
            s.press('\r', r'^ From ')
            s.press('F', r'flagged')
            s.press('Q', lambda lines: not s.pump() and not s.alive)
            assert s.ended() == 0
        assert everything_below(home.dir) == before


run(globals())
