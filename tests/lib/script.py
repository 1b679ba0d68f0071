"""A scripted IMAP server in a thread: says exactly what a test tells it to, and behaves well for the rest.

with Script(Box(messages), talk=[...], answers={...}) as s: s.port, s.heard (commands without tags), s.octets (all that was sent), s.faults, s.ever (all connections there were, each with what
was heard on it)

talk is a dialogue (scripted.py), taken step by step on each connection, or on the n-th when it is a list of lists; then the default responder takes over.
Commands are without their tags; <tag> in what is sent is the tag heard last, <tag-1> the one before. answers replaces what the default responder would say.
at_literal: pattern of a command up to a literal that waits → what is said instead of "+": text, CUT, STALL, RESET; INSIDE closes within it;
None: "+" after all; or a list of them.
drip = 1 sends everything octet by octet. patient = seconds: answers when the client has been silent for so long; flights then counts round trips,
flown is [(flight, command)].
limit = n is MESSAGELIMIT.

Run as a program it is a server for tests in C: its port on the first line of standard output, then commands on standard input (see serve()).
"""
import base64, calendar, re, select, sys, time, zlib

from scripted import *

INSIDE = 'INSIDE'
PLAIN = 'IMAP4rev1 LITERAL+ SASL-IR UIDPLUS'
CONDSTORE = PLAIN + ' ENABLE ESEARCH CONDSTORE'
QRESYNC = CONDSTORE + ' QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE IDLE'
ALL = QRESYNC + ' MOVE MULTIAPPEND UNSELECT CREATE-SPECIAL-USE OBJECTID REPLACE'
PROFILES = {'plain': PLAIN + ' IDLE', 'condstore': CONDSTORE + ' IDLE', 'qresync': QRESYNC, 'all': ALL}
NOON = 1763640000  # 20 Nov 2025 12:00 UTC


class Mail:
    def __init__(self, uid, data=None, flags='', when=None, modseq=1):
        self.uid, self.data, self.modseq = uid, octets(data) if data is not None else text_message(uid), modseq
        self.email_id, self.labels = 'M%d' % zlib.crc32(self.data), ''
        self.flags, self.when = set(flags.split()), NOON + uid * 60 if when is None else when
        self.saved = 0  # SAVEDATE, UTC seconds; 0: NIL

    def split(self):
        at = self.data.find(b'\r\n\r\n')
        return (self.data, b'') if at < 0 else (self.data[:at + 4], self.data[at + 4:])

    def fields(self, names):
        head, out, keep = self.split()[0], b'', False
        for line in head.splitlines(True):
            if line[:1] not in b' \t':
                keep = line.split(b':')[0].strip().upper().decode('latin-1') in names
            out += line if keep and line != b'\r\n' else b''
        return out + b'\r\n'

    def boundary(self):
        m = re.search(rb'^Content-Type: multipart/mixed; boundary=(\w+)\r$', self.split()[0], re.M)
        return m and m.group(1)

    def parts(self):
        """Part 1, 2, … as (header, body); one level is enough here."""
        b = self.boundary()
        if not b:
            return [self.split()]
        pieces = re.split(rb'(?:^|\r\n)--%s(?:--)?\r\n' % b, self.split()[1])
        return [tuple((p + b'\r\n\r\n').split(b'\r\n\r\n', 1)[:2]) if b'\r\n\r\n' in p else (b'', p) for p in pieces[1:-1]]

    def section(self, name):
        head, body = self.split()
        if name == '':
            return self.data
        if name in ('HEADER', '0'):
            return head
        if name == 'TEXT':
            return body
        parts = self.parts()
        if not re.fullmatch(r'\d+', name) or not 0 < int(name) <= len(parts):
            return None
        got = parts[int(name) - 1]
        return got[1][:-4] if self.boundary() and got[1].endswith(b'\r\n\r\n') else got[1]

    def decoded(self, name):
        data = self.section(name)
        return data if data is None else base64.b64decode(data)

    def structure(self):
        def one(head, body):
            kind = re.search(rb'Content-Type: (\w+)/([\w-]+)(?:; *(\w+)="?([^"\s;]+)"?)?', head) or re.match(rb'()()()()', b'')
            main, sub = (kind.group(1) or b'text').decode(), (kind.group(2) or b'plain').decode()
            params = '("%s" "%s")' % (kind.group(3).decode(), kind.group(4).decode()) if kind.group(3) else 'NIL'
            enc = re.search(rb'Content-Transfer-Encoding: (\S+)', head)
            file = re.search(rb'filename="?([^"\s;]+)', head)
            disp = '("attachment" ("filename" "%s"))' % file.group(1).decode() if file else 'NIL'
            lines = ' %d' % body.count(b'\n') if main.lower() == 'text' else ''
            return '("%s" "%s" %s NIL NIL "%s" %d%s NIL %s NIL)' % (main, sub, params, enc.group(1).decode() if enc else '7bit', len(body), lines, disp)
        if not self.boundary():
            return one(*self.split())
        return '(%s "mixed" ("boundary" "%s") NIL NIL)' % (''.join(one(h, self.section(str(i + 1))) for i, (h, b) in enumerate(self.parts())),
                                                          self.boundary().decode())


class Box:
    """A folder. modseq grows with each change; gone remembers (uid, modseq) of what was expunged."""

    def __init__(self, mails=(), name='INBOX', uidvalidity=77, attributes='', uidnext=None):
        self.name, self.uidvalidity, self.attributes = name, uidvalidity, attributes
        self.mails = [m if isinstance(m, Mail) else Mail(m) for m in mails]
        self.uidnext = uidnext or max([m.uid for m in self.mails] + [0]) + 1
        self.modseq, self.gone, self.mailbox_id = 10, [], ''
        self.subscribed, self.appendlimit = True, 0

    def take(self, mail):
        """A copy of it, as COPY makes one."""
        copy = self.add(mail.data, ' '.join(mail.flags), mail.when)
        copy.email_id = mail.email_id
        return copy

    def add(self, data=None, flags='', when=None):
        self.modseq += 1
        mail = Mail(self.uidnext, data, flags, when, self.modseq)
        self.mails.append(mail)
        self.uidnext += 1
        return mail

    def mail(self, uid):
        return next((m for m in self.mails if m.uid == uid), None)

    def flag(self, uid, *flags):
        mail = self.mail(uid)
        self.modseq += 1
        mail.flags, mail.modseq = set(flags), self.modseq
        return mail

    def expunge(self, uid):
        seq = [m.uid for m in self.mails].index(uid) + 1
        self.modseq += 1
        self.gone.append((uid, self.modseq))
        del self.mails[seq - 1]
        return seq

    def unseen(self):
        return sum('\\Seen' not in m.flags for m in self.mails)


def in_set(text, top):
    """A test for membership of a sequence set."""
    ranges = []
    for piece in text.split(','):
        ends = [top if e == '*' else int(e) for e in piece.split(':')]
        ranges.append((min(ends), max(ends)))
    return lambda n: any(lo <= n <= hi for lo, hi in ranges)


def as_set(numbers):
    return ','.join(str(n) for n in numbers)


def withholding(bad, answer='NO [UNAVAILABLE] UID FETCH Server error'):
    """Yahoo: the headers of these UIDs are not to be had, nor those of what is asked for together with them."""
    def fetch(session, command):
        m = re.match(r'(UID )?FETCH (\S+) \((.*)', command)
        if 'HEADER' not in m.group(3):
            return None
        mails = session.box.mails
        wanted = in_set(m.group(2), mails[-1].uid if m.group(1) else len(mails))
        if any(wanted(x.uid if m.group(1) else n) and x.uid in bad for n, x in enumerate(mails, 1)):
            return '<tag> %s\n' % answer
    return {'(UID )?FETCH .*': fetch}


def date(when):
    return time.strftime('%d-%b-%Y %H:%M:%S +0000', time.gmtime(when))


class Session(Connection):
    def __init__(self, server, sock, steps):
        super().__init__(server, sock, steps)
        self.tags, self.box, self.qresync, self.idle = [], None, False, None
        self.uidonly = self.fresh = False
        self.saved = []  # UIDs, RFC 5182
        self.literals = []
        self.deflate = self.inflate = None

    # -- octets --

    def send(self, data):
        if not data:
            return
        data = octets(data)
        for i in (3, 2, 1, 0):
            data = data.replace(b'<tag-%d>' % i if i else b'<tag>', (self.tags[-1 - i] if len(self.tags) > i else '?').encode())
        with self.lock:
            if self.deflate:
                data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
            super().send(data)

    def patiently(self):
        """All that the client says before it waits for an answer is one flight."""
        self.more()
        self.fresh = True
        while select.select([self.sock], [], [], self.server.patient)[0]:
            self.more()

    def take(self, data):
        data = self.inflate.decompress(data) if self.inflate else data
        super().take(data)
        self.server.octets += data

    def line(self):
        """One command as the client sends it; its literals are put in place, {n+} and {n} alike, and kept in self.literals."""
        out, self.literals = b'', []
        while True:
            while b'\n' not in self.buffer:
                self.patiently() if self.server.patient else self.more()
            line, self.buffer = self.buffer.split(b'\n', 1)
            out += line.rstrip(b'\r')
            m = re.search(rb'\{(\d+)(\+?)\}$', out)
            if not m:
                return out.decode('utf-8', 'surrogateescape')
            if not m.group(2) and not self.may_go_on(out):
                return None
            while len(self.buffer) < int(m.group(1)):
                self.more()
            n = int(m.group(1))
            self.literals.append(self.buffer[:n])
            out, self.buffer = out[:m.start()] + b'"' + self.buffer[:n] + b'"', self.buffer[n:]

    def may_go_on(self, line):
        """FALSE: the command was refused at its literal (answers at '+')."""
        for pattern, answer in self.server.at_literal.items():
            if re.fullmatch(pattern, line.decode('utf-8', 'surrogateescape').partition(' ')[2], re.S):
                answer = next_of(answer)
                if answer is None:
                    break
                self.tags.append(line.split(b' ')[0].decode())
                self.server.heard.append(line.decode('utf-8', 'surrogateescape').partition(' ')[2])
                if answer == INSIDE:
                    self.send('+ go on\n')
                    self.more()
                    raise Closed
                if answer in (CUT, STALL, RESET):
                    self.step(answer)
                self.send(answer)
                return False
        self.send('+ go on\n')
        return True

    def command(self):
        line = self.line()
        while line is None:
            line = self.line()
        if line == 'DONE':
            self.server.heard.append(line)
            self.heard.append(line)
            return line
        tag, _, command = line.partition(' ')
        self.tags.append(tag)
        self.server.heard.append(command)
        self.heard.append(command)
        if self.fresh and command != 'LOGOUT':
            self.server.flights += 1
            self.fresh = False
        self.server.flown.append((self.server.flights, command))
        return command

    # -- the default responder --

    def usual(self, command):
        word = command.split(' ')[0].upper()
        if word == 'UID':
            word = 'UID_' + command.split(' ')[1].upper()
        return getattr(self, 'on_' + word.lower(), self.unknown)(command)

    def unknown(self, command):
        return '<tag> BAD unknown command\n'

    def on_capability(self, command):
        return '* CAPABILITY %s\n<tag> OK done\n' % self.server.caps

    def on_compress(self, command):
        self.send('<tag> OK from here on\n')
        self.deflate, self.inflate = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        return ''

    def on_noop(self, command):
        return '<tag> OK done\n'

    def on_id(self, command):
        return '* ID NIL\n<tag> OK done\n'

    def on_logout(self, command):
        return '* BYE see you\n<tag> OK done\n'

    def on_login(self, command):
        return '<tag> OK [CAPABILITY %s] welcome\n' % self.server.caps

    def on_authenticate(self, command):
        if len(command.split(' ')) < 3:
            self.send('+ \n')
            self.server.heard.append(self.line())
        return self.on_login(command)

    def on_enable(self, command):
        self.qresync, self.uidonly = 'QRESYNC' in command.upper(), 'UIDONLY' in command.upper()
        return '* ENABLED %s\n<tag> OK done\n' % command[7:]

    def boxes(self):
        return self.server.boxes

    def listed(self, box, subscribed=False):
        name = '"%s"' % box.name if re.fullmatch(r'[^\r\n"\\\x80-\U0010ffff\udc80-\udcff]*', box.name) else '{%d}\n%s' % (
            len(octets(box.name)), box.name)
        return '(%s) "/" %s' % ((box.attributes + (' \\Subscribed' if subscribed and box.subscribed else '')).strip(), name)

    def on_list(self, command):
        out = ''
        for box in self.boxes():
            out += '* LIST %s\n' % self.listed(box, 'SUBSCRIBED' in command)
            if 'STATUS' in command:
                out += self.status(box, command)
        return out + '<tag> OK done\n'

    def on_lsub(self, command):
        return ''.join('* LSUB %s\n' % self.listed(box) for box in self.boxes() if box.subscribed) + '<tag> OK done\n'

    def status(self, box, command=''):
        items = {'MESSAGES': len(box.mails), 'UNSEEN': box.unseen(), 'UIDNEXT': box.uidnext, 'UIDVALIDITY': box.uidvalidity,
                 'SIZE': sum(len(m.data) for m in box.mails)}
        items['APPENDLIMIT'] = box.appendlimit or 'NIL'
        if box.mailbox_id:
            items['MAILBOXID'] = '(%s)' % box.mailbox_id
        asked = re.findall(r'[A-Z]+', command[command.rindex('('):]) if '(' in command else ()
        told = ' '.join('%s %s' % i for i in items.items() if i[0] in asked)
        return '* STATUS %s (%s)\n' % (self.listed(box).split(' "/" ')[1], told)

    def named(self, command):
        name = re.match(r'\w+ ("(?:[^"\\]|\\.)*"|\S+)', command, re.S).group(1)
        name = re.sub(r'\\(.)', r'\1', name[1:-1]) if name.startswith('"') else name
        return next((b for b in self.boxes() if b.name == name or b.name.upper() == name.upper() == 'INBOX'), None)

    def on_status(self, command):
        box = self.named(command)
        return self.status(box, command) + '<tag> OK done\n' if box else '<tag> NO [NONEXISTENT] no such folder\n'

    def on_select(self, command):
        box = self.box = self.named(command)
        if not box:
            return '<tag> NO no such folder\n'
        keywords = {f for m in box.mails for f in m.flags if not f.startswith('\\')}
        out = ('* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft%s)\n* %d EXISTS\n* OK [UIDVALIDITY %d] yes\n* OK [UIDNEXT %d] yes\n' %
               (''.join(' ' + k for k in sorted(keywords)), len(box.mails), box.uidvalidity, box.uidnext))
        if 'CONDSTORE' in self.server.caps:
            out += '* OK [HIGHESTMODSEQ %d] yes\n' % box.modseq
        m = re.search(r'\(QRESYNC \((\d+) (\d+)(?: ([\d:,]+))?\)\)', command)
        if m and int(m.group(1)) == box.uidvalidity:
            since = int(m.group(2))
            gone = [uid for uid, modseq in box.gone if modseq > since]
            out += '* VANISHED (EARLIER) %s\n' % as_set(gone) if gone else ''
            for seq, mail in enumerate(box.mails, 1):
                if mail.modseq > since:
                    out += '* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d))\n' % (seq, mail.uid, ' '.join(sorted(mail.flags)), mail.modseq)
        return out + '<tag> OK [READ-WRITE] selected\n'

    on_examine = on_select

    def fetch(self, command, by_uid):
        if not self.box:
            return '<tag> BAD nothing is selected\n'
        m = re.match(r'(?:UID )?FETCH ([\d:,*]+|\$) \((.*?)\)(?: \((?:CHANGEDSINCE (\d+)|PARTIAL -1:-(\d+))\))?$', command, re.I)
        mails = self.box.mails
        top = (mails[-1].uid if by_uid else len(mails)) if mails else 0
        wanted = self.saved.__contains__ if m.group(1) == '$' else in_set(m.group(1), top)
        since, out = int(m.group(3) or 0), []
        chosen = [(seq, mail) for seq, mail in enumerate(mails, 1) if wanted(mail.uid if by_uid else seq)]
        if m.group(4):
            chosen = chosen[-int(m.group(4)):]
        done, chosen = self.limited(chosen, lambda c: c[1].uid)
        for seq, mail in chosen:
            if mail.modseq > since:
                items = self.items(mail, m.group(2), since)
                out.append(b'* %d UIDFETCH (%s)\r\n' % (mail.uid, items) if self.uidonly else b'* %d FETCH (%s)\r\n' % (seq, items))
        return b''.join(out) + octets(done)

    def limited(self, chosen, uid):
        """The tagged answer, and what of chosen is looked at (RFC 9738)."""
        limit = self.server.limit
        if not limit or len(chosen) <= limit:
            return '<tag> OK done\n', chosen
        chosen = chosen[-limit:]
        return '<tag> OK [MESSAGELIMIT %d %d] partial\n' % (limit, uid(chosen[0])), chosen

    def items(self, mail, wanted, since):
        out = []
        for item in re.findall(r'(?:BODY|BINARY)(?:\.PEEK|\.SIZE)?\[[^\]]*\](?:<\d+\.\d+>)?|PREVIEW \(LAZY\)|[\w.-]+', wanted):
            name = item.upper()
            if name == 'UID':
                out.append(b'UID %d' % mail.uid)
            elif name == 'FLAGS':
                out.append(b'FLAGS (%s)' % ' '.join(sorted(mail.flags)).encode('utf-8', 'surrogateescape'))
            elif name == 'INTERNALDATE':
                out.append(b'INTERNALDATE "%s"' % date(mail.when).encode())
            elif name == 'RFC822.SIZE':
                out.append(b'RFC822.SIZE %d' % len(mail.data))
            elif name == 'SAVEDATE':
                out.append(b'SAVEDATE ' + (b'"%s"' % date(mail.saved).encode() if mail.saved else b'NIL'))
            elif name == 'BODYSTRUCTURE':
                out.append(b'BODYSTRUCTURE ' + mail.structure().encode())
            elif name in ('EMAILID', 'X-GM-MSGID'):
                out.append(('%s %s' % (name, '(%s)' % mail.email_id if name == 'EMAILID' else mail.email_id)).encode())
            elif name == 'X-GM-LABELS':
                out.append(('X-GM-LABELS (%s)' % mail.labels).encode())
            elif name == 'PREVIEW (LAZY)':
                out.append(b'PREVIEW ' + (b'"%s"' % mail.split()[1].split(b'\r\n')[0]))
            elif name.startswith('BINARY'):
                out.append(self.binary(mail, name))
            elif name.startswith('BODY'):
                section, part = re.match(r'BODY(?:\.PEEK)?\[([^\]]*)\](?:<(\d+\.\d+)>)?', name).groups()
                fields = re.match(r'HEADER\.FIELDS \(([^)]*)\)', section)
                data = mail.fields(fields.group(1).split()) if fields else mail.section(section)
                origin = b''
                if part and data is not None:
                    at, n = map(int, part.split('.'))
                    data, origin = data[at:at + n], b'<%d>' % at
                out.append(b'BODY[%s]%s %s' % (section.encode(), origin, b'NIL' if data is None else b'{%d}\r\n%s' % (len(data), data)))
        if since:
            out.append(b'MODSEQ (%d)' % mail.modseq)
        return b' '.join(out)

    def binary(self, mail, name):
        """A part, decoded (RFC 3516)."""
        section, part = re.match(r'BINARY(?:\.PEEK|\.SIZE)?\[([\d.]*)\](?:<(\d+\.\d+)>)?', name).groups()
        data, origin = mail.decoded(section), ''
        if data is None:
            return b'BINARY[%s] NIL' % section.encode()
        if '.SIZE' in name:
            return b'BINARY.SIZE[%s] %d' % (section.encode(), len(data))
        if part:
            at, n = map(int, part.split('.'))
            data, origin = data[at:at + n], '<%d>' % at
        return b'BINARY[%s]%s ~{%d}\r\n%s' % (section.encode(), origin.encode(), len(data), data)

    def on_fetch(self, command):
        return self.fetch(command, False)

    def on_uid_fetch(self, command):
        return self.fetch(command, True)

    KEYS = {'ALL': lambda m: True, 'UNSEEN': lambda m: '\\Seen' not in m.flags, 'FLAGGED': lambda m: '\\Flagged' in m.flags,
            'ANSWERED': lambda m: '\\Answered' in m.flags, 'DELETED': lambda m: '\\Deleted' in m.flags, 'DRAFT': lambda m: '\\Draft' in m.flags}

    def on_uid_search(self, command):
        words = command.split(' ')[2:]
        returns = ''
        if words[0] == 'RETURN':
            returns, rest = re.match(r'\((.*?)\) (.*)', command.split(' RETURN ', 1)[1]).groups()
            words = rest.split(' ')
        found = list(self.box.mails)
        top, done = found[-1].uid if found else 0, '<tag> OK done\n'
        if words[0] == 'UID':
            test = in_set(words[1], top)
            found, words = [m for m in found if test(m.uid)], words[2:] or ['ALL']
        done, found = self.limited(found, lambda m: m.uid)
        while words:
            key = words.pop(0).upper()
            if key == 'KEYWORD':
                keyword = words.pop(0)
                found = [m for m in found if keyword in m.flags]
            elif key == 'HEADER':
                name, value = words.pop(0), words.pop(0).strip('"').encode()
                found = [m for m in found if value in m.fields([name.upper()])]
            else:
                found = [m for m in found if self.KEYS[key](m)]
        numbers = [m.uid for m in found]
        if 'SAVE' in returns:
            self.saved = numbers
        if returns == 'COUNT':
            return '* ESEARCH (TAG "<tag>") UID COUNT %d\n%s' % (len(numbers), done)
        if returns:
            return '* ESEARCH (TAG "<tag>") UID%s\n%s' % (' ALL ' + as_set(numbers) if numbers else '', done)
        return '* SEARCH %s\n%s' % (' '.join(map(str, numbers)), done)

    def on_namespace(self, command):
        return '* NAMESPACE (("" "/")) NIL NIL\n<tag> OK done\n'

    def on_myrights(self, command):
        return '* MYRIGHTS %s lrswipkxtea\n<tag> OK done\n' % command[9:]

    def on_uid_store(self, command):
        uids, what, flags = re.match(r'UID STORE (\S+) ([+-]FLAGS\.SILENT) \(([^)]*)\)', command).groups()
        wanted = in_set(uids, self.box.uidnext)
        for mail in self.box.mails:
            if wanted(mail.uid):
                have = mail.flags | set(flags.split()) if what[0] == '+' else mail.flags - set(flags.split())
                self.box.flag(mail.uid, *have)
        return '<tag> OK done\n'

    # -- what changes folders --

    def set_of(self, command):
        """The messages a UID command names."""
        wanted = in_set(command.split(' ')[2], self.box.uidnext)
        return [m for m in self.box.mails if wanted(m.uid)]

    def target(self, command):
        name = re.search(r' ("(?:[^"\\]|\\.)*"|\S+)$', command, re.S).group(1)
        return self.named('x ' + name)

    def gone(self, mails):
        """Takes them out of the box; what this session is told of it."""
        out, uids = '', [m.uid for m in mails]
        for uid in uids:
            out += '' if self.qresync else '* %d EXPUNGE\n' % ([m.uid for m in self.box.mails].index(uid) + 1)
            self.box.expunge(uid)
        return '* VANISHED %s\n' % as_set(uids) if self.qresync and uids else out

    def copyuid(self, to, mails, copies):
        if 'UIDPLUS' not in self.server.caps or not mails:
            return ''
        return '[COPYUID %d %s %s] ' % (to.uidvalidity, as_set(m.uid for m in mails), as_set(m.uid for m in copies))

    def on_uid_copy(self, command):
        to, mails = self.target(command), self.set_of(command)
        if not to:
            return '<tag> NO [TRYCREATE] no such folder\n'
        return '<tag> OK %scopied\n' % self.copyuid(to, mails, [to.take(m) for m in mails])

    def on_uid_move(self, command):
        to, mails = self.target(command), self.set_of(command)
        if not to:
            return '<tag> NO [TRYCREATE] no such folder\n'
        told = self.copyuid(to, mails, [to.take(m) for m in mails])
        return ('* OK %smoved\n' % told if told else '') + self.gone(mails) + '<tag> OK done\n'

    def on_uid_expunge(self, command):
        return self.gone([m for m in self.set_of(command) if '\\Deleted' in m.flags]) + '<tag> OK done\n'

    def on_append(self, command):
        box = self.named(command)
        if not box:
            return '<tag> NO [TRYCREATE] no such folder\n'
        rest, uids = command.split(' ', 2)[2], []
        for literal in self.literals:
            text = '"%s"' % literal.decode('utf-8', 'surrogateescape')
            head, rest = rest[:rest.index(text)], rest[rest.index(text) + len(text):]
            flags, when = re.search(r'\(([^)]*)\)', head), re.search(r'"([^"]+)"', head)
            at = when and calendar.timegm(time.strptime(when.group(1).strip(), '%d-%b-%Y %H:%M:%S +0000'))
            uids.append(box.add(literal, flags.group(1) if flags else '', at or NOON).uid)
        told = '* %d EXISTS\n' % len(box.mails) if box is self.box else ''
        code = '[APPENDUID %d %s] ' % (box.uidvalidity, as_set(uids)) if 'UIDPLUS' in self.server.caps else ''
        return told + '<tag> OK %sdone\n' % code

    def on_uid_replace(self, command):
        uid, rest = command.split(' ', 3)[2:]
        mail = self.box.mail(int(uid))
        done = self.on_append('APPEND ' + rest) if mail else '<tag> NO there is no such message\n'
        if '<tag> NO' in done:
            return done
        told, code = re.fullmatch(r'(.*)<tag> OK (\[.*\] )?done\n', done, re.S).groups()
        return told + ('* OK %sit is there\n' % code if code else '') + self.gone([mail]) + '<tag> OK done\n'

    def on_create(self, command):
        if self.named(command):
            return '<tag> NO [ALREADYEXISTS] it is there\n'
        name = re.match(r'\w+ ("(?:[^"\\]|\\.)*"|\S+)', command, re.S).group(1).strip('"')
        use = re.search(r'\(USE \((\S+)\)\)$', command)
        self.server.boxes.append(Box(name=name, uidvalidity=len(self.server.boxes) + 1000, attributes=use.group(1) if use else ''))
        self.server.boxes[-1].subscribed = False
        return '<tag> OK done\n'

    def on_delete(self, command):
        box = self.named(command)
        if not box:
            return '<tag> NO [NONEXISTENT] no such folder\n'
        self.server.boxes.remove(box)
        return '<tag> OK done\n'

    def on_rename(self, command):
        box, name = self.named(command), re.search(r' ("(?:[^"\\]|\\.)*"|\S+)$', command, re.S).group(1).strip('"')
        if not box:
            return '<tag> NO [NONEXISTENT] no such folder\n'
        for below in [b for b in self.boxes() if b.name == box.name or b.name.startswith(box.name + '/')]:
            below.name = name + below.name[len(box.name):] if below is not box else below.name
        box.name = name
        return '<tag> OK done\n'

    def on_subscribe(self, command):
        box = self.named(command)
        if box:
            box.subscribed = True
        return '<tag> OK done\n'

    def on_unsubscribe(self, command):
        box = self.named(command)
        if box:
            box.subscribed = False
        return '<tag> OK done\n'

    def on_unselect(self, command):
        self.box = None
        return '<tag> OK done\n'

    def on_idle(self, command):
        self.send('+ idling\n')
        self.idle = self.tags[-1]
        return ''

    def on_done(self, command):
        tag, self.idle = self.idle, None
        return '%s OK done\n' % tag

    # -- what another client did, told to this one --

    def tell(self, text):
        try:
            self.send(text)
        except Closed:
            pass


class Script(Server):
    def __init__(self, *boxes, talk=(), answers=None, at_literal=None, caps=PLAIN, greeting=None, drip=0, certificate=None, implicit_tls=False,
                 patient=0, limit=0):
        super().__init__(Session, talk, answers, '* OK [CAPABILITY %s] scripted\n' % caps if greeting is None else greeting, drip, certificate, implicit_tls)
        self.boxes, self.caps, self.at_literal = list(boxes) or [Box()], caps, dict(at_literal or {})
        self.heard, self.octets = [], b''
        self.patient, self.limit, self.flights, self.flown = patient, limit, 0, []
        self.listen()

    def steps(self, n):
        if self.talk and isinstance(self.talk[0], list):
            return self.talk[min(n, len(self.talk) - 1)]
        return self.talk

    @property
    def connections(self):
        return len(self.ever)

    def said(self, pattern):
        """The commands that match, whole."""
        return [c for c in self.heard if re.fullmatch(pattern, c, re.S)]

    def notify(self, box, text):
        """Untagged lines for those who have box open."""
        for session in list(self.sessions):
            if session.box is box:
                session.tell(text)


def serve():
    """For tests in C. Standard input, a command a line, each answered by one line:
    deliver FOLDER WHEN LENGTH (the message follows) → its UID · flags FOLDER UID [FLAG…] · expunge FOLDER UID · get FOLDER UID → its flags · heard → JSON
    subjects FOLDER → "NAME:FLAG,… …", sorted, or "none" when there is no such folder"""
    import json
    boxes = [Box(), Box(name='Sent', attributes='\\Sent'), Box(name='Lists/harbour')]
    with Script(*boxes, caps=PROFILES[sys.argv[1]], greeting='* PREAUTH [CAPABILITY %s] scripted\n' % PROFILES[sys.argv[1]]) as s:
        def reply(text):
            print(text, flush=True)
        reply(s.port)
        inp = sys.stdin.buffer
        for line in inp:
            verb, *words = line.decode().split()
            box = next((b for b in s.boxes if words and b.name == words[0]), None)
            if verb == 'deliver':
                mail = box.add(inp.read(int(words[2])).decode(), when=int(words[1]))
                mail.email_id = 'M%d' % zlib.crc32(mail.data)
                s.notify(box, '* %d EXISTS\n' % len(box.mails))
                reply(mail.uid)
            elif verb == 'flags':
                keywords = [f for f in box.mail(int(words[1])).flags if not f.startswith('\\')]
                mail = box.flag(int(words[1]), *words[2:], *keywords)
                s.notify(box, '* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d))\n' % (box.mails.index(mail) + 1, mail.uid, ' '.join(mail.flags), mail.modseq))
                reply('ok')
            elif verb == 'expunge':
                uid = int(words[1])
                seq = box.expunge(uid)
                s.notify(box, '* VANISHED %d\n' % uid if 'QRESYNC' in s.caps else '* %d EXPUNGE\n' % seq)
                reply('ok')
            elif verb == 'get':
                reply(' '.join(sorted(box.mail(int(words[1])).flags)))
            elif verb == 'subjects':
                found = box and sorted('%s:%s' % (m.fields(['SUBJECT']).decode().split(':')[1].strip(), ','.join(sorted(m.flags))) for m in box.mails)
                reply('none' if box is None else ' '.join(found))
            elif verb == 'heard':
                reply(json.dumps(s.heard))


if __name__ == '__main__':
    serve()
