"""Courier's POP3 server on loopback: its own log-in wants the system's users, so a few lines here let in, and then its courierpop3d has the word.

with Courier() as c: c.port; c.deliver(octets); c.names() (files of the maildir); c.becomes(n). Raises Skip where courier-pop is not installed ($COURIERPOP3D names
the program where its package was only unpacked, as contrib/check does: it cannot be installed beside Dovecot's).
"""
import base64, glob, os, shutil, socket, subprocess, tempfile, threading, time

from tap import Skip

PROGRAM = os.environ.get('COURIERPOP3D') or '/usr/lib/courier/courier/courierpop3d'


def libraries():
    """Where its own are, if they lie beside it."""
    usr = os.path.abspath(os.path.join(os.path.dirname(PROGRAM), '..', '..', '..'))
    return {} if usr == '/usr' else {'LD_LIBRARY_PATH': ':'.join([usr + '/lib', usr + '/lib/courier-authlib', *glob.glob(usr + '/lib/*-linux-*')])}


class Courier:
    def __init__(self):
        if not os.access(PROGRAM, os.X_OK):
            raise Skip('courier-pop is not installed')
        self.dir, self.n = tempfile.mkdtemp(prefix='fulmar-courier-'), 0
        for sub in ('cur', 'new', 'tmp'):
            os.mkdir(os.path.join(self.dir, sub))
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                self.serve(sock)

    def serve(self, sock):
        sock.sendall(b'+OK Hello there.\r\n')
        lines = sock.makefile('rb', 0)  # unbuffered: what follows is the program's
        for line in lines:
            words = line.decode().split()
            if words[0] == 'CAPA':
                sock.sendall(b'+OK\r\nUIDL\r\nTOP\r\nUSER\r\nSASL PLAIN\r\n.\r\n')
            elif words == ['AUTH', 'PLAIN', base64.b64encode(b'\0ann\0secret word').decode()]:
                env = {**os.environ, **libraries(), 'AUTHENTICATED': 'ann', 'MAILDIR': self.dir, 'TCPREMOTEIP': '127.0.0.1'}
                subprocess.run([PROGRAM, self.dir], stdin=sock, stdout=sock, stderr=subprocess.DEVNULL, env=env, cwd=self.dir, timeout=120)
                return
            else:
                sock.sendall(b'-ERR Login failed.\r\n')

    def deliver(self, data):
        self.n += 1
        name = '%010d.M%dP1.harbour' % (1763640000 + self.n, self.n)
        with open(os.path.join(self.dir, 'tmp', name), 'wb') as f:
            f.write(data.replace(b'\r\n', b'\n'))
        os.rename(os.path.join(self.dir, 'tmp', name), os.path.join(self.dir, 'new', name))

    def names(self):
        return sorted(n for sub in ('cur', 'new') for n in os.listdir(os.path.join(self.dir, sub)))

    def becomes(self, n):
        """It has n messages; what was deleted it removes after it has said goodbye."""
        end = time.monotonic() + 60
        while len(self.names()) != n:
            assert time.monotonic() < end, self.names()
            time.sleep(.02)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
