"""A program on a pseudo-terminal with an emulator behind it: what a person sees, as lines of text. Needs pyte (python3-pyte)."""
import fcntl, os, pty, re, select, signal, struct, termios, time
import pyte

# With the sanitizers everything takes longer: what a wait allows grows with them.
PATIENCE = 4 if any(k in os.environ for k in ('ASAN_OPTIONS', 'TSAN_OPTIONS')) else 1

# All that curses says to the terminals of the tests: modes, the cursor, erasing, scrolling, colours, character sets, the keypad, the window's own
# title kept and given back. Nothing that sets a title, writes a clipboard, asks the terminal a question or begins a string of bytes.
REPERTOIRE = re.compile(
    rb'\x1b\[[?>]?[0-9;]*[ABCDGHJKLMPSTXZ@abdefghlmr]|\x1b\[!p|\x1b\[2[23];0;0t|\x1b[()][AB0]|\x1b[78=>MHcDE]|'
    rb'\$<\d+/?>|[\r\n\t\b\a\x0e\x0f\x00]')


def said(raw):
    """The text among what was written to the terminal. Raises when a control is left that curses would not write."""
    text = REPERTOIRE.sub(b'', bytes(raw))
    bad = re.search(rb'[\x00-\x1f\x7f]|\xc2[\x80-\x9f]', text)
    if bad:
        raise AssertionError('a control reached the terminal: %r' % text[max(0, bad.start() - 40):bad.start() + 80])
    return text


class Emulator(pyte.Screen):
    """With REP, SU and SD, which the descriptions of xterm have and pyte has not."""
    last = ' '

    def draw(self, data):
        self.last = data[-1:] or self.last
        super().draw(data)

    def repeat(self, n=1):
        self.draw(self.last * n)

    def at_top(self, move, n):
        y, x = self.cursor.y, self.cursor.x
        self.cursor.y = self.margins.top if self.margins else 0
        move(n)
        self.cursor.y, self.cursor.x = y, x

    def scroll_up(self, n=1):
        self.at_top(self.delete_lines, n)

    def scroll_down(self, n=1):
        self.at_top(self.insert_lines, n)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, b='repeat', S='scroll_up', T='scroll_down')
    events = pyte.ByteStream.events | {'repeat', 'scroll_up', 'scroll_down'}


class Screen:
    def __init__(self, argv, env, cols=80, rows=24, cwd=None):
        self.emulator = Emulator(cols, rows)
        self.stream = Stream(self.emulator)
        self.alive, self.status, self.raw = True, None, bytearray()
        full = {'PATH': os.environ['PATH'], 'TERM': 'xterm-256color', 'LANG': 'C.UTF-8', 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', **env}
        full.update({k: v for k, v in os.environ.items() if k.startswith(('ASAN_', 'UBSAN_', 'TSAN_', 'LSAN_'))})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
            if cwd:
                os.chdir(cwd)
            os.execvpe(argv[0], argv, full)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))

    def pump(self, timeout=0.0):
        """Takes what has come; True if anything did."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready or not self.alive:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b''
        if not data:
            self.alive = False
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    @property
    def lines(self):
        return [l.rstrip() for l in self.emulator.display]

    @property
    def text(self):
        return '\n'.join(self.lines)

    def wait(self, what, timeout=60):
        """The text of the screen, once what (a regular expression over it, or a function of the lines) holds; raises with the screen if it never does."""
        test = what if callable(what) else lambda lines: re.search(what, '\n'.join(lines), re.M)
        end = time.monotonic() + timeout * PATIENCE
        while True:
            while self.pump():
                pass
            if test(self.lines):
                while self.pump(.01 * PATIENCE) and time.monotonic() < end: # the rest of the frame
                    pass
                return self.text
            if time.monotonic() > end or not self.alive:
                raise AssertionError('never on the screen: %s\n%s' % (getattr(what, '__name__', what), self.text))
            self.pump(.05)

    def send(self, keys):
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)

    def press(self, keys, what, timeout=60):
        """Sends keys and waits for what they do."""
        self.send(keys)
        return self.wait(what, timeout)

    @property
    def at_cursor(self):
        """The line that the real cursor stands on."""
        return self.lines[self.emulator.cursor.y]

    def resize(self, cols, rows):
        self.emulator.resize(rows, cols)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    @property
    def place(self):
        """What a key that moves changes: the line of the cursor, its place in the list, a word that it is at the end. Progress changes none of it."""
        status = self.lines[-2]
        return self.at_cursor, self.emulator.cursor.y, re.sub(r' of [\d,]+$', '', status) if 'This is' in status else re.findall(r'([\d,]+) of [\d,]+$', status)

    def latency(self, key, timeout=20):
        """Seconds from writing a key that moves to the octets that show it, or None."""
        while self.pump():
            pass
        before, start = self.place, time.monotonic()
        self.send(key)
        end = start + timeout * PATIENCE
        while time.monotonic() < end and self.alive:
            if select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                at = time.monotonic()
                if self.pump() and self.place != before:
                    return at - start
        return None

    def stopped(self, timeout=30):
        """True once the program has stopped itself."""
        end = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < end:
            self.pump(.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid:
                return os.WIFSTOPPED(status)
        return False

    def ended(self, timeout=30):
        """The exit status, after the program went; None when it did not."""
        end = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < end:
            self.pump(.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.pump(.2): # the kernel passes the last octets on in its own time; then comes the end
                    pass
                self.alive, self.status = False, os.waitstatus_to_exitcode(status)
                return self.status
        return None

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (OSError, ChildProcessError):
                pass
            self.status = -9
        try:
            os.close(self.fd)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def becomes(screen, what, *want, timeout=60):
    """Waits until what() holds, or is want where that is given, while the screen goes on; its value."""
    end = time.monotonic() + timeout * PATIENCE
    while not ((value := what()) == want[0] if want else (value := what())):
        if time.monotonic() > end:
            raise AssertionError('it came to be %r\n%s' % (value, screen.text))
        screen.pump(.05)
    return value
