"""What may not be read or written, also where the tests run as root."""
import os, pwd


def become(uid):
    def prepare():
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(pwd.getpwuid(uid).pw_gid)
            os.setuid(uid)
    return prepare


# As root nothing is unreadable: then the program runs as nobody, and what it may use is made nobody's.
STRANGER = pwd.getpwnam('nobody').pw_uid if os.getuid() == 0 else os.getuid()


def give(home):
    os.chmod(home.dir, 0o755)
    for root, dirs, files in os.walk(home.dir):
        for x in [root] + [os.path.join(root, f) for f in files]:
            os.chown(x, STRANGER, -1)


def read_only(folder):
    for root, dirs, files in os.walk(folder, topdown=False):
        for f in files:
            os.chmod(os.path.join(root, f), 0o400)
        os.chmod(root, 0o500)


def writable(folder):
    os.chmod(folder, 0o700)
    for root, dirs, files in os.walk(folder):
        for x in dirs:
            os.chmod(os.path.join(root, x), 0o700)
        for f in files:
            os.chmod(os.path.join(root, f), 0o600)
