"""A scripted POP3 server in a thread: says exactly what a test tells it to, and behaves well for the rest.

with Pop(mails, talk=[...], answers={...}) as s: s.port, s.mails (what is there now), s.ever (the connections there were, each with what was .heard on it),
s.deleted (UIDLs, in order), s.faults

mails are Mail objects, or numbers for text_message(n). A DELE counts at QUIT, as it should.
talk is a dialogue, taken step by step on each connection, or on the n-th when it is a list of lists; then the default responder takes over:
  'S: +OK hello'        sends the line and CRLF;  'C: STAT'  waits for a line: a regular expression, another line is a fault
  b'+OK x\\r\\nrest'      sends octets as they are;  TLS, CUT, STALL, RESET, MORE as in script.py
answers replaces what the default responder would say to a command (regular expression, whole → text, octets, CUT, STALL, RESET, a list of them used one after
the other with the last one staying, or a function of (session, command)). DEFAULT in a text is what would have been said; lines end in LF here.
drip = 1 sends everything octet by octet. cut_at = n closes the first connection after n octets of ours; then it is None. cut_behind = pattern does so when
such a command was heard, and obeyed, before it is answered. no = names of commands that are refused as unknown. portion = n tells of the first n that were
not fetched before, as Gmail does.
"""
import base64, re, socket, ssl, struct, threading, time, traceback

from script import Closed, CUT, DEFAULT, MORE, RESET, STALL, TLS, octets, text_message

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


class Session(threading.Thread):
    def __init__(self, server, sock, steps):
        super().__init__(daemon=True)
        self.server, self.sock, self.steps, self.buffer = server, sock, steps, b''
        self.heard, self.user, self.inside, self.gone = [], None, False, set()
        self.began = time.monotonic()
        self.mails, self.given = list(server.mails), set()
        if server.portion:
            self.mails = [m for m in server.mails if m not in server.given][:server.portion]

    def send(self, data):
        data = octets(data)
        cut = self.server.cut_at
        try:
            if cut is not None and len(data) >= cut:
                self.server.cut_at = None
                self.sock.sendall(data[:cut])
                raise Closed
            if cut is not None:
                self.server.cut_at -= len(data)
            self.server.said += len(data)
            for i in range(0, len(data), self.server.drip or max(len(data), 1)):
                self.sock.sendall(data[i:i + (self.server.drip or len(data))])
        except OSError:
            raise Closed from None

    def more(self):
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b''
        if not data:
            raise Closed
        self.buffer += data

    def line(self):
        while b'\n' not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.rstrip(b'\r').decode('utf-8', 'surrogateescape')

    def command(self):
        line = self.line()
        self.heard.append(line)
        return line

    def step(self, step):
        if isinstance(step, bytes):
            self.send(step)
        elif step.startswith('S: '):
            self.send(step[3:] + '\n')
        elif step.startswith('C: '):
            heard = self.command()
            if not re.fullmatch(step[3:], heard, re.S):
                self.server.faults.append('wanted “%s”, heard “%s”' % (step[3:], heard))
                raise Closed
        elif step == TLS:
            self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
        elif step == MORE:
            self.sock.recv(1, socket.MSG_PEEK)
        elif step == STALL:
            while True:
                self.more()
        elif step == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            raise Closed
        elif step == CUT:
            raise Closed
        else:
            raise ValueError(step)

    def run(self):
        try:
            if self.server.implicit_tls:
                self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            if self.steps is None:
                self.send(self.server.greeting)
            for step in self.steps or ():
                self.step(step)
            while True:
                self.answer(self.command())
        except (Closed, ConnectionError, ssl.SSLError, TimeoutError):
            pass
        except Exception:
            self.server.faults.append(traceback.format_exc())
        finally:
            self.server.sessions.discard(self)
            try:
                self.sock.close()
            except OSError:
                pass

    def answer(self, command):
        for pattern, given in self.server.answers.items():
            if re.fullmatch(pattern, command, re.S):
                if isinstance(given, list):
                    given = given.pop(0) if len(given) > 1 else given[0]
                if callable(given):
                    given = given(self, command)
                if given in (CUT, STALL, RESET):
                    self.step(given)
                if isinstance(given, str) and DEFAULT in given:
                    usual = self.usual(command)
                    given = given.encode().replace(b'\n', b'\r\n').replace(DEFAULT.encode(), usual)
                if given is not None:
                    self.send(given)
                    return
        self.send(self.usual(command))

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


class Pop:
    def __init__(self, mails=(), talk=None, answers=None, caps=None, drip=0, cut_at=None, cut_behind=None, quit_obeyed=False, no=(), tls=None,
                 implicit_tls=False, greeting='+OK scripted\n', portion=0):
        self.mails = [m if isinstance(m, Mail) else Mail(m) for m in mails]
        self.talk, self.answers, self.caps, self.drip = talk, dict(answers or {}), CAPS if caps is None else caps, drip
        self.cut_at, self.cut_behind, self.quit_obeyed, self.no, self.greeting = cut_at, cut_behind, quit_obeyed, set(no), greeting
        self.implicit_tls, self.tls = implicit_tls, None
        self.portion, self.given = portion, set()
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        self.faults, self.ever, self.deleted, self.sessions, self.said = [], [], [], set(), 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def steps(self):
        n = len(self.ever)
        if self.talk and isinstance(self.talk[0], list):
            return self.talk[n] if n < len(self.talk) else None
        return self.talk

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, sock, self.steps())
            self.sessions.add(session)
            self.ever.append(session)
            session.start()

    @property
    def heard(self):
        """On the last connection."""
        return self.ever[-1].heard if self.ever else []

    def wait(self, test, timeout=60):
        end = time.monotonic() + timeout
        while not test():
            if time.monotonic() > end:
                raise AssertionError('it never came to that; heard: %r' % self.heard[-20:])
            time.sleep(.005)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()
        for session in list(self.sessions):
            try:
                session.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            session.join(10)
        assert not self.faults, '\n'.join(self.faults)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
