#!/usr/bin/env python3
"""What a server may say, and what must hold whatever it says: bounded memory and time, one clear line, the right exit status, nothing outside
the home, nothing wrong in the store, no command completed by accident."""
import atexit, base64, hashlib, hmac, json, os, re, shutil, subprocess, sys, tempfile, time, zlib

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
from dovecot import make_ca, make_cert
from script import *
from tap import FULMAR, Home, imap_conf, run

SANITIZED = b'libasan' in subprocess.run(['ldd', FULMAR], capture_output=True).stdout
SECONDS, MEBIBYTES, ANY = 40, 256, -1  # of wall clock, on a machine that may be busy: what is more than linear takes minutes


class House(Home):
    """A home whose every run is held against the promises."""

    def __init__(self, server, security='none', more='', timeout=8, **kw):
        conf = imap_conf(server.port, security=security, more='keep = headers\n' + more, **kw)
        super().__init__(conf.replace('timeout = 10s', 'timeout = %ds' % timeout))
        self.server = server
        for name in ('tmp', 'cwd'):
            os.mkdir(os.path.join(self.dir, name))
        self.env['TMPDIR'] = os.path.join(self.dir, 'tmp')

    def any(self, *args):
        """Whatever it says, and however it ends."""
        return self.run(*args, status=None, lines=ANY)

    def run(self, *args, status=0, lines=None):
        begin = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            p = subprocess.Popen([FULMAR, *args], env=self.env, cwd=os.path.join(self.dir, 'cwd'), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            memory = self.reap(p, begin + SECONDS)
            out.seek(0), err.seek(0)
            self.out, self.err = out.read(), err.read()
        what = 'fulmar %s: %s %s\nheard: %r' % (' '.join(args), self.out[-1500:], self.err[-1500:], self.server.heard[-12:])
        assert p.returncode is not None, 'it never ended: ' + what
        assert p.returncode == status or status is None, 'status %d: %s' % (p.returncode, what)
        assert p.returncode >= 0, 'it crashed: ' + what
        assert SANITIZED or memory <= MEBIBYTES * 1024, '%d KiB: %s' % (memory, what)
        told = self.err.decode().splitlines()
        assert lines == ANY or len(told) == (lines if lines is not None else 1 if p.returncode else 0), what
        assert all(t.startswith('fulmar: ') and len(t) < 2000 for t in told), what
        for text in (self.out.decode(), self.err.decode()):
            bad = [c for c in text if (ord(c) < 32 and c != '\n') or 0x7f <= ord(c) < 0xa0 or c in '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069']
            assert not bad, (bad[:9], what)
            assert 'secret word' not in text, what
        self.nothing_outside()
        assert not self.server.faults, self.server.faults
        return self.out.decode()

    def reap(self, p, end):
        """The most memory it had, in KiB. Not from wait4(): there a child begins with what its parent had."""
        most = 0
        while time.monotonic() < end:
            try:
                with open('/proc/%d/status' % p.pid) as f:
                    m = re.search(r'VmHWM:\s+(\d+) kB', f.read())
                most = max(most, int(m.group(1))) if m else most
            except OSError:
                pass
            if p.poll() is not None:
                return most
            time.sleep(.004)
        p.kill()
        p.wait()
        p.returncode = None
        return most

    def nothing_outside(self):
        assert os.listdir(os.path.join(self.dir, 'tmp')) == [] and os.listdir(os.path.join(self.dir, 'cwd')) == []
        for folder, _, files in os.walk(self.dir):
            inside = os.path.relpath(folder, self.dir)
            assert not files or inside == 'config/fulmar' or (inside + '/').startswith('data/fulmar/work/'), (inside, files)

    # -- what is in the store --

    def rows(self, target='work/INBOX', status=0):
        return [json.loads(l) for l in self.run('--offline', 'list', target, '--json', status=status).splitlines()]

    def subjects(self, target='work/INBOX'):
        return {r['uid']: r['subject'] for r in self.rows(target)}

    def id_of(self, uid):
        return next(r['id'] for r in self.rows() if r['uid'] == uid)

    def folders(self):
        return {f['folder']: f for f in map(json.loads, self.run('--offline', 'folders', '--json').splitlines())}

    def holds(self, box):
        """The store has what the server has, and no body under a wrong subject."""
        here = {r['uid']: (r['subject'], ' '.join(sorted('\\' + f.capitalize() for f in r['flags'])), ' '.join(sorted(r['keywords']))) for r in self.rows()}
        there = {}
        for m in box.mails:
            keywords = {f for f in m.flags if not f.startswith('\\')}
            there[m.uid] = ('number %d' % m.uid, ' '.join(sorted(m.flags - keywords)), ' '.join(sorted(keywords)))
        differ = [(uid, here.get(uid), there.get(uid)) for uid in sorted(here.keys() | there.keys()) if here.get(uid) != there.get(uid)]
        assert not differ, 'uid, here, there: %r; heard: %r' % (differ[:9], [h[:60] for h in self.server.heard[-12:]])

    def reads(self, uid):
        text = self.run('show', self.id_of(uid))
        assert 'text of %d\n' % uid in text and 'number %d' % uid in text, text


class Refused:
    """A server that says something at one place; sync must end with this status and the rest of the promises."""

    def __init__(self, status, *args, mails=3, command=('sync', 'work/INBOX'), security='none', more='', timeout=None, lines=None, **kw):
        timeout = timeout or (2 if status == 3 else 8)  # what is to fail may do so for want of an answer
        self.server = Script(Box(range(1, mails + 1)), *args, **kw)
        with self.server, House(self.server, security=security, more=more, timeout=timeout) as home:
            home.run(*command, status=status, lines=lines)
            self.err, self.out, self.heard = home.err.decode(), home.out.decode(), self.server.heard
            self.folders = home.folders() if os.path.exists(home.dir + '/data/fulmar/work/store.db') else {}
            self.rows = home.rows(status=None) if self.folders else []


class Tls:
    """One certificate for all tests."""
    dir = None

    @classmethod
    def pair(cls):
        if not cls.dir:
            cls.dir = tempfile.mkdtemp(prefix='fulmar-tls-')
            atexit.register(shutil.rmtree, cls.dir, True)
            make_ca(cls.dir)
            make_cert(cls.dir, 'server')
        return os.path.join(cls.dir, 'server.pem'), os.path.join(cls.dir, 'server.key')

    @classmethod
    def ca(cls):
        cls.pair()
        return 'ca-file = %s/ca.pem' % cls.dir


# ---- before and in TLS ----

STARTTLS = 'S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello'


def test_octets_glued_to_the_starttls_ok_are_dropped():
    talk = [STARTTLS, 'C: STARTTLS', b'<tag> OK go\r\n* CAPABILITY IMAP4rev1 AUTH=XEVIL\r\n* BYE injected\r\nf2 OK injected\r\n* OK [ALERT] injected\r\n', TLS]
    r = Refused(0, security='starttls', more=Tls.ca(), talk=talk, certificate=Tls.pair())
    assert r.heard[:3] == ['STARTTLS', 'CAPABILITY', 'LOGIN "ann" "secret word"'], r.heard
    assert len(r.rows) == 3


def test_octets_that_come_late_behind_the_starttls_ok_end_the_connection():
    for late in (b'* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n', b'f2 OK injected\r\n', b'\x16\x03\x03\xff\xff'):
        r = Refused(3, security='starttls', more=Tls.ca(), talk=[STARTTLS, 'C: STARTTLS', 'S: <tag> OK go', MORE, late, CUT])
        assert r.heard == ['STARTTLS'], r.heard


def test_a_stripped_starttls_is_refused_before_any_password():
    for greeting in ('* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\n', '* OK hi\n'):
        r = Refused(3, security='starttls', greeting=greeting)
        assert r.heard in ([], ['CAPABILITY'], ['STARTTLS']) and 'STARTTLS' in r.err, (r.heard, r.err)


def test_a_refused_starttls_sends_nothing_more():
    for answer in ('<tag> NO not now\n', '<tag> BAD what\n', '* BYE\n', CUT):
        r = Refused(3, security='starttls', greeting=STARTTLS[3:] + '\n', answers={'STARTTLS': answer})
        assert r.heard == ['STARTTLS'], r.heard


def test_preauth_where_starttls_is_required_is_refused():
    for caps in ('[CAPABILITY IMAP4rev1] ', '[CAPABILITY IMAP4rev1 STARTTLS] ', ''):
        r = Refused(3, security='starttls', greeting='* PREAUTH %swelcome ann\n' % caps)
        assert r.heard == [], r.heard


def test_preauth_under_tls_needs_no_password():
    r = Refused(0, security='tls', more=Tls.ca(), greeting='* PREAUTH welcome ann\n', certificate=Tls.pair(), implicit_tls=True)
    assert r.heard[0] == 'CAPABILITY' and not any('LOGIN' in h or 'AUTH' in h for h in r.heard) and len(r.rows) == 3, r.heard


def test_capabilities_told_in_clear_text_are_asked_anew_under_tls():
    talk = ['S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN LOGIN-REFERRALS] hello', 'C: STARTTLS', 'S: * CAPABILITY IMAP4rev1 AUTH=LOGIN',
            'S: <tag> OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] go', TLS, 'C: CAPABILITY']
    r = Refused(0, security='starttls', more=Tls.ca(), talk=talk + ['S: * CAPABILITY IMAP4rev1', 'S: <tag> OK'], certificate=Tls.pair())
    assert r.heard[2].startswith('LOGIN "ann"'), r.heard


def test_a_greeting_that_is_none_is_told_at_once():
    for greeting in ('HTTP/1.1 400 Bad Request\nServer: x\n\n', '220 mail.example ESMTP\n', '+OK POP3 ready\n', '* BAD go away\n', '* NO\n', '* 5 EXISTS\n',
                     'f1 OK hello\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n', b'\xff' * 100 + b'\r\n', '* CAPABILITY IMAP4rev1\n', '+ \n'):
        r = Refused(3, greeting=greeting, timeout=30)
        assert r.heard == [], (greeting, r.heard)


def test_a_bye_instead_of_a_greeting_is_told():
    r = Refused(3, greeting='* BYE [UNAVAILABLE] \x1b]0;back at noon\x07\n')
    assert 'back at noon' in r.err and r.heard == [], r.err


def test_a_server_that_closes_or_stalls_before_the_greeting_ends_in_time():
    for step in (CUT, RESET, STALL):
        assert Refused(3, talk=[b'', step], timeout=2).heard == []


def test_one_octet_at_a_time_is_understood():
    r = Refused(0, drip=1, caps=QRESYNC)
    assert sorted(x['subject'] for x in r.rows) == ['number 1', 'number 2', 'number 3']


# ---- log-in ----

def test_a_refused_log_in_has_the_right_status_and_is_tried_once():
    for code, status in (('[UNAVAILABLE] ', 3), ('[INUSE] ', 3), ('[LIMIT] ', 3), ('[AUTHENTICATIONFAILED] ', 4), ('[AUTHORIZATIONFAILED] ', 4),
                         ('[EXPIRED] ', 4), ('', 4)):
        for command in (('sync',), ('sync', 'work/INBOX'), ('folders',), ('list', 'work/INBOX'), ('doctor',)):
            r = Refused(status, command=command, answers={'LOGIN.*': '<tag> NO %snot \x1b[31mnow\n' % code})
            assert len([h for h in r.heard if h.startswith('LOGIN')]) == 1, (code, command, r.heard)


def test_a_bye_during_the_log_in_is_no_refused_password():
    for answer in ('* BYE [UNAVAILABLE] later\n', '* BYE\n', CUT, RESET):
        r = Refused(3, answers={'LOGIN.*': answer})
        assert len(r.heard) == 1, r.heard


def test_a_server_that_never_stops_asking_in_sasl_is_left():
    for challenge in ('+ \n', '+ ' + base64.b64encode(b'x' * 1000).decode() + '\n', '+ not base64 !!\n', '+ ' + 'QUFB' * 200000 + '\n'):
        r = Refused(None, caps='IMAP4rev1 AUTH=PLAIN', talk=['S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi', 'C: AUTHENTICATE PLAIN'] + ['S: ' + challenge.strip('\n')] * 60,
                    lines=1, timeout=3)
        assert len(r.heard) <= 2 and not r.rows, r.heard


def scram(wrong):
    """A server that knows the password, or only pretends to."""
    def answer(session, command):
        first = base64.b64decode(command.split(' ')[2]).decode()
        bare = first.split(',', 2)[2]
        nonce, salt = dict(p.split('=', 1) for p in bare.split(','))['r'] + 'server', b'saltsalt'
        challenge = 'r=%s,s=%s,i=4096' % (nonce, base64.b64encode(salt).decode())
        session.send('+ %s\n' % base64.b64encode(challenge.encode()).decode())
        final = base64.b64decode(session.line()).decode()
        salted = hashlib.pbkdf2_hmac('sha256', b'secret word' if not wrong else b'guess', salt, 4096)
        message = '%s,%s,%s' % (bare, challenge, final.rsplit(',p=', 1)[0])
        proof = hmac.new(hmac.new(salted, b'Server Key', 'sha256').digest(), message.encode(), 'sha256').digest()
        if wrong == 'silent':
            return '<tag> OK welcome\n'
        session.send('+ %s\n' % base64.b64encode(b'v=' + base64.b64encode(proof)).decode())
        session.server.heard.append('then: ' + session.line())
        return '<tag> OK welcome\n'
    return {'AUTHENTICATE SCRAM-SHA-256.*': answer}


def test_a_server_that_cannot_prove_it_knows_the_password_is_left():
    caps = PLAIN + ' AUTH=SCRAM-SHA-256'
    assert len(Refused(0, caps=caps, answers=scram(False)).rows) == 3
    for wrong in ('other', 'silent'):
        r = Refused(None, caps=caps, answers=scram(wrong), lines=1)
        assert not r.rows and len([h for h in r.heard if not h.startswith('then')]) == 1, r.heard


def test_login_is_not_used_where_it_is_disabled():
    r = Refused(None, caps='IMAP4rev1 LOGINDISABLED', lines=1)
    assert r.heard == [], r.heard


def test_capabilities_that_never_come_end_the_attempt():
    r = Refused(3, greeting='* OK hi\n', answers={'CAPABILITY': '<tag> OK nothing\n'})
    assert r.heard == ['CAPABILITY'], r.heard


# ---- sizes ----

def endless(piece):
    """Octets until the client has gone."""
    def answer(session, command):
        while True:
            session.send(piece)
    return answer


BODY = r'UID FETCH \d+ \(UID BODY\.PEEK\[1\]\)'
SELECT = 'SELECT.*'


def body_refused(answer, status, timeout=8, uid=2, **kw):
    """The text of a message is answered with something: nothing of it is stored, and the next look gets the right text."""
    with Script(Box(range(1, 4)), **kw) as s, House(s, timeout=timeout) as home:
        home.run('sync', 'work/INBOX')
        s.answers[BODY] = answer
        home.run('show', home.id_of(uid), status=status)
        assert not status or [r['body'] for r in home.rows()] == ['none'] * 3, home.rows()
        home.run('--offline', 'show', home.id_of(uid), status=3)
        del s.answers[BODY]
        home.reads(uid)
        home.holds(s.boxes[0])
        return s


def test_literals_too_large_to_be_meant_end_the_connection():
    for size in ('4294967296', '4294967306', '18446744073709551616', '18446744073709551615', '9223372036854775808', '99999999999999999999999999', '2147483649'):
        r = Refused(3, answers={SELECT: '* 1 FETCH (UID 1 BODY[1] {%s}\nabc)\n' % size + DEFAULT})
        assert not r.rows, size
        body_refused('* 1 FETCH (UID 2 BODY[1] {%s}\nabc)\n<tag> OK\n' % size, 3)


def test_a_literal_of_a_gigabyte_that_never_comes_costs_nothing():
    body_refused(breaking_off('* 2 FETCH (UID 2 BODY[1] {2147483647}\nabc'), 3)
    body_refused(lambda session, command: session.send('* 2 FETCH (UID 2 BODY[1] {1073741824}\nabc') or STALL, 3, timeout=4)


def test_an_endless_literal_needs_no_memory():
    def answer(session, command):
        session.send('* 2 FETCH (UID 2 BODY[1] {%d}\n' % (48 << 20))
        for _ in range(48):
            session.send(b'x' * (1 << 20))
        return CUT
    body_refused(answer, 3)


def test_an_endless_line_ends_the_connection():
    for place in ('LOGIN.*', SELECT, 'FETCH .*'):
        for piece in (b'x' * 65536, b'* OK ' + b'y' * 65536, b'"' * 65536, b'\\' * 65536, b' ' * 65536, b'\0' * 65536):
            assert not Refused(3, answers={place: endless(piece)}).rows


def test_a_million_parentheses_end_the_connection():
    for text in ('(' * 1000000, '* 1 FETCH ' + '(' * 1000000, '* LIST ' + '(' * 900000 + ')' * 900000, '* OK [' + '(' * 1000000,
                 '* 1 FETCH (UID 1 BODYSTRUCTURE ' + '(' * 500000 + ')' * 500000 + ')'):
        assert not Refused(3, answers={SELECT: text + '\n'}).rows


def test_lists_as_long_as_allowed_are_passed_over():
    for text in ('* 1 FETCH (UID 1 FLAGS (%s))' % ' '.join(['x'] * 400000), '* FLAGS (%s)' % ' '.join(['a'] * 400000), '* CAPABILITY' + ' X' * 400000,
                 '* 1 FETCH (UID 1 BODYSTRUCTURE (%s "mixed"))' % ('()' * 400000), '* 1 FETCH (UID 1 BODYSTRUCTURE ("text" "plain" (%s) NIL NIL "7bit" 3 1))' % ('"a" "b" ' * 100000)):
        r = Refused(0, answers={SELECT: text + '\n' + DEFAULT})
        assert len(r.rows) == 3


def test_many_small_lines_are_read_in_little_time():
    r = Refused(0, answers={SELECT: b'* OK [X] y\r\n' * 300000 + b'* 1 EXPUNGE\r\n' * 100000 + DEFAULT.encode()})
    assert len(r.rows) == 3


def test_more_keywords_than_anybody_sets_cost_nothing():
    server = Script(Box([1, 2, 3]))
    server.boxes[0].mails[1].flags |= {'k%d' % i for i in range(60000)}
    with server, House(server) as home:
        home.run('sync', 'work/INBOX')
        rows = home.rows()
        assert [r['uid'] for r in rows] == [3, 2, 1] and 200 < len(rows[1]['keywords']) < 1000, len(rows[1]['keywords'])


def test_a_number_of_messages_that_cannot_be_costs_nothing():
    for exists in (4294967295, 4294967296, 9223372036854775807, 18446744073709551616):
        for profile in PROFILES.values():
            server = Script(Box(range(1, 4)), caps=profile, answers={'NOOP': '* %d EXISTS\n<tag> OK\n' % exists})
            server.answers[SELECT] = lambda session, command: session.on_select(command).replace('* 3 EXISTS', '* %d EXISTS' % exists)
            with server, House(server) as home:
                home.run('sync', 'work/INBOX', status=None)
                del server.answers[SELECT]
                home.run('sync', 'work/INBOX')
                home.holds(server.boxes[0])


def test_uids_beyond_32_bits_are_not_believed():
    for uid in (0, 4294967296, 9223372036854775807, 18446744073709551615):
        line = '* 1 FETCH (UID %d FLAGS (\\Seen) RFC822.SIZE 3 BODY[HEADER.FIELDS (SUBJECT)] {15}\nSubject: evil\n)\n' % uid
        r = Refused(0, answers={'FETCH .*': line + DEFAULT})
        assert sorted(x['uid'] for x in r.rows) == [1, 2, 3], r.rows


def test_a_uidnext_beyond_32_bits_costs_nothing():
    for uidnext in (0, 4294967295, 4294967296, 9223372036854775807):
        for profile in PROFILES.values():
            box = Box(range(1, 101))
            box.uidnext = uidnext
            with Script(box, caps=profile) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                home.holds(box)
                assert len(s.heard) < 300, len(s.heard)


def test_a_search_result_of_a_million_numbers_is_taken_as_a_set():
    box = Box(range(1, 4))
    with Script(box) as s, House(s) as home:
        home.run('sync', 'work/INBOX')
        box.expunge(2)
        s.answers['UID SEARCH ALL'] = '* SEARCH %s\n* SEARCH %s\n<tag> OK\n' % (' '.join(['1', '3'] + [str(n) for n in range(1000, 120000)]), ' '.join(['7'] * 100000))
        home.run('sync', 'work/INBOX', status=None)
        s.answers.clear()
        home.run('sync', 'work/INBOX')
        home.holds(box)


def test_more_folders_than_anybody_has_are_refused():
    def more(session, command):
        for n in range(0, 10 ** 9, 1000):
            session.send(b''.join(b'* LIST () "/" "%d/Sent"\r\n' % (n + i) for i in range(1000)))
    for answer in (more, endless('* LIST () "/" "again"\n' * 1000)):
        r = Refused(3, command=('folders',), answers={'LIST .*': answer})
        assert sorted(r.folders) == ['INBOX'] and 'folders' in r.err, r.err


def test_twenty_thousand_folders_are_listed_in_time():
    with Script(Box(range(1, 4))) as s, House(s) as home:
        s.answers['LIST .*'] = '* LIST () "/" INBOX\n' + ''.join('* LIST () "/" "%d/Sent"\n' % n for n in range(19999)) + '<tag> OK\n'
        for _ in range(2):
            home.run('list', 'work/nowhere', status=1)
        assert len(home.folders()) == 20000


# ---- answers to questions that were not asked ----

def test_an_answer_to_a_command_never_given_ends_the_connection():
    for tag in ('f99', 'a1', 'z', 'f0', 'f1'):
        assert not Refused(3, answers={SELECT: '%s OK done\n' % tag}).rows, tag


def test_an_answer_that_comes_too_early_completes_nothing():
    r = Refused(3, answers={'LOGIN.*': '<tag> OK [CAPABILITY IMAP4rev1] in\nf2 OK LIST\nf3 OK LSUB\nf4 OK\nf5 OK\n'})
    assert not r.rows and not r.err.startswith('fulmar: work: up')
    assert not Refused(3, answers={'LOGIN.*': 'f2 OK early\n<tag> OK [CAPABILITY IMAP4rev1] in\n'}).rows


def test_a_greeting_or_preauth_in_the_middle_changes_nothing():
    r = Refused(0, answers={'LOGIN.*': '* PREAUTH [CAPABILITY X] hi\n* OK hello again\n<tag> OK [CAPABILITY %s] in\n' % PLAIN})
    assert len(r.rows) == 3 and len([h for h in r.heard if h.startswith('LOGIN')]) == 1


def test_continuations_nobody_waits_for_are_passed_over():
    r = Refused(0, answers={SELECT: '+ go on\n+\n' + DEFAULT + '+ idling\n', 'FETCH .*': '+ yes\n' + DEFAULT})
    assert len(r.rows) == 3


def test_a_body_for_another_uid_is_stored_nowhere():
    body_refused('* 3 FETCH (UID 3 BODY[1] {9}\ntext of 7)\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (UID 4294967298 BODY[1] {9}\ntext of 7)\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (BODY[1] {9}\ntext of 7)\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (UID 2 BODY[2] {9}\ntext of 7)\n<tag> OK\n', 1)
    body_refused('<tag> OK\n', 1)


def test_a_body_nobody_asked_for_is_passed_over():
    with Script(Box(range(1, 4))) as s, House(s) as home:
        home.run('sync', 'work/INBOX')
        s.answers[SELECT] = DEFAULT + '* 3 FETCH (UID 3 BODY[1] {4}\nevil BODY[] {4}\nevil BODY[HEADER] {4}\nevil)\n'
        home.reads(2)
        home.run('--offline', 'show', home.id_of(3), status=3)
        del s.answers[SELECT]
        home.reads(3)


def test_a_header_sent_again_does_not_change_the_subject():
    with Script(Box(range(1, 4))) as s, House(s) as home:
        home.run('sync', 'work/INBOX')
        home.reads(2)
        s.answers[SELECT] = DEFAULT + '* 2 FETCH (UID 2 FLAGS () BODY[HEADER.FIELDS (SUBJECT)] {18}\nSubject: other\n\n)\n'
        home.run('sync', 'work/INBOX')
        del s.answers[SELECT]
        home.holds(s.boxes[0])


def test_a_truncated_text_is_not_stored_and_is_fetched_again():
    for cut in (CUT, RESET):
        for text in ('* 2 FETCH (UID 2 BODY[1] {13}\ntext', '* 2 FETCH (UID 2 BODY[1] {40}\ntext of 2\n\n\n', '* 2 FETCH (UID 2 BODY[1] {13}\n', '* 2 FETCH (UID 2 BODY[1] "tex'):
            body_refused(lambda session, command: session.send(text) or cut, 3)


def test_an_empty_text_for_a_message_that_has_one_is_not_stored():
    body_refused('* 2 FETCH (UID 2 BODY[1] "")\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (UID 2 BODY[1] {0}\n)\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (UID 2 BODY[1] NIL)\n<tag> OK\n', 1)
    body_refused('* 2 FETCH (UID 2)\n<tag> OK\n', 1)


def test_a_text_that_is_refused_leaves_the_rest_alone():
    body_refused('<tag> NO [UNAVAILABLE] UID FETCH Server error - Please try again later\n', 3)
    body_refused('<tag> NO cannot\n', 1)
    body_refused('<tag> BAD Command Argument Error. 11\n', 1)


def test_a_whole_message_that_cannot_be_had_takes_no_other_along():
    """They are asked for by one command, which it ends; some servers say then that all is well."""
    def text(session, command):
        return end if 'BODY.PEEK[]' in command and in_set(command.split()[2], 6)(3) else None

    for end in '<tag> NO [UNAVAILABLE] UID FETCH Server error\n', '<tag> NO cannot\n', '<tag> BAD no\n', '<tag> OK\n':
        server = Script(Box(range(1, 7)), caps=PLAIN, answers={'UID FETCH .*': text})
        with Home(imap_conf(server.port, more='keep = full')) as home:
            home.run('sync', 'work/INBOX', status=None)
            asked = [h.split()[2] for h in server.heard if 'BODY.PEEK[]' in h]
            assert asked == ['1:6', *'654321'], asked
            mail = os.path.join(home.dir, 'data', 'fulmar', 'work', 'mail')
            assert sum(f.endswith('.eml') for _, _, files in os.walk(mail) for f in files) == 5
        server.close()


MIXED = '''From: Bob <bob@harbour.example>
Subject: number 1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=XX

--XX
Content-Type: text/plain; charset=utf-8

text of 1

--XX
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=chart.bin
Content-Transfer-Encoding: base64

%s

--XX--
'''


class Big:
    """A message with a part that comes in slices."""

    def __init__(self):
        self.data = os.urandom(400000)
        self.server = Script(Box([Mail(1, MIXED % base64.encodebytes(self.data).decode().strip())]))

    def __enter__(self):
        self.home = House(self.server)
        self.home.run('sync', 'work/INBOX')
        self.id = self.home.id_of(1)
        return self

    def get(self, status=0):
        p = subprocess.run([FULMAR, 'show', self.id, '--part', '2', '-O', '-'], env=self.home.env, capture_output=True, timeout=SECONDS)
        assert p.returncode == status, (p.returncode, p.stderr, self.server.heard[-9:])
        assert status or p.stdout == self.data, (len(p.stdout), len(self.data))

    def __exit__(self, *exc):
        self.server.close()
        self.home.close()


SLICE = r'UID FETCH 1 \(UID BODY\.PEEK\[2\]<(\d+)\.(\d+)>\)'


def test_a_part_in_slices_is_whole_whatever_the_slices_are():
    def short(session, command):
        return session.on_uid_fetch(re.sub(r'\.(\d+)>', lambda m: '.%d>' % min(int(m.group(1)), 30000), command))

    def whole(session, command):
        return session.on_uid_fetch(re.sub(r'<.*>', '', command))

    for answer in (None, short, whole):
        with Big() as big:
            if answer:
                big.server.answers[SLICE] = answer
            big.get()
            assert len(big.server.heard) < 80, len(big.server.heard)


def test_slices_may_overtake_each_other():
    """A server that has no room for an answer may go on with the next command meanwhile."""
    with Big() as big:
        held = []

        def overtaken(session, command):
            answer = session.on_uid_fetch(command)
            if re.fullmatch(SLICE, command).group(1) == '0' and not held:
                held.append(answer.replace(b'<tag>', b'<tag-1>'))
                return ''
            if len(held) == 1:
                data, ok = answer.split(b'<tag>')
                held.append(data + held[0] + b'<tag>' + ok)
                return held[1]
            return answer
        big.server.answers[SLICE] = overtaken
        big.get()
        assert len(held) == 2 and len(big.server.said(SLICE)) < 15, big.server.said(SLICE)


def test_a_part_that_breaks_off_is_continued_not_begun_again():
    with Big() as big:
        big.server.answers[SLICE] = [None, None, CUT, None]
        big.get(3)
        n = len(big.server.said(SLICE))
        big.get()
        first = int(re.fullmatch(SLICE, big.server.said(SLICE)[n]).group(1))
        assert first >= 131072, big.server.said(SLICE)


def test_a_part_that_never_ends_or_never_comes_is_given_up():
    for answer in ('* 1 FETCH (UID 1 BODY[2]<0> {131072}\n%s)\n<tag> OK\n' % ('A' * 131072), '<tag> OK\n', '* 1 FETCH (UID 1 BODY[2]<7> "abc")\n<tag> OK\n',
                   '* 1 FETCH (UID 1 BODY[2] NIL)\n<tag> OK\n', '* 1 FETCH (UID 1 BODY[2]<0> "")\n<tag> OK\n',
                   lambda session, command: '* 1 FETCH (UID 1 BODY[2]<%s> {131072}\n%s)\n<tag> OK\n' % (re.fullmatch(SLICE, command).group(1), 'A' * 131072)):
        with Big() as big:
            big.server.answers[SLICE] = answer
            big.get(1)
            assert len(big.server.heard) < 60, len(big.server.heard)
            big.home.run('--offline', 'show', big.id, '--part', '2', status=3)


# ---- UIDVALIDITY, UIDNEXT, MODSEQ ----

def test_uidvalidities_that_are_equal_modulo_32_bits_are_different():
    for first, second in ((77, 77 + 2 ** 32), (1, 2 ** 32 + 1), (2 ** 32, 2 ** 33)):
        for profile in PROFILES.values():
            with Script(Box(range(1, 4), uidvalidity=first), caps=profile) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                home.reads(1)
                new = Box([4, 5], uidvalidity=second)
                new.mails = [Mail(1, text_message(9)), Mail(2, text_message(8))]
                s.boxes[0] = new
                home.run('sync', 'work/INBOX')
                assert home.subjects() == {1: 'number 9', 2: 'number 8'}, home.subjects()
                assert 'text of 9' in home.run('show', home.id_of(1))


def test_uidvalidity_0_or_none_is_lived_with():
    for line in ('* OK [UIDVALIDITY 0] yes\n', '* OK [UIDVALIDITY -1] yes\n', '* OK [UIDVALIDITY] yes\n', '', '* OK [UIDVALIDITY 99999999999999999999] yes\n'):
        for profile in PROFILES.values():
            box = Box(range(1, 4))
            answers = {SELECT: lambda session, command: session.on_select(command).replace('* OK [UIDVALIDITY 77] yes\n', line)}
            with Script(box, caps=profile, answers=answers) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                home.reads(2)
                box.add()
                box.expunge(1)
                box.flag(3, '\\Seen')
                home.run('sync', 'work/INBOX')
                home.holds(box)


def test_a_uidvalidity_that_changes_under_way_never_mixes_messages():
    for place in ('FETCH .*', 'UID FETCH .*', 'NOOP'):
        for profile in PROFILES.values():
            box = Box(range(1, 101))
            with Script(box, caps=profile, answers={place: ['* OK [UIDVALIDITY 78] surprise\n' + DEFAULT, None]}) as s, House(s) as home:
                home.run('sync', 'work/INBOX', status=None)
                home.run('sync', 'work/INBOX')
                home.run('sync', 'work/INBOX')
                home.holds(box)
                home.reads(50)


def test_a_flag_waiting_for_other_uids_is_not_sent_to_these():
    for profile in PROFILES.values():
        with Script(Box(range(1, 4)), caps=profile) as s, House(s) as home:
            home.run('sync', 'work/INBOX')
            home.run('--offline', 'flag', home.id_of(2), '+deleted')
            s.boxes[0] = Box([Mail(1, text_message(7)), Mail(2, text_message(8))], uidvalidity=78)
            home.run('sync', status=None)
            assert not s.said('UID STORE.*') and all(not m.flags for m in s.boxes[0].mails), s.heard


def test_no_uidnext_still_finds_new_mail():
    for line in ('', '* OK [UIDNEXT 0] next\n', '* OK [UIDNEXT] next\n'):
        for profile in PROFILES.values():
            box = Box(range(1, 101))
            answers = {SELECT: lambda session, command: re.sub(r'\* OK \[UIDNEXT \d+\] yes\n', line, session.on_select(command))}
            with Script(box, caps=profile, answers=answers) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                home.holds(box)
                box.add()
                box.add()
                box.expunge(7)
                home.run('sync', 'work/INBOX')
                home.holds(box)


def test_a_modseq_of_0_shrunk_missing_or_negative_is_not_trusted():
    for line in ('* OK [HIGHESTMODSEQ 0] x\n', '* OK [HIGHESTMODSEQ 3] x\n', '* OK [NOMODSEQ] x\n', '', '* OK [HIGHESTMODSEQ -1] x\n', '* OK [HIGHESTMODSEQ] x\n',
                 '* OK [HIGHESTMODSEQ 9999999999999999999999] x\n'):
        for name in ('condstore', 'qresync'):
            box = Box(range(1, 101))
            with Script(box, caps=PROFILES[name]) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                box.modseq = 0
                for mail in box.mails:
                    mail.modseq = 0
                box.flag(7, '\\Seen')
                box.flag(8, '\\Flagged')
                box.expunge(9)
                box.add()

                def select(session, command):
                    return re.sub(r'\* OK \[HIGHESTMODSEQ \d+\] yes\n', line, session.on_select(command))

                def fetch(session, command):
                    return '<tag> BAD no mod-sequences here\n' if 'NOMODSEQ' in line and 'CHANGEDSINCE' in command else None

                s.answers = {SELECT: select, '(UID )?FETCH.*': fetch}
                home.run('sync', 'work/INBOX')
                home.holds(box)
                home.run('sync', 'work/INBOX')
                home.holds(box)


def test_an_empty_list_of_flags_is_not_a_missing_one():
    box = Box([Mail(1, flags='\\Seen'), 2, 3])
    with Script(box) as s, House(s) as home:
        home.run('sync', 'work/INBOX')
        s.answers['UID FETCH .*'] = '* 1 FETCH (UID 1)\n* 1 FETCH (UID 1 MODSEQ (5))\n' + DEFAULT
        home.run('sync', 'work/INBOX')
        home.holds(box)


# ---- what goes ----

def test_vanished_everything_is_looked_into_before_it_is_believed():
    for uids in ('1:4294967295', '1:100', '4294967295:1', '1:50'):
        for earlier in (' (EARLIER)', ''):
            box = Box(range(1, 101))
            with Script(box, caps=QRESYNC) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                home.reads(50)
                ids = {r['uid']: r['id'] for r in home.rows()}
                s.answers[SELECT] = lambda session, command: session.on_select(command).replace('<tag>', '* VANISHED%s %s\n<tag>' % (earlier, uids))
                home.run('sync', 'work/INBOX')
                home.holds(box)
                assert {r['uid']: r['id'] for r in home.rows()} == ids, 'the rows are the same, and so are their texts'
                assert 'text of 50' in home.run('--offline', 'show', ids[50])
                s.answers = {SELECT: DEFAULT + '* VANISHED%s %s\n' % (earlier, uids), '(UID )?FETCH.*': DEFAULT + '* VANISHED%s %s\n' % (earlier, uids)}
                home.run('sync', 'work/INBOX', status=None)
                assert {r['uid']: r['id'] for r in home.rows()} == ids
                s.answers.clear()
                home.run('sync', 'work/INBOX')
                home.holds(box)


def test_everything_gone_is_believed_when_it_is_true():
    for profile in PROFILES.values():
        box = Box(range(1, 101))
        with Script(box, caps=profile) as s, House(s) as home:
            home.run('sync', 'work/INBOX')
            while box.mails:
                box.expunge(box.mails[0].uid)
            home.run('sync', 'work/INBOX')
            assert home.rows() == []


def test_malformed_sets_of_what_vanished_remove_nothing():
    for line in ('VANISHED', 'VANISHED (EARLIER)', 'VANISHED x', 'VANISHED 0', 'VANISHED 1:*', 'VANISHED "1:3"', 'VANISHED (EARLIER 1:3', 'VANISHED 1,,3', 'VANISHED 99999999999'):
        box = Box(range(1, 4))
        with Script(box, caps=QRESYNC) as s, House(s) as home:
            home.run('sync', 'work/INBOX')
            s.answers['UID FETCH .*'] = '* %s\n' % line + DEFAULT
            home.run('sync', 'work/INBOX', status=None)
            s.answers.clear()
            home.run('sync', 'work/INBOX')
            home.holds(box)


def expunging(box, uid):
    """Another client takes a message away while a flight of FETCH is on its way; by number, as it must be without QRESYNC."""
    def answer(session, command):
        out = session.on_uid_fetch(command) if command.startswith('UID') else session.on_fetch(command)
        middle = out.index(b'\r\n* ', len(out) // 2) + 2 if b'\r\n* ' in out[len(out) // 2:] else 0
        return out[:middle] + b'* %d EXPUNGE\r\n' % box.expunge(uid) + out[middle:]
    return answer


def test_an_expunge_in_the_middle_of_a_fetch_removes_that_message_alone():
    for name, profile in PROFILES.items():
        for place in ('FETCH .*', 'UID FETCH .*'):
            for uid in (3, 60, 117):
                box = Box(range(1, 121))
                with Script(box, caps=profile, answers={place: [expunging(box, uid), None]}) as s, House(s) as home:
                    home.run('sync', 'work/INBOX')
                    home.run('sync', 'work/INBOX')
                    home.holds(box)
                    box.add()
                    home.run('sync', 'work/INBOX')
                    home.holds(box)


def test_an_expunge_although_qresync_was_enabled_is_lived_with():
    box = Box(range(1, 1001))
    with Script(box, caps=QRESYNC) as s, House(s) as home:
        s.answers['UID FETCH .*'] = [expunging(box, 500), expunging(box, 600), None]
        home.run('sync', 'work/INBOX')
        home.run('sync', 'work/INBOX')
        home.holds(box)


def test_numbers_that_are_not_there_remove_nothing():
    for line in ('0 EXPUNGE', '99 EXPUNGE', '4294967296 EXPUNGE', 'EXPUNGE', '0 EXISTS', '0 RECENT', '0 FETCH (UID 1 FLAGS ())', '99 FETCH (FLAGS (\\Deleted))', '0 FETCH (FLAGS (\\Deleted))'):
        for profile in PROFILES.values():
            box = Box(range(1, 4))
            with Script(box, caps=profile) as s, House(s) as home:
                home.run('sync', 'work/INBOX')
                s.answers['UID FETCH .*'] = '* %s\n' % line + DEFAULT
                home.run('sync', 'work/INBOX', status=None)
                s.answers.clear()
                home.run('sync', 'work/INBOX')
                home.holds(box)


def test_an_empty_answer_to_search_is_not_believed_while_messages_exist():
    for caps in (PLAIN, CONDSTORE):
        box = Box(range(1, 101))
        with Script(box, caps=caps) as s, House(s) as home:
            home.run('sync', 'work/INBOX')
            box.expunge(5)
            box.add()
            for answer in ('<tag> OK\n', '* SEARCH\n<tag> OK\n', '* ESEARCH (TAG "<tag>") UID\n<tag> OK\n'):
                s.answers['UID SEARCH.*ALL'] = answer
                home.run('sync', 'work/INBOX', status=None)
                assert len(home.rows()) >= 99
            s.answers.clear()
            home.run('sync', 'work/INBOX')
            home.holds(box)


def test_an_answer_to_another_search_changes_nothing():
    box = Box([Mail(n, flags='\\Seen' if n % 2 else '') for n in range(1, 2502)])
    with Script(box, caps=PLAIN + ' ESEARCH') as s, House(s) as home:
        home.run('sync', 'work/INBOX')
        box.flag(4, '\\Flagged')
        s.answers['UID SEARCH.*'] = '* ESEARCH (TAG "x9") UID ALL 1:400\n' + DEFAULT
        home.run('sync', 'work/INBOX')
        home.holds(box)


def test_a_refused_command_in_a_folder_ends_instead_of_being_repeated():
    for place in ('SELECT.*', 'FETCH .*', 'UID FETCH .*'):
        for answer, status in (('<tag> NO cannot\n', 1), ('<tag> BAD what\n', 1), ('<tag> NO [UNAVAILABLE] later\n', 3), ('<tag> NO [LIMIT] UID FETCH Rate limit hit.\n', None)):
            goes_round = place == 'FETCH .*' and ('cannot' in answer or 'later' in answer)  # it may have been for the sake of one
            r = Refused(0 if goes_round else status, mails=500, answers={place: answer}, lines=0 if goes_round else 1)
            assert len(r.heard) < 40, (place, len(r.heard), r.heard[-20:])


def test_a_flag_refused_for_now_waits_and_one_refused_for_good_is_told():
    for answer, state in (('<tag> NO [UNAVAILABLE] later\n', 'waiting'), ('<tag> NO [INUSE] x\n', 'waiting'), ('<tag> NO not yours\n', 'failed'), ('<tag> BAD what\n', 'failed'),
                          (CUT, 'waiting')):
        with Script(Box(range(1, 4))) as s, House(s) as home:
            home.run('sync')
            id = home.id_of(2)
            s.answers['UID STORE.*'] = answer
            home.any('--offline', 'flag', id, '+flagged')
            home.any('sync')
            assert len(s.said('UID STORE.*')) == 1, s.heard[-9:]
            assert [json.loads(l)['state'] for l in home.run('queue', '--json').splitlines()] == [state], state
            shown = next(r for r in home.rows() if r['id'] == id)
            assert shown['flags'] == (['flagged'] if state == 'waiting' else []), shown


def test_one_bad_folder_does_not_spoil_the_others():
    boxes = [Box(range(1, 4)), Box(range(1, 3), name='Broken'), Box([1], name='Zoo')]
    with Script(*boxes, answers={'SELECT "Broken"': '<tag> NO [SERVERBUG] oops\n'}) as s, House(s) as home:
        home.run('sync', status=6)
        assert len(home.rows()) == 3 and len(home.rows('work/Zoo')) == 1


def test_a_server_that_never_comes_to_the_end_is_not_asked_without_end():
    """It says of every answer that it stopped at the same UID, whatever was asked for."""
    def stops(session, command):
        words = command.split(' ')
        usual = getattr(session, 'on_' + '_'.join(words[:2] if words[0] == 'UID' else words[:1]).lower())(command)
        return octets(usual).replace(b'OK done', b'OK [MESSAGELIMIT 2 40] done')
    for profile in (PLAIN, QRESYNC + ' PARTIAL UIDONLY'):
        box = Box(range(1, 2002))
        with Script(box, caps=profile + ' MESSAGELIMIT=1000') as s, House(s) as home:
            home.run('sync', 'work/INBOX')
            for uid in range(1, 2000, 100):
                box.flag(uid, '\\Flagged')
            box.expunge(30)
            box.modseq += 1
            home.run('--offline', 'flag', home.id_of(77), '+seen')
            s.answers = {'(UID )?(FETCH|SEARCH|STORE) .*': stops}
            before = len(s.heard)
            home.any('sync', 'work/INBOX')
            assert len(s.heard) - before < 40, (profile, s.heard[-5:])
            assert {m.uid for m in box.mails} - {77} <= {r['uid'] for r in home.rows()}, 'nothing that is there has gone'
            s.answers = {}
            home.run('sync', 'work/INBOX')
            home.holds(box)


# ---- folder names ----

def listing(*lines, **kw):
    """Folder names as told by these LIST lines besides an INBOX."""
    boxes = [Box(range(1, 4))]
    with Script(*boxes, **kw) as s, House(s) as home:
        s.answers['LIST .*'] = b'* LIST () "/" INBOX\r\n' + b''.join(octets(l) + b'\r\n' for l in lines) + b'<tag> OK\r\n'
        home.run('sync', status=None)
        home.holds(boxes[0])
        found = home.folders()
        home.run('--offline', 'folders')
        selects = [h for h in s.heard if h.startswith('SELECT')]
        home.run('sync', status=None)
        assert home.folders().keys() == found.keys(), 'the same names the next time'
        return found, selects


def test_names_that_lead_elsewhere_stay_in_the_store():
    names = ('../../../../tmp/evil', '/etc/passwd', '~/evil', '~root', '.', '..', '../INBOX', 'a/../../b', '%2e%2e%2f', 'C:\\\\x', '/', '//', ' ', 'a//b')
    found, selects = listing(*('* LIST () "/" "%s"' % n for n in names))
    assert len(found) == len(names) + 1, sorted(found)
    assert len(selects) >= len(names) + 1, selects


def test_control_characters_in_names_reach_no_terminal():
    lines = [b'* LIST () "/" "\x1b]0;evil\x07"', b'* LIST () "/" "a\tb"', b'* LIST () "/" "\x9b31m"', b'* LIST () "/" "\xc2\x9b31m"', b'* LIST () "/" "\xe2\x80\xaegnp"',
             b'* LIST () "/" {8}\r\na\r\nLOGIN', b'* LIST () "/" {3}\r\na\rb', b'* LIST () "/" {3}\r\na\nb', b'* LIST () "/" "\x7f"', b'* LIST () "/" "&AAo-x"', b'* LIST () "/" "&ABs-"']
    found, selects = listing(*lines)
    assert len(found) == len(lines) + 1, sorted(found)


def test_a_name_with_line_ends_goes_out_as_a_literal():
    boxes = [Box(range(1, 4)), Box([1], name='a\nUID STORE 1:* +FLAGS (\\Deleted)')]
    with Script(*boxes, caps='IMAP4rev1') as s, House(s) as home:
        s.boxes[1].name = 'a\r\nUID STORE 1:* +FLAGS (\\Deleted)'
        s.answers['LIST .*'] = b'* LIST () "/" INBOX\r\n* LIST () "/" {35}\r\na\r\nUID STORE 1:* +FLAGS (\\Deleted)\r\n<tag> OK\r\n'.replace(b'{35}', b'{%d}' % len(s.boxes[1].name))
        home.run('sync', status=None)
        assert not s.said('UID STORE.*') and not any(m.flags for m in boxes[0].mails), s.heard


def test_a_name_with_nul_is_left_out():
    found, selects = listing(b'* LIST () "/" {3}\r\na\0b', b'* LIST () "/" "a\0c"', b'* LIST () "/" "fine"')
    assert sorted(found) == ['INBOX', 'fine'], found


def test_names_that_cannot_be_decoded_stay_apart():
    names = (b'a\xff', b'a\xfe', b'a\xff\xfe', b'&Jjo', b'&Jjo!', b'&AOQ-&APY-', b'&AOQA9g-', b'&&-', b'&2D0-', b'&3gA-', b'&', b'\xc3\xa4', b'&AOQ-')
    found, selects = listing(*(b'* LIST () "/" "%s"' % n for n in names))
    assert len(found) == len(names) + 1, sorted(found)
    assert len(set(selects)) == len(names) + 1, selects


def test_two_names_that_would_look_alike_stay_apart():
    found, selects = listing('* LIST () "." "a/b"', '* LIST () "." "a∕b"', '* LIST () "." "a.b"', '* LIST () "/" "a&IhU-b"', '* LIST () "/" "c"', '* LIST () "/" "C"')
    assert len(found) == 7, sorted(found)


def test_inbox_in_any_case_is_one_folder():
    for name in ('inbox', 'Inbox', '"INBOX"', '{5}\ninbox'):
        boxes = [Box(range(1, 4))]
        with Script(*boxes, answers={'LIST .*': '* LIST () "/" %s\n* LIST () "/" "Sent"\n<tag> OK\n' % name}) as s, House(s) as home:
            home.run('sync', status=None)
            home.run('sync', status=None)
            names = [json.loads(l)['folder'] for l in home.run('--offline', 'folders', '--json').splitlines()]
            assert names == ['INBOX', 'Sent'], names
            home.holds(boxes[0])


def test_a_delimiter_of_nil_or_of_any_kind_is_lived_with():
    found, selects = listing('* LIST () NIL "flat/name.x"', '* LIST () "\\\\" "back\\\\slash"', '* LIST () "." "dot.ted"', '* LIST () "" "none"', '* LIST () "/" NIL', '* LIST (\\Noselect) "/" ""')
    assert 'dot/ted' in found and 'back/slash' in found and 'NIL' in found and len(found) == 6, sorted(found)


def test_a_folder_told_many_times_is_one_folder():
    found, selects = listing(*['* LIST () "/" "again"'] * 1000)
    assert sorted(found) == ['INBOX', 'again']


def test_names_as_long_as_a_line_are_kept_or_left_out():
    for size in (1000, 100000, 900000):
        found, selects = listing('* LIST () "/" "%s"' % ('x' * size), '* LIST () "/" "%s"' % ('y/' * (size // 2)))
        assert 'INBOX' in found


def test_extended_list_answered_empty_or_refused_is_asked_plainly():
    for answer in ('<tag> OK\n', '<tag> BAD Error in IMAP command LIST\n', '<tag> NO\n'):
        boxes = [Box(range(1, 4)), Box([1], name='Sent')]
        with Script(*boxes, caps=QRESYNC, answers={'LIST .* RETURN .*': answer}) as s, House(s) as home:
            home.run('sync')
            assert sorted(home.folders()) == ['INBOX', 'Sent'] and s.said('LIST "" "\\*"'), s.heard


def breaking_off(text):
    return lambda session, command: session.send(text) or CUT


def test_a_refused_list_removes_no_folder():
    for caps in (PLAIN, QRESYNC):
        for answer in ('<tag> NO later\n', '<tag> BAD no\n', '* LIST () "/" "Other"\n<tag> NO half of it\n', '<tag> OK but nothing\n', '* BYE\n',
                       breaking_off('* LIST () "/" "Ot'), breaking_off('* LIST () "/" "Other"\n')):
            boxes = [Box(range(1, 4)), Box([1, 2], name='Sent')]
            with Script(*boxes, caps=caps) as s, House(s) as home:
                home.run('sync')
                s.answers['LIST .*'] = answer
                home.run('sync', status=None)
                assert 'Sent' in home.folders() and len(home.rows('work/Sent')) == 2, (caps, answer, home.folders())


def test_a_refused_status_leaves_the_folder_without_numbers():
    boxes = [Box(range(1, 4)), Box([1, 2], name='Lists')]
    for answer in ('<tag> NO no such\n', '<tag> BAD what\n', '* STATUS "Lists" ()\n<tag> OK\n', '* STATUS "Lists"\n<tag> OK\n', '* STATUS "Lists" (MESSAGES x UNSEEN -1)\n<tag> OK\n',
                   '* STATUS "Other" (MESSAGES 5)\n<tag> OK\n', '* STATUS "Lists" (MESSAGES 18446744073709551616 UNSEEN 4294967295) \n<tag> OK\n'):
        with Script(*boxes, answers={'STATUS "Lists".*': answer}) as s, House(s) as home:
            home.run('sync')
            assert len(home.rows('work/Lists')) == 2


# ---- text for people ----

def test_alerts_and_refusals_cannot_draw_on_the_terminal():
    evil = '\x1b[2J\x1b]0;owned\x07\x9b31m\xc2\x9b \xe2\x80\xae back\r and\b forth'
    r = Refused(0, answers={SELECT: b'* OK [ALERT] ' + evil.encode('latin-1') + b'\r\n' + DEFAULT.encode()}, lines=1)
    assert 'owned' in r.err
    r = Refused(1, answers={SELECT: b'<tag> NO [ALERT] ' + evil.encode('latin-1') + b' %s%n%n%n\r\n'}, lines=1)
    assert 'owned' in r.err and '%s%n' in r.err


def test_flags_of_any_octets_are_kept_apart_from_the_terminal():
    for flag in (b'\x1b[31m', b'\xff\xfe', b'a\x01b', b'$x\xc2\x9b', b'%s%n', b'[x]', b'x' * 100000, b'\\', b'\\*'):
        box = Box(range(1, 4))
        box.mails[1].flags = {'\\Seen', flag.decode('utf-8', 'surrogateescape')}
        with Script(box) as s, House(s) as home:
            for _ in range(2):
                home.run('sync')
                assert [r['flags'] for r in home.rows()] == [[], ['seen'], []], (flag[:20], home.rows())
            home.run('--offline', 'list', 'work/INBOX')


def test_capabilities_of_any_kind_are_only_words():
    r = Refused(None, answers={'LOGIN.*': b'<tag> OK [CAPABILITY IMAP4rev1 \x1b[31m %s%n AUTH= AUTH=\xff ' + b'X=' * 1000 + b' ENABLE] in\r\n'}, command=('doctor',), lines=0)
    assert r.out


# ---- servers as they are ----

def quirk(answers, mails=3, caps=PLAIN, more='', prepare=None):
    """Sync, read, change there, sync again: all is as it should be."""
    box = Box(range(1, mails + 1))
    with Script(box, caps=caps, answers=answers) as s, House(s, more=more) as home:
        home.run('sync')
        home.holds(box)
        home.reads(2)
        box.flag(1, '\\Seen', '\\Flagged')
        box.add()
        box.expunge(3)
        home.run('sync')
        home.holds(box)
        home.reads(box.mails[-1].uid)
        return s


def test_a_code_without_ok_is_understood():
    quirk({SELECT: '* [COPYUID 1 2 3]\n* [CLOSED]\n[ALERT-LIKE x] y\n' + DEFAULT, 'UID FETCH.*': '* [COPYUID 1 2 3] done\n' + DEFAULT})


def test_exchange_says_inline_without_its_list():
    def fetch(session, command):
        return (session.on_uid_fetch if command.startswith('UID') else session.on_fetch)(command).replace(b' NIL NIL NIL)', b' NIL "inline" NIL)')
    quirk({'(UID )?FETCH.*': fetch})


def test_exchange_connected_but_not_is_no_connection():
    for place in ('LIST .*', SELECT, 'FETCH .*'):
        r = Refused(6 if 'LIST' in place else 3, answers={place: '<tag> BAD User is authenticated but not connected.\n'}, command=('sync',))
        assert len(r.heard) < 20


def test_numbers_in_floating_point_are_read():
    def fetch(session, command):
        return re.sub(rb'RFC822\.SIZE \d+', b'RFC822.SIZE 9.3736e+06', (session.on_uid_fetch if command.startswith('UID') else session.on_fetch)(command))
    r = Refused(0, answers={'(UID )?FETCH.*': fetch})
    assert {x['size'] for x in r.rows} == {9373600}, r.rows


def test_a_negative_modseq_is_lived_with():
    def fetch(session, command):
        return re.sub(rb'MODSEQ \(\d+\)', b'MODSEQ (-1)', (session.on_uid_fetch if command.startswith('UID') else session.on_fetch)(command))
    quirk({'(UID )?FETCH.*': fetch, SELECT: lambda session, command: re.sub(r'HIGHESTMODSEQ \d+', 'HIGHESTMODSEQ -1', session.on_select(command))}, caps=CONDSTORE)


def test_no_search_line_when_nothing_was_found():
    def search(session, command):
        return re.sub(r'\* SEARCH \n', '', session.on_uid_search(command))
    box = Box([Mail(n, flags='\\Seen' if n % 2 else '') for n in range(1, 2502)])
    with Script(box, answers={'UID SEARCH.*': search}) as s, House(s) as home:
        home.run('sync')
        for mail in box.mails:
            mail.flags = {'\\Seen'}
        home.run('sync')
        home.holds(box)


def test_fetch_of_message_0_is_passed_over():
    quirk({'(UID )?FETCH.*': '* 0 FETCH (UID 2 FLAGS (\\Deleted) BODY[1] {4}\nevil)\n' + DEFAULT, SELECT: '* 0 FETCH (FLAGS (\\Deleted))\n' + DEFAULT})


def test_text_by_rfc822_names_answered_with_the_uid_alone_is_no_text():
    body_refused('* 2 FETCH (UID 2)\n<tag> OK\n', 1)


def test_trailing_blanks_nuls_and_bare_line_ends_are_forgiven():
    def spoil(session, command):
        return session.on_select(command).replace('\n', ' \n')
    quirk({SELECT: spoil, 'STATUS.*': b'\0\0* STATUS INBOX (MESSAGES 3 UNSEEN 3 ) \r\n<tag> OK\r\n', 'NOOP': b'<tag> OK\n'})


def test_uidnext_told_early_loses_no_arrival():
    box = Box(range(1, 101))
    with Script(box, answers={'UID FETCH 1:.*': [lambda session, command: (box.add(), box.add(), b'* OK [UIDNEXT 103] soon\r\n* 102 EXISTS\r\n' + DEFAULT.encode())[-1], None]}) as s, House(s) as home:
        home.run('sync')
        home.run('sync')
        home.holds(box)


def test_capabilities_that_lie_are_found_out():
    quirk({'ENABLE.*': '<tag> BAD unknown\n', r'SELECT.*\(QRESYNC.*': '<tag> BAD unknown\n'}, caps=QRESYNC)
    quirk({r'SELECT.*\(CONDSTORE\)': '<tag> BAD unknown\n'}, caps=CONDSTORE)
    quirk({'ENABLE.*': '<tag> OK nothing\n'}, caps=QRESYNC)
    quirk({'COMPRESS.*': '<tag> NO not today\n'}, caps=PLAIN + ' COMPRESS=DEFLATE')
    quirk({'ID .*': '<tag> BAD empty\n'}, caps=PLAIN + ' ID')
    quirk({'LSUB.*': '<tag> BAD unknown\n', 'STATUS.*': '<tag> NO\n'})


def test_compressed_nonsense_ends_the_connection():
    for junk in (b'\xff' * 1000, b'', b'* OK not compressed\r\n' * 10):
        r = Refused(3, caps=PLAIN + ' COMPRESS=DEFLATE', timeout=2, answers={'COMPRESS.*': lambda session, command: session.send(b'<tag> OK\r\n' + junk) or STALL})
        assert not r.rows


def test_a_compressed_bomb_needs_no_memory():
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = z.compress(b'* OK ') + b''.join(z.compress(b'x' * (1 << 20)) for _ in range(400)) + z.flush(zlib.Z_SYNC_FLUSH)
    assert not Refused(3, caps=PLAIN + ' COMPRESS=DEFLATE', answers={'COMPRESS.*': b'<tag> OK\r\n' + bomb}).rows


# ---- cuts ----

def test_a_cut_behind_every_command_leaves_what_the_next_sync_makes_whole():
    for profile in PROFILES.values():
        box = Box(range(1, 101))
        with Script(box, caps=profile) as s, House(s) as home:
            for place in ('LOGIN.*', 'ENABLE.*', 'LIST.*', 'LSUB.*', 'STATUS.*', 'SELECT.*', 'FETCH .*', 'UID FETCH .*', 'UID SEARCH.*'):
                for how in (CUT, RESET):
                    s.answers = {place: how}
                    home.run('sync', status=None)
                box.add()
                box.flag(box.mails[3].uid, '\\Seen', 'word')
                box.expunge(box.mails[1].uid)
            s.answers = {}
            home.run('sync')
            home.holds(box)


if __name__ == '__main__':
    run(globals())
