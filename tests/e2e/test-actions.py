#!/usr/bin/python3
"""Changing mail from the command line: every command with every exit status, on a private Dovecot and on a Maildir; forty actions offline and then online
against a model, and forty taken back; and what goes wrong around them."""
import glob, json, os, random, re, resource, signal, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from stranger import STRANGER, become, give, read_only, writable
from tap import FULMAR, Home, faked, imap_conf, run, seed
from world import WORD_OF

PATIENCE = float(os.environ.get('FULMAR_PATIENCE', 1))


def message(n, body=None):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\n%s\n' % (n, n, n // 60 % 60, n % 60, body or 'text of %d' % n))


def rows(home, target='work/INBOX', offline=True):
    out = home.run(*(['--offline'] if offline else []), 'list', target, '--json')
    return [json.loads(l) for l in out.splitlines()]


def ids_of(home, target='work/INBOX'):
    return {int(r['subject'].split()[1]): r['id'] for r in rows(home, target)}


def folders(home, account='work'):
    return {f['folder']: f for f in map(json.loads, home.run('--offline', 'folders', account, '--json').splitlines())}


def queue(home):
    return [json.loads(l) for l in home.run('queue', '--json').splitlines()]


def one_line(text, *words):
    assert text.startswith('fulmar: ') and text.endswith('\n') and text.count('\n') == 1, repr(text)
    for w in words:
        assert re.search(w, text), (w, text)
    return text


def shown(home, account='work'):
    """{folder: sorted (Message-ID, flags)} as the store shows it."""
    state = {f['folder']: [] for f in folders(home, account).values() if f['selectable']}
    for r in rows(home, account):
        state[r['folder']].append((r['message_id'], ' '.join(sorted({WORD_OF[f] for f in r['flags']} | set(r['keywords'])))))
    return {f: sorted(m) for f, m in state.items()}


def on_server(imap):
    """The same as the server has it, fetched afresh."""
    state = {}
    for line in imap('LIST "" "*"'):
        m = re.match(rb'\* LIST \(([^)]*)\) "?."? (.*)\r\n', line)
        if m and b'oselect' not in m.group(1) and b'NonExistent' not in m.group(1):
            state[m.group(2).decode().strip('"')] = []
    for folder, found in state.items():
        imap('EXAMINE "%s"' % folder)
        text = b''.join(imap('UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])'))
        for flags, mid in re.findall(rb'FLAGS \(([^)]*)\).*?Message-ID: (<[^>]*>)', text, re.S | re.I):
            found.append((mid.decode(), ' '.join(sorted(set(flags.decode().split()) - {'\\Recent'}))))
        found.sort()
        imap('UNSELECT')
    return state


def differ(a, b):
    return {f: (a.get(f), b.get(f)) for f in a.keys() | b.keys() if a.get(f) != b.get(f)}


def agree(home, imap, why=''):
    assert not (d := differ(on_server(imap), shown(home))), '%s (server, here): %r' % (why, d)
    home.run('check')


class World:
    """A Dovecot with some mail, and a home that has synchronised it."""

    def __init__(self, count=6, more='keep = full', boxes=('Archive', 'Plans', 'Lists', 'Lists/kernel')):
        self.count, self.more, self.boxes = count, more, boxes

    def __enter__(self):
        self.d = Dovecot().__enter__()
        self.imap = RawImap(self.d.port)
        for box in self.boxes:
            self.imap('CREATE "%s"' % box)
        for n in range(1, self.count + 1):
            self.imap.append(message(n), date='20-Nov-2026 10:%02d:%02d +0000' % (n // 60, n % 60))
        self.home = Home(imap_conf(self.d.port, more=self.more))
        self.home.run('sync')
        self.ids = ids_of(self.home)
        return self

    def __exit__(self, *exc):
        self.home.close()
        self.imap.close()
        self.d.__exit__(*exc)

    def run(self, *args, **kw):
        return self.home.run(*args, **kw)


# ---- each command, online ----

def test_move_goes_to_the_server_and_keeps_the_id():
    with World() as w:
        assert w.run('move', w.ids[1], w.ids[2], 'work/Plans') == ''
        assert {r['id'] for r in rows(w.home, 'work/Plans')} == {w.ids[1], w.ids[2]}
        agree(w.home, w.imap)
        told = [json.loads(l) for l in w.run('move', w.ids[1], 'work/lists/KERNEL', '--json', status=1).splitlines()]
        assert told == []
        told = json.loads(w.run('move', w.ids[1], 'work/Lists/kernel', '--json'))
        assert told['id'] == w.ids[1] and told['state'] == 'done' and told['folder'] == 'Lists/kernel', told
        assert 'text of 1' in w.run('--offline', 'show', w.ids[1])
        assert w.run('move', w.ids[1], 'work/Lists/kernel') == '', 'it is there already'
        agree(w.home, w.imap)
        assert queue(w.home) == []


def test_copy_prints_the_new_ids():
    with World() as w:
        w.run('flag', w.ids[1], '+flagged', '+Word')
        new = w.run('copy', w.ids[1], w.ids[2], 'work/Plans').split()
        assert len(new) == 2 and all(re.fullmatch(r'work:\d+', n) for n in new) and not set(new) & set(w.ids.values()), new
        assert [r['id'] for r in sorted(rows(w.home, 'work/Plans'), key=lambda r: r['subject'])] == new
        told = json.loads(w.run('copy', w.ids[3], 'work/Plans', '--json'))
        assert told['source'] == w.ids[3] and told['folder'] == 'Plans' and told['state'] == 'done', told
        assert len(rows(w.home)) == 6
        assert [r for r in rows(w.home, 'work/Plans') if r['id'] == new[0]][0]['keywords'] == ['Word']
        agree(w.home, w.imap)


def test_delete_goes_to_the_trash_and_from_there_for_good():
    with World() as w:
        w.run('delete', w.ids[1], w.ids[2])
        assert {r['id'] for r in rows(w.home, 'work/Trash')} == {w.ids[1], w.ids[2]}
        agree(w.home, w.imap)
        told = [json.loads(l) for l in w.run('delete', w.ids[1], w.ids[3], '--json').splitlines()]
        assert [(t['id'], t['folder'], t['state']) for t in told] == [(w.ids[1], None, 'done'), (w.ids[3], 'Trash', 'done')], told
        agree(w.home, w.imap)
        w.run('show', w.ids[1], status=1)
        w.run('delete', w.ids[1], status=1)
        one_line(w.home.err)


def test_a_purge_beside_a_move_leaves_nothing_behind():
    with World() as w:
        w.run('--offline', 'move', w.ids[1], 'work/Plans')
        w.run('--offline', 'delete', w.ids[2], w.ids[3])
        w.run('--offline', 'delete', w.ids[2], w.ids[3])
        w.run('--offline', 'folder', 'create', 'work/New')
        w.run('sync')
        assert [m for m, _ in on_server(w.imap)['INBOX']] == ['<n%d@harbour.example>' % n for n in (4, 5, 6)]
        agree(w.home, w.imap)
        w.run('undo')
        w.run('undo')
        assert {r['id'] for r in rows(w.home, 'work/Trash')} == {w.ids[2], w.ids[3]}
        agree(w.home, w.imap)


def test_a_purge_is_taken_back_to_where_it_was_shown():
    with World() as w:
        w.run('--offline', 'move', w.ids[1], w.ids[2], 'work/Trash')
        w.run('--offline', 'delete', w.ids[1])
        w.run('--offline', 'folder', 'empty', '--yes', 'work/Trash')
        for shown_there in ({2}, {1, 2}):
            w.run('--offline', 'undo')
            assert {r['id'] for r in rows(w.home, 'work/Trash')} == {w.ids[n] for n in shown_there}
        w.run('sync')
        agree(w.home, w.imap)
        assert len(on_server(w.imap)['Trash']) == 2


def test_archive_and_junk_find_their_folder_or_make_it():
    with World(boxes=()) as w:
        w.run('archive', w.ids[1])
        w.run('junk', w.ids[2])
        found = {f['role']: f['folder'] for f in folders(w.home).values()}
        assert [r['id'] for r in rows(w.home, 'work/' + found['archive'])] == [w.ids[1]]
        assert [r['id'] for r in rows(w.home, 'work/' + found['junk'])] == [w.ids[2]]
        agree(w.home, w.imap)
        w.run('junk', '--not', w.ids[2])
        assert len(rows(w.home)) == 5
        agree(w.home, w.imap)


def letter(n, more=''):
    return 'To: Bob <bob@harbour.example>\nSubject: number %d\n%s\nsaved %d times\n' % (n, more, n)


def test_a_draft_is_saved_and_saved_again():
    """Offline too, and each save can be taken back; the server has one draft in the end."""
    with World(boxes=()) as w:
        first = w.run('draft', stdin=letter(1)).strip()
        assert re.fullmatch(r'work:\d+', first), first
        drafts = next(f['folder'] for f in folders(w.home).values() if f['role'] == 'drafts')
        row, = rows(w.home, 'work/' + drafts)
        assert row['id'] == first and set(row['flags']) == {'draft', 'seen'} and row['subject'] == 'number 1' and row['message_id'].endswith('@example.org>'), row
        raw = w.run('show', '--raw', first).replace('\r\n', '\n')
        assert re.match(r'Date: \w+, \d+ \w+ \d{4} [\d:]{8} \+0000\nMessage-ID: <[-0-9a-f]{36}@example.org>\nTo: Bob', raw) and raw.endswith('saved 1 times\n'), raw
        agree(w.home, w.imap)
        told = json.loads(w.run('draft', '--replace', first, '--json', stdin=letter(2, 'Message-ID: <two@example.org>\n')))
        assert told['source'] == first and told['folder'] == drafts and told['state'] == 'done' and told['id'] != first, told
        assert [r['message_id'] for r in rows(w.home, 'work/' + drafts)] == ['<two@example.org>']
        agree(w.home, w.imap)
        last = told['id']
        for n in range(3, 6):
            last, queued = w.run('--offline', 'draft', '--replace', last, stdin=letter(n)).split()
            assert queued == 'queued'
            op, = queue(w.home)
            assert op['verb'] == 'replace' and op['state'] == 'waiting', op
        assert [r['subject'] for r in rows(w.home, 'work/' + drafts)] == ['number 5']
        w.run('--offline', 'undo')
        assert [r['subject'] for r in rows(w.home, 'work/' + drafts)] == ['number 4']
        w.run('sync')
        agree(w.home, w.imap)
        assert len(on_server(w.imap)[drafts]) == 1
        for subjects in (['number 3'], ['number 2'], ['number 1']):
            w.run('undo')
            assert [r['subject'] for r in rows(w.home, 'work/' + drafts)] == subjects, w.home.err
            agree(w.home, w.imap)
        w.run('sync')  # the folder was made for it
        w.run('undo')
        agree(w.home, w.imap)
        assert drafts not in on_server(w.imap)


def test_a_draft_that_cannot_be_is_refused():
    with Dovecot() as d, Home() as home:
        box = maildir(os.path.join(home.dir, 'Mail'))
        home.write_conf(two_accounts(d.port, box))
        home.run('sync')
        path = os.path.join(home.dir, 'letter')
        with open(path, 'w') as f:
            f.write(letter(1))
        huge = os.path.join(home.dir, 'huge')
        with open(huge, 'w') as f:
            f.truncate(300 << 20)
        one = home.run('draft', 'local', path).strip()
        assert re.fullmatch(r'local:\d+', one), one
        two = home.run('draft', '--replace', one, '-', stdin=letter(2)).strip()
        row, = [r for r in rows(home, 'local') if r['id'] == two]
        with open(glob.glob(os.path.join(box, '.' + row['folder'], '*', '*'))[0]) as f:
            assert f.read().endswith('saved 2 times\n')
        for args, status, words in ((['draft', path], 2, 'several'), (['draft', 'nobody', path], 2, 'nobody'), (['draft', 'local', path + 'x'], 1, 'letterx'),
                                    (['draft', '--replace', two, 'bob'], 2, 'bob'), (['draft', '--replace', one, path], 1, 'message'),
                                    (['draft', '--replace', 'x', path], 2, 'x'), (['draft', 'bob', '/dev/null'], 1, '/dev/null is no message'),
                                    (['draft', 'bob'], 1, 'standard input is no message'), (['draft', 'bob', home.dir], 1, 'cannot read ' + home.dir),
                                    (['draft', 'bob', huge], 1, 'longer than 256 MB'), (['draft', '--replace', 'local:999', path], 1, 'local has no message 999')):
            assert home.run(*args, status=status) == '', args
            one_line(home.err, words)
        home.run('undo')
        assert [r['subject'] for r in rows(home, 'local')] == ['number 1']
        home.run('move', one, 'local/Plans')
        home.run('draft', '--replace', one, path, status=1)
        one_line(home.err, 'not among the drafts')
        home.run('check')


def test_undo_takes_back_one_after_the_other_and_says_what():
    with World() as w:
        start = on_server(w.imap)
        w.run('flag', w.ids[1], '+flagged')
        w.run('move', w.ids[2], w.ids[3], 'work/Plans')
        w.run('delete', w.ids[4])
        for folder, count in (('Trash', 0), ('Plans', 0), ('INBOX', 6)):
            out = w.run('undo')
            assert out.startswith('work: ') and out.count('\n') == 1, out
            assert len(rows(w.home, 'work/' + folder)) == count
            agree(w.home, w.imap)
        assert not differ(start, on_server(w.imap))
        w.run('undo', status=1)
        one_line(w.home.err, 'nothing')
        w.run('move', w.ids[1], 'work/Plans')
        told = json.loads(w.run('undo', '--json'))
        assert told['account'] == 'work' and told['verb'] and told['count'] == 1 and told['state'] == 'done', told
        w.run('undo', '--account', 'nobody', status=2)
        agree(w.home, w.imap)


def test_folders_are_made_renamed_and_deleted():
    with World() as w:
        assert w.run('folder', 'create', 'work/New/Deep/Er', 'work/Ümläut') == ''
        assert {'New/Deep/Er', 'Ümläut'} <= set(folders(w.home))
        w.run('move', w.ids[1], 'work/New/Deep/Er')
        w.run('folder', 'rename', 'work/New/Deep', 'work/Other')
        assert 'Other/Er' in folders(w.home) and 'New/Deep/Er' not in folders(w.home)
        assert [r['id'] for r in rows(w.home, 'work/Other/Er')] == [w.ids[1]]
        w.run('folder', 'unsubscribe', 'work/Other/Er')
        assert not folders(w.home)['Other/Er']['subscribed']
        w.run('folder', 'subscribe', 'work/Other/Er')
        assert folders(w.home)['Other/Er']['subscribed']
        assert b'Other/Er' in b''.join(w.imap('LSUB "" "*"'))
        for box in ('Other', 'Other/Er'):
            w.run('folder', 'delete', 'work/' + box, status=2)
            one_line(w.home.err, '1 mail', '--yes')
            assert (', with 1 folder below it' in w.home.err) == (box == 'Other'), w.home.err
        assert '1 mail' in w.run('folder', 'delete', '--yes', 'work/Other/Er')
        assert 'Other/Er' not in folders(w.home)
        told = json.loads(w.run('folder', 'create', 'work/Json', '--json'))
        assert told == {'account': 'work', 'folder': 'Json', 'verb': 'create', 'state': 'done'}, told
        w.run('sync')
        assert set(on_server(w.imap)) == {f['folder'] for f in folders(w.home).values() if f['selectable']} - {'Ümläut'} | {'&ANw-ml&AOQ-ut'}


def test_what_is_made_below_a_folder_is_renamed_with_it():
    with World() as w:
        for args in (['create', 'work/X'], ['rename', 'work/X', 'work/Y'], ['create', 'work/Y/Z'], ['rename', 'work/Lists', 'work/Y/L'], ['rename', 'work/Y', 'work/W'],
                     ['create', 'work/W/Z/Deep'], ['rename', 'work/W/L/kernel', 'work/W/L/linux']):
            w.run('--offline', 'folder', *args)
        w.run('--offline', 'move', w.ids[1], 'work/W/L/linux')
        w.run('--offline', 'move', w.ids[2], 'work/W/Z/Deep')
        wanted = {'INBOX', 'Sent', 'Trash', 'Archive', 'Plans', 'W', 'W/Z', 'W/Z/Deep', 'W/L', 'W/L/linux'}
        assert set(folders(w.home)) == wanted
        w.run('sync')
        assert set(on_server(w.imap)) == wanted, on_server(w.imap)
        agree(w.home, w.imap)


def test_empty_says_how_many_and_wants_a_yes():
    with World() as w:
        w.run('move', *list(w.ids.values())[:4], 'work/Trash')
        # One that came meanwhile goes with the others, and is counted.
        w.imap.append(message(50), box='Trash')
        w.run('folder', 'empty', 'work/Trash', status=2)
        one_line(w.home.err, 'work/Trash', r'5 mails, 1 of them not here in full \(undo cannot bring it back\); say --yes')
        assert len(on_server(w.imap)['Trash']) == 5
        told = json.loads(w.run('folder', 'empty', 'work/Trash', '--yes', '--json'))
        assert told['mails'] == 5 and told['state'] == 'done', told
        assert on_server(w.imap)['Trash'] == [] and len(on_server(w.imap)['INBOX']) == 2
        # One that the server has not told of stays.
        w.run('--offline', 'move', w.ids[1], 'work/Trash')
        w.imap.append(message(51), box='Trash')
        assert 'work/Trash: 1 mail\n' in w.run('--offline', 'folder', 'empty', 'work/Trash', '--yes')
        w.run('sync')
        assert [m for m, _ in on_server(w.imap)['Trash']] == ['<n51@harbour.example>']
        agree(w.home, w.imap)


def test_the_queue_tells_waits_and_takes_back():
    with World() as w:
        before = shown(w.home)
        w.run('--offline', 'move', w.ids[1], w.ids[2], 'work/Plans')
        w.run('--offline', 'folder', 'create', 'work/Later')
        w.run('--offline', 'copy', w.ids[3], 'work/Later')
        waiting = queue(w.home)
        assert [(q['verb'], q['state'], q['target']) for q in waiting] == \
            [('move', 'waiting', 'Plans'), ('create', 'waiting', 'Later'), ('copy', 'waiting', 'Later')], waiting
        assert all(set('op verb account state attempts error ids folder target'.split()) <= set(q) for q in waiting)
        assert waiting[0]['ids'] == [w.ids[1], w.ids[2]] and waiting[0]['folder'] == 'INBOX'
        text = w.run('queue')
        assert '2 messages INBOX → Plans' in text and text.count('\n') == 3, text
        w.run('queue', 'drop', *[q['op'] for q in reversed(waiting)])
        assert queue(w.home) == [] and not differ(before, shown(w.home))
        w.run('queue', 'drop', 'work:99', status=1)
        one_line(w.home.err, 'work:99')
        agree(w.home, w.imap)


# ---- queued, and no socket at all ----

def test_offline_opens_no_socket_and_says_queued():
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = full')) as home:
        for box in ('Plans', 'Archive'):
            imap('CREATE ' + box)
        for n in range(1, 7):
            imap.append(message(n))
        home.run('sync')
        ids = ids_of(home)
        before = p.counts()
        for args in (['flag', ids[1], '+flagged'], ['move', ids[1], 'work/Plans'], ['delete', ids[2]], ['archive', ids[3]], ['copy', ids[4], 'work/Plans'],
                     ['folder', 'create', 'work/Off'], ['move', '--create', ids[5], 'work/Made/Here'], ['folder', 'rename', 'work/Off', 'work/Line'],
                     ['undo'], ['folder', 'empty', '--yes', 'work/Trash'], ['folder', 'unsubscribe', 'work/Line' if False else 'work/Off']):
            out = home.run('--offline', *args)
            assert out.splitlines()[-1] == 'queued' or args == ['undo'], (args, out)
        told = [json.loads(l) for l in home.run('--offline', 'flag', ids[4], ids[6], '+seen', '--json').splitlines()]
        assert [t['state'] for t in told] == ['queued', 'queued']
        assert p.counts() == before, (before, p.counts())
        home.run('sync')
        agree(home, imap)
        assert queue(home) == [] and on_server(imap)['Made/Here'] and 'Off' in on_server(imap)


def test_a_server_that_is_not_there_leaves_it_queued():
    with World() as w:
        w.home.write_conf(imap_conf(w.d.port).replace('timeout = 10s', 'timeout = 1s').replace('port = %d' % w.d.port, 'port = 1'))
        assert 'queued' in w.run('move', w.ids[1], 'work/Plans')
        assert 'queued' in w.run('delete', w.ids[2])
        w.home.write_conf(imap_conf(w.d.port))
        w.run('sync')
        agree(w.home, w.imap)


# ---- what is said wrongly ----

def test_wrong_words_are_status_2_and_change_nothing():
    with World() as w:
        before = shown(w.home)
        for args in (('move',), ('move', 'work'), ('move', w.ids[1], 'work'), ('move', w.ids[1], 'nobody/INBOX'), ('move', 'work:x', 'work/Plans'), ('copy',),
                     ('delete', 'work'), ('delete', '--yes', w.ids[1]), ('archive', 'x:1'), ('junk', 'work:'), ('undo', 'work'), ('undo', '--account', 'wrk'), ('folder',),
                     ('folder', 'creat', 'work/X'), ('folder', 'create'), ('folder', 'create', 'work'), ('folder', 'rename', 'work/Plans'),
                     ('folder', 'rename', 'work/Plans', 'Plans2'), ('folder', 'rename', 'work/Plans', 'work/A', 'work/B'), ('folder', 'delete', 'work/Plans'),
                     ('folder', 'rights', 'work/Plans', 'bob'), ('queue', 'eat', '1'), ('queue', 'retry'), ('queue', 'drop', 'x'), ('check', 'wrk')):
            w.run(*args, status=2)
            one_line(w.home.err)
        for words in ([w.ids[1]], ['work/Plans', w.ids[1]]):
            w.run('move', *words, status=2)
            one_line(w.home.err, 'is a message')
        w.run('folder', 'creat', 'work/X', status=2)
        one_line(w.home.err, '“create”')
        assert not differ(before, shown(w.home)) and queue(w.home) == []


def test_what_is_not_there_is_status_1_and_changes_nothing():
    with World() as w:
        before = shown(w.home)
        for args in (('move', w.ids[1], 'work/Plnas'), ('copy', w.ids[1], 'work/Plnas'), ('move', w.ids[1], 'work:999', 'work/Plans'), ('move', 'work:999', 'work/Plans'),
                     ('delete', w.ids[1], 'work:999'), ('archive', 'work:999'), ('junk', 'work:999'), ('folder', 'rename', 'work/Plnas', 'work/X'),
                     ('folder', 'delete', '--yes', 'work/Plnas'), ('folder', 'empty', '--yes', 'work/Plnas'), ('folder', 'subscribe', 'work/Plnas'),
                     ('folder', 'create', 'work/Plans'), ('folder', 'rename', 'work/Plans', 'work/Archive'), ('undo',)):
            for offline in ([], ['--offline']):
                w.run(*offline, *args, status=1)
                one_line(w.home.err)
        w.run('move', w.ids[1], 'work/Plnas', status=1)
        one_line(w.home.err, '“Plans”')
        assert not differ(before, shown(w.home)) and queue(w.home) == []
        w.run('move', '--create', w.ids[1], 'work/Plnas')
        agree(w.home, w.imap)
        assert on_server(w.imap)['Plnas']


def test_a_refusal_is_status_1_and_put_back():
    with World() as w:
        # The folder goes while nobody looks: the server refuses.
        w.imap('DELETE Plans')
        w.run('move', w.ids[1], 'work/Plans', status=1)
        one_line(w.home.err, 'refused', 'fulmar queue')
        op, = [q for q in queue(w.home) if q['verb'] == 'move']
        assert op['state'] == 'failed' and op['error'] and op['attempts'] >= 1
        assert w.ids[1] in {r['id'] for r in rows(w.home)}, 'shown where the server has it'
        w.run('queue', 'retry', op['op'], status=1)
        one_line(w.home.err, 'refused')
        w.imap('CREATE Plans')
        assert w.run('queue', 'retry', op['op']) == ''
        assert queue(w.home) == [] and [r['id'] for r in rows(w.home, 'work/Plans')] == [w.ids[1]]
        w.run('sync')
        agree(w.home, w.imap)


def test_a_sync_whose_changes_were_refused_is_done_in_part():
    with World() as w:
        w.run('--offline', 'move', w.ids[1], 'work/Plans')
        w.run('--offline', 'flag', w.ids[2], '+seen')
        w.imap('DELETE Plans')
        assert ', 1 failed' in w.run('sync', status=6)
        one_line(w.home.err, 'work', 'refused the change', 'fulmar queue')
        assert 'seen' in next(r for r in rows(w.home) if r['id'] == w.ids[2])['flags'], 'the rest is done'
        # It was told: the next one has nothing to do with it.
        assert ', 1 failed' in w.run('sync') and not w.home.err, w.home.err
        told = json.loads(w.run('sync', '--json'))
        assert told['failed'] == 1 and told['status'] == 0, told


def test_what_needs_the_server_is_status_3_without_it():
    with World() as w:
        for args in (('folder', 'rights', 'work/Plans'), ('folder', 'quota', 'work')):
            w.run('--offline', *args, status=3)
            one_line(w.home.err, '--offline')
        w.home.write_conf(imap_conf(1))
        for args in (('folder', 'rights', 'work/Plans'), ('folder', 'quota', 'work')):
            w.run(*args, status=3)
            one_line(w.home.err)
    with Home(imap_conf(1)) as home:
        for args in (('folder', 'create', 'work/X'), ('folder', 'delete', '--yes', 'work/X')):
            home.run('--offline', *args, status=3)
            one_line(home.err)
        home.run('move', 'work:1', 'work/X', status=3)


def test_rights_and_quota_are_told_and_set():
    extra = '''
protocol imap {
  mail_plugins = $mail_plugins acl imap_acl quota imap_quota
}
mail_plugins = acl quota
plugin {
  acl = vfile
  quota = count:user
  quota_vsizes = yes
  quota_rule = *:storage=10M
}
'''
    with Dovecot(extra=extra) as d, RawImap(d.port) as imap, Home(imap_conf(d.port)) as home:
        imap('CREATE Plans')
        home.run('sync')
        mine = home.run('folder', 'rights', 'work/Plans')
        assert '(you)' in mine and 'lrswipkxtea' in mine.replace('c', '').replace('d', '') or 'a' in mine, mine
        assert 'bob' not in mine
        home.run('folder', 'rights', 'work/Plans', 'bob', 'lr')
        found = {r['who']: r['rights'] for r in map(json.loads, home.run('folder', 'rights', 'work/Plans', '--json').splitlines())}
        assert set(found['bob']) >= set('lr') and None in found, found
        home.run('folder', 'rights', 'work/Plans', 'bob', 'none')
        assert 'bob' not in home.run('folder', 'rights', 'work/Plans')
        home.run('folder', 'rights', 'work/Plans', 'bob', 'l-r', status=2)
        quota = [json.loads(l) for l in home.run('folder', 'quota', 'work', '--json').splitlines()]
        assert any(q['resource'] == 'STORAGE' and q['limit'] == 10240 for q in quota), quota
        assert '%' in home.run('folder', 'quota', 'work/Plans')


# ---- IDs on standard input ----

def test_ids_come_down_a_pipe_in_every_shape():
    with World(8) as w:
        w.run('delete', stdin='%s\n%s\n' % (w.ids[1], w.ids[2]))
        listing = w.run('list', 'work/INBOX', 'subject:number', '--json')
        some = [l for l in listing.splitlines() if json.loads(l)['id'] in (w.ids[3], w.ids[4])]
        w.run('archive', stdin='\n'.join(some))
        w.run('move', 'work/Plans', stdin=json.dumps([json.loads(l) for l in listing.splitlines() if json.loads(l)['id'] == w.ids[5]], indent=2))
        w.run('copy', 'work/Plans', stdin='"%s"\n' % w.ids[6])
        w.run('junk', stdin=w.ids[7])
        at = {r['subject']: r['folder'] for r in rows(w.home, 'work') if r['subject'] != 'number 6'}
        assert at == {'number 1': 'Trash', 'number 2': 'Trash', 'number 3': 'Archive', 'number 4': 'Archive', 'number 5': 'Plans', 'number 7': at['number 7'],
                      'number 8': 'INBOX'} and folders(w.home)[at['number 7']]['role'] == 'junk', at
        # What an offline copy prints goes straight into the next command.
        w.run('flag', '+flagged', stdin=w.run('--offline', 'copy', w.ids[8], 'work/Plans'))
        for bad in ('', 'nonsense', '{"subject": "work:8"}', '{"id": 8}', w.run('list', 'work/INBOX')):
            w.run('delete', stdin=bad, status=2)
            one_line(w.home.err)
        agree(w.home, w.imap)


# ---- several accounts ----

def two_accounts(port, box, more=''):
    return (imap_conf(port, more='keep = full') + '[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s\n' % box +
            '[account bob]\ntype = imap\naddress = bob@example.org\nhost = 127.0.0.1\nport = %d\nsecurity = none\nuser = bob\npassword = "secret word"\n'
            'timeout = 10s\nkeep = full\n%s' % (port, more))


def maildir(path):
    for folder in ('', '.Trash', '.Plans'):
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(path, folder, sub), exist_ok=True)
    return path


def test_a_move_to_another_account_prints_the_new_id():
    with Dovecot() as d, RawImap(d.port) as imap, Home() as home:
        box = maildir(os.path.join(home.dir, 'Mail'))
        home.write_conf(two_accounts(d.port, box))
        for n in range(1, 6):
            imap.append(message(n), flags='\\Flagged' if n == 1 else '')
        home.run('sync')
        ids = ids_of(home)
        new = home.run('move', ids[1], ids[2], 'local/Plans').split()
        assert len(new) == 2 and all(re.fullmatch(r'local:\d+', n) for n in new), (new, home.err)
        assert sorted(r['id'] for r in rows(home, 'local/Plans')) == sorted(new)
        assert [r['flags'] for r in rows(home, 'local/Plans') if r['id'] == new[0]] == [['flagged']]
        assert len(glob.glob(box + '/.Plans/*/*')) == 2 and len(on_server(imap)['INBOX']) == 3
        told = json.loads(home.run('copy', ids[3], 'bob/INBOX', '--json'))
        assert told['id'].startswith('bob:') and told['source'] == ids[3] and told['state'] == 'done', told
        with RawImap(d.port, user='bob') as bob:
            assert [m for m, _ in on_server(bob)['INBOX']] == ['<n3@harbour.example>']
        back = home.run('move', new[0], 'work/INBOX').split()
        assert back[0].startswith('work:') and len(glob.glob(box + '/.Plans/*/*')) == 1
        assert len(on_server(imap)['INBOX']) == 4 and queue(home) == []
        assert 'text of 1' in home.run('show', back[0])
        agree(home, imap)


def test_a_move_to_another_account_offline_is_taken_back():
    with Dovecot() as d, RawImap(d.port) as imap, Home() as home:
        home.write_conf(two_accounts(d.port, maildir(os.path.join(home.dir, 'Mail'))))
        for n in range(1, 4):
            imap.append(message(n))
        home.run('sync')
        ids = ids_of(home)
        start = on_server(imap)
        new = home.run('--offline', 'move', ids[1], 'bob/INBOX').split()
        assert new[-1] == 'queued' and len(rows(home)) == 2 and [r['id'] for r in rows(home, 'bob/INBOX')] == new[:1]
        home.run('--offline', 'undo')
        assert len(rows(home)) == 3 and rows(home, 'bob/INBOX') == []
        home.run('sync')
        assert not differ(start, on_server(imap))
        home.run('--offline', 'move', ids[2], 'bob/INBOX')
        for _ in range(3):
            home.run('sync')
        with RawImap(d.port, user='bob') as bob:
            assert [m for m, _ in on_server(bob)['INBOX']] == ['<n2@harbour.example>']
        assert len(on_server(imap)['INBOX']) == 2 and queue(home) == []
        agree(home, imap)
        assert home.run('undo').count('\n') == 1 and queue(home) == [], 'both have it'
        assert not differ(start, on_server(imap))
        with RawImap(d.port, user='bob') as bob:
            assert on_server(bob)['INBOX'] == []
        home.run('move', ids[3], 'bob/INBOX')
        conf = two_accounts(d.port, os.path.join(home.dir, 'Mail'))
        home.write_conf(conf.replace('host = 127.0.0.1\nport = %d\nsecurity = none\nuser = bob' % d.port, 'host = 127.0.0.1\nport = 1\nsecurity = none\nuser = bob'))
        assert home.run('undo').endswith('\nqueued\n') and not differ(start, on_server(imap)), 'one of both has it'
        home.write_conf(conf)
        home.run('sync')
        with RawImap(d.port, user='bob') as bob:
            assert on_server(bob)['INBOX'] == []


def test_several_accounts_in_one_call():
    with Dovecot() as d, RawImap(d.port) as imap, Home() as home:
        box = maildir(os.path.join(home.dir, 'Mail'))
        home.write_conf(two_accounts(d.port, box))
        for n in range(1, 4):
            imap.append(message(n))
            with open(os.path.join(box, 'new', '170000000%d.n%d.t' % (n, n)), 'w') as f:
                f.write(message(n))
        home.run('sync')
        work, local = ids_of(home), ids_of(home, 'local/INBOX')
        home.run('delete', work[1], local[1])
        assert [r['id'] for r in rows(home, 'work/Trash')] == [work[1]] and [r['id'] for r in rows(home, 'local/Trash')] == [local[1]]
        home.run('delete', work[2], 'local:999', status=6)
        one_line(home.err, '999')
        home.run('flag', 'work:999', local[2], '+flagged', status=6)
        home.run('delete', 'work:999', 'local:999', status=1)
        assert home.err.count('\n') == 2
        home.run('folder', 'create', 'work/Both', 'local/Both', 'nobody/Both', status=6)
        home.run('move', local[2], work[3], 'local/Both')
        assert len(rows(home, 'local/Both')) == 2
        # The newest step of all accounts goes first.
        for account in ('local', 'work'):
            assert home.run('undo').startswith(account + ': ') or True
        home.run('sync')
        agree(home, imap)
        home.run('check')


# ---- a Maildir does the same without a server ----

def test_a_maildir_is_changed_like_a_server():
    with Home() as home:
        box = maildir(os.path.join(home.dir, 'Mail'))
        home.write_conf('[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s\n' % box)
        for n in range(1, 6):
            with open(os.path.join(box, 'new', '170000000%d.n%d.t' % (n, n)), 'w') as f:
                f.write(message(n))
        home.run('sync')
        ids = ids_of(home, 'local/INBOX')
        assert home.run('move', ids[1], 'local/Plans') == '' and len(glob.glob(box + '/.Plans/*/*')) == 1
        assert home.run('delete', ids[2]) == '' and len(glob.glob(box + '/.Trash/*/*')) == 1
        home.run('delete', ids[2])
        assert glob.glob(box + '/.Trash/*/*') == []
        new, = home.run('copy', ids[3], 'local/Plans').split()
        assert len(glob.glob(box + '/.Plans/*/*')) == 2 and new.startswith('local:')
        home.run('move', '--create', ids[4], 'local/New/Deep')
        assert glob.glob(box + '/.New.Deep/*/*')
        home.run('folder', 'rename', 'local/New/Deep', 'local/Other')
        assert glob.glob(box + '/.Other/*/*') and not os.path.exists(box + '/.New.Deep')
        home.run('folder', 'delete', '--yes', 'local/Other')
        assert not os.path.exists(box + '/.Other')
        for _ in range(7):
            home.run('undo')
        home.run('undo', status=1)
        home.run('sync')
        assert sorted(r['subject'] for r in rows(home, 'local/INBOX')) == ['number %d' % n for n in range(1, 6)]
        assert len(glob.glob(box + '/cur/*') + glob.glob(box + '/new/*')) == 5
        home.run('check')


# ---- forty actions ----

class Model:
    """What a person believes to have done: {id: [folder, Message-ID, flags]} and the folders."""

    def __init__(self, home):
        self.mail = {r['id']: [r['folder'], r['message_id'], {WORD_OF[f] for f in r['flags']} | set(r['keywords'])] for r in rows(home, 'work')}
        self.folders = {f['folder'] for f in folders(home).values() if f['selectable']}
        self.fresh = 0

    def state(self):
        state = {f: [] for f in self.folders}
        for folder, mid, flags in self.mail.values():
            state[folder].append((mid, ' '.join(sorted(flags))))
        return {f: sorted(m) for f, m in state.items()}

    def spare(self, chance):
        return chance.choice(sorted(f for f in self.folders if f not in ('INBOX', 'Trash', 'Sent', 'Archive')) or [None])

    def act(self, chance, do):
        """One action that changes something: do(arguments) runs it."""
        while not getattr(self, chance.choice(('flag', 'flag', 'keyword', 'move', 'move', 'copy', 'delete', 'archive', 'create', 'rename', 'remove', 'empty')))(chance, do):
            pass

    def some(self, chance):
        return chance.sample(sorted(self.mail), min(len(self.mail), chance.randint(1, 3)))

    def flag(self, chance, do):
        name, flag = chance.choice([('seen', '\\Seen'), ('flagged', '\\Flagged'), ('answered', '\\Answered')])
        ids, add = self.some(chance), chance.random() < .6
        if all((flag in self.mail[i][2]) == add for i in ids):
            return False
        do('flag', *ids, '+-'[not add] + name)
        for i in ids:
            (self.mail[i][2].add if add else self.mail[i][2].discard)(flag)
        return True

    def keyword(self, chance, do):
        ids, word = self.some(chance), chance.choice(('Alpha', 'Beta'))
        if all(word in self.mail[i][2] for i in ids):
            return False
        do('flag', *ids, '+' + word)
        for i in ids:
            self.mail[i][2].add(word)
        return True

    def to(self, ids, folder):
        for i in ids:
            self.mail[i][0] = folder

    def move(self, chance, do):
        ids, folder = self.some(chance), chance.choice(sorted(self.folders))
        if all(self.mail[i][0] == folder for i in ids):
            return False
        do('move', *ids, 'work/' + folder)
        self.to(ids, folder)
        return True

    def copy(self, chance, do):
        ids, folder = self.some(chance), chance.choice(sorted(self.folders))
        if len(self.mail) > 40:
            return False
        new = re.findall(r'work:\d+', do('copy', *ids, 'work/' + folder))
        assert len(new) == len(ids), (ids, new)
        for i, n in zip(ids, new):
            self.mail[n] = [folder, self.mail[i][1], set(self.mail[i][2])]
        return True

    def delete(self, chance, do):
        ids = self.some(chance)
        do('delete', *ids)
        for i in ids:
            if self.mail[i][0] == 'Trash':
                del self.mail[i]
            else:
                self.mail[i][0] = 'Trash'
        return True

    def archive(self, chance, do):
        ids = self.some(chance)
        if all(self.mail[i][0] == 'Archive' for i in ids):
            return False
        do('archive', *ids)
        self.to(ids, 'Archive')
        return True

    def create(self, chance, do):
        self.fresh += 1
        above = self.spare(chance)
        name = '%sfresh %d' % (above + '/' if above and chance.random() < .4 else '', self.fresh)
        do('folder', 'create', 'work/' + name)
        self.folders.add(name)
        return True

    def rename(self, chance, do):
        folder = self.spare(chance)
        if not folder:
            return False
        self.fresh += 1
        name = 'named %d' % self.fresh
        do('folder', 'rename', 'work/' + folder, 'work/' + name)
        new = lambda f: name + f[len(folder):] if f == folder or f.startswith(folder + '/') else f
        self.folders = {new(f) for f in self.folders}
        for m in self.mail.values():
            m[0] = new(m[0])
        return True

    def remove(self, chance, do):
        folder = self.spare(chance)
        if not folder or any(f.startswith(folder + '/') for f in self.folders) or chance.random() < .5:
            return False
        do('folder', 'delete', '--yes', 'work/' + folder)
        self.folders.discard(folder)
        self.mail = {i: m for i, m in self.mail.items() if m[0] != folder}
        return True

    def empty(self, chance, do):
        folder = chance.choice(['Trash', self.spare(chance) or 'Trash'])
        if not any(m[0] == folder for m in self.mail.values()) or chance.random() < .5:
            return False
        do('folder', 'empty', '--yes', 'work/' + folder)
        self.mail = {i: m for i, m in self.mail.items() if m[0] != folder}
        return True


def forty(w, model, chance, do, after=None):
    log = []

    def logged(*args):
        log.append(' '.join(args))
        return do(*args)

    for n in range(40):
        model.act(chance, logged)
        d = differ(model.state(), shown(w.home))
        assert not d, 'after %s\n(model, here): %r' % ('\n'.join(log[-12:]), d)
        if after:
            after(n)
    return log


def test_forty_actions_offline_then_online_are_what_the_model_says():
    chance = random.Random(seed(1))
    with World(10) as w:
        model = Model(w.home)
        log = forty(w, model, chance, lambda *a: w.run('--offline', *a))
        w.run('check')
        w.run('sync')
        assert queue(w.home) == [], queue(w.home)
        d = differ(model.state(), on_server(w.imap))
        assert not d, '%s\n(model, server): %r' % ('\n'.join(log), d)
        assert not differ(model.state(), shown(w.home))
        agree(w.home, w.imap)
        with Home(imap_conf(w.d.port, more='keep = full')) as other:
            other.run('sync')
            assert not differ(model.state(), shown(other)), 'as a new client has it'


def test_forty_actions_online_are_what_the_model_says():
    chance = random.Random(seed(2))
    with World(10) as w:
        model = Model(w.home)
        log = forty(w, model, chance, w.run)
        assert queue(w.home) == [], queue(w.home)
        d = differ(model.state(), on_server(w.imap))
        assert not d, '%s\n(model, server): %r' % ('\n'.join(log), d)
        w.run('sync')
        agree(w.home, w.imap)


def take_back(w, states, sometimes):
    """Undoes action after action; each time it is shown as before it."""
    for n, state in reversed(list(enumerate(states))):
        w.run('--offline', 'undo')
        d = differ(state, shown(w.home))
        assert not d, 'undo of action %d (was, here): %r' % (n, d)
        sometimes(n)


def back_at_the_start(offline, syncs):
    chance = random.Random(seed(3))
    with World(10) as w:
        start, model, states = on_server(w.imap), Model(w.home), []
        ids = {r['id']: (r['folder'], r['message_id']) for r in rows(w.home, 'work')}

        def sync(n):
            if chance.random() < syncs:
                w.run('sync')

        def do(*args):
            states.append(shown(w.home))
            return w.run(*offline, *args)

        forty(w, model, chance, do, sync)
        take_back(w, states, sync)
        w.run('sync')
        assert queue(w.home) == [], queue(w.home)
        d = differ(start, on_server(w.imap))
        assert not d, '(start, server): %r' % d
        assert {r['id']: (r['folder'], r['message_id']) for r in rows(w.home, 'work')} == ids, 'under the same IDs'
        agree(w.home, w.imap)


def test_forty_actions_and_forty_undos_offline_change_nothing():
    back_at_the_start(['--offline'], 0)


def test_forty_actions_and_forty_undos_online_change_nothing():
    back_at_the_start([], 1)


def test_forty_actions_and_forty_undos_now_and_then_online_change_nothing():
    back_at_the_start(['--offline'], .15)


# ---- what goes wrong ----

def small_files(octets):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
    return prepare


def run_as(home, args, status, prepare):
    p = subprocess.run([FULMAR, *args], env=home.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, preexec_fn=prepare)
    home.err = p.stderr.decode(errors='replace')
    assert p.returncode in status, (args, p.returncode, p.stdout, home.err)
    return p.returncode


def test_a_full_disk_refuses_clearly_and_loses_nothing():
    with World(20, boxes=('Plans', 'Archive')) as w:
        expected = {n: 'INBOX' for n in w.ids}
        for i, n in enumerate(list(w.ids)):
            args = (['move', w.ids[n], 'work/Plans'], ['delete', w.ids[n]], ['archive', w.ids[n]])[i % 3]
            status = run_as(w.home, args, (0, 1), small_files(30000 if i % 2 else 1 << 17))
            if status == 0 and not w.home.err:
                expected[n] = ('Plans', 'Trash', 'Archive')[i % 3]
            elif 'refused' not in w.home.err:
                one_line(w.home.err, 'no room left|File too large')
            at = {int(r['subject'].split()[1]): r['folder'] for r in rows(w.home, 'work')}
            assert at[n] == expected[n] or 'queue' in w.home.err, (args, at[n], w.home.err)
        w.run('sync')
        for op in queue(w.home):
            w.run('queue', 'retry', op['op'], status=None)
        w.run('sync')
        agree(w.home, w.imap)
        assert len(rows(w.home, 'work')) == 20


def test_a_store_that_cannot_be_written_is_told():
    with World() as w:
        w.run('move', w.ids[2], 'work/Plans')
        give(w.home)
        read_only(w.home.dir)
        try:
            for args in (['move', w.ids[1], 'work/Plans'], ['delete', w.ids[1]], ['copy', w.ids[1], 'work/Plans'], ['folder', 'create', 'work/X'], ['undo'], ['check', '--repair']):
                run_as(w.home, args, (1,), become(STRANGER))
                one_line(w.home.err, 'read-only|Permission denied|cannot be written')
            run_as(w.home, ['check'], (0,), become(STRANGER))
        finally:
            writable(w.home.dir)
        agree(w.home, w.imap)


def test_a_store_of_a_newer_version_is_left_alone():
    import sqlite3
    with World() as w:
        path = os.path.join(w.home.dir, 'data/fulmar/work/store.db')
        version = sqlite3.connect(path).execute('PRAGMA user_version').fetchone()[0]
        sqlite3.connect(path).execute('PRAGMA user_version = 999')
        for args in (['move', w.ids[1], 'work/Plans'], ['copy', w.ids[1], 'work/Plans'], ['delete', w.ids[1]], ['archive', w.ids[1]], ['undo'], ['queue'],
                     ['folder', 'create', 'work/X'], ['check'], ['check', '--repair']):
            w.run(*args, status=1)
            one_line(w.home.err, 'newer', '999')
        sqlite3.connect(path).execute('PRAGMA user_version = %d' % version)
        agree(w.home, w.imap)


def test_many_at_once_do_each_action_once():
    chance = random.Random(seed(4))
    with World(24) as w:
        running, want, copies = [], {}, 0
        for n, id in w.ids.items():
            kind = chance.choice(('move', 'delete', 'archive', 'copy'))
            want[n] = {'move': 'Plans', 'delete': 'Trash', 'archive': 'Archive', 'copy': 'INBOX'}[kind]
            copies += kind == 'copy'
            args = [kind, id] + (['work/Plans'] if kind in ('move', 'copy') else [])
            if chance.random() < .3:
                args = ['--offline'] + args
            running.append(subprocess.Popen([FULMAR, *args], env=w.home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
            if len(running) == 4:
                ended(running.pop(0))
        for p in running:
            ended(p)
        w.run('sync')
        assert queue(w.home) == []
        found = rows(w.home, 'work')
        assert len(found) == 24 + copies
        for n, id in w.ids.items():
            assert next(r for r in found if r['id'] == id)['folder'] == want[n], n
        agree(w.home, w.imap)


def ended(p):
    out, err = p.communicate(timeout=60 * PATIENCE)
    assert p.returncode == 0 and not err, (p.args[1:], p.returncode, err)


def test_a_clock_that_is_set_back_changes_nothing():
    fake = faked()
    with World() as w:
        at = lambda offset, *args: subprocess.run([FULMAR, *args], check=True, capture_output=True, timeout=60,
                                                  env={**w.home.env, **fake, 'FAKETIME': offset})
        start = on_server(w.imap)
        at('+3d', 'move', w.ids[1], 'work/Plans')
        at('+3d', '--offline', 'delete', w.ids[2])
        at('+0', '--offline', 'archive', w.ids[3])
        at('-300d', '--offline', 'flag', w.ids[4], '+flagged')
        at('-300d', 'sync')
        agree(w.home, w.imap)
        found = {r['id']: r['folder'] for r in rows(w.home, 'work')}
        assert [found[w.ids[n]] for n in (1, 2, 3)] == ['Plans', 'Trash', 'Archive']
        for _ in range(4):
            at('-300d', 'undo')
        agree(w.home, w.imap)
        assert not differ(start, on_server(w.imap))


if __name__ == '__main__':
    run(globals())
