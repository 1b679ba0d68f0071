#!/usr/bin/python3
"""The screen on a POP3 account: visits that come and go, a text that is fetched when it is wanted, a server that cannot be reached."""
import json, os, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from pop import CAPS, Mail, Pop, text_message
from screen import PATIENCE, Screen
from tap import FULMAR, Home, pop3_conf, run


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


if __name__ == '__main__':
    run(globals())
