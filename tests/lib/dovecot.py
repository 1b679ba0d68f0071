"""A private Dovecot for tests: rootless, loopback only, everything in one folder that goes with it.

with Dovecot(extra='...') as d: d.port (IMAP with STARTTLS), d.tls_port, d.ca (CA file), d.user, d.password; with pop3=True d.pop3_port, d.pop3s_port
Started by root it runs as "nobody"; started by a person as that person. Standard library only.
"""
import base64, grp, hashlib, hmac, json, os, pwd, re, shutil, socket, subprocess, tempfile, time

POP3 = '''
service pop3-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {
    port = %(port)d
  }
  inet_listener pop3s {
    port = %(tls)d
    ssl = yes
  }
}
protocol pop3 {
  pop3_lock_session = yes
  pop3_uidl_format = %%08Xu%%08Xv
}
'''
NEW_KEY = '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'  # RSA's take a while to find


def held_port():
    """A socket and its port: as long as it is open nobody else is given that port, while who asks for it (a server with SO_REUSEADDR) may listen there."""
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s, s.getsockname()[1]


def openssl(*args, cwd):
    subprocess.run(['openssl', *args], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_ca(folder):
    """ca.pem and its key."""
    openssl('req', '-x509', *NEW_KEY, '-nodes', '-days', '30', '-subj', '/CN=Fulmar test CA',
            '-keyout', 'ca.key', '-out', 'ca.pem', cwd=folder)


def make_cert(folder, name, subject='/CN=localhost', san='DNS:localhost,IP:127.0.0.1', days=30, client=False, start=None):
    """name.pem and name.key, signed by the folder's CA; start = '20200101000000Z' makes one that ended days later."""
    usage = 'clientAuth' if client else 'serverAuth'
    with open(os.path.join(folder, name + '.ext'), 'w') as f:
        f.write('extendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' % usage)
        if san:
            f.write('subjectAltName=%s\n' % san)
    openssl('req', '-new', *NEW_KEY, '-nodes', '-subj', subject, '-keyout', name + '.key',
            '-out', name + '.csr', cwd=folder)
    args = ['x509', '-req', '-in', name + '.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
            '-extfile', name + '.ext', '-out', name + '.pem', '-days', str(days)]
    openssl(*args, cwd=folder)


def jwt(user, key=b'fulmar-test-key-0123456789abcdef'):
    def enc(x):
        return base64.urlsafe_b64encode(x).rstrip(b'=')
    now = int(time.time())
    head = enc(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())
    body = enc(json.dumps({'sub': user, 'iat': now - 10, 'nbf': now - 10, 'exp': now + 3600}).encode())
    mac = hmac.new(key, head + b'.' + body, hashlib.sha256).digest()
    return (head + b'.' + body + b'.' + enc(mac)).decode()


class Dovecot:
    user, password = 'ann', 'secret word'

    def __init__(self, extra='', mechanisms='plain login scram-sha-1 scram-sha-256', oauth=False, client_certs=False,
                 expired=False, compress=False, pop3=False):
        self.dir = tempfile.mkdtemp(prefix='fulmar-dovecot-')
        self.extra, self.mechanisms, self.oauth, self.client_certs, self.compress = extra, mechanisms, oauth, client_certs, compress
        self.held, ports = zip(*(held_port() for _ in range(4 if pop3 else 2)))
        self.port, self.tls_port = ports[:2]
        self.pop3_port, self.pop3s_port = ports[2:] or (0, 0)
        make_ca(self.dir)
        make_cert(self.dir, 'server', days=0 if expired else 30)
        if client_certs:
            make_cert(self.dir, 'client', subject='/CN=' + self.user, san='', client=True)
        self.ca = os.path.join(self.dir, 'ca.pem')
        account = pwd.getpwnam('nobody') if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.uid, self.gid, self.name = account.pw_uid, account.pw_gid, account.pw_name
        self.group = grp.getgrgid(self.gid).gr_name
        for sub in ('run', 'state', 'mail', 'keys'):
            os.makedirs(os.path.join(self.dir, sub), exist_ok=True)
        self.conf = os.path.join(self.dir, 'dovecot.conf')
        self.write_conf()
        os.chmod(self.dir, 0o755)
        if os.getuid() == 0:
            for root, dirs, files in os.walk(self.dir):
                for x in [root] + [os.path.join(root, f) for f in files]:
                    os.chown(x, self.uid, self.gid)
        self.process = None

    def write_conf(self):
        d = self.dir
        if self.oauth:
            os.makedirs(os.path.join(d, 'keys', 'default', 'HS256'), exist_ok=True)
            with open(os.path.join(d, 'keys', 'default', 'HS256', 'default'), 'w') as f:
                f.write(base64.b64encode(b'fulmar-test-key-0123456789abcdef').decode())
            with open(os.path.join(d, 'oauth.conf'), 'w') as f:
                f.write('introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=%s/keys/\n'
                        'username_attribute = sub\n' % d)
        passdb = ('passdb {\n  driver = oauth2\n  mechanisms = oauthbearer xoauth2\n  args = %s/oauth.conf\n}\n' % d
                  if self.oauth else '')
        if self.client_certs:
            passdb += 'passdb {\n  driver = static\n  mechanisms = external\n  args = nopassword=y\n}\n'
        mechs = self.mechanisms + (' oauthbearer xoauth2' if self.oauth else '') + (' external' if self.client_certs else '')
        text = f'''
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
protocols = imap{' pop3' if self.pop3_port else ''}
listen = 127.0.0.1
default_internal_user = {self.name}
default_internal_group = {self.group}
default_login_user = {self.name}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{d}/server.pem
ssl_key = <{d}/server.key
disable_plaintext_auth = no
auth_mechanisms = {mechs}
mail_fsync = never
mail_max_userip_connections = 100
mail_location = mdbox:~/mdbox
mailbox_list_index = yes
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
{passdb}passdb {{
  driver = passwd-file
  args = {d}/users
}}
userdb {{
  driver = static
  args = uid={self.uid} gid={self.gid} home={d}/mail/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
'''
        with open(os.path.join(d, 'users'), 'w') as f:
            f.write(''.join('%s:{PLAIN}%s::::::\n' % (user, self.password) for user in (self.user, 'bob')))
        if self.pop3_port:
            text += POP3 % {'port': self.pop3_port, 'tls': self.pop3s_port}
        if self.compress:
            text += 'protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n'
        if self.client_certs:
            text += ('ssl_ca = <%s/ca.pem\nssl_verify_client_cert = yes\nssl_require_crl = no\nauth_ssl_username_from_cert = yes\n'
                     'ssl_cert_username_field = commonName\n' % d)
        with open(self.conf, 'w') as f:
            f.write(text + self.extra)

    def start(self):
        def become():
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
        env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': self.dir}
        self.process = subprocess.Popen(['dovecot', '-F', '-c', self.conf], preexec_fn=become, env=env, cwd=self.dir,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with socket.create_connection(('127.0.0.1', self.port), 1) as s:
                    if s.recv(64).startswith(b'* OK'):
                        return self
            except OSError:
                pass
            if self.process.poll() is not None:
                raise RuntimeError('dovecot ended: ' + self.process.stderr.read().decode() + self.log())
            time.sleep(.02)
        raise RuntimeError('dovecot did not come up: ' + self.log())

    def log(self):
        try:
            with open(os.path.join(self.dir, 'log'), errors='replace') as f:
                return f.read()
        except OSError:
            return ''

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stderr.close()
            self.process = None

    def close(self):
        self.stop()
        for held in self.held:
            held.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exc):
        self.close()


class RawImap:
    """Another client: a plain IMAP session by hand, with synchronising literals."""

    def __init__(self, port, user=Dovecot.user, password=Dovecot.password, box='INBOX'):
        self.sock = socket.create_connection(('127.0.0.1', port), 60)
        self.file = self.sock.makefile('rb')
        self.n = 0
        self.file.readline()
        self('LOGIN "%s" "%s"' % (user, password))
        if box:
            self('SELECT "%s"' % box)

    def __call__(self, command, literal=None, ok=True):
        self.n += 1
        tag = b'r%d' % self.n
        line = tag + b' ' + (command if isinstance(command, bytes) else command.encode())
        if literal is not None:
            self.sock.sendall(line + b' {%d}\r\n' % len(literal))
            while not (l := self.file.readline()).startswith(b'+'):
                if l.startswith(tag) or not l:
                    raise RuntimeError(l.decode(errors='replace'))
            self.sock.sendall(literal + b'\r\n')
        else:
            self.sock.sendall(line + b'\r\n')
        out = []
        while True:
            l = self.file.readline()
            if not l:
                raise RuntimeError('closed')
            if l.startswith(tag + b' '):
                if ok and not l.startswith(tag + b' OK'):
                    raise RuntimeError(command + ': ' + l.decode(errors='replace'))
                return out + [l]
            out.append(l)

    def flags(self):
        """{uid: flags and keywords} as the server has them now."""
        self('NOOP')
        state = {}
        for line in self('UID FETCH 1:* (UID FLAGS)'):
            uid, flags = re.search(rb'UID (\d+)', line), re.search(rb'FLAGS \(([^)]*)\)', line)
            if uid and flags:
                state[int(uid.group(1))] = set(flags.group(1).decode().split()) - {'\\Recent'}
        return state

    def append(self, message, box='INBOX', flags='', date=None):
        if isinstance(message, str):
            message = message.encode()
        message = message.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
        when = ' "%s"' % date if date else ''
        return self('APPEND "%s" (%s)%s' % (box, flags, when), literal=message)

    def close(self):
        try:
            self.file.close()
            self.sock.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
