"""What a person's mail should be: a model to compare the program's store and the server with.

A message is known by its Message-ID; a place is (account, folder). Mail is compared as a bag: Counter of (account, folder, Message-ID, flags).
"""
import collections, json, re

WORD_OF = {'seen': '\\Seen', 'answered': '\\Answered', 'flagged': '\\Flagged', 'deleted': '\\Deleted', 'draft': '\\Draft', 'forwarded': '$Forwarded'}
FLAG_OF = {word: flag for flag, word in WORD_OF.items()}


def flags_of(rows):
    """{uid: flags and keywords} of rows as `list --json` gives them, in the words of RawImap.flags()."""
    return {r['uid']: {WORD_OF[f] for f in r['flags']} | set(r['keywords']) for r in rows}


class Mail:
    """A row as `list --json` gives it."""
    __slots__ = 'id', 'account', 'folder', 'mid', 'flags'

    def __init__(self, id, account, folder, mid, flags):
        self.id, self.account, self.folder, self.mid, self.flags = id, account, folder, mid, frozenset(flags)

    def but(self, **changes):
        new = Mail(self.id, self.account, self.folder, self.mid, self.flags)
        for name, value in changes.items():
            setattr(new, name, value)
        return new


def bag(mails):
    return collections.Counter((m.account, m.folder, m.mid, m.flags) for m in mails)


def here(home, accounts):
    """All that the store shows."""
    mails = []
    for account in accounts:
        for line in home.run('--offline', 'list', account, '--json').splitlines():
            r = json.loads(line)
            mails.append(Mail(r['id'], r['account'], r['folder'], r['message_id'], list(r['flags']) + list(r['keywords'])))
    return mails


def folders_here(home, account):
    return {json.loads(line)['folder'] for line in home.run('--offline', 'folders', account, '--json').splitlines()}


def folders_there(imap):
    """Names of a server's folders, as bytes of ASCII names: what these tests use."""
    names = set()
    for line in imap('LIST "" "*"'):
        m = re.match(rb'\* LIST \(([^)]*)\) \S+ "?([^"\r]*)"?\r', line)
        if m and b'\\noselect' not in m.group(1).lower():
            names.add(m.group(2).decode())
    return names


def there(imap, account):
    """All that the server has, fetched afresh."""
    mails = []
    for folder in sorted(folders_there(imap)):
        imap('EXAMINE "%s"' % folder)
        text = b''.join(imap('UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])'))
        for m in re.finditer(rb'\* \d+ FETCH \(.*?(?=\* \d+ FETCH \(|\Z)', text, re.S):
            flags, mid = re.search(rb'FLAGS \(([^)]*)\)', m.group()), re.search(rb'Message-ID: *(\S+)', m.group(), re.I)
            if flags and mid:
                words = set(flags.group(1).decode().split()) - {'\\Recent'}
                mails.append(Mail(None, account, folder, mid.group(1).decode(), [FLAG_OF.get(w, w) for w in words]))
    return mails


def difference(want, have, names=('wanted', 'found')):
    """Empty when the bags are the same, else what is in one alone."""
    lines = []
    for name, extra in zip(names, (want - have, have - want)):
        lines += ['only %s: %d × %s/%s %s %s' % (name, n, a, f, mid, ' '.join(sorted(flags))) for (a, f, mid, flags), n in sorted(
            extra.items(), key=lambda x: x[0][:3])]
    return '\n'.join(lines[:40])
