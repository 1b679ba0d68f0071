#!/usr/bin/env python3
"""How long a POP3 account leaves mail on the server: over several visits, with a clock that is set, and cut off at every step."""
import contextlib, json, os, resource, signal, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from courier import Courier
from dovecot import Dovecot, RawImap
import post
from pop import CUT, DEFAULT, Mail, Pop, RESET, text_message
from post import numbers, subjects, sync
from tap import *

DAY = 86400


def rows(home, folder='INBOX'):
    """None before the first visit saw anything."""
    found = post.rows(home, folder, status=None)
    assert home.status == 0 or 'is here yet' in home.err, home.err
    return found


def on_server(server):
    return sorted(int(m.uidl[4:]) for m in server.mails)


def ids(home, *n, folder='INBOX'):
    return [r['id'] for r in rows(home, folder) if r['subject'] in numbers(*n)]


def purge(home, n):
    """For good: into the trash, and out of it."""
    home.run('delete', *ids(home, n))
    home.run('delete', *ids(home, n, folder='Trash'))


class Post(post.Post):
    """And a clock, which is set."""

    def __init__(self, policy, mails, keep='headers', clock=False, **kw):
        super().__init__(mails, more='leave-on-server = %s\nkeep = %s\n' % (policy, keep), **kw)
        self.clock = None
        if clock:
            try:
                self.clock = Clock(self.home)
            except BaseException:
                self.home.close()
                self.server.close()
                raise
            self.home.env = self.clock.env

    def __enter__(self):
        return (self.server, self.home, self.clock) if self.clock else (self.server, self.home)


def nothing_is_lost(server, home, all_of_them):
    """Each message is on the server, or whole here; none is here twice."""
    here = rows(home, '')
    subjects = [r['subject'] for r in here]
    assert len(set(subjects)) == len(subjects), sorted(subjects)
    kept = {r['subject'] for r in here if r['body'] == 'full'}
    gone = [n for n in all_of_them if n not in on_server(server) and 'number %d' % n not in kept]
    assert not gone, (gone, here)


# -- the policies --


def test_forever_deletes_nothing():
    with Post('forever', [1, 2, 3]) as (server, home):
        sync(home)
        home.run('delete', *ids(home, 1))
        purge(home, 2)
        sync(home)
        assert on_server(server) == [1, 2, 3] and not [c for s in server.ever for c in s.heard if c.startswith('DELE')]
        assert subjects(home) == numbers(3) and subjects(home, 'Trash') == numbers(1)


def test_never_fetches_and_deletes():
    with Post('never', [1, 2, 3]) as (server, home):
        sync(home)
        assert on_server(server) == [] and server.deleted == ['uid-1', 'uid-2', 'uid-3'], server.heard
        assert {r['body'] for r in rows(home)} == {'full'} and subjects(home) == numbers(1, 2, 3)
        server.mails.append(Mail(4))
        sync(home)
        assert on_server(server) == [] and subjects(home) == numbers(1, 2, 3, 4)


def test_for_some_days():
    with Post('3d', [1, 2], clock=True) as (server, home, clock):
        sync(home)
        assert on_server(server) == [1, 2]
        clock.set('+%d' % (2 * DAY))
        server.mails.append(Mail(3))
        sync(home)
        assert on_server(server) == [1, 2, 3]
        clock.set('+%d' % (3 * DAY + 60))
        sync(home)
        assert on_server(server) == [3], server.heard
        assert {r['subject'] for r in rows(home) if r['body'] == 'full'} >= set(numbers(1, 2)), rows(home)
        clock.set('+%d' % (6 * DAY))
        sync(home)
        assert on_server(server) == [] and subjects(home) == numbers(1, 2, 3)


def test_until_moved():
    with Post('until-moved', [1, 2, 3]) as (server, home):
        sync(home)
        home.run('folder', 'create', 'post/Kept')
        home.run('move', *ids(home, 1), 'post/Kept')
        home.run('delete', *ids(home, 2))
        assert on_server(server) == [1, 2, 3]
        sync(home)
        assert on_server(server) == [3], server.heard
        # What goes from the server was fetched before.
        assert [r['body'] for r in rows(home, 'Kept')] == ['full'] and [r['body'] for r in rows(home, 'Trash')] == ['full']


def test_until_deleted():
    with Post('until-deleted', [1, 2, 3, 4], keep='full', clock=True) as (server, home, clock):
        sync(home)
        home.run('folder', 'create', 'post/Kept')
        home.run('move', *ids(home, 1), 'post/Kept')
        home.run('delete', *ids(home, 2))
        purge(home, 3)
        sync(home)
        assert on_server(server) == [1, 2, 4], server.heard
        home.run('undo')
        sync(home)
        assert subjects(home) == numbers(4) and subjects(home, 'Trash') == numbers(2, 3), subjects(home)
        assert [r['body'] for r in rows(home, 'Trash')] == ['full', 'full']


def test_until_deleted_what_is_not_here_goes_when_it_cannot_come_back():
    with Post('until-deleted', [1, 2], clock=True) as (server, home, clock):
        sync(home)
        purge(home, 1)
        clock.set('+%d' % (3 * DAY))
        sync(home)
        sync(home)
        assert on_server(server) == [2] and subjects(home) == numbers(2), (server.heard, subjects(home))


def test_a_text_that_is_gone_from_the_disk_is_fetched_again_first():
    """The server's may be the only one there is."""
    with Post('until-moved', [1, 2], keep='full') as (server, home):
        sync(home)
        home.run('folder', 'create', 'post/Kept')
        home.run('move', *ids(home, 1, 2), 'post/Kept')
        bodies = [os.path.join(d, f) for d, _, files in os.walk(home.dir) for f in files if f.endswith('.eml') and open(os.path.join(d, f), 'rb').read().find(b'text of 2') >= 0]
        for path in bodies:
            os.unlink(path)
        assert bodies
        sync(home)
        assert on_server(server) == [] and [c for c in server.heard if c.startswith('RETR')] == ['RETR 2'], server.heard
        assert {r['body'] for r in rows(home, 'Kept')} == {'full'} and 'text of 2' in home.run('show', ids(home, 2, folder='Kept')[0])


# -- real servers --


@contextlib.contextmanager
def real(which):
    """(port, deliver, becomes)"""
    if which == 'Courier':
        with Courier() as c:
            yield c.port, c.deliver, c.becomes
        return
    with Dovecot(pop3=True) as d:
        def deliver(data):
            with RawImap(d.port, box=None) as imap:
                imap.append(data)
        def becomes(n):
            with RawImap(d.port, box=None) as imap:
                have = b''.join(imap('STATUS INBOX (MESSAGES)'))
                assert b'MESSAGES %d)' % n in have, have
        yield d.pop3_port, deliver, becomes


def each_policy(which):
    """One after the other, on the same mail."""
    with real(which) as (port, deliver, becomes), Home() as home:
        def visit(policy):
            home.write_conf(pop3_conf(port, more='keep = full\nleave-on-server = %s\n' % policy))
            sync(home)
            home.run('check', 'post')
        clock = Clock(home)
        home.env = clock.env
        for n in range(1, 4):
            deliver(text_message(n))
        visit('forever')
        home.run('delete', *ids(home, 1))
        purge(home, 2)
        visit('forever')
        becomes(3)
        visit('until-deleted')
        becomes(2)
        visit('until-moved')
        becomes(1)
        clock.set('+%d' % (2 * DAY))
        visit('3d')
        becomes(1)
        deliver(text_message(4))
        clock.set('+%d' % (3 * DAY + 60))
        visit('3d')
        becomes(1)
        assert subjects(home) == numbers(3, 4) and subjects(home, 'Trash') == numbers(1)
        visit('never')
        becomes(0)
        visit('never')
        assert subjects(home) == numbers(3, 4) and {r['body'] for r in rows(home, '')} == {'full'}


def test_each_policy_at_a_dovecot():
    each_policy('Dovecot')


def test_each_policy_at_a_courier():
    each_policy('Courier')


# -- cut off --

# What each visit of one that fetches and deletes three messages says, in order.
STEPS = ['CAPA', 'AUTH PLAIN .*', 'LIST', 'UIDL', 'RETR 3', 'RETR 2', 'RETR 1', 'DELE 1', 'DELE 2', 'DELE 3', 'QUIT']


def test_cut_at_every_command():
    for step in STEPS:
        for obeyed in (False, True) if step == 'QUIT' else (False,):
            with Post('never', [1, 2, 3], cut_behind=step, quit_obeyed=obeyed) as (server, home):
                sync(home, 3)
                assert server.cut_behind is None, (step, server.heard)
                nothing_is_lost(server, home, [1, 2, 3])
                assert obeyed or on_server(server) == [1, 2, 3]
                sync(home)
                nothing_is_lost(server, home, [1, 2, 3])
                assert on_server(server) == [] and subjects(home) == numbers(1, 2, 3), (step, server.heard, subjects(home))
                sync(home)
                assert 'DELE' not in ' '.join(server.heard), server.heard


def test_killed_at_every_command():
    for step in [*STEPS, 'QUIT it obeys']:
        with Post('never', [1, 2, 3]) as (server, home):
            obeyed = step not in STEPS
            def kill(session, command):
                server.answers.clear()
                process.kill()
                if obeyed:
                    session.leave()
                return CUT
            server.answers[step.split(' it ')[0]] = kill
            process = home.start('sync', 'post')
            assert process.wait(60) == -signal.SIGKILL, step
            nothing_is_lost(server, home, [1, 2, 3])
            assert on_server(server) == ([] if obeyed else [1, 2, 3])
            sync(home)
            nothing_is_lost(server, home, [1, 2, 3])
            assert on_server(server) == [] and subjects(home) == numbers(1, 2, 3), (step, server.heard)


def test_cut_at_any_octet():
    def mails():
        return [Mail(text_message(n, body='text of %d ' % n * n * 20), 'uid-%d' % n) for n in range(1, 13)]
    all_of_them = range(1, 13)
    with Post('never', mails()) as (server, home):
        sync(home)
        said = server.said
    for cut in [1, 50, 150, 210, 300, *range(400, said - 30, said // 11), *range(said - 25, said, 5)]:
        with Post('never', mails(), cut_at=cut) as (server, home):
            sync(home, None)
            nothing_is_lost(server, home, all_of_them)
            sync(home)
            nothing_is_lost(server, home, all_of_them)
            assert on_server(server) == [] and len(rows(home)) == 12, (cut, len(rows(home)))


def test_cut_while_what_goes_is_fetched():
    """The visit in which mail that is here as headers alone is fetched, since it was filed, and deleted."""
    def mails():
        return [Mail(text_message(n, body='text of %d ' % n * 200), 'uid-%d' % n) for n in range(1, 5)]
    def filed(cut=None):
        post = Post('until-moved', mails())
        sync(post.home)
        post.home.run('folder', 'create', 'post/Kept')
        post.home.run('move', *ids(post.home, 1, 2, 3, 4), 'post/Kept')
        post.server.said, post.server.cut_at = 0, cut
        return post
    with filed() as (server, home):
        sync(home)
        said = server.said
        assert on_server(server) == []
    for cut in range(150, said, said // 8):
        with filed(cut) as (server, home):
            sync(home, None)
            nothing_is_lost(server, home, range(1, 5))
            sync(home)
            nothing_is_lost(server, home, range(1, 5))
            assert on_server(server) == [] and subjects(home, 'Kept') == numbers(1, 2, 3, 4), (cut, server.heard)


def test_no_quit_after_what_is_no_pop3():
    with Post('never', [1, 2, 3], answers={'DELE 2': 'what?\n'}) as (server, home):
        sync(home, 3)
        assert 'QUIT' not in server.heard and on_server(server) == [1, 2, 3], server.heard
        server.answers.clear()
        sync(home)
        assert on_server(server) == []
        nothing_is_lost(server, home, [1, 2, 3])


def test_a_server_that_does_not_delete():
    """All is there again, whatever it said: it is deleted again, and never had twice."""
    said = ['+OK bye\n', '-ERR [SYS/TEMP] some deleted messages not removed\n', '+OK\n']
    with Post('never', [1, 2], answers={'QUIT': lambda session, command: session.gone.clear() or said.pop(0)}) as (server, home):
        for _ in range(3):
            sync(home)
            assert on_server(server) == [1, 2] and subjects(home) == numbers(1, 2)
            assert [c for c in server.heard if c[:4] == 'DELE'] == ['DELE 2', 'DELE 1'], server.heard
        server.answers.clear()
        sync(home)
        assert on_server(server) == [] and subjects(home) == numbers(1, 2)


def test_what_cannot_be_fetched_is_not_deleted():
    with Post('never', [1, 2, 3], answers={'RETR 2': '-ERR broken\n'}) as (server, home):
        sync(home, None)
        assert on_server(server) == [2], server.heard
        server.answers.clear()
        sync(home)
        assert on_server(server) == [] and subjects(home) == numbers(1, 2, 3)


def test_a_disk_that_fills_deletes_nothing_that_is_not_here():
    mails = [Mail(text_message(n, body='long line %d\n' % n * (60 if n % 3 else 30000)), 'uid-%d' % n) for n in range(1, 11)]
    with Post('never', mails) as (server, home):
        for octets in (0, 4096, 40000, 60000, 90000, 110000, 400000):
            def small():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
            p = subprocess.run([FULMAR, 'sync', 'post'], env=home.env, stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=small, timeout=240)
            assert p.returncode in (1, 6) or len(server.mails) < 10, (octets, p)
            nothing_is_lost(server, home, range(1, 11))
        sync(home)
        assert on_server(server) == [] and subjects(home) == numbers(*range(1, 11))


def test_renamed_mail_is_not_deleted_early():
    with Post('3d', [1, 2, 3], clock=True, keep='full') as (server, home, clock):
        sync(home)
        for mail in server.mails:
            mail.uidl += '-new'
        clock.set('+%d' % (2 * DAY))
        sync(home)
        assert len(server.mails) == 3
        clock.set('+%d' % (3 * DAY + 60))
        sync(home)
        assert server.mails == [] and subjects(home) == numbers(1, 2, 3)


# -- other names --


def test_what_the_server_calls_by_another_name_is_there():
    """A text is read, a copy is made of it, and a rule reads it, before all that the server has was told apart."""
    for named in (False, True):
        with Pop([1, 2, 3], **({} if named else {'no': ['UIDL'], 'caps': ['TOP', 'USER', 'RESP-CODES', 'PIPELINING', 'SASL PLAIN']})) as server, Home() as home:
            def becomes(rule=''):
                home.write_conf(pop3_conf(server.port, more='keep = headers\n') + rule)
                for mail in server.mails:
                    mail.uidl += 'x'
            becomes()
            home.run('sync', 'post')
            ids = {r['subject']: r['id'] for r in map(json.loads, home.run('--offline', 'list', 'post/INBOX', '--json').splitlines())}
            copy = home.run('--offline', 'copy', ids['number 2'], 'post/Copies', '--create').split()[0]
            becomes()
            assert 'text of 1' in home.run('show', ids['number 1'])
            becomes('[rule read]\nmatch = body:"text of 4"\nfolder = Read\n')
            server.mails.append(Mail(4))
            server.answers['RETR 4'] = CUT
            home.run('sync', 'post', status=None)
            server.answers.clear()
            becomes('[rule read]\nmatch = body:"text of 4"\nfolder = Read\n')
            home.run('sync', 'post')
            assert 'text of 2' in home.run('--offline', 'show', copy), server.heard
            assert [json.loads(line)['subject'] for line in home.run('--offline', 'list', 'post/Read', '--json').splitlines()] == ['number 4'], server.heard
            home.run('check', 'post')


def test_what_cannot_be_told_apart_now_is_later():
    with Pop([1, 2, 3]) as server, Home(pop3_conf(server.port, more='keep = headers\n')) as home:
        home.run('sync', 'post')
        for mail in server.mails:
            mail.uidl += 'x'
        for answer in '-ERR not now\n', DEFAULT:
            server.answers['TOP 2 0'] = answer
            home.run('sync', 'post', status=None)
            rows = home.run('--offline', 'list', 'post', '--json').splitlines()
            assert sorted(json.loads(r)['subject'] for r in rows) == ['number %d' % n for n in (1, 2, 3)], rows
        assert 'TOP 2 0' in server.heard, server.heard


if __name__ == '__main__':
    run(globals())
