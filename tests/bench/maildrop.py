"""A maildrop: fetched whole, asked again with nothing new, its first screen; beside the bare exchange of the same octets, and mpop, getmail
and fetchmail where they are installed. The server is a few lines that cost next to nothing; those who take a round trip or two for each
message are given a few of them and told by the thousand."""
import os, shutil, socket, statistics, subprocess, sys, tempfile, threading, time
from boxes import ROW, SENDERS
from clients import Client, write
from link import Beside, Link
from terminal import Terminal

BODY = 'line of a text that nobody reads\n' * 90
PASSWORD = 'secret word'
SLOW = 20  # messages for those who go one by one


def message(n):
    return ('From: %s <bob@harbour.example>\nTo: ann@example.org\nSubject: number %d\nMessage-ID: <%d@harbour.example>\n'
            'Date: Thu, 20 Nov 2025 12:00:00 +0000\n\n%s' % (SENDERS[n % len(SENDERS)], n, n, BODY)).replace('\n', '\r\n').encode()


# ---- the server ----

def answers(count):
    mails = [message(n) for n in range(1, count + 1)]
    heads = [m.partition(b'\r\n\r\n')[0] + b'\r\n\r\n' for m in mails]
    lines = lambda what: b''.join(b'%d %s\r\n' % (n, what(n)) for n in range(1, count + 1))
    one = {b'RETR': [b'+OK\r\n' + m + b'.\r\n' for m in mails], b'TOP': [b'+OK\r\n' + h + b'.\r\n' for h in heads],
           b'LIST': [b'+OK %d %d\r\n' % (n, len(m)) for n, m in enumerate(mails, 1)], b'UIDL': [b'+OK %d uid-%d\r\n' % (n, n) for n in range(1, count + 1)]}
    said = {b'CAPA': b'+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nSASL PLAIN\r\n.\r\n', b'STAT': b'+OK %d %d\r\n' % (count, sum(map(len, mails))),
            b'LIST': b'+OK\r\n' + lines(lambda n: b'%d' % len(mails[n - 1])) + b'.\r\n', b'UIDL': b'+OK\r\n' + lines(lambda n: b'uid-%d' % n) + b'.\r\n'}
    return one, said


def serve(count):
    """Prints its port and answers until its input ends."""
    one, said = answers(count)

    def talk(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(b'+OK bench\r\n')
        rest = b''
        while data := sock.recv(1 << 16):
            *commands, rest = (rest + data).split(b'\r\n')
            words = [c.split(b' ') for c in commands]
            try:
                sock.sendall(b''.join(one[w[0]][int(w[1]) - 1] if len(w) > 1 and w[0] in one else said.get(w[0], b'+OK\r\n') for w in words))
            except OSError:
                return
            if words and words[-1][0] == b'QUIT':
                sock.close()
                return

    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=sys.stdin.read, daemon=True).start()
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()


class Server(Beside):
    def __init__(self, count):
        super().__init__(__file__, count)


# ---- who fetches; each gives the command, its environment, and the exit statuses that are well ----

def fulmar(home, port, keep):
    write(home + '/config/fulmar/fulmar.conf',
          f'[account a]\ntype = pop3\naddress = ann@example.org\nname = Ann\nhost = 127.0.0.1\nport = {port}\nsecurity = none\n'
          f'allow-cleartext = yes\nuser = ann\npassword = "{PASSWORD}"\nkeep = {keep}\nleave-on-server = forever\npoll = 60m\n')
    env = {'HOME': home, **{'XDG_%s_HOME' % kind.upper(): home + '/' + kind for kind in ('config', 'data', 'state', 'cache')}}
    return [os.environ.get('FULMAR') or 'fulmar', 'sync', 'a'], env, (0,)


def maildir(home):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs('%s/mail/%s' % (home, sub))


def mpop(home, port):
    maildir(home)
    write(home + '/rc', f'account a\nhost 127.0.0.1\nport {port}\nuser ann\npassword "{PASSWORD}"\nauth plain\ntls off\nkeep on\n'
          f'uidls_file {home}/uidls\ndelivery maildir {home}/mail\n')
    return ['mpop', '-q', '-C', home + '/rc', 'a'], {'HOME': home}, (0,)


def getmail(home, port):
    maildir(home)
    write(home + '/rc', f'[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\nusername = ann\npassword = {PASSWORD}\n'
          f'[destination]\ntype = Maildir\npath = {home}/mail/\n[options]\nread_all = false\ndelete = false\nverbose = 0\n')
    return ['getmail', '--getmaildir', home, '--rcfile', home + '/rc'], {'HOME': home}, (0,)


def fetchmail(home, port):
    write(home + '/rc', f'poll 127.0.0.1 with proto POP3 port {port} uidl user ann password "{PASSWORD}" keep sslproto "" bsmtp /dev/null\n')
    return (['fetchmail', '-s', '-f', home + '/rc', '--idfile', home + '/ids', '--pidfile', home + '/pid', '--nodetach', '--nosyslog'],
            {'HOME': home, 'FETCHMAILHOME': home}, (0, 1))


def as_nobody(program, home):
    """getmail delivers nothing as root."""
    if program != 'getmail' or os.getuid():
        return {}
    for root, _, files in os.walk(home):
        for path in [root] + [os.path.join(root, f) for f in files]:
            shutil.chown(path, 'nobody', 'nogroup')
    return dict(user='nobody', group='nogroup', extra_groups=[])


def fetch(configure, port, runs, *args):
    """Medians: of the first visit, and of the next, with nothing new."""
    first, again = [], []
    for _ in range(runs):
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        try:
            argv, env, well = configure(home, port, *args)
            for times in first, again:
                start = time.monotonic()
                p = subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, **as_nobody(argv[0], home))
                times.append(time.monotonic() - start)
                if p.returncode not in well:
                    raise RuntimeError('%s: %s' % (argv[0], p.stderr or p.stdout))
        finally:
            shutil.rmtree(home)
    return statistics.median(first), statistics.median(again)


class Floor:
    """The octets alone, by hand: what comes is thrown away."""

    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port))
        self.sock.recv(100)

    def flight(self, commands, size):
        threading.Thread(target=self.sock.sendall, args=(commands,), daemon=True).start()
        while size > 0 and (data := self.sock.recv(1 << 18)):
            size -= len(data)


def floor(port, count, runs):
    one, said = answers(count)
    every, times = b''.join(b'RETR %d\r\n' % n for n in range(1, count + 1)), ([], [])
    for _ in range(runs):
        for whole in True, False:
            start = time.monotonic()
            visit = Floor(port)
            visit.flight(b'CAPA\r\nAUTH PLAIN AA==\r\n', len(said[b'CAPA']) + 5)
            visit.flight(b'LIST\r\nUIDL\r\n', len(said[b'LIST']) + len(said[b'UIDL']))
            if whole:
                visit.flight(every, sum(map(len, one[b'RETR'])))
            visit.flight(b'QUIT\r\n', 5)
            visit.sock.close()
            times[not whole].append(time.monotonic() - start)
    return tuple(map(statistics.median, times))


# ---- the first screen ----

class Screen(Client):
    """A client that opens the maildrop by itself."""
    hint = ROW.pattern.encode()


def fulmar_opens(home, port):
    argv, env, _ = fulmar(home, port, 'headers')
    return [argv[0], 'a/INBOX'], env


def first_screen(configure, port, runs, limit):
    times, client = [], Screen()
    for _ in range(runs):
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        t = Terminal(*configure(home, port))
        times.append(t.wait(client.listed, client.hint, limit))
        t.end()
        shutil.rmtree(home, ignore_errors=True)
        if times[-1] is None:
            return None
    return statistics.median(times)


def at(server, rtt):
    link = Link(server.port)
    link.be(rtt)
    return link


def measure(bench, table, seconds, ratio):
    count, limit = (1000 if bench.quick else 10000), 5
    with Server(count) as server, Server(SLOW) as few:
        for rtt in bench.rtts:
            with at(server, rtt) as link, at(few, rtt) as slow:
                rows = [('floor: raw exchange', *floor(link.port, count, bench.runs), '')]
                rows += [('fulmar, keep = %s' % keep, *fetch(fulmar, link.port, bench.runs, keep), '') for keep in ('full', 'headers')]
                if shutil.which('mpop'):
                    rows.append(('mpop', *fetch(mpop, link.port, bench.runs), ''))
                for name, configure in ('getmail', getmail), ('fetchmail', fetchmail):
                    if shutil.which(name):
                        try:
                            first, again = fetch(configure, slow.port, 1)
                            rows.append((name, first * 1000 / SLOW, again, 'per 1000, of %d' % SLOW))
                        except RuntimeError as e:
                            rows.append((name, None, None, str(e).strip()[:60]))
                shown = [('fulmar', seconds(first_screen(fulmar_opens, link.port, bench.runs, limit), limit))]
            table('%d messages, %.1f MB, by POP3, %g ms' % (count, sum(len(message(n)) for n in range(1, count + 1)) / 1e6, rtt),
                  ['client', 'first s', '/ floor', 'nothing new s', '/ floor', ''],
                  [[name, seconds(a), ratio(a, rows[0][1]), seconds(b), ratio(b, rows[0][2]), note] for name, a, b, note in rows])
            table('First screen with %d waiting, %g ms' % (count, rtt), ['client', 's'], shown)


if __name__ == '__main__':
    serve(int(sys.argv[1]))
