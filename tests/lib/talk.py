"""An account's backend and store (tests/backend/drive.c) in a dialogue with a scripted server: what is said is held against what must be said."""
import re

from drive import Drive
from script import *

FEW = 'IMAP4rev1 LITERAL+ UIDPLUS ESEARCH'
MANY = FEW + ' ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE MOVE UNSELECT MULTIAPPEND OBJECTID'
NO_LINK, FAILED, CANCELLED, UNSUPPORTED = 3, 1, 7, 8


def without(caps, *names):
    return ' '.join(c for c in caps.split(' ') if c not in names)


class Talk:
    """A server with INBOX, Trash (and more) and an account that knows INBOX, or (opened: None) has not met it yet."""

    def __init__(self, caps=MANY, mails=range(1, 6), boxes=(), drip=0, opened=('Trash', 'INBOX'), trash=(), hide=(), **kw):
        self.inbox, self.trash = Box(mails), Box(trash, name='Trash', attributes='\\Trash', uidvalidity=78, uidnext=None if trash else 40)
        self.caps, self.drip = caps, drip
        self.server = Script(self.inbox, self.trash, *boxes, caps=caps, drip=drip, greeting='* PREAUTH [CAPABILITY %s] hello\n' % caps, **kw)
        self.drive = Drive(self.server.port, hide)
        self.at = 0
        if opened is None:
            return
        try:
            self.drive.link()
            for path in opened:
                self.drive.open(path)
        except BaseException:
            self.close()
            raise
        self.mark()

    def look(self, path):
        """Opens it anew: what others did there is seen."""
        self.drive.open('INBOX' if path != 'INBOX' else 'Trash')
        self.drive.open(path)
        self.mark()

    def mark(self):
        self.at = len(self.server.octets)

    def wire(self):
        """What was sent since mark(), without tags."""
        return re.sub(rb'(?m)^f\d+ ', b'', self.server.octets[self.at:]).decode('utf-8', 'surrogateescape')

    def sent(self, *commands):
        want = ''.join(c + '\r\n' for c in commands)
        assert self.wire() == want, 'sent %r, not %r' % (self.wire(), want)
        self.mark()

    def again(self, **kw):
        """The link goes and another comes, to the same boxes."""
        self.drive('unlink')
        self.restart(**kw)

    def restart(self, crash=False, **kw):
        boxes = self.server.boxes
        self.server.close()
        self.server = Script(*boxes, caps=self.caps, drip=self.drip, greeting='* PREAUTH [CAPABILITY %s] hello\n' % self.caps, **kw)
        self.drive.kill()
        self.drive.start(self.server.port)
        self.drive.link()
        self.mark()

    def uids(self, path):
        return {r['subject'][7:]: r['uid'] for r in self.drive.rows(path)}

    def close(self):
        self.server.close()
        self.drive.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        status = self.drive.close()
        self.server.close()
        assert kind or status == 0, 'drive ended with %d' % status
        assert kind or not self.server.faults, self.server.faults


def numbers(*n):
    return ['number %d' % i for i in n]
