#!/usr/bin/python3
"""The folders of a POP3 account, which are here: everything a person does to them is done at once, with a server, without one, and with --offline."""
import json, os, random, socket, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from tap import Home, pop3_conf, run, seed


def closed_port():
    """One that nobody listens at."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def mbox(n, first=1):
    return ''.join('From bob@harbour.example Fri Nov 20 10:00:00 2026\nFrom: Bob <bob@harbour.example>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
                   'Date: Fri, 20 Nov 2026 10:%02d:00 +0000\n\ntext of %d\n\n' % (i, i, i % 60, i) for i in range(first, first + n))


class Account(Home):
    """With n messages in Old; what is run is run offline unless link says otherwise."""

    def __init__(self, n=6, link=False):
        super().__init__(pop3_conf(closed_port()))
        self.offline = [] if link else ['--offline']
        with open(os.path.join(self.dir, 'box'), 'w') as f:
            f.write(mbox(n))
        self.ids = {i + 1: id for i, id in enumerate(self.do('import', 'post/Old', os.path.join(self.dir, 'box')).split())}
        assert len(self.ids) == n, self.ids

    def do(self, *args, **more):
        out = self.run(*self.offline, *args, **more)
        assert 'queued' not in out, out
        return out

    def rows(self, folder):
        return {r['subject'].split()[-1]: r for r in map(json.loads, self.run('--offline', 'list', 'post/' + folder, '--json').splitlines())}

    def folders(self):
        return {f['folder']: f for f in map(json.loads, self.run('--offline', 'folders', 'post', '--json').splitlines())}

    def settled(self):
        assert self.run('queue') == '', 'nothing waits'
        assert self.run('check', 'post') == '' and not self.err, self.err


def test_inbox_is_there_before_any_visit():
    with Home(pop3_conf(closed_port())) as home:
        folders = [json.loads(l) for l in home.run('--offline', 'folders', '--json').splitlines()]
        assert [(f['folder'], f['role'], f['total']) for f in folders] == [('INBOX', 'inbox', 0)], folders
        home.run('--offline', 'list', 'post/INBOX', status=3)
        home.run('sync', 'post', status=3)


def test_every_change_is_done_at_once():
    for link in (False, True):
        with Account(link=link) as a:
            assert a.do('move', a.ids[1], a.ids[2], 'post/Lists/harbour', '--create') == ''
            assert sorted(a.rows('Lists/harbour')) == ['1', '2']
            copy = a.do('copy', a.ids[3], 'post/Lists/harbour').strip()
            assert copy and copy != a.ids[3]
            a.do('flag', a.ids[1], '+seen', '+flagged', '+harbour')
            row = a.rows('Lists/harbour')['1']
            assert row['flags'] == ['seen', 'flagged'] and row['keywords'] == ['harbour'] and row['body'] == 'full', row
            a.do('delete', a.ids[4])
            a.do('junk', a.ids[5])
            a.do('archive', a.ids[6])
            have = a.folders()
            assert [(f, have[f]['role'], have[f]['total']) for f in ('Trash', 'Junk', 'Archive')] == [('Trash', 'trash', 1), ('Junk', 'junk', 1), ('Archive', 'archive', 1)], have
            a.do('delete', a.ids[4])
            assert a.folders()['Trash']['total'] == 0, 'in Trash it goes for good'
            a.do('folder', 'rename', 'post/Lists/harbour', 'post/Lists/sea')
            assert sorted(a.rows('Lists/sea')) == ['1', '2', '3']
            assert 'text of 3' in a.do('show', copy)
            a.do('folder', 'delete', 'post/Lists/sea', '--yes')
            assert 'Lists/sea' not in a.folders()
            a.settled()


def test_undo_takes_all_of_it_back():
    with Account() as a:
        before = a.rows('Old')
        a.do('move', a.ids[1], a.ids[2], 'post/New', '--create')
        a.do('flag', a.ids[1], '+seen', '+word')
        a.do('delete', a.ids[3])
        a.do('delete', a.ids[3])
        a.do('folder', 'delete', 'post/New', '--yes')
        a.do('folder', 'empty', 'post/Old', '--yes')
        for i in range(6):
            a.do('undo')
        after = a.rows('Old')
        assert [{**r, 'uid': 0} for r in after.values()] == [{**r, 'uid': 0} for r in before.values()], (before, after)
        assert all(after[n]['uid'] > 6 for n in after), 'numbers are not given twice'
        a.settled()


def test_drafts_are_replaced():
    with Account() as a:
        first = a.do('draft', 'post', '-', stdin='Subject: draft one\n\nhello\n').strip()
        second = a.do('draft', 'post', '--replace', first, '-', stdin='Subject: draft two\n\nhello\n').strip()
        assert list(a.rows('Drafts')) == ['two'] and a.rows('Drafts')['two']['id'] == second
        assert a.folders()['Drafts']['role'] == 'drafts'
        a.settled()


def test_a_program_that_dies_loses_nothing():
    rand = random.Random(seed(7))
    with Account(20) as a:
        for i in range(12):
            some = rand.sample(sorted(a.ids), 6)
            verb = rand.choice([('move', 'post/A'), ('move', 'post/B'), ('flag', '+seen'), ('flag', '-seen', '+word')])
            p = a.start('--offline', verb[0], *(a.ids[n] for n in some), *verb[1:], *(['--create'] if verb[0] == 'move' else []))
            try:
                p.wait(rand.random() * 0.04)
            except subprocess.TimeoutExpired:
                p.kill()
            p.wait()
            a.do('flag', a.ids[1], rand.choice(['+answered', '-answered']))
            folders = [f for f in ('Old', 'A', 'B') if f in a.folders()]
            there = sorted(n for f in folders for n in a.rows(f))
            assert there == sorted(str(n) for n in a.ids), (i, there)
        a.settled()


if __name__ == '__main__':
    run(globals())
