#!/usr/bin/env python3
"""A POP3 account against a real Dovecot and a scripted server: what is said, what is kept, and that it is had once."""
import base64, contextlib, hashlib, hmac, json, os, ssl, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from courier import Courier
from dovecot import Dovecot, RawImap
from pop import CAPS, CUT, DEFAULT, Mail, Pop, RESET, STALL, TLS, both, text_message
from post import Post, numbers, rows, subjects, sync
from tap import *

IN = ['S: +OK hello', 'C: CAPA', 'S: +OK', 'S: TOP', 'S: UIDL', 'S: PIPELINING', 'S: SASL PLAIN', 'S: .', 'C: AUTH PLAIN .*', 'S: +OK in']
FULL = 'keep = full\n'


def whole(home, row):
    return home.run('--offline', 'show', row['id'], '--raw', status=None).encode('utf-8', 'surrogateescape')


# -- a real server --


def test_a_real_server_from_end_to_end():
    with Dovecot(pop3=True) as d:
        with RawImap(d.port) as imap:
            for i in range(1, 151):
                imap.append(text_message(i, body='text of %d\n.a dot\n..\n.' % i))
            for security, port in (('none', d.pop3_port), ('starttls', d.pop3_port), ('tls', d.pop3s_port)):
                with Home(pop3_conf(port, security=security, more='ca-file = %s\n%s' % (d.ca, FULL))) as home:
                    sync(home)
                    have = rows(home)
                    assert len(have) == 150 and [r['subject'] for r in have[:3]] == ['number 150', 'number 149', 'number 148'], have[:3]
                    assert [r['uid'] for r in have] == list(range(150, 0, -1))
                    assert {r['body'] for r in have} == {'full'}, have[0]
                    raw = whole(home, have[0]).replace(b'\r\n', b'\n')
                    assert raw.endswith(b'\ntext of 150\n.a dot\n..\n.\n'), raw
                    before = d.log().count('retr=')
                    sync(home)
                    assert len(rows(home)) == 150
                    home.run('check', 'post')
                    last = [l for l in d.log().splitlines() if 'retr=' in l][-1]
                    assert 'top=0/0, retr=0/0' in last and d.log().count('retr=') == before + 1, last
            imap('NOOP')


def test_every_mechanism():
    with Dovecot(pop3=True, oauth=True, client_certs=True) as d:
        from dovecot import jwt
        with RawImap(d.port) as imap:
            imap.append(text_message(1))
        for auth in ('auto', 'scram-sha-256', 'scram-sha-1', 'plain', 'login'):
            with Home(pop3_conf(d.pop3s_port, security='tls', more='ca-file = %s\nauth = %s\n' % (d.ca, auth))) as home:
                sync(home)
                assert subjects(home) == numbers(1)
        for auth in ('oauthbearer', 'xoauth2'):
            with Home(pop3_conf(d.pop3s_port, security='tls', more='ca-file = %s\nauth = %s\noauth-token-command = "echo %s"\n' % (
                    d.ca, auth, jwt(d.user)))) as home:
                sync(home)
                assert subjects(home) == numbers(1)
        with Home(pop3_conf(d.pop3s_port, security='tls', more='ca-file = %s\nauth = external\nclient-certificate = %s/client.pem\nclient-key = %s/client.key\n' % (
                d.ca, d.dir, d.dir))) as home:
            sync(home)
            assert subjects(home) == numbers(1)
        for method in ('SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN', 'OAUTHBEARER', 'XOAUTH2', 'EXTERNAL'):
            assert 'method=%s,' % method in d.log(), (method, d.log())


def test_another_real_server():
    with Courier() as c:
        for n in range(1, 31):
            c.deliver(text_message(n, body='text of %d\n.a dot\n..\n.' % n))
        with Home(pop3_conf(c.port, more=FULL + 'leave-on-server = until-moved\n')) as home:
            sync(home)
            assert subjects(home) == numbers(*range(1, 31))
            for row in rows(home)[:3]:
                assert b'\n.a dot\n..\n.\n' in whole(home, row).replace(b'\r\n', b'\n')
            c.deliver(text_message(31))
            home.run('delete', *[r['id'] for r in rows(home)[:10]])
            sync(home)
            c.becomes(21)
            assert len(subjects(home)) == 21, subjects(home)
            sync(home)
            c.becomes(21)
            assert len(subjects(home)) == 21, subjects(home)
            home.run('check', 'post')


def test_mail_moves_to_another_account():
    """The classic migration: of a box of headers, all of it to an IMAP folder; what is not there yet does not go here."""
    with Dovecot() as d, Pop(range(1, 21)) as server, RawImap(d.port) as imap, Home(
            pop3_conf(server.port, more='keep = headers\nleave-on-server = until-moved\n') + imap_conf(d.port)) as home:
        imap('CREATE Old')
        home.run('sync')
        home.run('move', *[r['id'] for r in rows(home)], 'work/Old')
        home.run('sync')
        imap('SELECT Old')
        assert len(imap.flags()) == 20, imap.flags()
        assert subjects(home) == [] and len(server.mails) in (0, 20), server.heard
        home.run('sync', 'post')
        assert server.mails == [], server.heard
        home.run('check')


# -- dialogues --


def mails_said(*n):
    """LIST and UIDL of these, as steps."""
    mails = [Mail(i) for i in n]
    return (['C: CAPA', 'C: LIST', 'C: UIDL', 'S: +OK', 'S: PIPELINING', 'S: TOP', 'S: UIDL', 'S: .', 'S: +OK'] +
            ['S: %d %d' % (i, m.size) for i, m in enumerate(mails, 1)] + ['S: .', 'S: +OK'] + ['S: %d %s' % (i, m.uidl) for i, m in enumerate(mails, 1)] + ['S: .'])


@both
def test_what_is_said_to_a_server(drip):
    dialogue = IN + mails_said(1, 2) + ['C: TOP 2 0', 'C: TOP 1 0', b'+OK\r\n' + Mail(2).stuffed(0), b'+OK\r\n' + Mail(1).stuffed(0),
                                        'C: QUIT', 'S: +OK', CUT]
    again = IN[:2] + ['C: AUTH PLAIN .*'] + IN[2:8] + IN[9:] + mails_said(1, 2) + ['C: QUIT', 'S: +OK', CUT]
    with Post(talk=[dialogue, again], drip=drip, more='keep = headers\n') as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 2)
        sync(home)
        assert subjects(home) == numbers(1, 2)


def test_user_and_pass_where_nothing_else_is_offered():
    """Not APOP, which anybody who listens can try passwords on at home."""
    with Post([1], caps=['TOP', 'UIDL', 'USER'], greeting='+OK ready <1896.697170952@harbour.example>\n') as (server, home):
        sync(home)
        assert server.heard[:4] == ['CAPA', 'USER ann', 'PASS secret word', 'CAPA'], server.heard
        assert subjects(home) == numbers(1)


def test_a_server_that_knows_no_capa():
    with Post([1, 2], no=['CAPA'], answers={'AUTH .*': '-ERR unknown command\n'}) as (server, home):
        sync(home)
        assert server.heard[:3] == ['CAPA', 'USER ann', 'PASS secret word'], server.heard
        assert subjects(home) == numbers(1, 2)


def test_octets_glued_to_the_stls_ok_are_dropped():
    with Dovecot() as d:
        injected = ['S: +OK hello', 'C: STLS', b'+OK begin\r\n+OK\r\nSASL LOGIN\r\n.\r\n', TLS] + IN[1:] + mails_said() + ['C: QUIT', 'S: +OK', CUT]
        tls = (os.path.join(d.dir, 'server.pem'), os.path.join(d.dir, 'server.key'))
        with Pop(talk=injected, tls=tls) as server, Home(pop3_conf(server.port, security='starttls', more='ca-file = %s\n' % d.ca)) as home:
            sync(home)
            assert server.heard[-1] == 'QUIT', server.heard
        with Pop(no=['STLS']) as server, Home(pop3_conf(server.port, security='starttls', more='ca-file = %s\n' % d.ca)) as home:
            sync(home, 3)
            assert server.heard == ['STLS'] and 'refuses STLS' in home.err, (server.heard, home.err)


def scram_server(name, bound):
    """Answers AUTH SCRAM-NAME-PLUS; bound gives what the client shall have bound to, of a session: the kind, and the data or None for any 32 octets."""
    def say(session, command):
        def hmac_of(key, text):
            return hmac.digest(key, text, name)
        def more():
            return base64.b64decode(session.line())
        kind, data = bound(session)
        first = base64.b64decode(command.split()[2])
        header, _, bare = first.partition(b',,')
        assert header == b'p=' + kind and bare.startswith(b'n=ann,r='), first
        nonce, salt = bare.split(b'r=')[1] + b'server', b'some salt'
        challenge = b'r=%s,s=%s,i=4096' % (nonce, base64.b64encode(salt))
        session.send('+ %s\n' % base64.b64encode(challenge).decode())
        final, _, proof = more().rpartition(b',p=')
        binding, said = final.split(b',')
        binding = base64.b64decode(binding[2:])
        assert said == b'r=' + nonce and binding[:len(header) + 2] == header + b',,', final
        got = binding[len(header) + 2:]
        assert got == data or (data is None and len(got) == 32), (kind, got, data)
        salted = hashlib.pbkdf2_hmac(name, b'secret word', salt, 4096)
        text = b','.join((bare, challenge, final))
        client = hmac_of(salted, b'Client Key')
        signature = hmac_of(hashlib.new(name, client).digest(), text)
        if base64.b64decode(proof) != bytes(a ^ b for a, b in zip(client, signature)):
            return session.let_in(False)
        session.send('+ %s\n' % base64.b64encode(b'v=' + base64.b64encode(hmac_of(hmac_of(salted, b'Server Key'), text))).decode())
        assert session.line() == ''
        return session.let_in(True)
    return say


def test_a_log_in_that_is_bound_to_its_tls():
    """With both kinds of binding; with STLS it is that of the TLS begun then."""
    bindings = {ssl.TLSVersion.TLSv1_2: lambda session: (b'tls-unique', session.sock.get_channel_binding('tls-unique')),
                ssl.TLSVersion.TLSv1_3: lambda session: (b'tls-exporter', None)}
    with Dovecot() as d:
        tls = (os.path.join(d.dir, 'server.pem'), os.path.join(d.dir, 'server.key'))
        for version, security, name in ((ssl.TLSVersion.TLSv1_2, 'tls', 'sha256'), (ssl.TLSVersion.TLSv1_3, 'starttls', 'sha256'), (ssl.TLSVersion.TLSv1_2, 'starttls', 'sha1')):
            scram = 'SCRAM-SHA-%s' % {'sha256': '256', 'sha1': '1'}[name]
            answers = {'AUTH %s-PLUS .*' % scram: scram_server(name, bindings[version])}
            if security == 'starttls':
                answers['STLS'] = lambda session, command: session.begin_tls()
            with Pop([1], tls=tls, implicit_tls=security == 'tls', caps=CAPS + ['SASL PLAIN %s %s-PLUS' % (scram, scram)], answers=answers) as server:
                server.tls.maximum_version = server.tls.minimum_version = version
                with Home(pop3_conf(server.port, security=security, more='ca-file = %s\n' % d.ca)) as home:
                    for _ in range(2):
                        sync(home)
                        assert [c.split()[1] for c in server.heard if c.startswith('AUTH')] == [scram + '-PLUS'], server.heard
                    assert subjects(home) == numbers(1)
                    home.write_conf(pop3_conf(server.port, password='another', security=security, more='ca-file = %s\n' % d.ca))
                    sync(home, 4)


def test_a_plus_ok_in_place_of_a_plus():
    def odd(session, command):
        session.send('+OK\n')
        return session.let_in(base64.b64decode(session.line()) == b'\0ann\0' + b'x' * 240)
    with Post([1], answers={'AUTH PLAIN': odd}) as (server, home):
        home.write_conf(pop3_conf(server.port, password='x' * 240)) # too long to go with the command
        sync(home)
        assert subjects(home) == numbers(1)


def test_refusals_and_what_they_mean():
    for said, status, words in (('-ERR [AUTH] no', 4, 'refused the log-in'), ('-ERR [IN-USE] busy', 3, 'now'), ('-ERR [SYS/TEMP] later', 3, 'now'),
                                ('-ERR [SYS/PERM] never', 1, 'takes no log-in'), ('-ERR [LOGIN-DELAY] soon', 3, 'now'),
                                ('-ERR mailbox locked by another session', 3, 'now')):
        with Post([1], answers={'AUTH .*': said + '\n'}) as (server, home):
            home.write_conf(pop3_conf(server.port).replace('timeout = 10s', 'timeout = 1s'))
            sync(home, status)
            assert words in home.err and said.split(' ', 1)[1].split('] ')[-1] in home.err, home.err
            assert 'QUIT' not in server.heard


def test_a_maildrop_in_use_is_waited_for():
    """Mostly it is for a moment; who asks once is told when it lasts as long as a server may be silent."""
    with Post([1], answers={'AUTH .*': ['-ERR [IN-USE] somebody has it\n', '-ERR mailbox locked by another session\n', DEFAULT]}) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1) and len(server.ever) == 3, len(server.ever)
    with Post([1], greeting='-ERR [IN-USE] somebody has it\n') as (server, home):
        home.write_conf(pop3_conf(server.port).replace('timeout = 10s', 'timeout = 1s'))
        sync(home, 3)
        assert 2 <= len(server.ever) <= 3 and 'somebody has it' in home.err and home.err.count('\n') == 1, (len(server.ever), home.err)
    for said in ('-ERR [SYS/TEMP] later\n', '-ERR [LOGIN-DELAY] soon\n'):
        with Post([1], answers={'AUTH .*': said}) as (server, home):
            sync(home, 3)
            assert len(server.ever) == 1, len(server.ever)


def test_mechanisms_that_are_not_offered_any_more():
    with Post([1]) as (server, home):
        sync(home)
        server.caps, server.answers['AUTH .*'] = [c for c in CAPS if not c.startswith('SASL')], '-ERR [AUTH] no such mechanism\n'
        for _ in range(2):
            sync(home)
            assert 'PASS secret word' in server.heard, server.heard
        server.caps, server.answers = CAPS, {}
        server.mails.append(Mail(2))
        sync(home)
        assert subjects(home) == numbers(1, 2)


def test_utf8_is_asked_for_before_the_log_in():
    for answer in ('+OK\n', '-ERR not now\n'):
        with Post([1], caps=CAPS + ['UTF8'], answers={'UTF8': answer}) as (server, home):
            for _ in range(2):
                sync(home)
                assert server.heard[:2] == ['CAPA', 'UTF8'] and server.heard[2].startswith('AUTH'), server.heard
            assert subjects(home) == numbers(1)


def test_what_is_told_after_the_log_in_counts():
    before, after = ('+OK\n' + ''.join(c + '\n' for c in caps) + '.\n' for caps in (['UIDL', 'SASL PLAIN'], ['UIDL', 'TOP', 'PIPELINING', 'EXPIRE 5 USER']))
    with Post([1, 2, 3], answers={'CAPA': [before, after]}, more='keep = headers\n') as (server, home):
        sync(home)
        assert server.heard[:2] == ['CAPA', 'AUTH PLAIN ' + base64.b64encode(b'\0ann\0secret word').decode()] and server.heard[2] == 'CAPA', server.heard
        assert server.heard[5:] == ['TOP 3 0', 'TOP 2 0', 'TOP 1 0', 'QUIT'] and 'after 5 days' in home.err, (server.heard, home.err)


def test_a_name_that_is_no_ascii_is_sent_as_it_is():
    seen = []
    def user(session, command):
        seen.append(command)
        session.user = 'ann'
        return '+OK\n'
    with Post([1], caps=['TOP', 'UIDL', 'USER', 'UTF8 USER'], answers={'USER .*': user}) as (server, home):
        home.write_conf(pop3_conf(server.port, user='änn'))
        sync(home)
        assert seen == ['USER änn'] and server.heard.index('UTF8') < server.heard.index('USER änn'), server.heard
        assert subjects(home) == numbers(1)


def test_doctor_tells_what_will_be_used():
    with Post([1], caps=CAPS + ['IMPLEMENTATION Scripted 1', 'EXPIRE 9', 'LOGIN-DELAY 60']) as (server, home):
        text = home.run('doctor', 'post')
        for word in ('PLAIN', 'TOP UIDL', 'EXPIRE=9', 'LOGIN-DELAY=60', 'Scripted 1'):
            assert word in text, text


# -- what it has, and is asked for --


def test_as_much_is_asked_ahead_as_comes_soon():
    """Several commands go out ahead, but not those for megabytes."""
    ahead = []
    def count(session, command):
        while b'RETR' not in session.buffer:
            session.more()
        ahead.append(session.buffer.count(b'RETR'))
        return DEFAULT
    mails = [Mail(text_message(n, body='x' * 76 + '\n' + 'line of a large one\n' * 5000), 'uid-%d' % n) for n in range(1, 61)]
    with Post(mails, answers={'RETR .*': [count, DEFAULT]}, more=FULL) as (server, home):
        sync(home)
        assert subjects(home) == numbers(*range(1, 61))
        assert 1 <= ahead[0] <= 45, ahead


def test_a_maildrop_without_mail():
    with Post([], more=FULL) as (server, home):
        sync(home)
        assert rows(home) == [] and server.heard[-1] == 'QUIT', server.heard
        server.mails.append(Mail(1))
        sync(home)
        assert subjects(home) == numbers(1)


def test_a_maildrop_of_very_many():
    """What it costs in memory does not come near what is there: POP3_MANY=200000 shows it."""
    many = int(os.environ.get('POP3_MANY') or 1500)
    def cost(server, home):
        process = home.start('sync', 'post')
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, status
        return usage.ru_maxrss
    with Post(range(1, many + 1), more='keep = headers\n') as (server, home):
        first, again = cost(server, home), cost(server, home)
        print('# %d messages: %d kB at the first visit, %d kB at the next' % (many, first, again))
        assert json.loads(home.run('--offline', 'folders', 'post', '--json').splitlines()[0])['total'] == many
        if not any(k in os.environ for k in ('ASAN_OPTIONS', 'TSAN_OPTIONS')):
            assert max(first, again) < 64 * 1024 + many, (first, again)


def test_other_sizes_make_no_other_messages():
    """Some servers count otherwise from one day to the next: before and after they have rewritten a header, or their disk."""
    for more in (FULL, 'keep = headers\n', 'leave-on-server = never\n'):
        with Post([1, 2, Mail(3, 'uid-1'), Mail(4, '')], answers={'QUIT': lambda s, c: s.gone.clear() or '+OK\n'}, more=more) as (server, home):
            sync(home)
            for mail in server.mails[:3]:
                mail.size += 7
            server.mails.append(Mail(5))
            sync(home)
            assert subjects(home) == numbers(1, 2, 3, 4, 5), subjects(home)
            sync(home)
            assert subjects(home) == numbers(1, 2, 3, 4, 5) and not [c for c in server.heard if c.startswith('RETR')], server.heard
            server.mails.append(Mail(6, 'uid-1', size=server.mails[0].size))
            server.mails.append(Mail(7, 'uid-2', size=1))
            sync(home)
            assert subjects(home) == numbers(*range(1, 8)), subjects(home)


def test_sizes_that_lie():
    sizes = ['0', '4611686018427387904', '99999999999999999999', '-1', 'x', '', '1 and more', '3']
    listed = '+OK\n' + ''.join('%d %s\n' % (n, size) for n, size in enumerate(sizes, 1)) + '.\n'
    for more in (FULL, 'keep = headers\n'):
        with Post(range(1, 9), answers={'LIST': listed}, more=more) as (server, home):
            for _ in range(2):
                sync(home)
                assert subjects(home) == numbers(*range(1, 9)), subjects(home)
            assert not [c for c in server.heard if c[:4] in ('RETR', 'TOP ')], server.heard
            for row in rows(home):
                assert 'text of ' + row['subject'][7:] in home.run('show', row['id'])


def test_a_list_that_is_refused_doubles_nothing():
    for command, said in (('LIST', '-ERR [SYS/TEMP] not now\n'), ('UIDL', '-ERR [SYS/TEMP] not now\n'), ('UIDL', '-ERR what?\n'), ('UIDL', '+OK\n2 uid-2\n7 uid-9\nx\n.\n')):
        with Post([1, 2, 3], more=FULL) as (server, home):
            sync(home)
            server.answers[command] = said
            server.mails.append(Mail(4))
            sync(home, None)
            assert subjects(home) == (numbers(1, 2, 3, 4) if said.startswith('+') else numbers(1, 2, 3)), (said, subjects(home))
            assert home.status == (0 if said.startswith('+') else home.status) and ('refused' in home.err) == (home.status != 0), (said, home.status, home.err)
            server.answers.clear()
            sync(home)
            assert subjects(home) == numbers(1, 2, 3, 4), (said, subjects(home))
            sync(home)
            assert subjects(home) == numbers(1, 2, 3, 4), (said, subjects(home))


def test_other_numbers_make_no_other_messages():
    with Post(range(1, 21), more=FULL) as (server, home):
        sync(home)
        server.mails.reverse()
        server.mails.insert(7, Mail(21))
        sync(home)
        assert subjects(home) == numbers(*range(1, 22)) and [c for c in server.heard if c[:4] in ('RETR', 'TOP ')] == ['RETR 8'], server.heard
        assert b'text of 3' in whole(home, next(r for r in rows(home) if r['subject'] == 'number 3'))


def test_what_has_no_end_is_given_up():
    def endless(text):
        def say(session, command):
            session.send('+OK\n')
            while True:
                session.send(text)
        return say
    line = 'x' * 100 + '\n'
    for command, text in (('CAPA', line * 100), ('CAPA', 'x' * 65536), ('UIDL', 'y' * 65536)):
        with Post([1], answers={command: endless(text)}) as (server, home):
            sync(home, 3)
            assert 'without end' in home.err or 'longer than allowed' in home.err, home.err
            server.answers.clear()
            sync(home)
            assert subjects(home) == numbers(1)


def test_a_server_that_says_nothing_any_more():
    with contextlib.ExitStack() as stack:
        running = []
        for step in ('CAPA', 'AUTH PLAIN .*', 'LIST', 'UIDL', 'TOP 1 0', 'RETR 1', 'DELE 1', 'QUIT'):
            server, home = stack.enter_context(Post([1, 2], answers={step: STALL}))
            more = 'keep = headers\n' if step.startswith('TOP') else 'leave-on-server = never\n'
            home.write_conf(pop3_conf(server.port, more=more).replace('timeout = 10s', 'timeout = 1s'))
            running.append((step, server, home, home.start('sync', 'post')))
        for step, server, home, process in running:
            assert process.wait(60) == 3, (step, process.returncode, server.heard)
            server.answers.clear()
            home.write_conf(pop3_conf(server.port))
            sync(home)
            assert subjects(home) == numbers(1, 2), (step, subjects(home))


@both
def test_without_pipelining_one_by_one(drip):
    with Post([1, 2, 3], caps=['TOP', 'UIDL', 'SASL PLAIN'], more=FULL, drip=drip) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 2, 3)
        assert {r['body'] for r in rows(home)} == {'full'}


def test_without_top_whole_messages_come():
    for kw in ({'caps': ['UIDL', 'SASL PLAIN', 'PIPELINING']}, {'no': ['TOP', 'CAPA']}):
        with Post([1, 2, 3], more='keep = headers\n', **kw) as (server, home):
            sync(home)
            assert subjects(home) == numbers(1, 2, 3), kw
            assert {r['body'] for r in rows(home)} == {'full'}
            retrs = sum(c.startswith('RETR') for c in server.heard)
            sync(home)
            assert retrs == 3 and not [c for c in server.heard if c.startswith('RETR')], server.heard


def test_without_uidl_nothing_comes_twice():
    kw = {'caps': ['TOP', 'SASL PLAIN', 'PIPELINING'], 'no': ['UIDL']}
    with Post([1, 2, 3], more=FULL, **kw) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 2, 3)
        server.mails.insert(0, Mail(4))
        del server.mails[2]
        sync(home)
        assert subjects(home) == numbers(1, 2, 3, 4), subjects(home)
        sync(home)
        assert subjects(home) == numbers(1, 2, 3, 4)
        assert not [c for c in server.heard if c.startswith('RETR')], server.heard


def test_equal_uidls_are_counted():
    with Post([Mail(1, 'same'), Mail(2, 'same'), Mail(2, 'same'), Mail(3, 'other')], more=FULL) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 2, 2, 3)
        sync(home)
        assert subjects(home) == numbers(1, 2, 2, 3)
        server.mails.append(Mail(2, 'same'))
        sync(home)
        assert subjects(home) == numbers(1, 2, 2, 2, 3)


def test_all_uidls_change_and_nothing_comes_twice():
    with Post(range(1, 41), more=FULL) as (server, home):
        sync(home)
        for n, mail in enumerate(server.mails):
            mail.uidl = 'renamed-%d' % n
        server.mails.append(Mail(41))
        sync(home)
        assert subjects(home) == numbers(*range(1, 42))
        assert [c for c in server.heard if c.startswith('RETR')] in (['RETR 41'], []), server.heard
        sync(home)
        assert subjects(home) == numbers(*range(1, 42)) and not [c for c in server.heard if c[:4] in ('TOP ', 'RETR')], server.heard


def test_all_uidls_change_and_the_visit_is_cut_off():
    with Post(range(1, 301), more=FULL) as (server, home):
        sync(home)
        for n, mail in enumerate(server.mails):
            mail.uidl = 'renamed-%d' % n
        server.cut_at = 60000
        sync(home, 3)
        sync(home)
        assert subjects(home) == numbers(*range(1, 301)), len(subjects(home))


def test_a_maildrop_that_seems_empty_comes_back():
    with Post([1, 2, 3], more=FULL) as (server, home):
        sync(home)
        kept, server.mails = server.mails, []
        sync(home)
        assert subjects(home) == numbers(1, 2, 3)
        server.mails = kept
        sync(home)
        assert subjects(home) == numbers(1, 2, 3)


def test_a_cut_anywhere_loses_nothing_and_doubles_nothing():
    with Pop(range(1, 31)) as server, Home(pop3_conf(server.port, more=FULL)) as home:
        sync(home)
        all_said = server.said
    cuts = sorted({1, 40, 200, 500, *range(900, all_said, all_said // 13)})
    with Post(range(1, 31), more=FULL) as (server, home):
        for cut in cuts:
            server.cut_at = cut
            sync(home, None)
        server.cut_at = None
        sync(home)
        assert subjects(home) == numbers(*range(1, 31))
        assert {r['body'] for r in rows(home)} == {'full'}
        for row in rows(home):
            n = int(row['subject'][7:])
            assert whole(home, row).replace(b'\r\n', b'\n') == text_message(n).replace(b'\r\n', b'\n')


def test_a_box_that_was_emptied_stays_so_though_the_visit_was_cut():
    """What the server had told of is gone with the rest when it comes; what came later is not."""
    def die(session, command):
        session.server.process.kill()
        return STALL
    for how, kw in ((CUT, {}), (die, {}), (CUT, {'caps': ['TOP', 'SASL PLAIN', 'PIPELINING'], 'no': ['UIDL']})):
        mails = [Mail(n, 'same' if n < 6 else None) for n in range(1, 101)]
        with Post(mails, more='keep = headers\n', answers={'TOP 20 0': how}, **kw) as (server, home):
            server.process = home.start('sync', 'post')
            assert server.process.wait(60) != 0
            came = len(rows(home))
            assert 0 < came < 100
            # Nobody looks again, so nobody knows what all of it is: it waits. Taken back it is as if it had not been.
            for _ in range(2):
                out = home.run('--offline', 'folder', 'empty', 'post/INBOX', '--yes')
                assert out.endswith('queued\n') and rows(home) == [] and 'empty' in home.run('queue'), out
                home.run('--offline', 'undo')
                assert len(rows(home)) == came and home.run('queue') == ''
            home.run('--offline', 'folder', 'empty', 'post/INBOX', '--yes')
            server.answers.clear()
            server.mails.append(Mail(101))
            sync(home)
            assert subjects(home) == numbers(101) and home.run('queue') == '', (subjects(home), home.run('queue'))
            sync(home)
            assert subjects(home) == numbers(101)


def test_bodies_on_demand():
    with Post([1, 2], more='keep = headers\n') as (server, home):
        sync(home)
        row = rows(home)[0]
        assert row['body'] == 'none'
        assert 'text of 2' in home.run('show', row['id'])
        assert [c for c in server.heard if c.startswith('RETR')] == ['RETR 2'], server.heard
        connections = len(server.ever)
        assert 'text of 2' in home.run('show', row['id']) and len(server.ever) == connections


def test_a_copy_of_a_header_waits_for_the_rest():
    with Post([1, 2], more='keep = headers\n') as (server, home):
        sync(home)
        home.run('folder', 'create', 'post/Kept')
        home.run('copy', rows(home)[0]['id'], 'post/Kept')
        assert 'copy' in home.run('queue')
        sync(home)
        assert home.run('queue') == '' and [c for c in server.heard if c.startswith('RETR')] == ['RETR 2'], server.heard
        assert [(r['subject'], r['body']) for r in rows(home, 'Kept')] == [('number 2', 'full')]


def test_a_large_message_comes_whole():
    big = text_message(7, body='x' * 70 + '\n' + ''.join('line %d of a large message\n.\n' % i for i in range(40000)))
    with Post([1, Mail(big, 'big'), Mail(big.replace(b'number 7', b'number 8'), 'liar', size=10)], more=FULL) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 7, 8), subjects(home)
        for row in rows(home):
            if row['subject'] == 'number 7':
                assert whole(home, row).replace(b'\r\n', b'\n') == big.replace(b'\r\n', b'\n')
        assert {r['body'] for r in rows(home)} == {'full'}


def test_dots_and_ends_of_messages():
    odd = [Mail(text_message(1, body='.')), Mail(text_message(2, body='..\r\n...')), Mail('Subject: number 3\n\nno end of line'), Mail('Subject: number 4\n\n.\n.\n\n'),
           Mail('Subject: number 5'), Mail(b'Subject: number 6\r\n\r\nnul \0 and \x80\r\n')]
    with Post(odd, more=FULL) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 2, 3, 4, 5, 6), subjects(home)


def test_a_message_that_vanished():
    with Post([1, 2, 3], more=FULL, answers={'(RETR|TOP) 2.*': '-ERR no such message\n'}) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1, 3)
        server.answers.clear()
        sync(home)
        assert subjects(home) == numbers(1, 2, 3)


def test_hostile_names():
    mails = [Mail(1, '../../../etc/passwd'), Mail(2, 'x' * (1 << 20)), Mail(3, 'a b'), Mail(4, ''), Mail(5, '\x01\x7f'), Mail(6, '.'), Mail(7, 'nul\0here'),
             Mail(8, '/etc/passwd'), Mail(9, 'tab\tin it'), Mail(10, 'ä\u202e'), Mail(11, ' blanks around ')]
    with Post(mails, more=FULL) as (server, home):
        for _ in range(3):
            sync(home)
            assert subjects(home) == numbers(*range(1, 12)), subjects(home)
        assert not [c for c in server.heard if c.startswith('RETR')], server.heard
        assert not [f for _, _, files in os.walk(home.dir) for f in files if 'passwd' in f]


def test_mail_that_comes_in_portions():
    with Post(range(1, 11), portion=3, greeting='+OK Gpop ready\n', more='keep = headers\n') as (server, home):
        sync(home)
        assert subjects(home) == numbers(*range(1, 11)) and len(server.ever) == 5, (len(server.ever), server.heard)


def test_the_last_thirty_days_of_gmail_are_no_portions():
    """Whatever was fetched before; and who asks for that name gets it."""
    def in_(session, command):
        return session.let_in(base64.b64decode(command.split()[2]) == b'\0recent:ann\0secret word')
    with Post(range(1, 6), greeting='+OK Gpop ready\n', answers={'AUTH PLAIN .*': in_}) as (server, home):
        home.write_conf(pop3_conf(server.port, user='recent:ann', more='keep = headers\n'))
        sync(home)
        assert subjects(home) == numbers(1, 2, 3, 4, 5) and len(server.ever) == 1, server.heard
        assert not [c for c in server.heard if c.startswith('RETR')], server.heard


def test_two_at_once_fetch_nothing_twice():
    with Post(range(1, 41), more=FULL) as (server, home):
        both = [home.start('sync', 'post') for _ in range(3)]
        assert [p.wait(60) for p in both] == [0, 0, 0]
        assert subjects(home) == numbers(*range(1, 41))
        assert sum(c.startswith('RETR') for s in server.ever for c in s.heard) + sum(c.startswith('TOP') for s in server.ever for c in s.heard) == 40


def test_a_server_that_hangs_up_at_quit():
    with Post([1], answers={'QUIT': CUT}) as (server, home):
        sync(home)
        assert subjects(home) == numbers(1)


def test_a_server_that_throws_mail_away_is_told_of_once():
    with Post([1], caps=CAPS + ['EXPIRE 9']) as (server, home):
        sync(home)
        assert 'deletes mail after 9 days' in home.err, home.err
        sync(home)
        assert not home.err, home.err
    with Post([1], caps=CAPS + ['EXPIRE 9'], more='leave-on-server = 7d\n') as (server, home):
        sync(home)
        assert not home.err, home.err


def test_what_is_no_pop3():
    for said in (b'220 hello\r\n', b'+OK ' + b'x' * 100000, b'\0' * 100000, b'-ERR go away\r\n', b''):
        with Pop(talk=[said, CUT] if said else [CUT]) as server, Home(pop3_conf(server.port)) as home:
            sync(home, 3)
            assert home.err.count('\n') == 1 and server.heard == [], home.err


if __name__ == '__main__':
    run(globals())
