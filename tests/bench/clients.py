"""The programs compared: how each is told of a mailbox, and which keys it takes. Their list shows a message a line, with its sender's name."""
import os, re, shutil
from boxes import BIG_TEXT, ROW, Server


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text)


class Client:
    name, keeps = '', False  # keeps: what it learned is there at the next start
    down, top, enter, newest, quit, help = 'j', '=', '\r', None, ('q',), '?'
    hint, prompts = ROW.pattern.encode(), ()
    empty = 'INBOX'  # on the screen when an empty mailbox is open

    def __init__(self):
        self.program = shutil.which(self.name)

    def rows(self, lines):
        return sum(bool(ROW.search(line)) for line in lines)

    def listed(self, lines):
        return self.rows(lines) >= 20

    def emptied(self, lines):
        return any(self.empty in line for line in lines)

    def opened(self, lines):
        return any(BIG_TEXT in line for line in lines)


class Mutt(Client):
    name, keeps, newest = 'mutt', True, '*'
    hint, empty = rb'Mutt: [^\n]*INBOX', 'INBOX'

    def configure(self, home, user, port, keep=True):
        write(home + '/rc', f'''set imap_user={user}
set imap_pass={Server.password}
set folder=imap://127.0.0.1:{port}/
set spoolfile=+INBOX
set ssl_starttls=no
unset ssl_force_tls
unset imap_check_subscribed
set mail_check=3600
set timeout=600
set imap_keepalive=900
set quit=yes
set move=no
set beep=no
set realname=Ann
set from=ann@example.org
''' + (keep and f'''set header_cache={home}/headers
set message_cachedir={home}/bodies
set imap_condstore=yes
set imap_qresync=yes
''' or ''))
        for sub in ('headers', 'bodies'):
            os.makedirs(home + '/' + sub, exist_ok=True)
        return [self.program, '-n', '-F', home + '/rc'], {'HOME': home}

    def listed(self, lines):
        return super().listed(lines) and any('Mutt: ' in line for line in lines)

    def emptied(self, lines):
        return any('Mutt: ' in line and 'INBOX' in line for line in lines)


class NeoMutt(Mutt):
    name = 'neomutt'


class Aerc(Client):
    name, top, quit, empty = 'aerc', 'g', (':quit -f\r',), '(no messages)'

    def configure(self, home, user, port, keep=True):
        write(home + '/config/aerc/accounts.conf',
              f'[a]\nsource = imap+insecure://{user}:{Server.password}@127.0.0.1:{port}\ndefault = INBOX\nfrom = Ann <ann@example.org>\n'
              + ('cache-headers = true\n' if keep else ''))
        write(home + '/config/aerc/aerc.conf', '[ui]\nsort = -r arrival\n[viewer]\nalternatives=text/plain,text/html\n[filters]\ntext/plain=cat\n')
        return [self.program], {'HOME': home, 'XDG_CONFIG_HOME': home + '/config', 'XDG_CACHE_HOME': home + '/cache',
                                'XDG_DATA_HOME': home + '/data', 'XDG_RUNTIME_DIR': home}


class Alpine(Client):
    name, down, top, quit, empty = 'alpine', 'n', '\x1b[H', ('q', 'y'), 'INBOX'
    prompts = ((re.compile('PASSWORD'), Server.password + '\r'),)

    def configure(self, home, user, port, keep=True):
        write(home + '/pinerc', f'''inbox-path={{127.0.0.1:{port}/imap/user={user}/notls/novalidate-cert}}INBOX
last-version-used=6.26
user-domain=example.org
feature-list=disable-password-file-saving,quit-without-confirm
initial-keystroke-list=i
incoming-startup-rule={'last' if user == 'big' else 'first'}
sort-key=arrival
mail-check-interval=3600
rsh-open-timeout=0
ssh-open-timeout=0
''')
        os.makedirs(home + '/mail', exist_ok=True)
        return [self.program, '-p', home + '/pinerc', '-P', '/dev/null'], {'HOME': home}

    def emptied(self, lines):
        return any('MESSAGE INDEX' in line or 'FOLDER INDEX' in line for line in lines)


class Fulmar(Client):
    name, keeps, empty = 'fulmar', True, '(no messages)'

    def __init__(self):
        self.program = os.environ.get('FULMAR') or shutil.which('fulmar')

    def configure(self, home, user, port, keep=True):
        write(home + '/config/fulmar/fulmar.conf',
              f'[account a]\ntype = imap\naddress = ann@example.org\nname = Ann\nhost = 127.0.0.1\nport = {port}\nsecurity = none\n'
              f'allow-cleartext = yes\nuser = {user}\npassword = {Server.password}\nkeep = text 0d\npoll = 60m\n')
        return [self.program, 'a/INBOX'], self.env(home)

    def env(self, home):
        return {'HOME': home, 'XDG_CONFIG_HOME': home + '/config', 'XDG_DATA_HOME': home + '/data', 'XDG_STATE_HOME': home + '/state',
                'XDG_CACHE_HOME': home + '/cache'}


ALL = [Fulmar, Mutt, NeoMutt, Aerc, Alpine]
