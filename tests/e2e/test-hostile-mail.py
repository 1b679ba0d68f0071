#!/usr/bin/python3
"""Mail that was made to do harm, in a Maildir and on a server: every way of reading it ends in time, in little memory, with nothing but text, and leaves no trace outside."""
import base64, json, os, re, resource, socket, stat, subprocess, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from screen import PATIENCE, Screen, said
from tap import FULMAR, Home, imap_conf, run

SANITIZED = PATIENCE > 1 or b'__asan_init' in open(FULMAR, 'rb').read()
SECONDS = 2 * (10 if SANITIZED else 1)  # of processor time: what else the machine does is not the program's fault
KILOBYTES = 256 * 1024
NOON = 1700000000

# C0 but line feed and tab, DEL, C1, zero-width and direction marks, invisible tags and fillers: none may leave the program.
FORBIDDEN = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]')

# What a message tries to slip in, in the shapes that must be seen through: a title, a clipboard, a question, a report, a colour, a direction.
STEER = ('\x1b]0;STEER\x07', '\x1b]52;c;U1RFRVI=\x07', '\x1b[6n', '\x1b[c', '\x1b[31mSTEER', '\x1bP$q STEER\x1b\\', '\x1b_STEER\x1b\\', '\x9b31mSTEER', '\x9d0;STEER\x9c',
         '\u202eREETS', '\u2066STEER', '\u200bS\u200bT', '\x08\x08\x08', '\r\x1b[2K', '\x0e\x0f', '\x1b]8;;http://evil.example/\x1b\\')
ALL = ''.join(STEER)


def word(text, charset='utf-8', encoding='b'):
    """An encoded word, or several."""
    if encoding == 'b':
        return ' '.join('=?%s?B?%s?=' % (charset, base64.b64encode(text[i:i + 12].encode(charset)).decode()) for i in range(0, len(text), 12))
    return '=?%s?Q?%s?=' % (charset, ''.join('=%02X' % b for b in text.encode(charset)))


def mail(subject, headers=(), body='body\n', sender='Ann <ann@harbour.example>'):
    head = ['From: ' + sender, 'To: me@harbour.example', 'Subject: ' + subject, 'Date: Tue, 14 Nov 2023 22:13:20 +0000', 'Message-ID: <%x@harbour.example>' % abs(hash(subject))]
    text = '\n'.join(head + list(headers)) + '\n\n'
    return text.encode('utf-8', 'surrogateescape') + (body if isinstance(body, bytes) else body.encode())


def multipart(parts, boundary='b', kind='mixed'):
    return ['MIME-Version: 1.0', 'Content-Type: multipart/%s; boundary="%s"' % (kind, boundary)], \
        ''.join('--%s\n%s\n' % (boundary, p) for p in parts) + '--%s--\n' % boundary


def attachment(name, more=''):
    return 'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=%s\n%s\nattached' % (name, more)


def nested(depth):
    return ''.join('Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' % (i, i) for i in range(depth)) + 'Content-Type: text/plain\n\nthe bottom\n'


def quoted(text):
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def messages():
    """(subject, octets): what threats a message may contain, one by one."""
    out = []

    def add(subject, *args, **kw):
        out.append((subject, mail(subject, *args, **kw)))

    line = ALL.replace('\r', '')
    out.append(('steer', mail('steer %s %s %s' % (line, word(ALL), word(ALL, encoding='q')), sender='%s <a%s@evil.example>' % (quoted(line), line),
                              headers=['Cc: %s <x@evil.example>, "%s" <y@evil.example>' % (word(ALL), line), 'X-Odd' + line + ': ' + line, 'List-Id: ' + line], body=ALL + '\n')))
    add('entities', ['Content-Type: text/html; charset=utf-8'], ''.join('&#%d;[31m&#x%x;0;STEER&#7; ' % (c, c) for c in (7, 8, 13, 27, 127, 0x9b, 0x9d, 0x202e, 0x200b, 0xad))
        + '<a href="http://evil.example/&#27;]0;STEER&#7;">&#27;]0;STEER</a><img alt="&#27;[2J&#x9b;6n" src="http://evil.example/x"><title>&#27;]0;STEER&#7;</title><table><tr><td>&#27;[6n</table>')
    add('bytes of every value', ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], bytes(range(256)) * 20)
    add('every value as latin-1', ['Content-Type: text/plain; charset=iso-8859-1'], bytes(range(256)) * 20)
    add('steered parts', *multipart([attachment(quoted(s.replace('\r', ''))) for s in STEER] + [attachment('"%s"' % word(s)) for s in STEER]
                                    + ['Content-Type: text/x%s; charset="%s"; name*=utf-8\'\'%s\n\nx' % (STEER[4], STEER[0], ''.join('%%%02X' % b for b in ALL.encode()))]))
    add('references', ['References: ' + ' '.join('<%d@r>' % i for i in range(100000))])
    add('one endless reference', ['References: <' + 'a' * 1000000])
    add('semicolons', ['Content-Type: text/plain' + ';' * 1000000])
    add('parameters', ['Content-Type: text/plain; ' + '; '.join('n*%d*=%%41' % i for i in range(50000))])
    add('groups', ['Cc: ' + 'g:' * 50000 + ';' * 50000, 'Reply-To: ' + 'g:;' * 100000])
    add('comments', ['Cc: ' + '(' * 200000, 'Date: ' + '(' * 100000 + ')' * 99999])
    add('addresses', ['Cc: ' + ', '.join('a%d <a%d@b.example>' % (i, i) for i in range(30000)), 'Bcc: ' + '<' * 200000 + ',' * 200000])
    add('encoded words', ['Comments: ' + '=?utf-8?Q?' * 100000, 'Keywords: ' + '=?utf-8?B?QQ==?= ' * 50000])
    out.append(('long subject', mail('long subject ' + '=?utf-8?Q?=' * 50000 + ' =?utf-8?B?QUJD?=' * 20000)))
    add('header lines', ['X-%d: %d' % (i, i) for i in range(100000)])
    add('continuations', ['X-Long: a' + '\n b' * 200000])
    add('no end of header', ['X-Long: ' + 'a' * 3000000])
    add('depth 1000', [], b'')
    out[-1] = ('depth 1000', mail('depth 1000')[:-len('\nbody\n')] + nested(1000).encode())
    out.append(('messages in messages', mail('messages in messages')[:-len('\nbody\n')] + b'Content-Type: message/rfc822\n\n' * 2000 + b'the bottom\n'))
    add('20000 parts', *multipart(['\n%d' % i for i in range(20000)]))
    add('look-alike boundaries', ['Content-Type: multipart/mixed; boundary=' + 'b' * 70], ('--' + 'b' * 69 + '\n') * 30000 + ('-' * 70 + '\n') * 30000)
    add('unterminated multipart', ['Content-Type: multipart/mixed; boundary="b'], '--b\n\nnever closed\n--b\nContent-Type: text/html; charset="utf-8\n\n<p title="never closed <b')
    add('unterminated words', ['Cc: "never closed <a@b, =?utf-8?B?QUJ', 'Content-Type: text/plain; name="never closed', 'Content-Disposition: attachment; filename*=utf-8\'\'%E2%8'])
    add('unterminated base64', ['Content-Transfer-Encoding: base64'], 'QUJDR' + '=' * 10000 + 'QUJD\n' * 1000 + '!' * 10000 + 'Q')
    add('unterminated quoted-printable', ['Content-Transfer-Encoding: quoted-printable'], '=' * 100001 + '\n=1B=5B31m=9B=\n=C2=9Bx=E2=80=AE=0')
    add('html without end', ['Content-Type: text/html'], '<div><table><tr><td><ul><li><blockquote>' * 20000 + 'the bottom')
    add('attributes without end', ['Content-Type: text/html'], '<a ' + 'x=y ' * 100000 + '><' * 100000)
    add('entities without end', ['Content-Type: text/html'], '&' * 300000 + '&#' * 100000 + '&#x' + '9' * 100000)
    add('colspans', ['Content-Type: text/html'], '<table>' + '<tr>' + '<td colspan=99999 rowspan=99999 width=999999999>x' * 500 + '</table>')
    add('styles', ['Content-Type: text/html'], '<style>' + '*{' * 100000 + '</style><p style="' + 'color:red;' * 100000 + '">the text')
    add('quotes', [], ('>' * 2000 + ' deep\n') * 200)
    add('links', [], 'http://' + 'a.' * 100000 + '\n' + 'http://x.example/' * 20000 + '\n' + '<mailto:' * 20000)
    add('marks', [], 'a' + '\u0301' * 300000 + '\n' + '\U0001f468\u200d' * 50000 + '\n')
    add('one line', [], 'word ' * 600000)
    add('one word', [], 'x' * 3000000)
    add('empty lines', [], '\n' * 1000000)
    for charset, body in (('iso-2022-jp', b'\x1b$B' + b'\x24\x22' * 1000 + b'\n' + b'\x1b(J\x1b$B\x1b(B' * 20000 + b'\x1b]0;STEER\x07'), ('hz-gb-2312', b'~{' * 50000), ('utf-7', b'+AGsAbA' * 20000 + b'+ABs-]0;STEER'),
                          ('iso-2022-kr', b'\x1b$)C\x0e' + b'!!' * 20000), ('utf-16', b'\xff\xfe' + '\x1b]0;STEER\x07'.encode('utf-16-le') * 1000), ('utf-32', b'\xff' * 1001), ('ebcdic-us', bytes(range(256)) * 10),
                          ('x' * 100000, b'text'), ('../../../etc/passwd', b'text'), ('utf-8//translit', 'caf\u00e9'.encode()), ('%s%n', b'text')):
        add('charset ' + charset[:40], ['Content-Type: text/plain; charset="%s"' % charset, 'Content-Transfer-Encoding: 8bit'], body)
    for i, date in enumerate(('Tue, 99 Nov 99999999999999999999 22:13:20 +0000', '31 Feb -2023 25:61:61 +9999', '1 Jan 0000 00:00:00 -2400', 'Fri, 31 Dec 9999 23:59:60 -1200', '0', '-' * 1000,
                              '14 Nov 9223372036854775807 00:00:00 GMT', ':' * 5000)):
        out.append(('date %d' % i, mail('date %d' % i).replace(b'Tue, 14 Nov 2023 22:13:20 +0000', date.encode())))
    for i, head in enumerate((b'', b'\n', b'\r\n\r\n', b'\0' * 1000, b':', b'From \n' * 1000, b' x\n y\n', b'Subject', b'\xff\xfe\xfd', b'From: ' + b'\0@\0\n')):
        out.append(('', head))
    return out


def deliver(home, name, data, age=0):
    path = os.path.join(home.dir, 'Mail')
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, sub), exist_ok=True)
    file = os.path.join(path, 'cur', '%d.%s.t:2,' % (NOON - age, name))
    with open(file, 'wb') as f:
        f.write(data)
    os.utime(file, (NOON - age, NOON - age))


def hostile_home(mails, more=''):
    home = Home()
    home.write_conf('[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s/Mail\n%s' % (home.dir, more))
    for i, data in enumerate(mails):
        deliver(home, 'm%d' % i, data, i)
    return home


def bounded(home, *args, status=(0,), seconds=SECONDS):
    """Runs the program within its bounds of time and memory; its output."""
    with open(os.path.join(home.dir, 'out'), 'w+b') as out, open(os.path.join(home.dir, 'err'), 'w+b') as err:
        p = subprocess.Popen([FULMAR, *args], env=home.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (4 * seconds, 4 * seconds)))
        _, wait, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(wait)
        err.seek(0)
        out.seek(0)
        text = out.read()
        home.err = err.read().decode(errors='replace')
    assert p.returncode in status, (args, p.returncode, home.err[-3000:])
    used = usage.ru_utime + usage.ru_stime
    assert used <= seconds, '%r took %.2f s' % (args, used)
    assert SANITIZED or usage.ru_maxrss <= KILOBYTES, '%r took %d MiB' % (args, usage.ru_maxrss >> 10)
    return text


def clean(args, octets):
    text = octets.decode()
    bad = FORBIDDEN.search(text)
    assert not bad, '%r says %r in %r' % (args, bad.group(), text[max(0, bad.start() - 40):bad.end() + 40])
    return text


def rows(home):
    return [json.loads(l) for l in clean('list', bounded(home, 'list', 'local/INBOX', '--json')).splitlines()]


# ---- reading ----

def read_one(home, row, subject, data):
    assert row['size'] == len(data) and row['subject'].startswith(subject), (row['size'], len(data), row['subject'][:100])
    for args in ((), ('--headers',), ('--structure', '--json'), ('--json',)):
        text = clean(args, bounded(home, 'show', row['id'], *args))
        if '--json' in args:
            [json.loads(l) for l in text.splitlines()]
    assert bounded(home, 'show', row['id'], '--raw') == data, 'the octets as they are'


def test_every_way_of_reading_ends_in_time_with_text_alone():
    mails = messages()
    with hostile_home([data for _, data in mails]) as home:
        bounded(home, 'sync', seconds=5 * SECONDS)
        found = rows(home)
        assert len(found) == len(mails)
        clean('list', bounded(home, 'list', 'local/INBOX'))
        clean('list', bounded(home, 'list', 'local/INBOX', '--threads'))
        problems = []
        for row, (subject, data) in zip(found, mails):
            try:
                read_one(home, row, subject, data)
            except (AssertionError, ValueError) as e:
                problems.append('%s: %s' % (subject, e))
        assert not problems, '\n'.join(problems)


def test_a_server_that_has_it_is_read_all_the_same():
    """One message whose structure or header breaks a limit must not take the others with it."""
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = headers')) as home:
        mails = [(subject, data) for subject, data in messages() if subject and b'\0' not in data]
        for i, (_, data) in enumerate(mails):
            imap.append(data, date=time.strftime('%d-%b-%Y %H:%M:%S +0000', time.gmtime(NOON - i)))
        bounded(home, 'sync', seconds=5 * SECONDS)
        found = [json.loads(l) for l in clean('list', bounded(home, 'list', 'work/INBOX', '--json')).splitlines()]
        assert len(found) == len(mails)
        problems = []
        for row, (subject, data) in zip(found, mails):
            try:
                assert row['subject'].startswith(subject), row['subject'][:100]
                for args in ((), ('--json',)):
                    clean(args, bounded(home, 'show', row['id'], *args))
            except AssertionError as e:
                problems.append('%s: %s' % (subject, e))
        assert not problems, '\n'.join(problems)


def test_the_screen_shows_all_of_it_and_obeys_none():
    mails = messages()
    with hostile_home([data for _, data in mails]) as home:
        home.run('sync')
        with Screen([FULMAR], home.env) as s:
            s.wait(r'local / INBOX')
            s.press('=\r', r'^.* 1 of %d$' % len(mails))
            for i in range(2, len(mails) + 1):
                s.press('j', r'^.* %d of %d$' % (i, len(mails)))
                assert said(s.raw) is not None
                assert not re.search(rb'\x1b\[(6n|c|31mSTEER)|\x1b[\]PX^_]', s.raw), s.text
                del s.raw[:]
            with open('/proc/%d/status' % s.pid) as f:
                peak = int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1))
            assert SANITIZED or peak <= KILOBYTES, '%d MiB' % (peak >> 10)
            s.send('Q')
            assert s.ended() == 0


# ---- files ----

NAMES = ('../../up', '/etc/absolute', '-rf', '--', '.hidden', '..', '.', '', '/', '\\', 'C:\\evil.exe', 'a\0b', 'nul\0', 'x' * 1000 + '.tar', '\u00e9' * 1000 + '.txt', 'a\nb', '~root',
         '$(touch touched)', '`touch touched`', '; touch touched', '\u202egnp.exe', '\x1b[31m.sh', 'there', 'link', '%s%n', ' ', 'CON', 'a/b/c', '..\u2215..\u2215x', '\ufeff.x')


def encoded_name(name):
    return "filename*=utf-8''" + ''.join('%%%02X' % b for b in name.encode())


def test_attachments_go_where_they_are_told_and_over_nothing():
    parts = ['Content-Type: application/octet-stream\nContent-Disposition: attachment; %s\n\nattached' % encoded_name(n) for n in NAMES]
    with hostile_home([mail('names', *multipart(parts))]) as home:
        home.run('sync')
        here = os.path.join(home.dir, 'here')
        os.mkdir(here, 0o700)
        with open(os.path.join(here, 'there'), 'w') as f:
            f.write('mine')
        os.symlink(os.path.join(home.dir, 'elsewhere'), os.path.join(here, 'link'))
        outside = {x for x in os.listdir(home.dir)} | {'out', 'err'}
        for n, name in enumerate(NAMES, 1):
            before = set(os.listdir(here))
            path = clean(name, bounded(home, 'show', 'local:1', '--part', str(n), '-O', here)).rstrip('\n')
            new, = set(os.listdir(here)) - before
            assert path == os.path.join(here, new), (name, path, new)
            info = os.lstat(path)
            assert stat.S_ISREG(info.st_mode) and stat.S_IMODE(info.st_mode) == 0o600, (name, oct(info.st_mode))
            assert not new.startswith(('-', '.')) and len(new.encode()) <= 255 and not FORBIDDEN.search(new), (name, new)
            with open(path, 'rb') as f:
                assert f.read() == b'attached', name
        with open(os.path.join(here, 'there')) as f:
            assert f.read() == 'mine'
        assert set(os.listdir(home.dir)) == outside and not os.path.lexists(os.path.join(home.dir, 'elsewhere'))


def test_a_viewer_is_told_names_and_types_as_words():
    kinds = [("application/x$(touch${IFS}touched)", 'a'), ("application/x-view; charset=\"';touch touched;'\"", "';touch touched;'.txt"), ('application/x-view; charset="`touch touched`"', '$(touch touched)"`touch touched`'),
             ('application/x-view; charset="-o\n /touched"', '-rf')]
    parts = ['Content-Type: %s\nContent-Disposition: attachment; %s\n\nattached' % (t, encoded_name(n)) for t, n in kinds]
    with hostile_home([mail('viewer', *multipart(parts))]) as home:
        with open(os.path.join(home.dir, '.mailcap'), 'w') as f:
            f.write("application/*; { printf '<%%%%s>' %%s '%%t' \"%%{charset}\" %%{name} \\; cat %%s \\; echo \\; } >> %s/viewed\n" % home.dir)
        home.run('sync')
        viewed = os.path.join(home.dir, 'viewed')
        with Screen([FULMAR], home.env, 120, 40, cwd=home.dir) as s:
            s.wait('local / INBOX')
            s.press('\rv', r'Parts of viewer')
            for n in range(1, len(kinds) + 1):
                s.press('j\r' if n > 1 else '\r', lambda _: os.path.exists(viewed) and open(viewed).read().count('\n') == n)
            s.send('Q')
            assert s.ended() == 0
        with open(viewed) as f:
            seen = f.read()
        assert seen.count('>attached\n') == len(kinds), seen
        assert 'touched' in seen, 'the words arrived as they were'
        for folder, _, files in os.walk(home.dir):
            assert 'touched' not in files, folder
        for path in re.findall(r'^<([^>]*)>', seen, re.M):
            assert path.startswith('/') and not os.path.basename(path).startswith(('-', '.')) and not os.path.exists(path), path


# ---- nothing is fetched ----

def test_nothing_that_a_message_names_is_fetched():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.setblocking(False)
        url = 'http://127.0.0.1:%d/' % listener.getsockname()[1]
        page = ('<html><head><base href="{0}"><link rel=stylesheet href="{0}css"><link rel=dns-prefetch href="{0}"><link rel=preload href="{0}p" as=image><meta http-equiv=refresh content="0;url={0}r">'
                '<style>@import url({0}import); @font-face {{ font-family: x; src: url({0}font) }} body {{ background: url({0}bg) }}</style><script src="{0}js"></script></head>'
                '<body background="{0}body" onload="fetch(\'{0}\')"><img src="{0}img"><img srcset="{0}set 2x"><picture><source srcset="{0}source"></picture><video src="{0}video" poster="{0}poster"></video>'
                '<audio src="{0}audio" autoplay></audio><iframe src="{0}frame"></iframe><object data="{0}object"></object><embed src="{0}embed"><form action="{0}form"><input type=image src="{0}input"></form>'
                '<table background="{0}table"><tr><td style="background-image:url({0}td)">cell</table><svg><image href="{0}svg"/></svg><a href="{0}a" ping="{0}ping">link</a>').format(url)
        head = ['Disposition-Notification-To: <x@[127.0.0.1]>', 'Return-Receipt-To: x@[127.0.0.1]', 'List-Unsubscribe: <%sunsubscribe>' % url, 'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
                'X-Face-URL: ' + url, 'X-Image-URL: ' + url, 'Autocrypt: addr=ann@harbour.example; keydata=AAAA', 'OpenPGP: url=' + url, 'Content-Location: ' + url]
        external = ['Content-Type: message/external-body; access-type=URL; URL="%sexternal"\n\nContent-Type: text/plain\n\n' % url,
                    'Content-Type: text/html; charset=utf-8\nContent-Base: %s\n\n%s' % (url, page)]
        with hostile_home([mail('page', [*head, 'Content-Type: text/html; charset=utf-8'], page), mail('parts', [*head, *multipart(external)[0]], multipart(external)[1])]) as home:
            home.run('sync')
            for row in rows(home):
                for args in ((), ('--html',), ('--json',), ('--structure',)):
                    assert bounded(home, 'show', row['id'], *args)
            with Screen([FULMAR], home.env) as s:
                s.wait('local / INBOX')
                s.press('\r', r'^.* 1 of 2$')
                s.wait('cell')
                s.press('\x1bh', 'cell')
                s.press('j', r'^.* 2 of 2$')
                s.wait('cell')
                s.press('v', 'Parts of')
                s.send('Q')
                assert s.ended() == 0
        try:
            listener.accept()
        except BlockingIOError:
            return
        raise AssertionError('something was fetched')


run(globals())
