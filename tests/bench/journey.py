"""A folder pulled whole for a journey (keep = full), and asked again when nothing has changed; beside the bare exchange, and mbsync where it is
installed (which is told not to sync its files to the disk, as Fulmar does not do either with what the server still has)."""
import base64, os, random, shutil, statistics, subprocess, tempfile, time
from boxes import Server, Session, headers, words
from clients import write

USER = 'journey'


def fill(server, total):
    """5 kB each on average; one of five hundred has an attachment of 1 to 6 MB."""
    rng, thread, batch, made, octets = random.Random(7), [], [], [], 0
    session = Session(server.port, USER)
    for n in range(total):
        lines = headers(rng, n, total, made, thread) + ['MIME-Version: 1.0']
        text = '\r\n'.join(words(rng, 11).capitalize() + '.' for _ in range(rng.randrange(10, 110)))
        if n % 500 == 7:
            lines += ['Content-Type: multipart/mixed; boundary="=_b"', '', '--=_b', 'Content-Type: text/plain', '', text, '--=_b',
                      'Content-Type: application/octet-stream; name="data.bin"', 'Content-Transfer-Encoding: base64', '',
                      base64.encodebytes(rng.randbytes(rng.randrange(1, 6) * 1000000)).decode().replace('\n', '\r\n') + '--=_b--']
        else:
            lines += ['Content-Type: text/plain; charset=us-ascii', '', text]
        message = '\r\n'.join('\n'.join(lines).replace('\r\n', '\n').split('\n')).encode() + b'\r\n'
        octets += len(message)
        batch.append((made[-1], b'\\Seen', message))
        if len(batch) == 200 or n == total - 1:
            session.append(batch)
            batch = []
            del thread[:-200]
    session.drain('SELECT INBOX')
    session.drain('FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID CONTENT-TYPE)])')
    odd = ','.join(str(i) for i in range(1, min(total, 6000), 2))
    session.drain('STORE %s +FLAGS.SILENT ($Bench)' % odd, 'STORE %s -FLAGS.SILENT ($Bench)' % odd)
    session.close()
    return octets


def fulmar(home, port):
    write(home + '/config/fulmar/fulmar.conf',
          f'[account a]\ntype = imap\naddress = ann@example.org\nname = Ann\nhost = 127.0.0.1\nport = {port}\nsecurity = none\n'
          f'allow-cleartext = yes\nuser = {USER}\npassword = {Server.password}\nkeep = full\npoll = 60m\n')
    env = {'HOME': home, **{'XDG_%s_HOME' % kind.upper(): home + '/' + kind for kind in ('config', 'data', 'state', 'cache')}}
    return [os.environ.get('FULMAR') or 'fulmar', 'sync', 'a/INBOX'], env


def mbsync(home, port):
    os.makedirs(home + '/mail')
    write(home + '/rc', f'FSync no\nIMAPAccount a\nHost 127.0.0.1\nPort {port}\nUser {USER}\nPass {Server.password}\nSSLType None\nAuthMechs LOGIN\n\n'
          f'IMAPStore far\nAccount a\n\nMaildirStore near\nPath {home}/mail/\nInbox {home}/mail/INBOX\n\n'
          'Channel a\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync All\nSyncState *\n')
    return ['mbsync', '-q', '-c', home + '/rc', 'a'], {'HOME': home}


def pull(link, configure, runs):
    """Medians: seconds of the first, seconds of the next, octets down and turns of that."""
    first, again, counts = [], [], {}
    for _ in range(runs):
        home = tempfile.mkdtemp(prefix='fulmar-bench-')
        try:
            argv, env = configure(home, link.port)
            for times in first, again, again:
                link('zero')
                start = time.monotonic()
                subprocess.run(argv, env={**os.environ, **env}, check=True, capture_output=True)
                times.append(time.monotonic() - start)
                counts = link('counts')
        finally:
            shutil.rmtree(home)
    return statistics.median(first), statistics.median(again), counts['down'], counts['turns']


def floor(link, runs):
    first, again = [], []
    for _ in range(runs):
        for times, more in (first, ['UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])']), (again, []):
            link('zero')
            start = time.monotonic()
            session = Session(link.port, USER)
            session.drain('SELECT INBOX', *more)
            session.drain('LOGOUT')
            session.close()
            times.append(time.monotonic() - start)
    counts = link('counts')
    return statistics.median(first), statistics.median(again), counts['down'], counts['turns']


def measure(bench, table, seconds, ratio, octets):
    total = 1000 if bench.quick else 10000
    size = fill(bench.server, total)
    for rtt in bench.rtts:
        bench.link.be(rtt)
        rows = [('floor: raw exchange', *floor(bench.link, bench.runs)), ('fulmar, keep = full', *pull(bench.link, fulmar, bench.runs))]
        if shutil.which('mbsync'):
            rows.append(('mbsync', *pull(bench.link, mbsync, bench.runs)))
        table('A folder of %d, %.0f MB, pulled whole, %g ms' % (total, size / 1e6, rtt),
              ['client', 'first s', '/ floor', 'no change s', '/ floor', 'received then', 'round trips'],
              [[name, seconds(a), ratio(a, rows[0][1]), seconds(b), ratio(b, rows[0][2]), octets(down), turns] for name, a, b, down, turns in rows])
