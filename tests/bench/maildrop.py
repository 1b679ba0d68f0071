#!/usr/bin/python3
"""pop3 [-n MESSAGES] [--rtt MS,…] [--runs N]

A POP3 account fetched whole, asked again with nothing new, and listed by headers; beside the bare exchange of the same octets, and mpop where it is
installed, in one run over a link that delays. Prints a table of medians in seconds; the figures judge nothing. $FULMAR is the program.
"""
import argparse, os, re, shutil, socket, statistics, subprocess, sys, tempfile, threading, time
sys.dont_write_bytecode = True
here = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [here, os.path.join(here, '..', 'lib')]
from link import Link
from tap import Home, pop3_conf

BODY = 'line of a text that nobody reads\n' * 90


def message(n):
    return ('From: Bob <bob@harbour.example>\nTo: ann@example.org\nSubject: number %d\nMessage-ID: <%d@harbour.example>\n'
            'Date: Thu, 20 Nov 2025 12:00:00 +0000\n\n%s' % (n, n, BODY)).replace('\n', '\r\n').encode()


def serve(count):
    """A server that costs next to nothing: prints its port and answers until its input ends."""
    mails = [message(n) for n in range(1, count + 1)]
    ends = {b'RETR': [b'+OK\r\n' + m + b'.\r\n' for m in mails], b'TOP': [b'+OK\r\n' + m.partition(b'\r\n\r\n')[0] + b'\r\n\r\n.\r\n' for m in mails]}
    said = {b'CAPA': b'+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\nSASL PLAIN\r\n.\r\n', b'STAT': b'+OK %d %d\r\n' % (count, sum(map(len, mails))),
            b'LIST': b'+OK\r\n' + b''.join(b'%d %d\r\n' % (n, len(m)) for n, m in enumerate(mails, 1)) + b'.\r\n',
            b'UIDL': b'+OK\r\n' + b''.join(b'%d uid-%d\r\n' % (n, n) for n in range(1, count + 1)) + b'.\r\n'}

    def talk(sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(b'+OK bench\r\n')
        rest = b''
        while data := sock.recv(1 << 16):
            *lines, rest = (rest + data).split(b'\r\n')
            answers = []
            for line in lines:
                words = line.split(b' ')
                answers.append(ends[words[0]][int(words[1]) - 1] if words[0] in ends else said.get(words[0], b'+OK\r\n'))
            try:
                sock.sendall(b''.join(answers))
            except OSError:
                return

    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=sys.stdin.read, daemon=True).start()
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()


def timed(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def exchange(port, commands, size):
    """The octets alone: all commands at once, all answers."""
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.recv(100)
        threading.Thread(target=s.sendall, args=(commands,), daemon=True).start()
        have = 0
        while have < size and (data := s.recv(1 << 18)):
            have += len(data)


def fulmar(port, keep, runs):
    """Seconds of the first visits and of those with nothing new."""
    first, second = [], []
    for _ in range(runs):
        with Home(pop3_conf(port, more='keep = %s\n' % keep)) as home:
            first.append(timed(lambda: home.run('sync', 'post')))
            second.append(timed(lambda: home.run('sync', 'post')))
    return first, second


def mpop(port, runs):
    first, second = [], []
    for _ in range(runs):
        folder = tempfile.mkdtemp()
        try:
            for sub in ('cur', 'new', 'tmp'):
                os.makedirs(os.path.join(folder, 'mail', sub))
            rc = os.path.join(folder, 'rc')
            with open(rc, 'w') as f:
                f.write('account a\nhost 127.0.0.1\nport %d\nuser ann\npassword "secret word"\nauth plain\ntls off\nkeep on\nuidls_file %s/uidls\n'
                        'delivery maildir %s/mail\n' % (port, folder, folder))
            os.chmod(rc, 0o600)
            run = lambda: subprocess.run(['mpop', '-q', '-C', rc, 'a'], check=True, capture_output=True)
            first.append(timed(run))
            second.append(timed(run))
        finally:
            shutil.rmtree(folder)
    return first, second


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument('-n', type=int, default=10000)
    args.add_argument('--rtt', default='0,50')
    args.add_argument('--runs', type=int, default=3)
    a = args.parse_args()
    server = subprocess.Popen([sys.executable, __file__, '--serve', str(a.n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())
    commands = b''.join(b'RETR %d\r\n' % n for n in range(1, a.n + 1))
    size = sum(len(message(n)) + 8 for n in range(1, a.n + 1))
    print('%d messages, %.1f MB' % (a.n, size / 1e6))
    try:
        for rtt in a.rtt.split(','):
            link = Link(port) if float(rtt) else None
            at = link.port if link else port
            if link:
                link.be(rtt=float(rtt))
            rows = [('exchange', [timed(lambda: exchange(at, commands, size)) for _ in range(a.runs)], [])]
            rows += [('fulmar, %s' % keep, *fulmar(at, keep, a.runs)) for keep in ('full', 'headers')]
            if shutil.which('mpop'):
                rows.append(('mpop', *mpop(at, a.runs)))
            print('\nround trip %s ms    first   again' % rtt)
            for name, *times in rows:
                print('  %-18s' % name + ''.join('%8.3f' % statistics.median(t) if t else '        ' for t in times), flush=True)
            if link:
                link.__exit__()
    finally:
        server.kill()


if sys.argv[1:2] == ['--serve']:
    serve(int(sys.argv[2]))
else:
    main()
