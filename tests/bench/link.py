#!/usr/bin/python3
"""A line between a program and a server, in a process of its own so that it takes no time from who measures.

link.py TARGET: prints its port, then answers each line of its input with the counts as JSON: counts, zero, stall, resume, delay SECONDS (one
way), rate OCTETS (a second in each direction; 0: no limit), at TIME (the counts as they were then, by the monotonic clock). A new connection costs one round trip more, as TCP's handshake does. turns counts how often the program said something after the server had spoken: the round trips it waited for.
"""
import json, socket, subprocess, sys, threading, time
from collections import deque


class Line:
    """One direction of one connection: what is read waits until it would have arrived."""
    WINDOW = 4 << 20

    def __init__(self, link, source, sink, name):
        self.link, self.source, self.sink, self.name = link, source, sink, name
        self.waiting, self.held, self.change = deque(), 0, threading.Condition()
        for work in (self.take, self.give):
            threading.Thread(target=work, daemon=True).start()

    def take(self):
        free, data = 0.0, b'-'
        while data:
            try:
                data = self.source.recv(8192 if self.link.rate else 262144)
            except OSError:
                data = b''
            now = time.monotonic()
            if self.name == 'up':
                self.link.count('up', len(data))
            if self.link.rate:
                free = max(free, now) + len(data) / self.link.rate
            with self.change:
                while self.held > self.WINDOW:
                    self.change.wait()
                self.waiting.append((max(free, now) + self.link.delay, data))
                self.held += len(data)
                self.change.notify_all()

    def give(self):
        data = b'-'
        while data:
            with self.change:
                while not self.waiting:
                    self.change.wait()
                at, data = self.waiting.popleft()
            pause = at - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            self.link.open.wait()
            if self.name == 'down':
                self.link.count('down', len(data))
            try:
                if data:
                    self.sink.sendall(data)
                else:
                    self.sink.shutdown(socket.SHUT_WR)
            except OSError:
                data = b''
            with self.change:
                self.held -= len(data)
                self.change.notify_all()


class Switch:
    """The link's own process."""

    def __init__(self, target):
        self.target, self.delay, self.rate = target, 0.0, 0.0
        self.lock, self.open = threading.Lock(), threading.Event()
        self.open.set()
        self.zero()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def zero(self):
        with self.lock:
            self.numbers, self.last = dict(down=0, up=0, turns=0, connections=0), 'down'
            self.history = [(0.0, dict(self.numbers))]

    def count(self, way, octets):
        with self.lock:
            self.numbers[way] += octets
            if octets and way == 'up' and self.last == 'down':
                self.numbers['turns'] += 1
            if octets:
                self.last = way
                self.history.append((time.monotonic(), dict(self.numbers)))

    def then(self, at):
        with self.lock:
            return [numbers for when, numbers in self.history if when <= at][-1]

    def connect(self, client):
        time.sleep(2 * self.delay)
        self.open.wait()
        server = socket.create_connection(('127.0.0.1', self.target))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Line(self, client, server, 'up')
        Line(self, server, client, 'down')

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            with self.lock:
                self.numbers['connections'] += 1
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def serve(self):
        threading.Thread(target=self.accept, daemon=True).start()
        print(self.listener.getsockname()[1], flush=True)
        for line in sys.stdin:
            word, *value = line.split()
            if word == 'at':
                print(json.dumps(self.then(float(value[0]))), flush=True)
                continue
            if value:
                setattr(self, word, float(value[0]))
            else:
                {'zero': self.zero, 'stall': self.open.clear, 'resume': self.open.set, 'counts': lambda: None}[word]()
            with self.lock:
                print(json.dumps(self.numbers), flush=True)


class Beside:
    """A server in a process of its own: a program that prints its port."""

    def __init__(self, program, word):
        self.process = subprocess.Popen([sys.executable, program, str(word)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Link(Beside):
    """with Link(port) as l: l.port; l.be(rtt=50, rate=1e6); l('stall'); l('counts')['down']"""

    def __init__(self, target):
        super().__init__(__file__, target)

    def be(self, rtt=0, rate=0):
        """From the next connection on: rtt in ms."""
        self('delay %g' % (rtt / 2000))
        self('rate %g' % rate)

    def __call__(self, word):
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


if __name__ == '__main__':
    Switch(int(sys.argv[1])).serve()
