"""An account called post on a scripted POP3 server, and what "fulmar list" shows of it."""
import json

from pop import Pop
from tap import Home, pop3_conf


def rows(home, folder='INBOX', *more, status=0):
    """folder: '' for all of the account."""
    text = home.run('--offline', 'list', 'post' + (folder and '/' + folder), '--json', *more, status=status)
    return [json.loads(line) for line in text.splitlines()]


def subjects(home, folder='INBOX'):
    return sorted(r['subject'] for r in rows(home, folder))


def numbers(*n):
    """What subjects() gives of text_message(n)."""
    return sorted('number %d' % i for i in n)


def sync(home, status=0):
    return home.run('sync', 'post', status=status)


class Post:
    """with Post(mails, more='…') as (server, home): at the end "fulmar check" must find nothing."""

    def __init__(self, mails=(), more='', **kw):
        self.server = Pop(mails, **kw)
        self.home = Home(pop3_conf(self.server.port, more=more))

    def __enter__(self):
        return self.server, self.home

    def __exit__(self, kind, *exc):
        try:
            if not kind:
                self.home.run('check', 'post')
        finally:
            self.home.close()
            if kind:
                self.server.faults.clear()
            self.server.close()
