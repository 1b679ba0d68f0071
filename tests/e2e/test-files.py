#!/usr/bin/python3
"""import and export: mbox in all dialects, Maildir, .eml, beside Python's mailbox module as another program that writes and reads them."""
import email.utils, fcntl, gzip, json, mailbox, os, pty, random, re, resource, signal, subprocess, sys, time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
from dovecot import Dovecot, RawImap
from tap import FULMAR, Home, Skip, imap_conf, run, seed

NOON = 1700000000
POSTMARK = b'From ann@harbour.example Tue Nov 14 22:13:20 2023\n'
MIB = 1 << 20
clock = [NOON]  # of files


def message(n, body=None, mid=True):
    return ('From: Ann <ann%d@harbour.example>\nSubject: number %d\nDate: %s\n%s\n%s\n' % (
        n, n, email.utils.formatdate(NOON + n), 'Message-ID: <n%d@harbour.example>\n' % n if mid else '', body or 'text of %d' % n)).encode()


def local_home():
    home = Home()
    for account in ('local', 'other'):
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(home.dir, account, sub))
    home.write_conf('[account pop]\ntype = pop3\naddress = me@harbour.example\nhost = 127.0.0.1\nport = 1\nsecurity = none\nuser = me\npassword = x\n' + ''.join(
        '[account %s]\ntype = maildir\naddress = me@harbour.example\npath = %s/%s\n' % (a, home.dir, a) for a in ('local', 'other')))
    return home


def at(home, *names):
    return os.path.join(home.dir, *names)


def put(home, name, data):
    os.makedirs(os.path.dirname(at(home, name)), exist_ok=True)
    with open(at(home, name), 'wb') as f:
        f.write(data)
    clock[0] += 1
    os.utime(at(home, name), (clock[0], clock[0]))
    return at(home, name)


def rows(home, target='local/Old', *more):
    return [json.loads(l) for l in home.run('--offline', 'list', target, '--json', '--sort=-received', *more).splitlines()]


def subjects(home, target='local/Old'):
    return sorted(r['subject'] for r in rows(home, target))


def raw(home, id):
    return subprocess.run([FULMAR, 'show', '--raw', id], env=home.env, stdout=subprocess.PIPE, check=True, timeout=60).stdout.replace(b'\r\n', b'\n')


def bodies(home, target='local/Old'):
    return sorted(raw(home, r['id']) for r in rows(home, target))


def sound(home):
    assert not home.run('check', 'local'), 'the store is not sound'


def left(home):
    """Files that nobody asked for."""
    return sorted(f for f in os.listdir(home.dir) if f not in ('config', 'data', 'state', 'cache', 'local', 'other'))


# ---- beside another program ----

BODIES = ['plain', 'From here\n\nFrom there\n>From afar', 'From ann@x Tue Nov 14 22:13:20 2023\n\nFrom: x', '.\n..\n\n\n', 'caf\u00e9 \u2603']


def test_what_another_program_writes_as_mbox_is_imported():
    with local_home() as home:
        texts = [b.replace('>From', '> From') for b in BODIES]  # mboxo cannot tell the one from the other
        box = mailbox.mbox(at(home, 'in.mbox'))
        for n, (flags, body) in enumerate(zip(('', 'RO', 'ROA', 'FO', 'ROT'), texts)):
            m = mailbox.mboxMessage(message(n, body))
            m.set_from('ann@harbour.example', time.gmtime(NOON + 60 * n))
            m.set_flags(flags)
            box.add(m)
        box.close()
        ids = home.run('import', 'local/Old/Mail', at(home, 'in.mbox')).split()
        assert not home.err, home.err
        found = rows(home, 'local/Old/Mail')
        assert [r['id'] for r in found] == ids and len(ids) == 5
        assert [set(r['flags']) for r in found] == [set(), {'seen'}, {'seen', 'answered'}, {'flagged'}, {'seen', 'draft'}], found
        assert [r['received'] for r in found] == [time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOON + 60 * n)) for n in range(5)]
        assert [raw(home, r['id']) for r in found] == [message(n, b) for n, b in enumerate(texts)]
        sound(home)


def test_another_program_reads_what_is_exported():
    with local_home() as home:
        for n, body in enumerate(BODIES):
            home.run('import', 'local/Old', put(home, 'one.eml', message(n, body)))
        ids = [r['id'] for r in rows(home)]
        home.run('flag', *ids[:2], '+seen')
        home.run('flag', ids[1], '+answered', '+flagged')
        assert home.run('export', 'local/Old', at(home, 'out.mbox')) == at(home, 'out.mbox') + '\n'
        box = mailbox.mbox(at(home, 'out.mbox'), create=False)
        assert [m['Subject'] for m in box] == ['number %d' % n for n in range(5)]
        assert [set(m.get_flags()) for m in box] == [set('RO'), set('ROAF'), set('O'), set('O'), set('O')]
        for m, body in zip(box, BODIES):
            # as mboxrd: Python leaves the ">" where they are
            text = m.get_payload(decode=True).decode()
            assert re.sub(r'^>(>*From )', r'\1', text, flags=re.M) == body + '\n', (text, body)
        home.run('export', 'local/Old', at(home, 'out/'))
        theirs = mailbox.Maildir(at(home, 'out'), create=False, factory=None)
        found = {m['Subject']: m for m in theirs}
        assert sorted(found) == ['number %d' % n for n in range(5)]
        assert [found['number %d' % n].get_flags() for n in range(3)] == ['S', 'FRS', '']
        assert oct(os.stat(at(home, 'out.mbox')).st_mode & 0o777) == '0o600'


def test_a_round_trip_changes_nothing():
    with local_home() as home:
        texts = [message(n, b) for n, b in enumerate(BODIES)] + [b'Subject: \xff\xfe raw\n\n\x00nul\n\x1b[2J\n', b'X: only a header\n\n', message(9, mid=False)]
        for text in texts:
            home.run('import', 'local/Old', put(home, 'one.eml', text))
        home.run('flag', *[r['id'] for r in rows(home)][:3], '+seen', '+forwarded', '+later', '+$label1')
        want = [(set(r['flags']), set(r['keywords']), r['received']) for r in rows(home)]
        for n, (path, options) in enumerate((('out.mbox', ()), ('dir/', ()), ('emls', ('--format', 'eml')), ('stdin', ('--format=mbox',)))):
            home.run('export', 'local/Old', at(home, path), *options)
            if path == 'stdin':
                with open(at(home, path), 'rb') as f:
                    subprocess.run([FULMAR, 'import', 'other/Back%d' % n, '-'], env=home.env, stdin=f, stdout=subprocess.DEVNULL, check=True, timeout=60)
            else:
                home.run('import', 'other/Back%d' % n, at(home, path))
            assert bodies(home, 'other/Back%d' % n) == sorted(texts), path
            have = [(set(r['flags']), set(r['keywords']), r['received']) for r in rows(home, 'other/Back%d' % n)]
            if path != 'emls':
                assert have == want, (path, have, want)
            else:
                assert [r for f, k, r in have] == [r for f, k, r in want], path
        sound(home)


def test_every_dialect_is_read_as_it_is_meant():
    inner = b'Subject: x\nContent-Length: %d\n\n'
    plain = b'>From a\n>>From b\n'
    files = {'mboxo': (plain, b'From a\n>>From b\n'), 'mboxrd': (plain, b'From a\n>From b\n'), 'mboxcl': (plain, b'From a\n>>From b\n'),
             'mboxcl2': (plain + b'\n' + POSTMARK, plain + b'\n' + POSTMARK)}
    with local_home() as home:
        for dialect, (body, meant) in files.items():
            path = put(home, dialect, POSTMARK + inner % len(body) + body + b'\n' + POSTMARK + b'Subject: y\n\nsecond\n\n')
            home.run('import', 'local/' + dialect, path, '--format', dialect)
            assert bodies(home, 'local/' + dialect) == sorted([b'Subject: x\n\n' + meant, b'Subject: y\n\nsecond\n']), dialect
        # and without being told: Content-Length where it is right
        home.run('import', 'local/auto', at(home, 'mboxcl2'), at(home, 'mboxcl'))
        assert bodies(home, 'local/auto') == sorted([b'Subject: x\n\n' + files[d][1] for d in ('mboxcl', 'mboxcl2')] + 2 * [b'Subject: y\n\nsecond\n'])
        home.run('import', 'local/auto', at(home, 'mboxo'), '--format=mbocks', status=2)
        assert 'mboxcl2' in home.err


def test_a_maildir_with_flags_and_keywords_of_others():
    with local_home() as home:
        packed = put(home, 'in.mbox.gz', gzip.compress(POSTMARK + message(1)))
        home.run('import', 'local/Old', packed, status=1)
        assert 'compressed' in home.err, home.err
        box = mailbox.Maildir(at(home, 'in'), factory=None)
        for n, flags in enumerate(('', 'S', 'FRS', 'PT', 'D')):
            m = mailbox.MaildirMessage(message(n))
            m.set_subdir('cur' if flags else 'new')
            m.set_flags(flags)
            m.set_date(NOON + n)
            box.add(m)
        put(home, 'in/cur/1700000009.k.host:2,Sab', message(9))
        os.utime(at(home, 'in/cur/1700000009.k.host:2,Sab'), (NOON + 9, NOON + 9))
        put(home, 'in/dovecot-keywords', b'0 $label1\n1 bad(word\n2 unused\n')
        put(home, 'in/.Sub/cur/1.x:2,', message(20))
        put(home, 'in/tmp/1.half', message(21))
        put(home, 'secret', message(22))
        os.symlink(at(home, 'secret'), at(home, 'in/cur/1.link:2,'))
        os.mkfifo(at(home, 'in/cur/1.pipe:2,'))
        put(home, 'in/cur/1.empty:2,', b'')
        home.run('import', 'local/Old', at(home, 'in'), status=6)
        assert len(home.err.splitlines()) == 4 and '1 folder below' in home.err and '1.pipe' in home.err and '1.link' in home.err and 'is empty' in home.err, home.err
        found = rows(home)
        assert [r['subject'] for r in found] == ['number %d' % n for n in (0, 1, 2, 3, 4, 9)]
        assert [set(r['flags']) for r in found] == [set(), {'seen'}, {'flagged', 'answered', 'seen'}, {'forwarded', 'deleted'}, {'draft'}, {'seen'}]
        assert [r['received'][-3:] for r in found] == ['20Z', '21Z', '22Z', '23Z', '24Z', '29Z']
        assert [r['keywords'] for r in found] == 5 * [[]] + [['$label1']]


def test_marks_of_deletion_come_along_and_nothing_is_lost():
    """From an mbox and from a Maildir. What servers get is in test-imap-lost."""
    with local_home() as home:
        states = b'X-Status: DF', b'X-Status: ', b'X-Status: D', b'X-Mozilla-Status: 0009'
        put(home, 'in.mbox', b''.join(POSTMARK.replace(b':20 ', b':2%d ' % n) + state + b'\n' + message(n) + b'\n' for n, state in enumerate(states)))
        want = [{'deleted', 'flagged'}, set(), {'deleted'}, {'deleted', 'seen'}]
        for target in ('local/Old', 'pop/Old'):
            ids = home.run('import', target, at(home, 'in.mbox')).split()
            assert [set(r['flags']) for r in rows(home, target)] == want, rows(home, target)
            home.run('export', target, at(home, target.replace('/', '-') + '/'))
            assert [m.get_flags() for m in sorted(mailbox.Maildir(at(home, target.replace('/', '-')), factory=None), key=lambda m: m['Subject'])] == ['FT', '', 'T', 'ST']
            home.run('import', target, at(home, target.replace('/', '-')))
            assert sorted(sorted(r['flags']) for r in rows(home, target)) == sorted(2 * [sorted(w) for w in want]), rows(home, target)
            # it is a mark like others
            home.run('flag', ids[0], '-deleted')
            assert len(rows(home, target, 'is:deleted')) == 5
        files = [f for sub in ('cur', 'new') for f in os.listdir(at(home, 'local', '.Old', sub))]
        assert sorted(f.partition(':2,')[2] for f in files) == ['', '', 'F', 'FT', 'ST', 'ST', 'T', 'T'], files
        sound(home)


def test_more_keywords_than_a_maildir_has_letters():
    with local_home() as home:
        words = ['k%02d' % n for n in range(30)]
        put(home, 'in.mbox', POSTMARK + b'X-Keywords: ' + ' '.join(words).encode() + b'\n' + message(1) + b'\n')
        home.run('import', 'local/Old', at(home, 'in.mbox'))
        # those without a letter are in the store
        home.run('sync', 'local')
        assert rows(home)[0]['keywords'] == words
        home.run('export', 'local/Old', at(home, 'out/'), status=6)
        assert '26 keywords' in home.err
        home.run('export', 'local/Old', at(home, 'out.mbox'))
        home.run('import', 'pop/Old', at(home, 'out.mbox'))
        assert rows(home, 'pop/Old')[0]['keywords'] == words


def test_files_that_are_no_mail_do_not_hold_up_the_others():
    with local_home() as home:
        good, bad, none = put(home, 'good.eml', message(1)), put(home, 'bad.eml', b'this is\nno mail\n'), put(home, 'none/readme', b'x')
        home.run('import', 'local/Old', at(home, 'missing'), good, status=1)
        assert 'missing' in home.err and home.run('folders', 'local').split()[0] == 'local/INBOX' and 'Old' not in home.run('folders', 'local')
        assert len(home.run('import', 'local/Old', bad, at(home, 'none'), good, status=6).split()) == 1
        assert 'bad.eml' in home.err and 'no Maildir' in home.err
        home.run('import', 'local/Old', bad, status=1)
        home.run('import', 'local', good, status=2)
        home.run('import', 'nobody/Old', good, status=2)
        assert subjects(home) == ['number 1']
        # not even with a name that leads elsewhere
        home.run('import', 'local/../../evil', good, status=None)
        assert not os.path.exists(at(home, '..', 'evil')) and not os.path.exists(at(home, 'evil'))


# ---- trees ----

def put_maildir(home, path, *numbers):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(at(home, path, sub))
    for n in numbers:
        put(home, '%s/cur/%d.x:2,%s' % (path, n, 'S' if n % 2 else ''), message(n))


def folders(home, account='local'):
    """Each with the numbers of its messages."""
    told = [json.loads(l) for l in home.run('--offline', 'folders', account, '--json').splitlines()]
    return {f['folder']: sorted(int(r['subject'].split()[1]) for r in rows(home, account + '/' + f['folder'])) for f in told if f['selectable']}


def test_a_tree_comes_over_by_one_command():
    """Maildir++ and a plain one, into a folder of any account and as the folders of an account."""
    with local_home() as home:
        put_maildir(home, 'in', 1, 2)
        for path, numbers in (('.Lists', ()), ('.Lists.harbour', (3,)), ('.Lists.harbour.deep', (4,)), ('.H&AOQ-fen', (5, 6))):
            put_maildir(home, 'in/' + path, *numbers)
        put(home, 'in/.Lists/dovecot-keywords', b'0 later\n')
        put(home, 'in/.Lists/cur/7.x:2,a', message(7))
        want = {'': [1, 2], 'Lists': [7], 'Lists/harbour': [3], 'Lists/harbour/deep': [4], 'H\u00e4fen': [5, 6]}
        ids = home.run('import', '--recursive', 'local/Old', at(home, 'in')).split()
        assert len(ids) == 7 and not home.err, home.err
        assert folders(home) == {'INBOX': [], **{('Old/' + f).rstrip('/'): n for f, n in want.items()}}, folders(home)
        assert rows(home, 'local/Old/Lists')[0]['keywords'] == ['later'] and [r['flags'] for r in rows(home, 'local/Old/Lists/harbour')] == [['seen']]
        # one step of undo, and again without duplicates
        assert home.run('import', '--recursive', '--skip-duplicates', 'local/Old', at(home, 'in')) == '' and '7 messages' in home.err, home.err
        told = home.run('undo')
        assert '7 mails put into folders' in told, told
        assert sum(map(len, folders(home).values())) == 0, folders(home)
        # where folders are called as they are
        told = [json.loads(l) for l in home.run('import', '--recursive', '--json', 'pop', at(home, 'in')).splitlines()]
        assert sorted({t['folder'] for t in told}) == sorted(['INBOX' if not f else f for f, n in want.items()]), told
        assert folders(home, 'pop') == {f or 'INBOX': n for f, n in want.items()}, folders(home, 'pop')
        # a plain one
        put_maildir(home, 'plain/Inbox', 10)
        put_maildir(home, 'plain/work/2024', 11)
        put_maildir(home, 'plain/work/2024/.sub', 12)
        home.run('import', '--recursive', 'other', at(home, 'plain'))
        assert folders(home, 'other') == {'INBOX': [10], 'work': [], 'work/2024': [11], 'work/2024/sub': [12]}, folders(home, 'other')
        sound(home)


def test_what_of_a_tree_cannot_be_had_does_not_hold_up_the_rest():
    with local_home() as home:
        put_maildir(home, 'in/a.b', 1)  # no name for a Maildir++
        put_maildir(home, 'in/bad\x1bname', 2)
        put_maildir(home, 'in/good', 3)
        os.symlink(at(home, 'in'), at(home, 'in/good/again'))
        put(home, 'in/good/cur/4.x:2,', b'')
        put_maildir(home, 'in/none')
        home.run('import', '--recursive', 'local/Old', at(home, 'in'), status=6)
        assert 'a.b' in home.err and 'is empty' in home.err and len(home.err.splitlines()) == 3 and '\x1b' not in home.err, home.err
        assert folders(home) == {'INBOX': [], 'Old': [], 'Old/good': [3], 'Old/none': []}, folders(home)
        # of what is no tree there is a folder to be named
        one = put(home, 'one.eml', message(8))
        home.run('import', '--recursive', 'local', at(home, 'in'), one, status=2)
        assert 'name a folder' in home.err and folders(home)['INBOX'] == []
        home.run('import', '--recursive', 'local/Old', one)
        assert folders(home)['Old'] == [8]
        # without it the folders below are told of
        put_maildir(home, 'top', 20)
        put_maildir(home, 'top/.Sub', 21)
        home.run('import', 'local/Top', at(home, 'top'))
        assert '1 folder below' in home.err and '--recursive' in home.err and folders(home)['Top'] == [20], home.err


# ---- once ----

def test_duplicates_are_left_out_when_that_is_asked_for():
    with local_home() as home:
        texts = [message(n) for n in range(3)] + [message(n, mid=False) for n in range(3, 5)]
        path = put(home, 'in.mbox', b''.join(POSTMARK + t + b'\n' for t in texts))
        # delivered by somebody else, with LF: known all the same
        put(home, 'local/new/1700000000.x.host', message(0))
        assert len(home.run('import', 'local/INBOX', path, '--skip-duplicates').split()) == 4
        assert '1 message is there already' in home.err
        assert home.run('import', 'local/INBOX', path, path, '--skip-duplicates') == '' and '10 messages' in home.err
        # another size, another date, another folder, the same text without an id but for one letter
        others = [message(1, 'longer than it was'), message(2).replace(b'2023', b'2022'), message(3, 'text of x', mid=False)]
        for other in others:
            assert len(home.run('import', 'local/INBOX', put(home, 'other.eml', other), '--skip-duplicates').split()) == 1
        assert len(home.run('import', 'local/Else', path, '--skip-duplicates').split()) == 5
        assert len(home.run('import', 'local/Else', path).split()) == 5
        assert len(rows(home, 'local/INBOX')) == 8 and len(rows(home, 'local/Else')) == 10
        sound(home)


def kill_and_repeat(target, count, delays):
    rng = random.Random(seed(12))
    with local_home() as home:
        texts = [message(n, 'x' * rng.randrange(900), mid=n % 3 > 0) for n in range(count)]
        path = put(home, 'in.mbox', b''.join(POSTMARK + t + b'\n' for t in texts))
        command = '--offline', 'import', target, path, '--skip-duplicates'
        for longest in delays:
            p = subprocess.Popen([FULMAR, *command], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                p.wait(rng.uniform(0.01, longest))
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
            p.communicate()
        home.run(*command)
        assert home.run('--offline', 'queue') == ''
        assert subjects(home, target) == sorted('number %d' % n for n in range(count))
        if target.startswith('local'):
            assert len(os.listdir(at(home, 'local', '.Old', 'cur'))) + len(os.listdir(at(home, 'local', '.Old', 'new'))) == count
        assert not home.run('check', target.split('/')[0])


def test_an_import_that_was_killed_is_repeated_exactly_once():
    kill_and_repeat('pop/Old', 1300, (0.2, 0.4, 0.6))
    kill_and_repeat('local/Old', 120, (0.1, 0.2, 0.3))


def test_two_that_leave_out_duplicates_do_not_import_at_once():
    with local_home() as home:
        home.run('folders', 'local')
        home.run('import', 'local/Old', put(home, 'one.eml', message(1)))
        fifo = at(home, 'fifo')
        os.mkfifo(fifo)
        first = subprocess.Popen([FULMAR, 'import', 'local/Old', fifo, '--skip-duplicates'], env=home.env, stdout=subprocess.PIPE)
        with open(fifo, 'wb') as f:
            f.write(POSTMARK + message(2))
            f.flush()
            home.run('import', 'local/Old', at(home, 'one.eml'), '--skip-duplicates', status=1)
            assert 'another import' in home.err
        first.communicate(timeout=60)
        assert first.returncode == 0 and subjects(home) == ['number 1', 'number 2']


def test_one_import_is_one_step_of_undo():
    with local_home() as home:
        path = put(home, 'in.mbox', b''.join(POSTMARK + message(n, 'x') + b'\n' for n in range(1100)))
        ids = home.run('--offline', 'import', 'pop/Old', path, '--json').splitlines()
        assert len(ids) == 1100 and json.loads(ids[-1]) == {'id': 'pop:1100', 'folder': 'Old', 'state': 'done'}, ids[-1]
        assert '1100' in home.run('--offline', 'undo')
        assert 'Old' not in home.run('--offline', 'folders', 'pop')
        assert not home.run('check', 'pop')


# ---- what is too much ----

def sanitized():
    return re.search(r'lib[at]san', subprocess.run(['ldd', FULMAR], capture_output=True, text=True).stdout)


def test_a_message_that_is_too_long_is_left_out_and_memory_is_bounded():
    with local_home() as home:
        path = put(home, 'in.mbox', POSTMARK + message(1) + b'\n' + POSTMARK + b'Subject: long\nContent-Length: 999999999999\n\n')
        with open(path, 'ab') as f:
            f.truncate(os.path.getsize(path) + 300 * MIB)
        with open(path, 'ab') as f:
            f.write(b'\n\n' + POSTMARK + b'Content-Length: 120000000\n' + message(2) + b'\n')
        p = subprocess.Popen([FULMAR, 'import', 'local/Old', path], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = p.stdout.read(), p.stderr.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        assert p.returncode == 6 and len(out.split()) == 2 and 'longer than 128 MB' in err, (p.returncode, out, err)
        assert usage.ru_maxrss < (900 if sanitized() else 450) * 1024, usage.ru_maxrss
        assert subjects(home) == ['number 1', 'number 2']
        long_one = at(home, 'long.eml')
        with open(long_one, 'wb') as f:
            f.write(message(3))
            f.truncate(140 * MIB)
        home.run('import', 'local/Old', long_one, status=1)
        assert 'longer than 128 MB' in home.err


def limit_files(octets):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    return limit


def test_what_is_left_out_is_told_within_bounds():
    with local_home() as home:
        home.run('import', 'local/Old', put(home, 'in.mbox', (POSTMARK + b'\n') * 3 + POSTMARK + b'\n\n' + POSTMARK * 300 + message(1)), status=6)
        assert len(home.err.splitlines()) == 21 and 'more are left out' in home.err, home.err
        assert subjects(home)[-1] == 'number 1'


def test_progress_is_shown_on_a_terminal_alone():
    with local_home() as home:
        path = put(home, 'in.mbox', POSTMARK + message(1) + b'\n' + POSTMARK + message(2) + b'\n')
        main, end = pty.openpty()
        subprocess.run([FULMAR, 'import', 'local/Old', path], env=home.env, stderr=end, stdout=subprocess.PIPE, check=True, timeout=60)
        subprocess.run([FULMAR, 'export', 'local/Old', at(home, 'out.mbox')], env=home.env, stderr=end, stdout=subprocess.PIPE, check=True, timeout=60)
        os.close(end)
        shown = os.read(main, 65536).decode()
        os.close(main)
        assert re.search(r'\rin\.mbox: 1 \(\d+ %\)', shown) and '\rlocal: 1\x1b[K' in shown and shown.endswith('\r\x1b[K'), shown


def test_an_mbox_that_is_locked_is_waited_for():
    with local_home() as home:
        path = put(home, 'spool', POSTMARK + message(1) + b'\n')
        with open(path, 'r+b') as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            home.run('-o', 'account local.timeout=1s', 'import', 'local/Old', path, status=1)
            assert 'is locked by another program; waiting' in home.err and 'try again' in home.err and len(home.err.splitlines()) == 2, home.err
            p = subprocess.Popen([FULMAR, 'import', 'local/Old', path], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert b'waiting' in p.stderr.readline()
            # what its owner adds before he lets it go comes along
            f.seek(0, os.SEEK_END)
            f.write(POSTMARK + message(2) + b'\n')
            f.flush()
            fcntl.lockf(f, fcntl.LOCK_UN)
            out, err = p.communicate(timeout=60)
        assert p.returncode == 0 and not err and len(out.split()) == 2, (p.returncode, out, err)
        # and a dotlock
        put(home, 'spool.lock', b'')
        os.utime(at(home, 'spool.lock'))
        p = subprocess.Popen([FULMAR, 'import', 'local/More', path], env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert b'waiting' in p.stderr.readline()
        os.unlink(at(home, 'spool.lock'))
        assert len(p.communicate(timeout=60)[0].split()) == 2 and left(home) == ['spool'], left(home)


def test_an_empty_mbox_is_an_empty_folder():
    with local_home() as home:
        assert home.run('import', 'local/Empty', put(home, 'in.mbox', b'')) == '' and home.err == ''
        assert 'Empty' in home.run('folders', 'local')
        home.run('export', 'local/Empty', at(home, 'out.mbox'))
        assert os.path.getsize(at(home, 'out.mbox')) == 0


def test_no_room_is_one_line_and_loses_nothing():
    with local_home() as home:
        home.run('folders', 'local')
        path = put(home, 'in.mbox', POSTMARK + message(1) + b'\n' + POSTMARK + message(2, 'x' * 3 * MIB) + b'\n')
        p = subprocess.run([FULMAR, 'import', 'local/Old', path], env=home.env, capture_output=True, text=True, preexec_fn=limit_files(2 * MIB), timeout=60)
        assert p.returncode == 1 and p.stdout == '' and len(p.stderr.splitlines()) == 1 and 'cannot be written' in p.stderr, p
        assert not [f for f in os.listdir(at(home, 'data', 'fulmar', 'local', 'mail')) if f.startswith('append-')]
        assert len(home.run('import', 'local/Old', path, '--skip-duplicates').split()) == 2
        for target in ('out.mbox', 'out/', 'emls'):
            more = ['--format=eml'] if target == 'emls' else []
            p = subprocess.run([FULMAR, 'export', 'local/Old', at(home, target), *more], env=home.env, capture_output=True, text=True,
                               preexec_fn=limit_files(2 * MIB), timeout=60)
            assert p.returncode == 1 and p.stdout == '' and len(p.stderr.splitlines()) == 1, p
        assert left(home) == ['in.mbox'], left(home)
        sound(home)


# ---- never over anything ----

def test_an_export_writes_over_nothing():
    with local_home() as home:
        home.run('import', 'local/Old', put(home, 'in/one.eml', message(1)), put(home, 'in/two.eml', message(2)))
        put(home, 'there', b'mine')
        os.mkdir(at(home, 'folder'))
        os.symlink(at(home, 'nowhere'), at(home, 'link'))
        before = left(home)
        for path, format in (('there', 'mbox'), ('there', 'maildir'), ('folder', 'mbox'), ('folder', 'maildir'), ('folder', 'eml'), ('link', 'mbox'), ('link', 'eml'),
                             ('no/such/folder', 'mbox'), ('no/such/folder', 'maildir')):
            home.run('export', 'local/Old', at(home, path), '--format', format, status=1)
            assert len(home.err.splitlines()) == 1 and path in home.err, home.err
        # more than one does not go into an .eml
        home.run('export', 'local/Old', at(home, 'x.eml'), status=2)
        home.run('export', 'local/Old', 'subject:nothing', at(home, 'x.eml'), status=1)
        home.run('export', 'local:99', at(home, 'x.mbox'), status=1)
        home.run('export', 'local/Nowhere', at(home, 'x.mbox'), status=1)
        home.run('export', 'local/Old', at(home, 'x.mbox'), '--format=zip', status=2)
        home.run('export', 'local/Old', '-', '--format=eml', status=2)
        assert left(home) == before and open(at(home, 'there')).read() == 'mine' and os.listdir(at(home, 'folder')) == []


def test_what_is_exported_is_asked_for_as_in_list():
    with local_home() as home:
        ids = home.run('import', 'local/Old', put(home, 'in.mbox', b''.join(POSTMARK + message(n) + b'\n' for n in range(6)))).split()
        home.run('flag', ids[2], ids[4], '+flagged')
        home.run('import', 'other/INBOX', put(home, 'o.eml', message(10, 'From ../../etc').replace(b'number', b'../../number')))

        def exported(*query):
            p = subprocess.run([FULMAR, 'export', *query, '-'], env=home.env, capture_output=True, timeout=60, check=True, input='\n'.join(ids[:2]).encode())
            return re.findall(rb'^Subject: (.*)$', p.stdout, re.M)
        assert exported('local/Old') == [b'number %d' % n for n in range(6)]
        assert exported('local/Old', 'is:flagged') == [b'number 2', b'number 4']
        assert exported('local/Old', '-is:flagged', 'subject:3') == [b'number 3']
        assert exported(ids[5], ids[1], 'other:1') == [b'number 5', b'number 1', b'../../number 10']
        assert exported('-') == [b'number 0', b'number 1']
        assert sorted(exported('local')) == [b'number %d' % n for n in range(6)]
        home.run('export', 'other:1', ids[0], at(home, 'emls'), '--format', 'eml')
        assert sorted(os.listdir(at(home, 'emls'))) == ['%s-%s.eml' % tuple(i.split(':')) for i in sorted([ids[0], 'other:1'])]
        told = json.loads(home.run('export', ids[0], at(home, 'one.eml'), '--json'))
        assert told == {'path': at(home, 'one.eml'), 'format': 'eml', 'messages': 1, 'left_out': 0}
        assert open(at(home, 'one.eml'), 'rb').read() == message(0).replace(b'\n', b'\r\n')
        assert home.run('export', 'local/INBOX', at(home, 'empty')) and os.path.getsize(at(home, 'empty')) == 0


# ---- a server ----

def test_a_server_gets_what_is_imported_and_gives_what_is_exported():
    with Dovecot() as d, Home(imap_conf(d.port)) as home, RawImap(d.port) as imap:
        path = put(home, 'in.mbox', b''.join(b'From a@x %s\nStatus: %s\nX-Keywords: later\n' % (time.asctime(time.gmtime(NOON + n)).encode(), b'RO' if n % 2 else b'O')
                                             + message(n, 'From x') + b'\n' for n in range(40)))
        ids = home.run('import', 'work/Old/Mail', path).split()
        assert len(ids) == 40 and not home.err
        imap('SELECT Old/Mail')
        text = b''.join(imap('UID FETCH 1:* (FLAGS INTERNALDATE)'))
        assert text.count(b'later') == 40 and text.count(b'\\Seen') == 20 and b'"14-Nov-2023 22:13:20 +0000"' in text, text
        # offline: it waits; again without duplicates: what waits counts
        more = put(home, 'more.mbox', b''.join(POSTMARK + message(n) + b'\n' for n in (50, 51)))
        assert home.run('--offline', 'import', 'work/Old/Mail', more).split()[2:] == ['queued']
        assert home.run('--offline', 'import', 'work/Old/Mail', more, '--skip-duplicates') == ''
        home.run('sync')
        assert home.run('import', 'work/Old/Mail', more, path, '--skip-duplicates') == '' and '42 messages' in home.err
        assert b'42 EXISTS' in b''.join(imap('SELECT Old/Mail'))
        # what is only there is fetched, or left out and told
        with Home(imap_conf(d.port, more='keep = headers')) as fresh:
            fresh.run('sync', 'work/Old/Mail')
            fresh.run('--offline', 'export', 'work/Old/Mail', at(fresh, 'out.mbox'), status=1)
            assert not os.path.exists(at(fresh, 'out.mbox'))
            fresh.run('show', '--raw', rows(fresh, 'work/Old/Mail')[0]['id'])
            fresh.run('--offline', 'export', 'work/Old/Mail', at(fresh, 'one.mbox'), status=6)
            assert len(mailbox.mbox(at(fresh, 'one.mbox'), create=False)) == 1
            fresh.run('export', 'work/Old/Mail', at(fresh, 'out.mbox'))
            assert sorted(m['Subject'] for m in mailbox.mbox(at(fresh, 'out.mbox'), create=False)) == sorted('number %d' % n for n in [*range(40), 50, 51])
            # not all of it is here: duplicates cannot be told
        with Home(imap_conf(d.port, more='keep = headers')) as fresh:
            fresh.run('folders')
            fresh.run('--offline', 'import', 'work/Old/Mail', more, '--skip-duplicates', status=3)
            fresh.run('import', 'work/Old/Mail', more, '--skip-duplicates')
            assert '2 messages' in fresh.err


def test_what_a_server_refuses_is_told_and_kept():
    quota = '''mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
  quota_rule = *:storage=20k
}
'''
    with Dovecot(extra=quota) as d, Home(imap_conf(d.port)) as home, RawImap(d.port) as imap:
        path = put(home, 'in.mbox', b''.join(POSTMARK + message(n, 'x' * 3000) + b'\n' for n in range(12)))
        ids = home.run('import', 'work/Old', path, status=6).split()
        assert len(ids) == 12 and len(home.err.splitlines()) == 1 and 'refused' in home.err, home.err
        there = int(re.search(rb'(\d+) EXISTS', b''.join(imap('SELECT Old'))).group(1))
        failed = [json.loads(l) for l in home.run('queue', '--json').splitlines()]
        assert 4 <= there <= 7 and len(failed) == 12 - there and {q['state'] for q in failed} == {'failed'}, (there, failed)
        # who takes nothing at all is not asked again
        many = put(home, 'many.mbox', b''.join(POSTMARK + message(100 + n, 'x' * 6000) + b'\n' for n in range(40)))
        assert len(home.run('import', 'work/Old', many, status=1).split()) == 40 and 'refused' in home.err, home.err


run(globals())
