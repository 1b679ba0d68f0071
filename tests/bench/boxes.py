"""Mailboxes of our own making on a private Dovecot: the same octets for the same seed and size."""
import base64, email.utils, os, random, re, socket, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot

SEED, DAY = 20260801, 86400
NEWEST = 1785542400  # 1 August 2026
SENDERS = ['Adelheid', 'Bartolome', 'Casimira', 'Dagobert', 'Esperance', 'Fridolin', 'Gwendoline', 'Hieronymus', 'Ildefonso', 'Jocaste',
           'Kunigunde', 'Leocadia', 'Melisande', 'Nepomuk', 'Ottokar', 'Perpetua', 'Quirin', 'Radegund', 'Sidonie', 'Thaddaeus']
ROW = re.compile('|'.join(SENDERS))  # a line of a list names who wrote it, in every client
FAMILIES = 'Aldermann Birchway Coldbrook Dornfeld Eastlake Farringdon Grünwald Halloran Isaksen Jørgensen Kowalczyk Lindqvist'.split()
WORDS = ('account answer archive attach border build branch call carry change clock column commit copy count draft early error event '
         'field filter folder frame gather harbour header index journal kernel label later layout ledger letter limit list local market '
         'measure merge minute mirror motion number offer order packet paper parcel people place point port preview price proof queue quiet '
         'record release remote report result review river round sample screen second server signal sort source spring stable station '
         'store stream summer table thread timber token train update valley vector version view water weather window winter').split()
FOREIGN = ['Приветствие из порта', '会議の議事録', '프로젝트 진행 보고', 'Fête d’été à l’école', 'Grüße aus Köln 🚢']
BIG_TEXT = 'Unencumbered'
# What the clients ask for is in the server's cache, so that none pays for the first look at a new mailbox.
CACHED = ('flags date.received date.sent size.virtual size.physical imap.envelope imap.bodystructure mime.parts ' +
          ' '.join('hdr.' + h for h in 'date from sender reply-to to cc bcc subject message-id references in-reply-to content-type '
                   'content-description lines list-id list-post list-subscribe list-unsubscribe x-label x-original-to newsgroups path '
                   'followup-to importance x-priority x-spam-status precedence'.split()))


class Server(Dovecot):
    """With these people, each of whom has one mailbox."""
    password = 'bench'

    def __init__(self, people):
        self.people = people
        super().__init__(mechanisms='plain login', extra='mail_always_cache_fields = %s\nmail_cache_max_size = 1G\ndefault_vsz_limit = 4G\n'
                               'protocol imap {\n  mail_max_userip_connections = 100\n}\nservice imap {\n  service_count = 0\n}\n' % CACHED)

    def write_conf(self):
        super().write_conf()
        with open(os.path.join(self.dir, 'users'), 'w') as f:
            f.writelines('%s:{PLAIN}%s::::::\n' % (user, self.password) for user in self.people)


def words(rng, n):
    return ' '.join(rng.choices(WORDS, k=n))


def encoded(text):
    return text if text.isascii() else '=?UTF-8?B?%s?=' % base64.b64encode(text.encode()).decode()


def headers(rng, n, total, made, thread):
    """The header lines of message n; thread lists (id, subject, references) of messages that may be answered."""
    sender = '%s %s' % (rng.choice(SENDERS), rng.choice(FAMILIES))
    date = NEWEST - (total - n) * (3650 * DAY // max(total, 1)) - rng.randrange(600)
    ident = '<%d.%08x@mail.example>' % (date, rng.getrandbits(32))
    if thread and rng.random() < .45:
        parent, subject, refs = rng.choice(thread[-40:])
        refs = (refs + [parent])[-12:]
        subject = subject if subject.startswith('Re: ') else 'Re: ' + subject
    else:
        refs, subject = [], rng.choice(FOREIGN) if rng.random() < .08 else words(rng, rng.randrange(2, 8)).capitalize()
    thread.append((ident, subject, refs))
    lines = ['Return-Path: <%s@mail.example>' % sender.split()[0].lower(), 'Received: from relay%d.example by mx.example; %s' %
             (rng.randrange(9), email.utils.formatdate(date)), 'Date: ' + email.utils.formatdate(date),
             'From: %s <%s@mail.example>' % (encoded(sender), sender.split()[0].lower()), 'To: Ann Example <ann@example.org>',
             'Subject: ' + encoded(subject), 'Message-ID: ' + ident]
    if refs:
        lines += ['In-Reply-To: ' + refs[-1], 'References: ' + '\n\t'.join(refs)]
    if rng.random() < .3:
        lines += ['List-Id: <harbour-%s.lists.example>' % rng.choice(WORDS)]
    made.append(date)
    return lines


def message(rng, n, total, thread):
    made = []
    lines = headers(rng, n, total, made, thread) + ['MIME-Version: 1.0']
    text = '\n'.join(words(rng, 11).capitalize() + '.' for _ in range(rng.randrange(4, 30)))
    if rng.random() < .3:
        bound = '=_%08x' % rng.getrandbits(32)
        html = '<html><body><p>%s</p></body></html>' % text.replace('\n', '</p>\n<p>')
        lines += ['Content-Type: multipart/alternative; boundary="%s"' % bound, '', '--' + bound, 'Content-Type: text/plain; charset=utf-8', '',
                  text, '--' + bound, 'Content-Type: text/html; charset=utf-8', '', html, '--%s--' % bound]
    else:
        lines += ['Content-Type: text/plain; charset=us-ascii', '', text]
    return made[0], '\r\n'.join('\n'.join(lines).split('\n')).encode() + b'\r\n'


def big_message(rng, total, size):
    """A short text and an attachment of size octets."""
    made = []
    lines = headers(rng, total, total, made, []) + ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="=_big"', '', '--=_big',
                                                    'Content-Type: text/plain; charset=us-ascii', '', BIG_TEXT, '--=_big',
                                                    'Content-Type: application/octet-stream; name="data.bin"',
                                                    'Content-Disposition: attachment; filename="data.bin"',
                                                    'Content-Transfer-Encoding: base64', '']
    body = base64.encodebytes(rng.randbytes(size)).replace(b'\n', b'\r\n')
    return made[0], '\r\n'.join('\n'.join(lines).split('\n')).encode() + b'\r\n' + body + b'--=_big--\r\n'


class Session:
    """A pipelined IMAP session by hand."""

    def __init__(self, port, user, password=Server.password):
        self.sock = socket.create_connection(('127.0.0.1', port))
        self.sock.recv(4096)
        self.drain(b'LOGIN %s %s' % (user.encode(), password.encode()))

    def drain(self, *commands):
        """Sends all at once and throws the answers away: octets received."""
        self.sock.sendall(b''.join(b'd%d %s\r\n' % (i, c if isinstance(c, bytes) else c.encode()) for i, c in enumerate(commands)))
        return self.until(b'd%d ' % (len(commands) - 1))

    def until(self, tag):
        buffer, tail, total = bytearray(1 << 20), b'\r\n', 0
        while True:
            n = self.sock.recv_into(buffer)
            if not n:
                raise RuntimeError('the server closed the connection: %r' % tail)
            total += n
            tail = (tail + bytes(buffer[max(0, n - 512):n]))[-512:]
            at = tail.rfind(b'\r\n' + tag)
            if at >= 0 and tail.endswith(b'\r\n') and b'\r\n' not in tail[at + 2:-2]:
                if not tail[at + 2 + len(tag):].startswith(b'OK'):
                    raise RuntimeError(repr(tail[at:]))
                self.last = tail[at + 2:]
                return total

    def append(self, messages):
        """MULTIAPPEND with non-synchronising literals."""
        out = [b'a APPEND INBOX']
        for date, flags, text in messages:
            when = time.strftime('%d-%b-%Y %H:%M:%S +0000', time.gmtime(date))
            out.append(b' (%s) "%s" {%d+}\r\n' % (flags, when.encode(), len(text)))
            out.append(text)
        self.sock.sendall(b''.join(out) + b'\r\n')
        self.until(b'a ')

    def close(self):
        self.sock.close()


def fill(server, user, total, big=0):
    """Gives user a mailbox of total messages, the newest with an attachment of big octets, and the server a warm cache of it."""
    rng, thread, batch = random.Random(SEED + total), [], []
    session = Session(server.port, user)
    for n in range(total):
        date, text = big_message(rng, total, big) if big and n == total - 1 else message(rng, n, total, thread)
        batch.append((date, b'' if n % 20 == 7 else b'\\Seen', text))
        if len(batch) == 500 or n == total - 1:
            session.append(batch)
            batch = []
            del thread[:-200]
    session.drain('SELECT INBOX')
    if total:
        session.drain('FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID CONTENT-TYPE)])')
        # Dovecot replays its log at each SELECT until it has a reason to write its index: this is one.
        odd = ','.join(str(i) for i in range(1, min(total, 6000), 2))
        session.drain('STORE %s +FLAGS.SILENT ($Bench)' % odd, 'STORE %s -FLAGS.SILENT ($Bench)' % odd)
    session.close()
