"""A program on a pseudo-terminal of 120 columns and 40 lines. What it writes is kept with the time it came; the emulator (pyte) looks at it
afterwards, so that looking takes no time from what is measured."""
import fcntl, os, pty, re, select, signal, struct, termios, time
import pyte

COLS, ROWS = 120, 40
now = time.monotonic


def family(pid):
    """The process and those it started."""
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        try:
            for task in os.listdir('/proc/%d/task' % p):
                with open('/proc/%d/task/%s/children' % (p, task)) as f:
                    todo += [int(x) for x in f.read().split()]
        except OSError:
            pass
    return found


class Peak:
    """The most memory that a process and those it started have held."""

    def __init__(self, pid):
        self.pid, self.each = pid, {}

    def look(self):
        """MB so far; those that ended count as they were last seen."""
        for p in family(self.pid):
            try:
                with open('/proc/%d/status' % p) as f:
                    m = re.search(r'VmHWM:\s+(\d+)', f.read())
                if m:
                    self.each[p] = int(m.group(1))
            except OSError:
                pass
        return sum(self.each.values()) / 1024


class Terminal:
    def __init__(self, argv, env):
        full = {'PATH': os.environ['PATH'], 'TERM': 'xterm-256color', 'LANG': 'C.UTF-8', 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'USER': 'ann',
                'LOGNAME': 'ann', 'SHELL': '/bin/sh', **env}
        self.screen = pyte.Screen(COLS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.chunks, self.seen, self.alive, self.looked = [], 0, True, 0
        self.start = now()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLS, 0, 0))
            os.chdir(full['HOME'])
            os.execvpe(argv[0], argv, full)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLS, 0, 0))
        self.peak = Peak(self.pid)

    def pump(self, timeout):
        """Keeps what comes, waiting for the first of it; FALSE when nothing came."""
        if now() - self.looked > .2:
            self.memory()
        if not self.alive or not select.select([self.fd], [], [], max(timeout, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            data = b''
        self.alive = bool(data)
        if data:
            self.chunks.append((now(), data))
            if b'\x1b[6n' in data:
                os.write(self.fd, b'\x1b[1;1R')
            if b'\x1b[c' in data:
                os.write(self.fd, b'\x1b[?62;c')
        return self.alive

    def memory(self):
        """Peak resident memory so far, MB."""
        self.looked = now()
        return self.peak.look()

    def lines(self):
        """The screen as it is by now."""
        while self.seen < len(self.chunks):
            self.feed()
        return self.screen.display

    def feed(self):
        at, data = self.chunks[self.seen]
        self.seen += 1
        try:
            self.stream.feed(data)
        except Exception:  # a sequence that the emulator does not know
            pass
        return at

    def wait(self, shown, hint, limit, since=None):
        """Seconds from since (the start) until shown(lines) held, or None. hint: octets without which it cannot begin to hold."""
        since, deadline, scanned = since or self.start, now() + limit, self.seen
        while now() < deadline and self.alive:
            self.pump(.1)
            if not re.search(hint, b''.join(d for _, d in self.chunks[max(scanned - 1, 0):])):
                scanned = len(self.chunks)
                continue
            while self.seen < len(self.chunks):
                at, data = self.feed(), self.chunks[self.seen - 1][1]
                if (re.search(hint, data) or self.seen == len(self.chunks)) and shown(self.screen.display):
                    return at - since
        return None

    def send(self, keys):
        at = now()
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)
        return at

    def settle(self, quiet=.3, limit=5):
        """Until nothing came for quiet seconds."""
        deadline = now() + limit
        while now() < deadline and self.pump(quiet):
            pass
        self.lines()

    def answer(self, key, limit):
        """Seconds from a key to the first octet written after it, or None."""
        while self.pump(0):
            pass
        n, at = len(self.chunks), self.send(key)
        while len(self.chunks) == n and now() - at < limit and self.alive:
            self.pump(limit - (now() - at))
        return self.chunks[n][0] - at if len(self.chunks) > n else None

    def changes(self, key, limit, least=5):
        """Seconds until a key changed at least so many lines, or None."""
        before, at = list(self.lines()), self.send(key)
        while now() - at < limit and self.alive:
            if self.pump(.02) and sum(a != b for a, b in zip(before, self.lines())) >= least:
                return self.chunks[-1][0] - at
        return None

    def end(self, keys=(), limit=20):
        """Leaves by its own keys when given, else is stopped."""
        for key in keys:
            if self.alive:
                self.send(key)
                self.settle(.15, 2)
        deadline = now() + (limit if keys else 0)
        while self.alive and now() < deadline:
            self.pump(.1)
        for p in reversed(family(self.pid)):
            try:
                os.kill(p, signal.SIGKILL)
            except OSError:
                pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)
