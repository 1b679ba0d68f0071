"""A TCP proxy in a thread between the program and a server: it counts, delays, limits, stalls without closing, and cuts.

with Proxy(port) as p: p.port; p.stall(); p.resume(); p.cut(); p.refuse(True); p.counts() → {'down', 'up', 'turns', 'connections'}
hold(n) stalls the n-th connection alone; limit is how many may stand at a time. delay is one way in seconds; rate octets a second downwards. cut_after(n) closes when n more octets have gone down,
or with up=True up; cut_at_line(n) behind the n-th line that passes either way. gentle: whatever has reached a server whose client is gone is carried
out before anybody gets through again.
"""
import collections, selectors, socket, threading, time


class Pipe:
    def __init__(self, source, sink, number):
        self.source, self.sink, self.queue, self.ended, self.number = source, sink, collections.deque(), False, number


class Proxy:
    def __init__(self, target, delay=0.0, rate=0):
        self.target, self.delay, self.rate = target, delay, rate
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.stalled = self.refusing = self.stopping = self.ending = False
        self.left, self.left_up, self.lines, self.lock = None, None, None, threading.Lock()
        self.gentle, self.then = False, None
        self.held, self.limit = set(), 0
        self.numbers = dict(down=0, up=0, turns=0, connections=0)
        self.last_up, self.pairs, self.next_down = False, [], 0.0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stall(self):
        self.stalled = True

    def resume(self):
        self.stalled = False

    def hold(self, number):
        self.held.add(number)

    def refuse(self, yes):
        self.refusing = yes
        if yes:
            self.cut()

    def cut_after(self, octets, up=False):
        with self.lock:
            self.left, self.left_up = (None, octets) if up else (octets, None)

    def cut_at_line(self, number, then=None):
        """then is called in the proxy's thread at the moment of the cut."""
        with self.lock:
            self.lines, self.then = number, then

    def mend(self):
        """No cut is to come any more; TRUE when the one that was asked for has not come."""
        with self.lock:
            waited = any(x is not None for x in (self.left, self.left_up, self.lines))
            self.left = self.left_up = self.lines = self.then = None
            return waited

    def cut(self):
        with self.lock:
            self.left = 0

    def counts(self):
        with self.lock:
            return dict(self.numbers)

    def zero(self):
        with self.lock:
            self.numbers = dict.fromkeys(self.numbers, 0)

    def close_pair(self, pair):
        client, server = (pipe.source for pipe in pair)
        client.close()
        if self.gentle:
            self.let_finish(server)
        server.close()
        self.pairs.remove(pair)

    @staticmethod
    def let_finish(server):
        server.settimeout(10)
        try:
            server.shutdown(socket.SHUT_WR)
            while server.recv(65536):
                pass
        except OSError:
            pass

    def accept(self):
        client, _ = self.listener.accept()
        if self.refusing or (self.limit and len(self.pairs) >= self.limit):
            client.close()
            return
        try:
            server = socket.create_connection(('127.0.0.1', self.target), 5)
        except OSError:
            client.close()
            return
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.numbers['connections'] += 1
        n = self.numbers['connections']
        self.pairs.append((Pipe(client, server, n), Pipe(server, client, n)))

    def read(self, pair, down):
        pipe = pair[down]
        try:
            data = pipe.source.recv(65536)
        except OSError:
            data = b''
        if not data:
            pipe.ended = True
            return
        with self.lock:
            self.numbers['down' if down else 'up'] += len(data)
            if not down and not self.last_up:
                self.numbers['turns'] += 1
            self.last_up = not down
        at = time.monotonic() + self.delay
        if down and self.rate:
            self.next_down = max(self.next_down, at) + len(data) / self.rate
            at = self.next_down
        pipe.queue.append((at, data))

    def allowed(self, data, down):
        """What of data still passes, and whether the link is cut behind it."""
        cut, name = False, 'left' if down else 'left_up'
        left = getattr(self, name)
        if left is not None:
            data, cut = data[:left], len(data) >= left
            setattr(self, name, None if cut else left - len(data))
        if self.lines is not None:
            ends = [i + 1 for i, c in enumerate(data) if c == 10][:self.lines]
            self.lines -= len(ends)
            if not self.lines:
                data, cut, self.lines = data[:ends[-1] if ends else 0], True, None
        return data, cut

    def write(self, pair, down, now):
        pipe = pair[down]
        while pipe.queue and pipe.queue[0][0] <= now:
            data = pipe.queue.popleft()[1]
            with self.lock:
                data, cut = self.allowed(data, down)
            try:
                pipe.sink.sendall(data)
            except OSError:
                return False
            if cut:
                if self.then:
                    self.then()
                self.ending = True
                return False
        return not (pipe.ended and not pipe.queue)

    def run(self):
        while not self.stopping:
            selector = selectors.DefaultSelector()
            selector.register(self.listener, selectors.EVENT_READ, None)
            if not self.stalled:
                for pair in self.pairs:
                    for down, pipe in enumerate(pair):
                        if not pipe.ended and len(pipe.queue) < 64 and pipe.number not in self.held:
                            selector.register(pipe.source, selectors.EVENT_READ, (pair, down))
            due = [p.queue[0][0] for pair in self.pairs for p in pair if p.queue and p.number not in self.held]
            wait = .05 if self.stalled or not due else max(0, min(.05, min(due) - time.monotonic()))
            for key, _ in selector.select(wait):
                if key.data is None:
                    self.accept()
                else:
                    self.read(*key.data)
            selector.close()
            with self.lock:
                cut = self.left is not None and self.left <= 0
                if cut:
                    self.left = None
            now = time.monotonic()
            for pair in list(self.pairs):
                if cut or (not self.stalled and pair[0].number not in self.held and not all([self.write(pair, down, now) for down in (0, 1)])):
                    self.close_pair(pair)
            while self.ending and self.pairs:
                self.close_pair(self.pairs[0])
            self.ending = False
        for pair in list(self.pairs):
            self.close_pair(pair)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stopping = True
        self.thread.join()
