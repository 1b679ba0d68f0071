"""What scripted servers have in common, whatever they speak: connections that follow a dialogue, then answer by themselves.

A dialogue is a list of steps:
  'S: * OK hello'        sends the line and CRLF
  'C: SELECT INBOX.*'    waits for a command; a regular expression for all of it; another one is a fault
  b'* OK x\\r\\nrest'      sends octets as they are
  TLS, CUT, STALL        does the handshake; closes; says nothing any more until the client goes
  RESET                  closes with a TCP reset
  MORE                   waits until the client has sent something, and leaves it unread
Where it begins with the client, or there is none, the server's greeting goes first.
answers replaces what would be said to a command by itself (regular expression, whole → text, octets, CUT, STALL, RESET, a list of them used one after the
other with the last one staying, or a function of (session, command)). Lines end in LF here and in CRLF on the wire. DEFAULT in them is what would have been said.
"""
import re, socket, ssl, struct, threading, time, traceback

TLS, CUT, STALL, RESET, MORE = 'TLS', 'CUT', 'STALL', 'RESET', 'MORE'
DEFAULT = '<default>'


class Closed(Exception):
    pass


def octets(text):
    """A person's text for the wire: lines end in CRLF."""
    if isinstance(text, bytes):
        return text
    return text.replace('\n', '\r\n').encode('utf-8', 'surrogateescape')


def text_message(n, body=None, more=''):
    return octets('From: Bob <bob@harbour.example>\nTo: ann@example.org\nSubject: number %s\nMessage-ID: <%s@harbour.example>\n'
                  'Date: Thu, 20 Nov 2025 12:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n%s\n%s\n' %
                  (n, n, more, body or 'text of %s' % n))


def next_of(answer):
    """Of a list one after the other, the last one for good."""
    if not isinstance(answer, list):
        return answer
    return answer.pop(0) if len(answer) > 1 else answer[0]


class Connection(threading.Thread):
    """One of a server's. A kind of server adds command(), what the client says next, and usual(command), what is said to it by itself."""

    def __init__(self, server, sock, steps):
        super().__init__(daemon=True)
        self.server, self.sock, self.steps, self.buffer = server, sock, steps, b''
        self.heard = []
        self.lock = threading.RLock()

    def send(self, data):
        data = octets(data)
        try:
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
        self.take(data)

    def take(self, data):
        self.buffer += data

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
            if not self.steps or (isinstance(self.steps[0], str) and self.steps[0].startswith('C: ')):
                self.send(self.server.greeting)
            for step in self.steps or ():
                self.step(step)
            while True:
                self.respond(self.command())
        except (Closed, OSError):
            pass
        except Exception:  # of a test's own answer, or of a command that none here understands: no mere end of a connection
            self.server.faults.append(traceback.format_exc())
        finally:
            with self.lock:
                self.sock.close()
            self.server.sessions.discard(self)

    def respond(self, command):
        for pattern, answer in self.server.answers.items():
            if re.fullmatch(pattern, command, re.S):
                answer = next_of(answer)
                if callable(answer):
                    answer = answer(self, command)
                if answer is None:
                    break
                if answer in (CUT, STALL, RESET):
                    self.step(answer)
                wire = octets(answer)
                if DEFAULT.encode() in wire:
                    wire = wire.replace(DEFAULT.encode(), octets(self.usual(command) or ''))
                self.send(wire)
                return
        self.send(self.usual(command))


class Server:
    """Accepts on self.port as soon as listen() was called; a kind of server says what a Connection is there, and by what steps(n) the n-th goes."""

    def __init__(self, connection, talk, answers, greeting, drip, certificate, implicit_tls):
        self.connection, self.talk, self.answers, self.greeting, self.drip = connection, talk, dict(answers or {}), greeting, drip
        self.implicit_tls, self.tls = implicit_tls, None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.faults, self.ever, self.sessions = [], [], set()

    def listen(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = self.connection(self, sock, self.steps(len(self.ever)))
            self.sessions.add(session)
            self.ever.append(session)
            session.start()

    def wait(self, test, timeout=60):
        end = time.monotonic() + timeout
        while not test():
            if time.monotonic() > end:
                raise AssertionError('it never came to that; heard: %r' % self.heard[-20:])
            time.sleep(.005)

    def close(self):
        """Ends its threads first: one that still waited in accept() would do so on whatever gets the descriptor next. Raises what went wrong in them."""
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


def both(test):
    """Runs it with a server that answers at once, and with one that drips octet by octet."""
    def twice():
        for drip in (0, 1):
            test(drip)
    twice.__name__ = test.__name__
    return twice
