#!/usr/bin/python3
"""Keys while 20,000 headers come in for the first time: how long each takes is a comment; nothing is lost, and the list ends in the server's order."""
import json, os, re, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from screen import PATIENCE, Screen, said
from tap import FULMAR, Home, imap_conf, run

COUNT = 20000
MESSAGE = ('From: Bob Marsh <bob%d@harbour.example>\nTo: Ann <ann@example.org>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n'
           'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\ntext of %d\n')


def grow(imap, count):
    """The inbox has count messages, copies of the first hundred."""
    for n in range(1, 101):
        imap.append(MESSAGE % (n, n, n, n // 60, n % 60, n), flags='\\Seen' if n % 2 else '', date='20-Nov-2026 10:%02d:%02d +0000' % (n // 60, n % 60))
    have = 100
    while have < count:
        more = min(have, count - have)
        imap('COPY 1:%d INBOX' % more)
        imap('NOOP')
        have += more


def server_order(imap):
    """UIDs as the list should have them: by time of arrival, newest on top, of one second the later one first."""
    rows = []
    for line in imap('UID FETCH 1:* (UID INTERNALDATE)'):
        m = re.search(rb'UID (\d+) INTERNALDATE "([^"]+)"', line)
        if m:
            rows.append((time.strptime(m.group(2).decode(), '%d-%b-%Y %H:%M:%S %z'), int(m.group(1))))
    return [uid for _, uid in sorted(rows, reverse=True)]


def percentile(numbers, share):
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * share))]


def tell(what, took):
    print('# %d keys while %s: p50 %.2f ms, p99 %.2f ms, most %.2f ms' % (
        len(took), what, percentile(took, .5) * 1000, percentile(took, .99) * 1000, max(took) * 1000), flush=True)


def is_through(screen):
    while screen.pump():
        pass
    return re.search(r'20,000 mails.*● Idle', screen.lines[0]) and '20,000' in screen.lines[-2]


def press_until(screen, done, timeout=60):
    """Down, a page now and then, back to the top, each answered, until done; the latencies. No key undoes the one before: new rows may look like
    the answer to that, and both would be painted as one."""
    took, keys, end = [], 'jjjjzjj=', time.monotonic() + timeout * PATIENCE
    while not done() or len(took) < 50:
        assert time.monotonic() < end, screen.text
        latency = screen.latency(keys[len(took) % len(keys)])
        assert latency is not None, 'a key was never answered\n' + screen.text
        took.append(latency)
    return took


def first_sync(more_conf, *args):
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = headers\n' + more_conf)) as home:
        grow(imap, COUNT)
        with Screen([FULMAR, *args], home.env) as s:
            s.wait(r'^▌.*number 100( +\+\d+)?$')
            tell('the first sync runs', press_until(s, lambda: is_through(s)))
            tell('it is idle', press_until(s, lambda: True))
            s.press('=', lambda lines: 'number 100' in lines[1] and s.emulator.cursor.y == 1)
            s.press(' ', r'text of 100')
            s.press('q', lambda lines: s.emulator.cursor.y == 1)
            if args:
                s.press('*', r'20,000 of 20,000')
                assert s.at_cursor.endswith('number 1'), s.text
            s.send('q')
            assert s.ended() == 0
            said(s.raw)
        rows = [json.loads(l) for l in home.run('--offline', 'list', 'work/INBOX', '--json', timeout=60 * PATIENCE).splitlines()]
        assert len(rows) == COUNT, len(rows)
        have, want = [r['uid'] for r in rows], server_order(imap)
        assert have == want, next((i, h, w) for i, (h, w) in enumerate(zip(have, want)) if h != w)
        unseen = sum('seen' not in r['flags'] for r in rows)
        assert unseen == COUNT // 2 - 1, 'all but the one that was read: %d' % unseen


def test_keys_during_a_first_sync_of_single_messages():
    first_sync('', '-o', 'list.threads=no')


def test_keys_during_a_first_sync_of_conversations():
    first_sync('')


run(globals())
