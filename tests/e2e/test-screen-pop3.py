#!/usr/bin/python3
"""The screen on a POP3 account: visits that come and go, a text that is fetched when it is wanted, a server that cannot be reached."""
import json, os, re, sys, threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from pop import CAPS, DEFAULT, Mail, Pop, text_message
from screen import PATIENCE, Screen
from tap import Clock, FULMAR, Home, pop3_conf, run


class Post:
    def __init__(self, mails, more='', **kw):
        self.server = Pop(mails, **kw)
        self.home = Home(pop3_conf(self.server.port, more=more))

    def open(self, *args):
        return Screen([FULMAR, *args], self.home.env, 100, 24)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        self.home.close()
        if kind:
            self.server.faults.clear()
        self.server.close()


def quits(screen):
    screen.send('q')
    assert screen.ended() == 0, screen.text


def over(server, n=1):
    """n visits were ended as they should be."""
    server.wait(lambda: sum('QUIT' in s.heard for s in server.ever) >= n and not server.sessions)


def test_from_an_empty_store_to_offline():
    with Post([1, 2, 3], more='keep = headers\npoll = 1h\n') as p:
        with p.open() as s:
            s.wait(r'number 3')
            s.wait(r'3( mails)? · 3.*● Idle')
            assert 'number 3' in s.at_cursor, s.text
            over(p.server)
            # Between visits nothing is wrong.
            s.wait(r'● Idle')
            s.press('\r', r'text of 3')
            over(p.server, 2)
            assert [c for c in p.server.heard if c.startswith('RETR')] == ['RETR 3'], p.server.heard
            s.press('j', r'text of 2')
            s.press('q', lambda lines: re.search(r'3( mails)? · 1', lines[0]))
            s.press('d', lambda lines: 'number 2' not in '\n'.join(lines[1:-2]))
            quits(s)
        with p.open('--offline') as s:
            s.wait(r'number 3')
            assert '○ Offline' in s.text, s.text
            s.press('\r', r'text of 3')
            s.send('q')
            quits(s)


def test_new_mail_comes_by_polling_and_when_asked_for():
    with Post([1], more='poll = 1s\n') as p:
        with p.open() as s:
            s.wait(r'number 1')
            p.server.mails.append(Mail(2))
            s.wait(r'number 2')
            p.server.mails.append(Mail(3))
            s.press('$', r'number 3')
            quits(s)


def test_login_delay_makes_the_next_visit_wait():
    with Post([1], more='poll = 1s\n', caps=CAPS + ['LOGIN-DELAY 3600']) as p:
        with p.open() as s:
            s.wait(r'number 1')
            over(p.server)
            visits = len(p.server.ever)
            p.server.mails.append(Mail(2))
            # What the person asks for is asked for.
            s.press('$', r'number 2')
            assert len(p.server.ever) == visits + 1, len(p.server.ever)
            quits(s)


def test_login_delay_is_kept_by_the_next_process():
    """And not for ever, whatever becomes of the clock."""
    with Post([1], more='poll = 1h\n', caps=CAPS + ['LOGIN-DELAY 3600']) as p:
        p.home.run('sync', 'post')
        p.server.mails.append(Mail(2))
        with p.open() as s:
            s.wait(r'number 1')
            s.wait(r'● Idle')
            assert len(p.server.ever) == 1, len(p.server.ever)
            s.press('$', r'number 2')
            quits(s)
        clock = Clock(p.home)
        p.home.env = clock.env
        for n, offset in ((3, '+3700'), (4, '-3700')):
            clock.set(offset)
            p.server.mails.append(Mail(n))
            with p.open() as s:
                s.wait(r'number %d' % n)
                quits(s)


def test_a_pause_after_a_refusal_is_kept_by_the_next_process():
    with Post([1], more='poll = 1h\n') as p:
        p.home.run('sync', 'post')
        p.server.mails.append(Mail(2))
        p.server.answers['AUTH .*'] = ['-ERR [LOGIN-DELAY] soon\n', DEFAULT]
        p.home.run('sync', 'post', status=3)
        with p.open() as s:
            s.wait(r'number 1')
            s.wait(r'● Idle')
            assert len(p.server.ever) == 2, len(p.server.ever)
            s.press('$', r'number 2')
            quits(s)


def test_a_maildrop_in_use_is_said_and_mail_that_is_here_is_read():
    with Post([1], more='poll = 1h\nkeep = full\n') as p:
        p.home.run('sync', 'post')
        p.server.answers['AUTH .*'] = '-ERR [IN-USE] another session has it\n'
        with p.open() as s:
            s.wait(r'number 1')
            s.wait(r'○ Offline')
            s.press('\r', r'text of 1')
            s.send('q')
            quits(s)


def test_after_a_refused_log_in_asking_for_mail_tries_again():
    with Post([1], more='poll = 1h\n', answers={'AUTH .*': '-ERR [AUTH] who are you\n'}) as p:
        with p.open() as s:
            s.wait(r'▲ Error')
            p.server.answers.clear()
            s.press('$', r'number 1')
            s.wait(r'● Idle')
            quits(s)


def test_a_maildrop_in_use_is_tried_again_and_that_is_said():
    with Post([1], more='poll = 1h\n', answers={'AUTH .*': '-ERR [IN-USE] another session has it\n'}) as p:
        with p.open() as s:
            s.press('W', r'post +○ Offline +127.0.0.1 cannot take the log-in now: another(.*\n.*)session has it; next try at \d\d:\d\d')
            s.press('q', r'q quit')
            quits(s)


def test_a_server_that_wants_pauses_gets_them_after_a_cut_too():
    with Post([1], more='poll = 1h\n', caps=CAPS + ['LOGIN-DELAY 1'], cut_behind='UIDL') as p:
        with p.open() as s:
            s.wait(r'number 1')
            assert len(p.server.ever) == 2 and p.server.ever[1].began - p.server.ever[0].began >= 1, [x.began for x in p.server.ever]
            quits(s)


def test_mail_that_the_server_throws_away_is_said():
    with Post([1], more='poll = 1h\n', caps=CAPS + ['EXPIRE 9']) as p:
        with p.open() as s:
            s.wait(r'deletes mail after 9 days')
            quits(s)


def test_all_of_the_inbox_is_read_and_emptied_while_it_comes():
    """What the visit under way has seen, and not brought yet, too."""
    def hold(session, command):
        gate.wait(60)
        return None
    for empty in (False, True):
        gate = threading.Event()
        with Post(range(1, 101), more='keep = headers\npoll = 1h\n', answers={'TOP 1 0': hold}) as p:
            with p.open() as s:
                s.wait(r'number 100')
                if empty:
                    p.home.run('--offline', 'folder', 'empty', 'post/INBOX', '--yes')
                    s.wait(lambda lines: 'number 100' not in '\n'.join(lines))
                else:
                    s.press('\x1bR', r'100( mails)? · 0')
                gate.set()
                over(p.server)
                s.wait(lambda lines: 'waiting' not in lines[-2] and re.search(r'● Idle', lines[0]))
                quits(s)
            have = [json.loads(line) for line in p.home.run('--offline', 'list', 'post/INBOX', '--json').splitlines()]
            assert len(have) == (0 if empty else 100) and not [r for r in have if 'seen' not in r['flags']], have
            assert p.home.run('queue') == '' and len(p.server.mails) == 100
            p.home.run('undo') # of what was here then
            have = [json.loads(line) for line in p.home.run('--offline', 'list', 'post/INBOX', '--json').splitlines()]
            assert len([r for r in have if 'seen' not in r['flags']]) >= 60, have
            p.home.run('check', 'post')


def test_a_move_whose_texts_still_come_says_so():
    """To another account: the word of the connection, how far it is, and one line for all that is held."""
    def hold(session, command):
        gate.wait(60)
        return None
    gate = threading.Event()
    box = '[account box]\ntype = maildir\naddress = ann@example.org\npath = ~/Mail\n'
    with Post([1, 2, 3], more='keep = headers\npoll = 1h\n\n' + box, answers={'RETR 1': hold}) as p:
        os.makedirs(os.path.join(p.home.dir, 'Mail', 'cur'))
        for sub in ('new', 'tmp'):
            os.mkdir(os.path.join(p.home.dir, 'Mail', sub))
        with p.open() as s:
            s.wait(r'number 3')
            s.wait(r'● Idle')
            s.press('T', r'[Ss]elect')
            s.press('.\r', r'3 messages are selected')
            s.press('s', r'Move 3 messages to')
            s.press('box/INBOX', r'│ box/INBOX +│')
            s.press('\r', r'0 mails')
            s.press('W', r'post +↓ Fetching 0 %')
            s.wait(r'running +post: move 3 messages to box/INBOX')
            s.wait(r'held +box: [123] messages? whose texts? (is|are) still to come')
            gate.set()
            s.wait(r'All is well')
            s.wait(r'post +● Idle')
            s.press('q', r'0 mails')
            quits(s)
        assert len(p.home.run('list', 'box/INBOX').splitlines()) == 3


def test_a_copy_of_a_header_asks_for_a_visit():
    with Post([1, 2], more='keep = headers\npoll = 1h\n') as p:
        p.home.run('sync', 'post')
        p.home.run('folder', 'create', 'post/Kept')
        with p.open() as s:
            s.wait(r'number 2')
            over(p.server, 2)
            s.wait(r'● Idle')
            s.press('C', r'Copy the message to')
            s.press('Kept', r'│ Kept')
            s.press('\r', r'copied to Kept')
            over(p.server, 3)
            assert [c for c in p.server.heard if c.startswith('RETR')] == ['RETR 2'], p.server.heard
            s.wait(lambda lines: 'waiting' not in lines[-2])
            quits(s)
        have = [json.loads(line) for line in p.home.run('--offline', 'list', 'post/Kept', '--json').splitlines()]
        assert [(r['subject'], r['body']) for r in have] == [('number 2', 'full')], have


if __name__ == '__main__':
    run(globals())
