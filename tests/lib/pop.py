"""A scripted POP3 server in a thread: says exactly what a test tells it to, and behaves well for the rest.

with Pop(mails, talk=[...], answers={...}) as s: s.port, s.mails (what is there now), s.ever (the connections there were, each with what was .heard on it),
s.deleted (UIDLs, in order), s.faults

mails are Mail objects, or numbers for text_message(n). A DELE counts at QUIT, as it should.
talk is a dialogue (scripted.py), taken step by step on each connection, or on the n-th when it is a list of lists; then the default responder takes over.
answers replaces what that would say to a command.
drip = 1 sends everything octet by octet. cut_at = n closes the first connection after n octets of ours; then it is None. cut_behind = pattern does so when
such a command was heard, and obeyed, before it is answered. no = names of commands that are refused as unknown. portion = n tells of the first n that were
not fetched before, as Gmail does.
"""
import base64, re, time

from scripted import *

CAPS = 'TOP UIDL USER RESP-CODES PIPELINING AUTH-RESP-CODE'.split() + ['SASL PLAIN']


class Mail:
    def __init__(self, data, uidl=None, size=None):
        self.data = text_message(data) if isinstance(data, int) else octets(data)
        self.uidl = ('uid-%d' % data if isinstance(data, int) else 'uid-%08x' % (hash(self.data) & 0xffffffff)) if uidl is None else uidl
        self.size = len(self.data) if size is None else size

    def stuffed(self, body_lines=None):
        head, _, body = self.data.partition(b'\r\n\r\n')
        data = self.data if body_lines is None else head + b'\r\n\r\n' + b''.join(body.splitlines(True)[:body_lines])
        data = re.sub(rb'(?m)^\.', b'..', data)
        return data + (b'' if data.endswith(b'\r\n') or not data else b'\r\n') + b'.\r\n'


class Session(Connection):
    def __init__(self, server, sock, steps):
        super().__init__(server, sock, steps)
        self.user, self.inside, self.gone = None, False, set()
        self.began = time.monotonic()
        self.mails, self.given = list(server.mails), set()
        if server.portion:
            self.mails = [m for m in server.mails if m not in server.given][:server.portion]

    def send(self, data):
        data = octets(data)
        cut = self.server.cut_at
        if cut is not None and len(data) >= cut:
            self.server.cut_at = None
            super().send(data[:cut])
            raise Closed
        if cut is not None:
            self.server.cut_at -= len(data)
        self.server.said += len(data)
        super().send(data)

    def line(self):
        while b'\n' not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.rstrip(b'\r').decode('utf-8', 'surrogateescape')

    def command(self):
        line = self.line()
        self.heard.append(line)
        return line

    def usual(self, command):
        name, _, rest = command.partition(' ')
        verb = getattr(self, 'do_' + name.lower(), None)
        if not verb or name in self.server.no:
            return b'-ERR unknown command\r\n'
        said = octets(verb(rest))
        behind = self.server.cut_behind
        if behind and re.fullmatch(behind, command):
            self.server.cut_behind = None
            if name == 'QUIT' and self.server.quit_obeyed:
                self.leave()
            raise Closed
        if name == 'QUIT':
            self.leave()
            self.send(said)
            raise Closed
        return said

    def leave(self):
        self.server.given |= self.given
        self.server.deleted += [m.uidl for m in self.mails if m in self.gone]
        self.server.mails[:] = [m for m in self.server.mails if m not in self.gone]

    # -- commands --

    def at(self, rest):
        n = int(rest.split()[0]) if re.match(r'\d', rest) else 0
        if not self.inside or not 1 <= n <= len(self.mails) or self.mails[n - 1] in self.gone:
            return None
        return self.mails[n - 1]

    def do_capa(self, rest):
        return '+OK\n' + ''.join(c + '\n' for c in self.server.caps) + '.\n'

    def begin_tls(self):
        """As an answer to STLS."""
        self.send('+OK begin\n')
        self.step(TLS)
        return b''

    def do_noop(self, rest):
        return '+OK\n'

    def do_utf8(self, rest):
        return '+OK\n'

    def let_in(self, well):
        self.inside = well
        return '+OK in\n' if well else '-ERR [AUTH] no\n'

    def do_user(self, rest):
        self.user = rest
        return '+OK\n'

    def do_pass(self, rest):
        return self.let_in((self.user, rest) == ('ann', 'secret word'))

    def do_auth(self, rest):
        words = rest.split()
        if words[0] != 'PLAIN':
            return '-ERR no such mechanism\n'
        if len(words) == 1:
            self.send('+ \n')
            words.append(self.line())
        return self.let_in(base64.b64decode(words[1]) == b'\0ann\0secret word')

    def do_stat(self, rest):
        left = [m for m in self.mails if m not in self.gone]
        return '+OK %d %d\n' % (len(left), sum(m.size for m in left)) if self.inside else '-ERR\n'

    def listing(self, rest, what):
        if not self.inside:
            return '-ERR\n'
        if rest:
            mail = self.at(rest)
            return '+OK %s %s\n' % (rest, what(mail)) if mail else '-ERR no such message\n'
        lines = [b'%d %s\r\n' % (n, str(what(m)).encode('utf-8', 'surrogateescape')) for n, m in enumerate(self.mails, 1) if m not in self.gone]
        return b'+OK\r\n' + b''.join(lines) + b'.\r\n'

    def do_list(self, rest):
        return self.listing(rest, lambda m: m.size)

    def do_uidl(self, rest):
        return self.listing(rest, lambda m: m.uidl)

    def do_retr(self, rest):
        mail = self.at(rest)
        self.given.add(mail)
        return b'+OK\r\n' + mail.stuffed() if mail else '-ERR no such message\n'

    def do_top(self, rest):
        mail = self.at(rest)
        return b'+OK\r\n' + mail.stuffed(int(rest.split()[1])) if mail else '-ERR no such message\n'

    def do_dele(self, rest):
        mail = self.at(rest)
        if mail:
            self.gone.add(mail)
        return '+OK\n' if mail else '-ERR no such message\n'

    def do_rset(self, rest):
        self.gone.clear()
        return '+OK\n'

    def do_quit(self, rest):
        return '+OK bye\n'


class Pop(Server):
    def __init__(self, mails=(), talk=None, answers=None, caps=None, drip=0, cut_at=None, cut_behind=None, quit_obeyed=False, no=(), tls=None,
                 implicit_tls=False, greeting='+OK scripted\n', portion=0):
        super().__init__(Session, talk, answers, greeting, drip, tls, implicit_tls)
        self.mails = [m if isinstance(m, Mail) else Mail(m) for m in mails]
        self.caps, self.no = CAPS if caps is None else caps, set(no)
        self.cut_at, self.cut_behind, self.quit_obeyed = cut_at, cut_behind, quit_obeyed
        self.portion, self.given = portion, set()
        self.deleted, self.said = [], 0
        self.listen()

    def steps(self, n):
        if self.talk and isinstance(self.talk[0], list):
            return self.talk[n] if n < len(self.talk) else None
        return self.talk

    @property
    def heard(self):
        """On the last connection."""
        return self.ever[-1].heard if self.ever else []
