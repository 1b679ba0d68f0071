#!/usr/bin/python3
"""IMAP against a real Dovecot, seen through the command line: log-in, TLS, resync in every mode, bodies, flags, faults and their exit statuses."""
import base64, datetime, email, json, os, random, re, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap, held_port, jwt
from proxy import Proxy
from tap import Home, imap_conf, run
from world import flags_of

MODES = {'qresync': '', 'condstore': 'disable-capability = QRESYNC', 'plain': 'disable-capability = QRESYNC, CONDSTORE, ENABLE, ESEARCH'}


def message(n, more='', body=None):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n%s\n%s\n' % (n, n, n // 60 % 60, n % 60, more, body or 'text of %d' % n))


def rows(home, target='work/INBOX', offline=True):
    out = home.run(*(['--offline'] if offline else []), 'list', target, '--json')
    return [json.loads(l) for l in out.splitlines()]


def agree(home, imap, mode=''):
    want, have = imap.flags(), flags_of(rows(home))
    wrong = {u: (want.get(u), have.get(u)) for u in want.keys() | have.keys() if want.get(u) != have.get(u)}
    assert not wrong, '%s: %d differ, (server, client): %r' % (mode, len(wrong), sorted(wrong.items())[:20])


def synced(home, *more):
    return home.run(*more, 'sync', 'work/INBOX')


# ---- log-in ----

def log_in(dovecot, port, more, security='none', **kw):
    with Home(imap_conf(port, security=security, more=more, **kw)) as home:
        home.run('sync', 'work/INBOX')
        assert [r['subject'] for r in rows(home)] == ['number 1'], home.err


def test_every_mechanism_and_kind_of_tls():
    with Dovecot(oauth=True, client_certs=True) as d:
        with RawImap(d.port) as imap:
            imap.append(message(1))
        ca = 'ca-file = %s\n' % d.ca
        for mech in ('plain', 'login', 'scram-sha-1', 'scram-sha-256'):
            log_in(d, d.port, 'auth = %s' % mech)
        log_in(d, d.tls_port, ca, security='tls')
        log_in(d, d.port, ca, security='starttls')
        log_in(d, d.tls_port, ca + 'auth = external\nclient-certificate = %s/client.pem\nclient-key = %s/client.key\n' % (d.dir, d.dir), security='tls')
        for mech in ('xoauth2', 'oauthbearer'):
            log_in(d, d.tls_port, ca + 'auth = %s\noauth-token-command = echo %s\n' % (mech, jwt('ann')), security='tls')
        assert 'method=EXTERNAL' in d.log() and 'method=SCRAM-SHA-256' in d.log() and 'method=XOAUTH2' in d.log()


def test_a_token_that_ended_is_renewed_once():
    with Dovecot(oauth=True) as d, RawImap(d.port) as imap:
        imap.append(message(1))
        with Home() as home:
            flag = os.path.join(home.dir, 'asked')
            more = 'ca-file = %s\nauth = xoauth2\noauth-token-command = ' % d.ca
            good = "if test -e %s; then echo %s; else touch %s; echo stale; fi" % (flag, jwt('ann'), flag)
            home.write_conf(imap_conf(d.tls_port, security='tls', more=more + '"%s"' % good))
            home.run('sync', 'work/INBOX')
            assert len(rows(home)) == 1
            home.write_conf(imap_conf(d.tls_port, security='tls', more=more + 'echo stale'))
            home.run('sync', 'work/INBOX', status=4)


def test_compression_on_and_off():
    with Dovecot(compress=True) as d:
        with RawImap(d.port) as imap:
            imap.append(message(1))
        with Home(imap_conf(d.port)) as home:
            home.run('--log', home.dir + '/log', '--trace', 'imap', 'sync', 'work/INBOX')
            assert 'COMPRESS DEFLATE' in open(home.dir + '/log').read()
            assert len(rows(home)) == 1
        with Home(imap_conf(d.port, more='disable-capability = COMPRESS=DEFLATE')) as home:
            home.run('--log', home.dir + '/log', '--trace', 'imap', 'sync', 'work/INBOX')
            assert 'COMPRESS' not in re.sub('CAPABILITY.*', '', open(home.dir + '/log').read())
            assert len(rows(home)) == 1


def test_secrets_come_from_a_command_and_never_reach_the_log():
    with Dovecot() as d:
        conf = imap_conf(d.port).replace('password = "secret word"', 'password-command = printf "secret word\\n"')
        with Home(conf) as home:
            home.run('--log', home.dir + '/log', '--trace', 'imap,sync', 'sync', 'work/INBOX')
            assert 'secret' not in open(home.dir + '/log').read()
        for command, why in (('exit 3', 'password-command failed'), ('true', 'printed nothing')):
            refused(imap_conf(d.port).replace('password = "secret word"', 'password-command = ' + command), 4, why)
        with Home(imap_conf(d.port, more='auth = login')) as home:
            home.run('--log', home.dir + '/log', '--trace', 'imap,sync', 'sync', 'work/INBOX')
            log = open(home.dir + '/log').read()
            assert 'secret' not in log and 'c2VjcmV0IHdvcmQ' not in log


# ---- faults ----

def refused(conf, status, text, *args):
    with Home(conf) as home:
        home.run(*(args or ('sync',)), status=status)
        assert re.search(text, home.err), home.err
        assert len(home.err.strip().splitlines()) == 1, home.err


def test_faults_give_one_line_and_the_right_status():
    with Dovecot() as d:
        refused(imap_conf(d.port, password='wrong'), 4, 'refused the log-in')
        refused(imap_conf(d.tls_port, security='tls'), 5, 'sha256|SHA-256')
        refused(imap_conf(d.tls_port, security='tls').replace('127.0.0.1', 'localhost') + 'certificate-pin = sha256:%s\n' % ('ab' * 32), 5, 'localhost')
        held, port = held_port()
        with held:
            refused(imap_conf(port), 3, 'refused')
        refused(imap_conf(d.port).replace('127.0.0.1', 'no-such-host.invalid') + 'allow-cleartext = yes\n', 3, 'no-such-host.invalid')
        refused(imap_conf(d.port), 3, 'offline|not here', '--offline', 'sync')
        refused(imap_conf(d.port), 1, 'INBOX', 'list', 'work/INBX')
        refused(imap_conf(d.port), 2, 'work', 'list', 'wrk/INBOX')


def test_a_certificate_that_ended_is_refused_and_a_pin_takes_its_place():
    with Dovecot(expired=True) as d:
        refused(imap_conf(d.tls_port, security='tls', more='ca-file = %s' % d.ca), 5, 'expired')
        with Home(imap_conf(d.tls_port, security='tls')) as home:
            home.run('sync', status=5)
            pin = re.search(r'([0-9A-Fa-f]{2}:?){32}', home.err).group(0)
        with Home(imap_conf(d.tls_port, security='tls', more='certificate-pin = ' + pin)) as home:
            home.run('sync')


def test_a_sync_that_fails_tells_what_is_here():
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p:
        for n in (1, 2):
            imap.append(message(n))
        with Home(imap_conf(p.port)) as home:
            synced(home)
            home.run('--offline', 'flag', rows(home)[0]['id'], '+seen')
            p.refuse(True)
            end = json.loads(home.run('sync', 'work/INBOX', '--json', status=3))
            assert [end[k] for k in ('total', 'unread', 'waiting', 'failed', 'status')] == [2, 1, 1, 0, 3], end
            assert end['error'] in home.err
            assert [json.loads(home.run('--offline', 'sync', 'work/inbox', '--json', status=3))[k] for k in ('folder', 'total')] == ['INBOX', 2]


def test_a_server_that_stalls_is_given_up_in_time():
    with Dovecot() as d, Proxy(d.port) as p:
        p.stall()
        with Home(imap_conf(p.port).replace('timeout = 10s', 'timeout = 2s')) as home:
            start = time.monotonic()
            home.run('sync', status=3)
            assert time.monotonic() - start < 15


# ---- resync ----

def follow(mode):
    """Another client changes everything between two syncs; the store must equal a fresh fetch each time, keywords included."""
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more=MODES[mode])) as home:
        for n in range(1, 31):
            imap.append(message(n), flags='\\Seen' if n % 3 else '')
        synced(home)
        agree(home, imap)
        imap('UID STORE 2,5,9 +FLAGS (\\Flagged $Work)')
        imap('UID STORE 1:4 -FLAGS (\\Seen)')
        synced(home)
        agree(home, imap)
        imap('UID STORE 3,7,29:30 +FLAGS (\\Deleted)')
        imap('EXPUNGE')
        for n in range(31, 36):
            imap.append(message(n))
        synced(home)
        agree(home, imap)
        imap('UID STORE 10,31 +FLAGS (\\Answered)')
        imap('UID STORE 9 -FLAGS ($Work)')
        imap('UID STORE 35 +FLAGS (\\Deleted)')
        imap('EXPUNGE')
        synced(home)
        agree(home, imap)
        synced(home)
        agree(home, imap)
        imap('UID STORE 1:* +FLAGS (\\Deleted)')
        imap('EXPUNGE')
        synced(home)
        assert rows(home) == []
        imap.append(message(99))
        synced(home)
        agree(home, imap)


def test_qresync_follows_another_client():
    follow('qresync')


def test_condstore_follows_another_client():
    follow('condstore')


def test_plain_imap_follows_another_client():
    follow('plain')


def test_a_new_uidvalidity_keeps_the_bodies():
    for mode in MODES:
        with Dovecot() as d, RawImap(d.port, box=None) as imap, Home(imap_conf(d.port, more=MODES[mode])) as home:
            imap('CREATE Plans')
            for n in range(1, 6):
                imap.append(message(n), box='Plans', date='20-Nov-2026 10:0%d:00 +0000' % n)
            home.run('sync', 'work/Plans')
            before = {r['subject']: r['id'] for r in rows(home, 'work/Plans')}
            home.run('show', before['number 3'])
            imap('DELETE Plans')
            imap('CREATE Plans')
            for n in (5, 4, 3, 7):
                imap.append(message(n), box='Plans', date='20-Nov-2026 10:0%d:00 +0000' % n)
            home.run('sync', 'work/Plans')
            after = {r['subject']: r['id'] for r in rows(home, 'work/Plans')}
            assert sorted(after) == ['number 3', 'number 4', 'number 5', 'number 7'], (mode, after)
            assert after['number 3'] == before['number 3'], mode
            assert 'text of 3' in home.run('--offline', 'show', after['number 3'])


def test_a_cut_anywhere_leaves_a_store_that_the_next_sync_makes_whole():
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port)) as home:
        for n in range(1, 121):
            imap.append(message(n, body='long ' * 200), flags='\\Seen' if n % 2 else '')
        for cut in (0, 10, 500, 1200, 3000, 10000, 40000, 70000, 90000):
            p.cut_after(cut)
            home.run('sync', 'work/INBOX', status=None)
            assert home.status in (0, 3), (cut, home.err)
        p.cut_after(10 ** 9)
        imap('UID STORE 50:60 +FLAGS (\\Flagged)')
        synced(home)
        agree(home, imap)


def test_ten_thousand_messages():
    with Dovecot() as d, RawImap(d.port) as imap:
        for n in range(1, 101):
            imap.append(message(n), flags='\\Seen' if n % 2 else '')
        while True:
            count = int(re.search(rb'MESSAGES (\d+)', imap('STATUS INBOX (MESSAGES)')[0]).group(1))
            if count >= 10000:
                break
            imap('COPY 1:%d INBOX' % min(count, 10000 - count))
            imap('NOOP')
        for mode in MODES:
            with Home(imap_conf(d.port, more=MODES[mode] + '\nkeep = headers')) as home:
                synced(home)
                agree(home, imap, mode + ' first')
                imap('UID STORE 5000:5010 +FLAGS (\\Flagged)')
                imap('UID STORE 4000:4003 +FLAGS (\\Deleted)')
                imap('UID EXPUNGE 4000:4003')
                synced(home)
                agree(home, imap, mode + ' again')
                imap.append(message(5))
                imap('UID STORE 5000:5010 -FLAGS (\\Flagged)')
                imap('UID COPY 1:3 INBOX')


# ---- bodies ----

MIXED = '''From: Bob <bob@harbour.example>
To: ann@example.org
Subject: minutes
Message-ID: <mixed@harbour.example>
Date: Fri, 20 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=XX

--XX
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe vom Hafen
--XX
Content-Type: application/pdf; name=minutes.pdf
Content-Disposition: attachment; filename=minutes.pdf
Content-Transfer-Encoding: base64

%s
--XX--
'''


def test_text_comes_without_its_attachments_and_stays():
    data = random.Random(1).randbytes(700000)
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers')) as home:
        imap.append(MIXED % base64.encodebytes(data).decode())
        synced(home)
        row = rows(home)[0]
        assert row['body'] == 'none' and row['attachments'] == 1, row
        p.zero()
        assert 'Grüße vom Hafen' in home.run('show', row['id'])
        assert p.counts()['down'] < 20000, p.counts()
        assert 'Grüße vom Hafen' in home.run('--offline', 'show', row['id'])
        assert rows(home)[0]['body'] == 'partial'
        home.run('--offline', 'show', row['id'], '--raw', status=3)
        out = os.path.join(home.dir, 'out.pdf')
        p.cut_after(400000)
        home.run('show', row['id'], '--part', '2', '-O', out, status=None)
        p.zero()
        p.cut_after(10 ** 9)
        home.run('show', row['id'], '--part', '2', '-O', out)
        assert open(out, 'rb').read() == data
        assert p.counts()['down'] < 900000, 'continued, not begun again: %r' % p.counts()
        raw = home.run('show', row['id'], '--raw').encode()
        assert raw.replace(b'\r\n', b'\n') == (MIXED % base64.encodebytes(data).decode()).encode(), len(raw)
        assert rows(home)[0]['body'] == 'full'


def test_parts_that_the_server_decodes_are_what_they_would_be():
    """BINARY: fewer octets, the same content, and the message as it was sent whenever that is asked for."""
    for size in (20000, 700000):
        note = 'Grüße vom Hafen\r\n' * 400
        data = random.Random(size).randbytes(size - 8) + b'\r\n\n\r\0\0x\n'
        letter = (MIXED % base64.encodebytes(data).decode()).replace('quoted-printable', 'base64').replace(
            'Gr=C3=BC=C3=9Fe vom Hafen\n', base64.encodebytes(note.encode()).decode()).encode()
        want = [p.get_payload(decode=True) for p in email.message_from_bytes(letter).walk() if not p.is_multipart()]
        assert want == [note.encode(), data], [w[:80] for w in want]
        down = {}
        for hide in ('', 'disable-capability = BINARY\n'):
            with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers\n' + hide)) as home:
                imap.append(letter)
                synced(home)
                id = rows(home)[0]['id']
                assert home.run('show', id).count('Grüße vom Hafen') == 400
                out = os.path.join(home.dir, 'out')
                p.zero()
                for part, content in zip('12', want):
                    home.run('show', id, '--part', part, '-O', out)
                    with open(out, 'rb') as f:
                        assert f.read() == content, (part, hide)
                    os.unlink(out)
                down[hide] = p.counts()['down']
                home.run('--offline', 'show', id, '--raw', status=3)
                assert home.run('show', id, '--raw').encode().replace(b'\r\n', b'\n') == letter
                assert 'Grüße vom Hafen' in home.run('--offline', 'show', id)
                home.run('check')
        assert down[''] < size * 1.1 + 3000 and down['disable-capability = BINARY\n'] > size * 1.3, (size, down)


def test_since_when_a_message_is_in_its_folder():
    def saved(home, folder='INBOX'):
        return rows(home, 'work/' + folder)[0]['saved']

    for mode in MODES.values():
        with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = headers\n' + mode)) as home:
            imap.append(message(1), date='20-Jan-2020 10:00:00 +0000')
            synced(home)
            assert rows(home)[0]['received'] == '2020-01-20T10:00:00Z' and saved(home) is None, rows(home)
            home.run('show', rows(home)[0]['id'])
            there = re.search(rb'SAVEDATE "([^"]*)"', b''.join(imap('UID FETCH 1 (SAVEDATE)'))).group(1).decode()
            there = datetime.datetime.strptime(there.strip(), '%d-%b-%Y %H:%M:%S %z').astimezone(datetime.timezone.utc)
            assert saved(home) == there.strftime('%Y-%m-%dT%H:%M:%SZ') != '2020-01-20T10:00:00Z', (saved(home), there)
            home.run('move', rows(home)[0]['id'], 'work/Trash')
            assert saved(home, 'Trash') is None
            home.run('check')


def test_sync_keeps_the_text_of_recent_mail():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = text 30d')) as home:
        imap.append(message(1), date='20-Jan-2020 10:00:00 +0000')
        imap.append(message(2))
        imap.append(MIXED % 'AAAA')
        synced(home)
        have = {r['subject']: r['body'] for r in rows(home)}
        assert have == {'number 1': 'none', 'number 2': 'partial', 'minutes': 'partial'}, have
        ids = {r['subject']: r['id'] for r in rows(home)}
        assert 'text of 2' in home.run('--offline', 'show', ids['number 2'])
        home.run('--offline', 'show', ids['number 1'], status=3)


def test_of_an_empty_folder_all_is_here():
    """Known from the list alone: one that is empty has nothing to fetch, of another nothing is here."""
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        imap('CREATE Plans')
        imap('CREATE Bills')
        imap.append(message(1), box='Bills')
        home.run('folders', 'work')
        assert home.run('--offline', 'list', 'work/Plans') == ''
        home.run('--offline', 'list', 'work/Bills', status=3)
        assert 'nothing of work/Bills is here yet' in home.err


# ---- flags and the journal ----

def test_flags_set_offline_reach_the_server_once():
    for mode in MODES:
        with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more=MODES[mode])) as home:
            for n in range(1, 5):
                imap.append(message(n))
            synced(home)
            ids = {r['subject']: r['id'] for r in rows(home)}
            out = home.run('--offline', 'flag', ids['number 1'], ids['number 2'], '+seen', '+flagged', '+Project')
            assert 'queued' in out + home.err
            assert {r['subject']: sorted(r['flags']) for r in rows(home)}['number 1'] == ['flagged', 'seen']
            assert imap.flags()[1] == set()
            waiting = [json.loads(l) for l in home.run('--offline', 'queue', '--json').splitlines()]
            assert waiting and all(w['verb'] == 'flag' and w['state'] == 'waiting' for w in waiting), waiting
            imap('UID STORE 3 +FLAGS (\\Answered)')
            synced(home)
            agree(home, imap)
            assert imap.flags()[1] == {'\\Seen', '\\Flagged', 'Project'}
            assert home.run('queue') == '' or 'work' not in home.run('queue', '--json')
            home.run('flag', ids['number 1'], '-flagged')
            assert '\\Flagged' not in imap.flags()[1]
            home.run('flag', ids['number 1'], '+flagged')
            home.run('flag', ids['number 1'], '-flagged')
            home.run('flag', ids['number 1'], '+flagged')
            assert '\\Flagged' in imap.flags()[1]
            agree(home, imap)


def test_marks_of_other_clients_survive():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        for n in range(1, 4):
            imap.append(message(n))
        imap('UID STORE 2 +FLAGS (\\Deleted)')
        synced(home)
        home.run('flag', rows(home)[0]['id'], '+seen')
        home.run('sync')
        assert '\\Deleted' in imap.flags()[2]


# ---- folders ----

def test_folders_roles_and_names():
    with Dovecot() as d, RawImap(d.port, box=None) as imap, Home(imap_conf(d.port)) as home:
        for name in ('Lists', 'Lists/kernel', 'Entw&APw-rfe', 'Archive', '"odd * name"', '&ZeVnLIqe-'):
            imap('CREATE %s' % name)
        imap.append(message(1), box='Lists/kernel')
        home.run('sync')
        found = {f['folder']: f for f in map(json.loads, home.run('--offline', 'folders', '--json').splitlines())}
        assert set(found) == {'INBOX', 'Sent', 'Trash', 'Lists', 'Lists/kernel', 'Entwürfe', 'Archive', 'odd * name', '日本語'}, sorted(found)
        assert found['Sent']['role'] == 'sent' and found['Entwürfe']['role'] == 'drafts' and found['Archive']['role'] == 'archive'
        assert found['Lists/kernel']['total'] == 1 and found['Lists/kernel']['unread'] == 1
        assert [r['subject'] for r in rows(home, 'work/Lists/kernel')] == ['number 1']
        imap('RENAME Lists/kernel Lists/linux')
        imap('DELETE "odd * name"')
        home.run('sync')
        found = {f['folder'] for f in map(json.loads, home.run('--offline', 'folders', '--json').splitlines())}
        assert 'Lists/linux' in found and 'Lists/kernel' not in found and 'odd * name' not in found


def test_doctor_tells_what_the_engine_will_use():
    with Dovecot() as d, Home(imap_conf(d.tls_port, security='tls', more='ca-file = %s' % d.ca)) as home:
        out = home.run('doctor', 'work')
        for word in ('TLSv1', 'QRESYNC', 'SCRAM-SHA-256', 'IDLE'):
            assert word in out, out


run(globals())
