#!/usr/bin/python3
"""A Maildir that real other programs have too: Dovecot, mbsync and mutt. Nothing is lost, nothing twice, and all of them see the same flags and keywords."""
import collections, json, mailbox, os, random, re, shutil, subprocess, sys, threading

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
from dovecot import Dovecot, RawImap
from screen import Screen
from tap import FULMAR, Home, Skip, run, seed

WORDS = {'seen': '\\Seen', 'answered': '\\Answered', 'flagged': '\\Flagged', 'draft': '\\Draft', 'deleted': '\\Deleted', 'forwarded': '$Forwarded'}


def message(n):
    return 'From: Ann <ann%d@harbour.example>\nSubject: number %d\nMessage-ID: <n%d@harbour.example>\n\ntext of %d\n' % (n, n, n, n)


def conf(path):
    return '[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s\n' % path


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip('%s is not installed' % program)


def rows(home, target='local/INBOX'):
    home.run('sync', 'local')
    return {r['subject']: r for r in map(json.loads, home.run('list', target, '--json').splitlines())}


def words_of(row):
    return {WORDS[f] for f in row['flags']} | set(row['keywords'])


def shown(home, target='local/INBOX'):
    """{subject: flags and keywords}"""
    return {s: words_of(r) for s, r in rows(home, target).items()}


def on_disk(*dirs):
    """How often each subject is there."""
    found = collections.Counter()
    for d in dirs:
        for sub in ('cur', 'new'):
            for name in os.listdir(os.path.join(d, sub)):
                with open(os.path.join(d, sub, name)) as f:
                    found[re.search('Subject: (.*)', f.read()).group(1)] += 1
    return found


# ---- the first time ----

def test_a_folder_may_be_named_at_the_first_start():
    with Home() as home:
        box = mailbox.Maildir(os.path.join(home.dir, 'Maildir'), factory=None)
        for n, name in enumerate(('Sent', 'Lists.harbour')):
            box.add_folder(name).add(mailbox.MaildirMessage(message(n)))
        home.write_conf(conf(os.path.join(home.dir, 'Maildir')))
        with Screen([FULMAR, 'local/Lists/harbour'], home.env) as ours:
            assert 'has no folder' not in ours.wait('number 1')
        shutil.rmtree(home.env['XDG_DATA_HOME'])
        with Screen([FULMAR, 'local/Else'], home.env) as ours:
            ours.wait('local has no folder Else')
        os.mkdir(os.path.join(home.dir, 'none'))
        home.write_conf(conf(os.path.join(home.dir, 'none')).replace('local', 'none'))
        with Screen([FULMAR, 'none/Else'], home.env) as ours:
            ours.wait('holds no Maildir')


# ---- Dovecot ----

class Served:
    """A Maildir++ behind a Dovecot, and a Fulmar on its files."""

    def __enter__(self):
        self.server = Dovecot(extra='mail_location = maildir:~/Maildir\n').__enter__()
        self.path = os.path.join(self.server.dir, 'mail', 'ann', 'Maildir')
        self.home = Home(conf(self.path))
        return self

    def __exit__(self, *exc):
        self.home.close()
        self.server.close()

    def fulmar(self, *args):
        """Whoever starts the tests may be root, and Dovecot is not."""
        out = self.home.run(*args)
        if os.getuid() == 0:
            for root, dirs, files in os.walk(self.path):
                for name in dirs + files:
                    os.chown(os.path.join(root, name), self.server.uid, self.server.gid)
        return out

    def there(self, box='INBOX'):
        """{subject: flags and keywords} as a client of the server sees it."""
        found = {}
        with RawImap(self.server.port, box=box) as imap:
            for line in re.split(rb'(?=\* \d+ FETCH)', b''.join(imap('UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])'))):
                subject, flags = re.search(rb'Subject: ([^\r]*)', line), re.search(rb'FLAGS \(([^)]*)\)', line)
                if subject:
                    found[subject.group(1).decode()] = set(flags.group(1).decode().split()) - {'\\Recent'}
        return found

    def agree(self, box='INBOX'):
        have, there = shown(self.home, 'local/' + box), self.there(box)
        assert have == there, '%s\n%s' % (have, there)
        return have


def test_dovecot_and_we_call_keywords_the_same():
    with Served() as s:
        with RawImap(s.server.port) as imap:
            for n in range(4):
                imap.append(message(n))
            imap('STORE 1 +FLAGS (\\Seen $label1 Harbour)')
            imap('STORE 2 +FLAGS ($Forwarded \\Flagged)')
        assert s.agree()['number 1'] == {'$Forwarded', '\\Flagged'}
        ids = {subject: r['id'] for subject, r in rows(s.home).items()}
        s.fulmar('flag', ids['number 0'], '+sea', '-harbour')
        s.fulmar('flag', ids['number 1'], '-forwarded')
        s.fulmar('flag', ids['number 2'], '+lake', '+flagged')
        s.fulmar('flag', ids['number 3'], '+forwarded', '+harbour')
        assert s.agree() == {'number 0': {'\\Seen', '$label1', 'sea'}, 'number 1': {'\\Flagged'}, 'number 2': {'lake', '\\Flagged'},
                             'number 3': {'$Forwarded', 'Harbour'}}
        with RawImap(s.server.port) as imap:
            imap('STORE 2:3 +FLAGS (river)')
            imap('STORE 3 -FLAGS (lake)')
            imap('CREATE Lists')
        assert s.agree()['number 2'] == {'river', '\\Flagged'}
        s.fulmar('move', ids['number 2'], 'local/Lists')
        s.fulmar('copy', ids['number 0'], 'local/Lists')
        assert s.agree('Lists') == {'number 2': {'river', '\\Flagged'}, 'number 0': {'\\Seen', '$label1', 'sea'}}
        s.agree()


def test_a_server_that_has_the_folder_open_sees_each_change():
    with Served() as s, RawImap(s.server.port) as imap:
        for n in range(5):
            imap.append(message(n))
        imap('STORE 1 +FLAGS (old)')
        assert imap.flags()[1] == {'old'}
        ids = {subject: r['id'] for subject, r in rows(s.home).items()}
        for n, word in enumerate(('red', 'green', 'old', 'blue', 'green')):
            s.fulmar('flag', ids['number %d' % n], '+' + word)
            imap('STORE %d +FLAGS (theirs%d)' % (n + 1, n % 2))
        want = {1: {'old', 'red', 'theirs0'}, 2: {'green', 'theirs1'}, 3: {'old', 'theirs0'}, 4: {'blue', 'theirs1'}, 5: {'green', 'theirs0'}}
        assert imap.flags() == want, imap.flags()
        s.agree()


def test_a_server_may_act_at_any_moment():
    rng = random.Random(seed(7))
    with Served() as s:
        with RawImap(s.server.port) as imap:
            imap('CREATE Lists')
            for n in range(24):
                imap.append(message(n))
            # Dovecot gives the letters: who runs this may be another person than the server
            imap('STORE 1 FLAGS (red green $Forwarded)')
            imap.append(message(99), box='Lists', flags='red green $Forwarded')
        ids = {subject: r['id'] for subject, r in rows(s.home).items()}
        ids.pop('number 99', None)
        want = {subject: set() for subject in ids}
        want['number 0'] = {'red', 'green', '$Forwarded'}
        ours, theirs = sorted(ids)[::2], sorted(ids)[1::2]
        over = threading.Event()

        def go_on():
            with RawImap(s.server.port) as imap:
                where = b''.join(imap('UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])')).decode()
                uid = {m.group(2): m.group(1) for m in re.finditer(r'UID (\d+) [^\r]*\r\nSubject: ([^\r]*)', where)}
                other = random.Random(8)
                while not over.is_set():
                    subject, word = other.choice(theirs), other.choice(('red', 'green', '$Forwarded', '\\Flagged', '\\Seen'))
                    sign = other.choice('+-')
                    imap('UID STORE %s %sFLAGS (%s)' % (uid[subject], sign, word))
                    (want[subject].add if sign == '+' else want[subject].discard)(word)
        other = threading.Thread(target=go_on)
        other.start()
        at = dict.fromkeys(ids, 'INBOX')
        try:
            for _ in range(15):
                some = rng.sample(ours, 4)
                if rng.random() < .6:
                    word, sign = rng.choice((('red', 'red'), ('green', 'green'), ('forwarded', '$Forwarded'), ('seen', '\\Seen'))), rng.choice('+-')
                    s.home.run('flag', *(ids[x] for x in some), sign + word[0])
                    for x in some:
                        (want[x].add if sign == '+' else want[x].discard)(word[1])
                else:
                    to = rng.choice(('INBOX', 'Lists'))
                    s.home.run('move', *(ids[x] for x in some), 'local/' + to)
                    at.update(dict.fromkeys(some, to))
        finally:
            over.set()
            other.join()
        for box in ('INBOX', 'Lists'):
            have = s.agree(box)
            have.pop('number 99', None)
            assert have == {x: want[x] for x in want if at[x] == box}, (box, have, want)
        found = on_disk(s.path, os.path.join(s.path, '.Lists'))
        assert found == collections.Counter(list(want) + ['number 99']), found


def test_folders_are_called_the_same():
    with Served() as s:
        with RawImap(s.server.port) as imap:
            for name in ('Lists', 'Lists/harbour', '"Entw&APw-rfe"', '"R&-D"', 'Sent/2025'):
                imap('CREATE ' + name)
                imap('SUBSCRIBE ' + name)
        s.fulmar('folder', 'create', 'local/Müll/Späße')
        s.fulmar('folder', 'rename', 'local/Lists', 'local/Listen')
        s.fulmar('folder', 'delete', 'local/Sent/2025', '--yes')
        s.fulmar('folder', 'unsubscribe', 'local/Entwürfe')
        here = {r['folder'] for r in map(json.loads, s.home.run('folders', 'local', '--json').splitlines())}
        assert {'Entwürfe', 'R&D', 'Listen', 'Listen/harbour', 'Müll/Späße'} <= here and 'Sent/2025' not in here, here
        with RawImap(s.server.port) as imap:
            names = b''.join(imap('LIST "" *'))
            subscribed = b''.join(imap('LSUB "" *'))
        for name in (b'Listen', b'Listen/harbour', b'Entw&APw-rfe', b'R&-D', b'M&APw-ll/Sp&AOQA3w-e'):
            assert name in names, (name, names)
        assert b'Lists' not in names and b'2025' not in names and b'Entw' not in subscribed and b'Listen/harbour' in subscribed, (names, subscribed)


# ---- mbsync ----

MBSYNC = '''
FSync no
IMAPStore far
Host 127.0.0.1
Port %d
User ann
Pass "secret word"
SSLType None
AuthMechs LOGIN

MaildirStore near
Path %s/
Inbox %s/Inbox
SubFolders Verbatim

Channel mail
Far :far:
Near :near:
Patterns *
Create Both
Remove None
Expunge Both
CopyArrivalDate yes
SyncState *
'''


class Synced(Served):
    """A plain tree that mbsync brings a server's folders to."""

    def __enter__(self):
        needs('mbsync')
        self.server = Dovecot().__enter__()
        self.home = Home()
        self.path = os.path.join(self.home.dir, 'Mail')
        os.mkdir(self.path)
        self.home.write_conf(conf(self.path))
        with open(os.path.join(self.home.dir, 'mbsyncrc'), 'w') as f:
            f.write(MBSYNC % (self.server.port, self.path, self.path))
        return self

    def fulmar(self, *args):
        return self.home.run(*args)

    def sync(self, status=0):
        p = subprocess.run(['mbsync', '-c', os.path.join(self.home.dir, 'mbsyncrc'), '-q', 'mail'], env=self.home.env, capture_output=True, timeout=60)
        assert status is None or p.returncode == status, p.stderr.decode()


def test_mbsync_carries_what_was_done_here_and_there():
    with Synced() as s:
        with RawImap(s.server.port) as imap:
            for n in range(5):
                imap.append(message(n), flags='\\Seen' if n == 4 else '', date='14-Nov-2023 22:13:2%d +0000' % n)
            imap('CREATE Lists')
        s.sync()
        found = rows(s.home, 'local/Inbox')
        assert [found['number %d' % n]['received'][-4:-1] for n in range(5)] == [':2%d' % n for n in range(5)]
        s.fulmar('flag', found['number 0']['id'], '+flagged', '+seen')
        s.fulmar('move', found['number 1']['id'], 'local/Lists')
        s.fulmar('copy', found['number 2']['id'], 'local/Lists')
        s.fulmar('delete', found['number 3']['id'])
        with open(os.path.join(s.home.dir, 'in.eml'), 'w') as f:
            f.write(message(9))
        s.fulmar('import', 'local/Lists', os.path.join(s.home.dir, 'in.eml'))
        s.sync()
        s.sync()
        assert s.there() == {'number 0': {'\\Flagged', '\\Seen'}, 'number 2': set(), 'number 4': {'\\Seen'}}, s.there()
        assert s.there('Lists') == {'number 1': set(), 'number 2': set(), 'number 9': set()}, s.there('Lists')
        assert s.there('Trash') == {'number 3': set()}
        with RawImap(s.server.port) as imap:
            imap('STORE 1 -FLAGS (\\Flagged)')
            imap('STORE 2 +FLAGS (\\Answered)')
            imap.append(message(10))
        s.sync()
        assert shown(s.home, 'local/Inbox') == s.there()
        assert set(on_disk(*(os.path.join(s.path, d) for d in ('Inbox', 'Lists', 'Trash'))).values()) == {1, 2}


def test_mbsync_has_trees_of_another_kind():
    with Synced() as s:
        with open(os.path.join(s.home.dir, 'mbsyncrc'), 'r+') as f:
            text = f.read().replace('Verbatim', 'Legacy')
            f.seek(0)
            f.write(text)
            f.truncate()
        with RawImap(s.server.port) as imap:
            imap('CREATE Lists/harbour/old')
            imap.append(message(1), box='Lists/harbour/old')
        s.sync()
        id = rows(s.home, 'local/Lists/harbour/old')['number 1']['id']
        s.fulmar('folder', 'create', 'local/Lists/harbour/later')
        s.fulmar('move', id, 'local/Lists/harbour/later')
        s.sync()
        assert s.there('Lists/harbour/later') == {'number 1': set()} and s.there('Lists/harbour/old') == {}


def test_mbsync_may_run_at_any_moment():
    rng = random.Random(seed(4))
    with Synced() as s:
        with RawImap(s.server.port) as imap:
            for n in range(30):
                imap.append(message(n))
            imap('CREATE Lists')
        s.sync()
        places = {subject: (r['id'], 'Inbox') for subject, r in rows(s.home, 'local/Inbox').items()}
        flagged, over = set(), threading.Event()

        def go_on():
            while not over.is_set():
                s.sync(None)
        other = threading.Thread(target=go_on)
        other.start()
        try:
            for _ in range(12):
                some = rng.sample(sorted(places), 5)
                if rng.random() < .5:
                    s.fulmar('flag', *(places[x][0] for x in some), '+flagged')
                    flagged.update(some)
                else:
                    to = rng.choice(('Inbox', 'Lists'))
                    s.fulmar('move', *(places[x][0] for x in some), 'local/' + to)
                    places.update({x: (places[x][0], to) for x in some})
        finally:
            over.set()
            other.join()
        for _ in range(3):
            s.sync()
            s.fulmar('sync', 'local')
        for box in ('Inbox', 'Lists'):
            want = {x: {'\\Flagged'} & ({'\\Flagged'} if x in flagged else set()) for x, (_, at) in places.items() if at == box}
            assert shown(s.home, 'local/' + box) == want, (box, shown(s.home, 'local/' + box), want)
            assert s.there('INBOX' if box == 'Inbox' else box) == want
        have = on_disk(*(os.path.join(s.path, d) for d in ('Inbox', 'Lists')))
        assert have == collections.Counter(list(places)), have


# ---- mutt ----

MUTTRC = '''
set folder = %s
set spoolfile = %s
set mbox_type = Maildir
set delete = yes
set quit = yes
set confirmappend = no
set copy = no
set header_cache =
set mail_check = 1
set sleep_time = 0
set wait_key = no
set sort = subject
set index_format = "%%Z %%s"
'''


class Muttered:
    def __enter__(self):
        needs('mutt')
        self.home = Home()
        self.path = os.path.join(self.home.dir, 'Maildir')
        box = mailbox.Maildir(self.path, factory=None)
        for name in ('Sent', 'Lists'):
            box.add_folder(name)
        for n in range(6):
            box.add(mailbox.MaildirMessage(message(n)))
        self.home.write_conf(conf(self.path))
        with open(os.path.join(self.home.dir, 'muttrc'), 'w') as f:
            f.write(MUTTRC % (self.path, self.path))
        return self

    def __exit__(self, *exc):
        self.home.close()

    def mutt(self):
        screen = Screen(['mutt', '-n', '-F', os.path.join(self.home.dir, 'muttrc')], self.home.env)
        screen.wait('number 5')
        return screen

    def all(self):
        return on_disk(self.path, *(os.path.join(self.path, d) for d in ('.Sent', '.Lists')))


def test_mutt_and_we_act_on_the_same_folder():
    with Muttered() as m, m.mutt() as mutt:
        ids = {subject: r['id'] for subject, r in rows(m.home).items()}
        m.home.run('flag', ids['number 0'], '+flagged')
        m.home.run('flag', ids['number 1'], '+seen', '+harbour')
        m.home.run('move', ids['number 2'], 'local/Sent')
        mutt.press('/number 3\r', lambda lines: 'number 3' in mutt.at_cursor)
        mutt.press('F', '! +number 3')
        mutt.press('/number 4\r', lambda lines: 'number 4' in mutt.at_cursor)
        mutt.press('d', 'D.*number 4')
        mutt.send('$')
        mutt.wait(lambda lines: 'number 4' not in '\n'.join(lines) and '! number 0' in re.sub(' +', ' ', '\n'.join(lines)))
        assert shown(m.home) == {'number 0': {'\\Flagged'}, 'number 1': {'\\Seen', 'harbour'}, 'number 3': {'\\Flagged'}, 'number 5': set()}, shown(m.home)
        mutt.send('q')
        mutt.ended()
        assert shown(m.home) == {'number 0': {'\\Flagged'}, 'number 1': {'\\Seen', 'harbour'}, 'number 3': {'\\Flagged'}, 'number 5': set()}, shown(m.home)
        assert set(shown(m.home, 'local/Sent')) == {'number 2'}
        assert m.all() == collections.Counter('number %d' % n for n in (0, 1, 2, 3, 5)), m.all()


def test_an_account_without_mail_says_so_once():
    with Home() as home:
        os.mkdir(os.path.join(home.dir, 'empty'))
        home.write_conf(''.join('[account %s]\ntype = maildir\naddress = me@harbour.example\npath = %s\n' % (name, os.path.join(home.dir, name)) for name in ('nowhere', 'empty')))
        with Screen([FULMAR, 'nowhere/INBOX'], home.env) as screen:
            screen.wait('nowhere: there is no folder')
            screen.wait(lambda lines: 'Error' in lines[0] and 'offline' not in '\n'.join(lines).lower())
            screen.press('W', 'empty: .* holds no Maildir')
            assert not re.search(r'(nowhere|empty): \1:', ' '.join(screen.lines)), screen.text


def test_our_screen_follows_what_mutt_does():
    with Muttered() as m, Screen([FULMAR, 'local/INBOX'], m.home.env) as ours:
        ours.wait('number 5')
        with m.mutt() as mutt:
            mutt.send('1\r')
            mutt.press('F', '! +number 0')
            mutt.send('2\r')
            mutt.press('d', 'D.*number 1')
            mutt.send('s')
            mutt.wait('Save')
            mutt.send('=.Lists\r')
            mutt.send('$')
            ours.wait(lambda lines: 'number 1' not in '\n'.join(lines[1:-2]) and any(re.search(r'\\*.*number 0|!.*number 0', l) for l in lines))
            mutt.send('q')
            mutt.ended()
        ours.send('q')
        assert ours.ended() == 0
        assert sum(m.all().values()) == len(m.all()), m.all()


run(globals())
