#!/usr/bin/env python3
"""The command line as a person and a script meet it, over a local Maildir: no network."""
import json, os, re, subprocess, sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
import tap

ROW = 'id account folder uid message_id date received from to cc subject flags keywords size attachments thread preview body'.split()
FOLDER = 'account folder role total unread subscribed selectable rights'.split()
QUEUE = 'op verb account state attempts error ids'.split()
NOON = 1700000000

PLAIN = b'''From: Ann Smith <ann@harbour.example>
To: me@harbour.example
Subject: Plain words
Date: Tue, 14 Nov 2023 22:13:20 +0000
Message-ID: <plain@harbour.example>

Just text, and a word: halyard.
'''
ODD = b'''From: "\xff\xfe =?utf-8?Q?J=1B[31mo?=" <jo@harbour.example>
Subject: =?utf-8?Q?Odd_=1B]0;title=07_=E2=80=AEgnp.exe?=\x1b[2J
Content-Type: multipart/mixed; boundary=b
Message-ID: <odd@harbour.example>

--b
Content-Type: text/plain; charset=x-nobody-knows

\x1b[2J\x1b]52;c;aGk=\x07 caf\xc3\xa9 \xe9 \x9b31m
--b
Content-Type: text/html

<p onclick="x()">Hello <a href="http://evil.example/\x1b[0m">\x1b[5mlink</a>&#27;[31m&#x202e;</p>
--b
Content-Type: application/octet-stream; name="../../\x1b[31mevil\x07.sh"
Content-Disposition: attachment; filename="../../\x1b[31mevil\x07.sh"
Content-Transfer-Encoding: base64

AAECAwQFBgc=
--b--
'''
EMPTY = b''
NO_HEADERS = b'\n\nonly a body\n'
DEEP = b''.join(b'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' % (i, i) for i in range(300)) + b'\nbottom\n'


def maildir(home, folder=''):
    path = os.path.join(home.dir, 'Mail', folder)
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, sub), exist_ok=True)
    return path


def deliver(home, name, data, age=0, folder='', flags=None):
    path = maildir(home, folder)
    file = os.path.join(path, 'new' if flags is None else 'cur', '%d.%s.t%s' % (NOON - age, name, '' if flags is None else ':2,' + flags))
    with open(file, 'wb') as f:
        f.write(data)
    os.utime(file, (NOON - age, NOON - age))
    return file


def local_home(more=''):
    home = tap.Home()
    home.write_conf('[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s/Mail\n%s' % (home.dir, more))
    maildir(home)
    maildir(home, '.Sent')
    maildir(home, '.Lists.harbour')
    return home


def octets(home, *args, status=0, stdin=b''):
    p = subprocess.run([tap.FULMAR, *args], env=home.env, input=stdin, capture_output=True, timeout=60)
    assert p.returncode == status, (args, p.returncode, p.stderr)
    return p.stdout


def rows(home, *args):
    return [json.loads(l) for l in home.run('list', *args, '--json').splitlines()]


def one_line(text):
    assert text.startswith('fulmar: ') and text.endswith('\n') and text.count('\n') == 1, repr(text)
    return text


def test_help_and_version_need_no_configuration():
    with tap.Home('[nonsense]\n') as home:
        assert re.match(r'fulmar \d+\.\d+', home.run('--version'))
        assert 'Usage: fulmar' in home.run('--help')
        assert 'Usage: fulmar list TARGET' in home.run('list', '--help')
        assert '--sort' in home.run('--help', 'list')


def test_unknown_words_name_the_nearest():
    with local_home() as home:
        for args, nearest in ((('--offlin',), '--offline'), (('--jsn', 'accounts'), '--json'), (('list', 'local', '--limt', '3'), '--limit'),
                              (('accouns',), 'accounts'), (('list', 'locl/INBOX'), 'local'), (('list', 'local', '--sort', 'subjct'), 'subject')):
            home.run(*args, status=2)
            assert '“%s”' % nearest in one_line(home.err), (args, home.err)


def test_wrong_usage_is_status_2_and_one_line():
    with local_home() as home:
        for args in (('-x',), ('list',), ('show',), ('show', 'local'), ('show', 'local:x'), ('show', 'local:1', 'local:2'), ('list', 'local', '--limit', 'many'),
                     ('list', 'local', '--limit'), ('--json=yes', 'accounts'), ('flag', 'local:1'), ('flag', 'local:1', '+bad(word'), ('flag', '+seen'),
                     ('queue', 'eat', '1'), ('queue', 'retry'), ('show', 'local:1', '--raw', '--headers'), ('list', 'local', 'body:word'),
                     ('--trace', 'nonsense', 'accounts'), ('-c', '/nonexistent/file', 'accounts'), ('-o', 'nonsense', 'accounts')):
            home.run(*args, status=2)
            one_line(home.err)
        for args, end in (('folder', 'nope'), ': fulmar folder create|rename|delete|subscribe|unsubscribe|empty|rights|quota'), (('undo', 'x'), ': fulmar undo'):
            home.run(*args, status=2)
            assert home.err.endswith(end + '\n'), home.err


def test_commands_of_later_versions_say_so():
    with local_home() as home:
        for command in 'search send setup'.split():
            home.run(command, 'a', 'b', status=2)
            assert 'not available in this version' in one_line(home.err), home.err


def test_global_options_stand_anywhere():
    with local_home() as home:
        assert home.run('--json', 'accounts') == home.run('accounts', '--json')
        assert home.run('-o', 'account local.address=x@y.example', 'accounts') == home.run('accounts', '-oaccount local.address=x@y.example')


def test_accounts_list_what_is_configured():
    with local_home() as home:
        account = json.loads(home.run('accounts', '--json'))
        assert account['account'] == 'local' and account['type'] == 'maildir' and account['address'] == 'me@harbour.example' and 'host' in account
        assert home.run('accounts').split()[:2] == ['local', 'maildir']


def test_check_config_tells_all_at_once():
    with tap.Home('[account a]\ntype = imapp\nhots = x\n[pagr]\nwidth = 3\n[keys]\nj = nxet\n') as home:
        home.run('check-config', status=2)
        text = home.err
        for want in ('fulmar.conf:2', 'imap', 'fulmar.conf:3', 'host', 'fulmar.conf:4', 'pager', 'fulmar.conf:7', 'next'):
            assert want in text, (want, text)
    with local_home() as home:
        assert home.run('check-config').endswith('fulmar.conf: no problems, 1 account\n')
    with tap.Home() as home:
        os.remove(os.path.join(home.dir, 'config/fulmar/fulmar.conf'))
        home.run('check-config')


def test_options_and_keys_come_from_the_tables():
    with local_home('[keys]\nF5 = sync\n') as home:
        options = [json.loads(l) for l in home.run('options', '--json').splitlines()]
        assert {'section', 'key', 'type', 'default', 'choices', 'help'} <= set(options[0])
        assert any(o['section'] == 'account' and o['key'] == 'keep' for o in options)
        assert 'keep = ' in home.run('options')
        keys = [json.loads(l) for l in home.run('keys', '--json').splitlines()]
        assert any('F5' in k['keys'] and k['action'] == 'sync' and k['view'] == 'list' for k in keys)
        assert 'F5' in home.run('keys')


def test_folders_have_the_promised_fields():
    with local_home() as home:
        deliver(home, 'a', PLAIN)
        deliver(home, 'b', PLAIN, flags='S')
        folders = [json.loads(l) for l in home.run('folders', '--json').splitlines()]
        assert [f['folder'] for f in folders] == ['INBOX', 'Sent', 'Lists/harbour']
        assert all(set(FOLDER) <= set(f) for f in folders)
        assert (folders[0]['role'], folders[0]['total'], folders[0]['unread'], folders[0]['selectable']) == ('inbox', 2, 1, True)
        assert folders[1]['role'] == 'sent'
        home.run('folders', 'nobody', status=2)


def test_list_has_the_promised_fields_newest_first():
    with local_home() as home:
        deliver(home, 'old', PLAIN, age=500, flags='SR')
        deliver(home, 'new', ODD)
        found = rows(home, 'local/INBOX')
        assert all(set(ROW) <= set(r) for r in found)
        new, old = found
        assert re.fullmatch(r'local:\d+', old['id']) and old['account'] == 'local' and old['folder'] == 'INBOX'
        assert old['message_id'] == '<plain@harbour.example>' and old['date'] == '2023-11-14T22:13:20Z' and old['received'] == '2023-11-14T22:05:00Z'
        assert old['from'] == [{'name': 'Ann Smith', 'email': 'ann@harbour.example'}] and old['to'][0]['email'] == 'me@harbour.example'
        assert sorted(old['flags']) == ['answered', 'seen'] and old['keywords'] == [] and old['size'] == len(PLAIN)
        assert old['attachments'] == 0 and old['body'] == 'full' and old['subject'] == 'Plain words'
        assert new['date'] is None and new['flags'] == []
        assert rows(home, 'local/INBOX', '--limit', '1') == [new]
        assert [r['subject'] for r in rows(home, 'local/inbox', '--sort', '-received')][0] == 'Plain words'


def test_list_merges_sorts_threads_and_filters():
    with local_home() as home:
        for i, (folder, name) in enumerate((('', 'beta'), ('.Sent', 'alpha'), ('', 'gamma'), ('.Lists.harbour', 'delta'))):
            deliver(home, name, PLAIN.replace(b'Plain words', name.encode()).replace(b'<plain@', b'<%s@' % name.encode()), age=i * 60, folder=folder)
        answer = PLAIN.replace(b'Plain words', b'Re: gamma').replace(b'<plain@', b'<re@').replace(b'Message-ID', b'In-Reply-To: <gamma@harbour.example>\nMessage-ID')
        deliver(home, 'answer', answer, age=30, flags='F')
        subjects = lambda *a: [r['subject'] for r in rows(home, *a)]
        assert subjects('local') == ['beta', 'Re: gamma', 'alpha', 'gamma', 'delta']
        assert subjects('local', '--sort', 'subject') == ['alpha', 'beta', 'delta', 'gamma', 'Re: gamma']
        assert subjects('local/INBOX', '--threads') == ['beta', 'gamma', 'Re: gamma']
        assert subjects('local/INBOX', 'is:flagged') == ['Re: gamma']
        assert subjects('local', 'subject:gamma', '-is:flagged') == ['gamma']
        assert subjects('local', 'from:ANN', 'alp') == ['alpha']
        assert 'bodies' in home.err
        assert subjects('local', 'larger:1k') == [] and len(subjects('local', 'smaller:1k')) == 5
        assert len(subjects('local', 'after:2023-11', 'before:2024')) == 5


def test_a_folder_that_is_not_there_names_the_nearest():
    with local_home() as home:
        home.run('list', 'local/Snet', status=1)
        assert '“Sent”' in one_line(home.err)
        home.run('sync', 'local/Snet', status=1)
        assert '“Sent”' in one_line(home.err)


def test_show_gives_what_was_asked_for():
    with local_home() as home:
        deliver(home, 'a', PLAIN)
        deliver(home, 'b', ODD, age=60)
        plain, odd = [r['id'] for r in rows(home, 'local/INBOX')]
        text = home.run('show', plain)
        assert 'From: Ann Smith <ann@harbour.example>' in text and 'halyard' in text
        assert octets(home, 'show', plain, '--raw') == PLAIN
        assert home.run('show', plain, '--headers').splitlines()[0] == 'From: Ann Smith <ann@harbour.example>'
        assert 'halyard' not in home.run('show', plain, '--headers')
        assert octets(home, 'show', odd, '--part', '3') == bytes(range(8))
        parts = [json.loads(l) for l in home.run('show', odd, '--structure', '--json').splitlines()]
        assert [p['type'] for p in parts] == ['multipart/mixed', 'text/plain', 'text/html', 'application/octet-stream']
        shown = json.loads(home.run('show', plain, '--json'))
        assert set(ROW) <= set(shown) and 'halyard' in shown['text'] and shown['parts'][0]['part'] == '1'
        home.run('show', odd, '--part', '9', status=1)
        one_line(home.err)
        home.run('show', 'local:99999', status=1)
        one_line(home.err)
        assert rows(home, 'local/INBOX')[0]['flags'] == [], 'show marks nothing seen'
        home.run('show', plain, '--seen')
        assert rows(home, 'local/INBOX')[0]['flags'] == ['seen']


def test_a_part_is_written_to_a_new_file_only():
    with local_home() as home:
        deliver(home, 'a', ODD)
        odd = rows(home, 'local/INBOX')[0]['id']
        out = os.path.join(home.dir, 'out')
        home.run('show', odd, '--part', '3', '-O', out)
        assert open(out, 'rb').read() == bytes(range(8)) and os.stat(out).st_mode & 0o777 == 0o600
        home.run('show', odd, '--part', '3', '-O', out, status=1)
        one_line(home.err)
        os.symlink('/nonexistent/target', out + '-link')
        home.run('show', odd, '--part', '3', '-O', out + '-link', status=1)
        folder = os.path.join(home.dir, 'folder')
        os.mkdir(folder)
        home.run('show', odd, '--part', '3', '-O', folder)
        name, = os.listdir(folder)
        assert not name.startswith(('.', '-')) and '/' not in name and name.isprintable() and name.endswith('.sh'), name
        assert sorted(os.listdir(home.dir)) == sorted(['Mail', 'config', 'data', 'folder', 'out', 'out-link']), os.listdir(home.dir)


def test_odd_messages_send_nothing_to_the_terminal():
    with local_home() as home:
        for i, data in enumerate((PLAIN, ODD, EMPTY, NO_HEADERS, DEEP, ODD.replace(b'\n', b'\r\n'), bytes(range(256)) * 40)):
            deliver(home, 'm%d' % i, data, age=i)
        found = rows(home, 'local/INBOX')
        assert len(found) == 7
        for row in found:
            for args in (('show', row['id']), ('show', row['id'], '--html'), ('show', row['id'], '--headers'), ('show', row['id'], '--structure'),
                         ('show', row['id'], '--json'), ('show', row['id'], '--structure', '--json'), ('list', 'local'), ('list', 'local', '--json')):
                out = octets(home, *args)
                text = out.decode()
                bad = [c for c in text if (ord(c) < 32 and c != '\n') or 0x7f <= ord(c) < 0xa0 or c in '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029']
                assert not bad, (args, bad[:5])


def test_flag_changes_the_file_and_says_nothing():
    with local_home() as home:
        deliver(home, 'a', PLAIN)
        deliver(home, 'b', ODD, age=60)
        a, b = [r['id'] for r in rows(home, 'local/INBOX')]
        assert home.run('flag', a, '+seen', '+flagged', '+harbour') == ''
        assert os.listdir(os.path.join(home.dir, 'Mail/cur')) == ['%d.a.t:2,FSa' % NOON]
        row = rows(home, 'local/INBOX')[0]
        assert sorted(row['flags']) == ['flagged', 'seen'] and row['keywords'] == ['harbour'] and row['id'] == a
        home.run('flag', '-flagged', a, '-harbour', '+$Forwarded')
        assert sorted(rows(home, 'local/INBOX')[0]['flags']) == ['forwarded', 'seen'] and rows(home, 'local/INBOX')[0]['keywords'] == []
        home.run('flag', '+answered', stdin='%s\n%s\n' % (a, b))
        assert all('answered' in r['flags'] for r in rows(home, 'local/INBOX'))
        states = [json.loads(l) for l in home.run('flag', a, b, '+seen', '--json').splitlines()]
        assert [(s['id'], s['state'], s['folder']) for s in states] == [(a, 'done', 'INBOX'), (b, 'done', 'INBOX')]
        home.run('flag', '+seen', stdin='%s and a subject: local:2\n' % a, status=2)
        home.run('flag', a, 'local:99999', '+deleted', status=1)
        assert not any('deleted' in r['flags'] for r in rows(home, 'local/INBOX')), 'nothing or all'
        assert home.run('queue') == ''


def test_a_message_that_others_renamed_is_shown():
    with local_home() as home:
        small, big = PLAIN, PLAIN + b'more of it\n' * 20000
        files = [deliver(home, 'a', small), deliver(home, 'b', big, flags='')]
        ids = [r['id'] for r in rows(home, 'local/INBOX')]
        assert len(ids) == 2
        for file, flags in zip(files, (':2,S', 'FS')):
            os.rename(file, file.replace('/new/', '/cur/') + flags)
        for id in ids:
            assert 'Ann' in home.run('show', id)
        for id in ids:
            assert 'Ann' in home.run('--offline', 'show', id), 'where it is now is kept'


def test_a_refused_change_waits_in_the_queue():
    with local_home() as home:
        deliver(home, 'a', PLAIN)
        a = rows(home, 'local/INBOX')[0]['id']
        # Another message stands where the renamed file would go: it must not be overwritten.
        taken = os.path.join(home.dir, 'Mail/cur/%d.a.t:2,S' % NOON)
        with open(taken, 'wb') as f:
            f.write(b'precious')
        home.run('flag', a, '+seen', status=1)
        assert 'precious' not in home.err and 'another message' in home.err, home.err
        op = json.loads(home.run('queue', '--json'))
        assert set(QUEUE) <= set(op) and op['verb'] == 'flag' and op['state'] == 'failed' and op['account'] == 'local' and op['ids'] == [a]
        assert op['attempts'] >= 1 and op['error']
        assert op['op'] in home.run('queue') and 'failed' in home.run('queue')
        assert open(taken, 'rb').read() == b'precious'
        os.remove(taken)
        home.run('queue', 'retry', op['op'])
        assert home.run('queue') == '' and os.path.exists(taken)
        assert rows(home, 'local/INBOX')[0]['flags'] == ['seen']
        home.run('queue', 'drop', op['op'], status=1)
        one_line(home.err)


def test_sync_follows_other_programs():
    with local_home() as home:
        first = deliver(home, 'a', PLAIN)
        assert len(rows(home, 'local/INBOX')) == 1
        deliver(home, 'b', ODD, age=-60)
        os.rename(first, os.path.join(home.dir, 'Mail/cur/%d.a.t:2,S' % NOON))
        assert len(rows(home, 'local/INBOX')) == 1, 'list shows the store'
        assert '2 mails, 1 new' in home.run('sync')
        assert [r['flags'] for r in rows(home, 'local/INBOX')] == [[], ['seen']]
        os.remove(os.path.join(home.dir, 'Mail/cur/%d.a.t:2,S' % NOON))
        end = json.loads(home.run('sync', 'local/INBOX', '--json'))
        assert (end['account'], end['folder'], end['total'], end['status']) == ('local', 'INBOX', 1, 0)
        assert '1 mail, 1 new' in home.run('sync')


def test_accounts_that_fail_differently_are_status_6():
    with local_home() as home:
        with open(os.path.join(home.dir, 'config/fulmar/fulmar.conf'), 'a') as f:
            f.write('[account gone]\ntype = maildir\naddress = x@y.example\npath = %s/Gone\n' % home.dir)
        deliver(home, 'a', PLAIN)
        home.run('sync', 'gone', status=1)
        assert 'Gone' in one_line(home.err)
        assert 'local: up to date' in home.run('sync', status=6)
        home.run('folders', status=6)


def test_offline_with_nothing_here_is_status_3():
    conf = '[account far]\ntype = imap\naddress = a@b.example\nhost = 127.0.0.1\nport = 1\nsecurity = none\npassword = x\ntimeout = 5s\n'
    with tap.Home(conf) as home:
        for args in (('list', 'far/INBOX'), ('folders',), ('sync',)):
            home.run('--offline', *args, status=3)
            one_line(home.err)
        home.run('sync', status=3)
        one_line(home.err)
        home.run('doctor', status=3)


def test_broken_pipes_end_quietly_and_full_disks_do_not():
    with local_home() as home:
        for i in range(3000):
            deliver(home, 'm%04d' % i, PLAIN, age=i)
        home.run('sync')
        p = subprocess.Popen([tap.FULMAR, 'list', 'local/INBOX'], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert p.stdout.readline()
        p.stdout.close()
        assert p.stderr.read() == b'' and p.wait(timeout=20) == 0
        with open('/dev/full', 'wb') as full:
            p = subprocess.run([tap.FULMAR, 'list', 'local/INBOX'], env=home.env, stdout=full, stderr=subprocess.PIPE)
        assert p.returncode == 1
        one_line(p.stderr.decode())
        assert len(home.run('list', 'local/INBOX').splitlines()) == 3000


def test_the_demo_prints_a_screen_and_leaves_nothing():
    with tap.Home('[account a]\nbroken\n') as home:
        tmp = os.path.join(home.dir, 'tmp')
        os.mkdir(tmp)
        home.env['TMPDIR'] = tmp
        before = sorted(os.listdir(home.dir))
        out = home.run('demo')
        assert 'INBOX' in out and 'Ann Smith' in out and len(out.splitlines()) <= 24, out
        assert '\x1b' not in out
        assert os.listdir(tmp) == [] and sorted(os.listdir(home.dir)) == before


def test_without_an_account_it_says_what_to_do():
    with tap.Home() as home:
        home.run(status=2)
        assert 'fulmar.conf' in one_line(home.err)
        home.run('doctor', status=2)
        assert home.run('accounts') == '' and home.run('sync') == '' and home.run('queue') == ''


def test_a_read_only_home_is_one_clear_line():
    with local_home() as home:
        deliver(home, 'a', PLAIN)
        with open(os.path.join(home.dir, 'file'), 'w'):
            pass
        home.env['XDG_DATA_HOME'] = os.path.join(home.dir, 'file')
        home.run('sync', status=1)
        one_line(home.err)


tap.run(globals())
