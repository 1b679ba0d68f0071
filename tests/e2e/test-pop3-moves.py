#!/usr/bin/python3
"""Mail on its way between a POP3 account and an IMAP folder on a real Dovecot: by one key, over a visit, cut off and killed anywhere, and taken back.
The original goes when the other server has the copy, and no sooner."""
import atexit, contextlib, json, os, random, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from pop import Mail, Pop, text_message
from proxy import Proxy
from screen import Screen, becomes
from tap import FULMAR, Home, imap_conf, pop3_conf, run, seed

servers = []


def server():
    if not servers:
        d = Dovecot()
        atexit.register(d.close)
        with open(os.path.join(d.dir, 'users'), 'a') as f:
            f.write(''.join('ann%d:{PLAIN}%s::::::\n' % (n, d.password) for n in range(1, 30)))
        d.people = 0
        servers.append(d.start())
    return servers[0]


@contextlib.contextmanager
def accounts(mails, more='keep = headers\nleave-on-server = until-moved\n', **kw):
    """(the POP3 server, another client of the IMAP server, the way there, a home with accounts post and work); work has an empty folder Old."""
    d = server()
    d.people += 1
    user = 'ann%d' % d.people
    with RawImap(d.port, user=user) as imap, Pop(mails, **kw) as post, Proxy(d.port) as proxy, Home(
            pop3_conf(post.port, more=more) + imap_conf(proxy.port, user=user)) as home:
        imap('CREATE Old')
        home.run('sync')
        yield post, imap, proxy, home


def rows(home, place):
    return [json.loads(line) for line in home.run('--offline', 'list', place, '--json').splitlines()]


def here(home, place, whole=False):
    return sorted(int(r['subject'][7:]) for r in rows(home, place) if r['body'] == 'full' or not whole)


def filed(imap, box='Old'):
    imap('EXAMINE "%s"' % box)
    return [int(n) for line in imap('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])', ok=False) for n in re.findall(rb'number (\d+)', line)]


def there(imap, box='Old'):
    return sorted(filed(imap, box))


def left(post):
    return sorted(int(m.uidl[4:]) for m in post.mails)


def all_of(n):
    return list(range(1, n + 1))


def test_a_selection_goes_by_one_key_and_comes_back():
    with accounts(range(1, 61)) as (post, imap, proxy, home):
        with Screen([FULMAR], home.env, 80, 24) as s:
            s.wait(r'number 60')
            s.wait(r'60( mails)? · 60')
            s.press('T.\r', r'60 messages are selected')
            s.press('s', r'Move 60 messages to')
            s.press('work/Old', r'│ work/Old')
            s.press('\r', r'60 messages: moved to work/Old')
            becomes(s, lambda: there(imap), all_of(60))
            assert filed(imap) == all_of(60), 'the oldest is first, whatever the order of the selection'
            becomes(s, lambda: home.run('--offline', 'queue'), '')
            s.send('$') # what was not known to be there at the end of the visit goes with the next
            becomes(s, lambda: left(post), [])
            s.press('u', r'ndone')
            s.wait(r'60( mails)? · 60')
            becomes(s, lambda: there(imap), [])
            becomes(s, lambda: home.run('--offline', 'queue'), '')
            s.send('q')
            assert s.ended() == 0, s.text
        assert here(home, 'post/INBOX', whole=True) == all_of(60)
        home.run('check')


def test_what_is_on_the_screen_is_told_while_it_goes():
    """Progress, and what waits for what."""
    big = [Mail(text_message(n, body='line\n' * 4000), 'uid-%d' % n) for n in range(1, 21)]
    with accounts(big) as (post, imap, proxy, home):
        proxy.refuse(True)
        with Screen([FULMAR], home.env, 100, 30) as s:
            s.wait(r'number 20')
            s.press('T.\r', r'20 messages are selected')
            s.press('s', r'Move 20 messages to')
            s.press('work/Old', r'│ work/Old')
            s.press('\r', r'20 messages: moved to work/Old')
            s.press('W', r'Activity(.*\n)*.*(waiting|running).* 20 messages')
            proxy.refuse(False)
            becomes(s, lambda: there(imap), all_of(20))
            s.wait(r'(?s)Activity(?!.*(waiting|running))')
            s.send('q')
            s.wait(r'q quit')
            s.send('q')
            assert s.ended() == 0, s.text


def test_what_the_other_server_has_not_got_stays():
    """With whole texts here; and the POP3 server keeps them too."""
    for policy in ('until-deleted', 'until-moved'):
        with accounts([1, 2], more='keep = full\nleave-on-server = %s\n' % policy) as (post, imap, proxy, home):
            proxy.refuse(True)
            home.run('--offline', 'move', *[r['id'] for r in rows(home, 'post/INBOX') if r['subject'] == 'number 1'], 'work/Old')
            home.run('sync', 'post')
            assert left(post) == [1, 2] and here(home, 'post/INBOX') == [2], post.heard
            proxy.refuse(False)
            home.run('sync')
            home.run('sync')
            assert there(imap) == [1] and left(post) == [2], (there(imap), post.heard)


def test_killed_and_cut_anywhere_on_the_way():
    rand, n = random.Random(seed(11)), 12
    with accounts([Mail(text_message(i, body='text of %d\n' % i * 300), 'uid-%d' % i) for i in all_of(n)]) as (post, imap, proxy, home):
        home.run('--offline', 'move', *[r['id'] for r in rows(home, 'post/INBOX')], 'work/Old')
        for i in range(int(os.environ.get('CRASH_KILLS') or 14)):
            kind = i % 3
            process = None
            if kind == 0:
                post.cut_at = rand.randrange(1, 9000)
            elif kind == 1:
                proxy.cut_at_line(rand.randrange(1, 40))
            else:
                proxy.cut_at_line(rand.randrange(1, 40), lambda: process and process.kill())
            process = home.start('sync')
            process.wait(60)
            post.cut_at = None
            proxy.mend()
            copies = there(imap)
            assert len(set(copies)) == len(copies), copies
            assert set(copies) | set(left(post)) == set(all_of(n)), (i, copies, left(post))
        for _ in range(4):
            home.run('sync', status=None)
        assert (there(imap), here(home, 'post/INBOX'), left(post)) == (all_of(n), [], []), (there(imap), here(home, 'post/INBOX'), left(post), home.err)
        assert home.run('queue') == ''
        home.run('check')


def test_from_imap_to_a_folder_that_is_here_and_back():
    with accounts([1]) as (post, imap, proxy, home):
        for n in range(2, 12):
            imap.append(text_message(n), box='INBOX', flags='\\Flagged')
        home.run('sync', 'work')
        for offline in (False, True):
            args = ['--offline'] if offline else []
            home.run(*args, 'move', '--create', *[r['id'] for r in rows(home, 'work/INBOX')], 'post/Kept')
            home.run('sync')
            home.run('sync')
            assert there(imap, 'INBOX') == [] and here(home, 'post/Kept', whole=True) == list(range(2, 12))
            assert {tuple(r['flags']) for r in rows(home, 'post/Kept')} == {('flagged',)} and home.run('queue') == ''
            home.run(*args, 'undo')
            home.run('sync')
            home.run('sync')
            assert there(imap, 'INBOX') == list(range(2, 12)) and rows(home, 'post/Kept') == [] and home.run('queue') == ''
        home.run('check')


if __name__ == '__main__':
    run(globals())
