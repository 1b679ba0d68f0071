#!/usr/bin/env python3
"""The exact octets the engine sends, and what it sends without waiting for an answer: each dialogue is a script that is kept to the letter."""
import base64, json, os, re, sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
from script import *
from tap import FULMAR, Home, imap_conf, run

FIELDS = 'BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)]'
ROW = '(UID FLAGS INTERNALDATE RFC822.SIZE %s)' % FIELDS
FULL = '(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE %s)' % FIELDS
HELLO = {name: 'S: * OK [CAPABILITY %s] hello' % caps for name, caps in PROFILES.items()}
LOGIN = 'LOGIN "ann" "secret word"'


def lines(*commands):
    """What goes over the wire: tags count from f1."""
    return ''.join('f%d %s\r\n' % (n, c) for n, c in enumerate(commands, 1)).encode()


class Talk:
    """A home that has synchronised box, then a server with this dialogue."""

    def __init__(self, profile='qresync', box=None, talk=(), first=True, more='', caps=None):
        self.box, self.caps = box or Box(range(1, 4)), caps or PROFILES[profile]
        self.home = Home('')
        self.server = Script(self.box, caps=self.caps)
        self.more = 'keep = headers\n' + more
        if first:
            self.home.write_conf(imap_conf(self.server.port, more=self.more))
            self.home.run('sync', 'work/INBOX')
        self.next(talk)

    def next(self, talk=()):
        """Another server for the next connection. Literals of its dialogue are escaped but for (.*)."""
        self.server.close()
        self.server = Script(self.box, caps=self.caps, talk=['C: ' + re.escape(t[3:]) if isinstance(t, str) and t.startswith('C: ') else t for t in talk])
        self.home.write_conf(imap_conf(self.server.port, more=self.more))

    def run(self, *args, status=0):
        out = self.home.run(*args, status=status)
        assert not self.server.faults, (self.server.faults, self.server.heard)
        return out

    def rows(self):
        return {r['uid']: r for r in map(json.loads, self.home.run('--offline', 'list', 'work/INBOX', '--json').splitlines())}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.close()
        self.home.close()


# ---- opening a folder ----

def test_first_open_is_a_select_and_the_newest_screen():
    for name, select in (('qresync', ['ENABLE QRESYNC', 'SELECT INBOX']), ('condstore', ['SELECT INBOX (CONDSTORE)']), ('plain', ['SELECT INBOX'])):
        with Talk(name, first=False) as t:
            t.run('sync', 'work/INBOX')
            assert t.server.octets == lines(LOGIN, *select, 'FETCH 1:* ' + FULL) + b'z LOGOUT\r\n', t.server.octets


def test_first_open_of_a_larger_folder_asks_for_sixty_and_then_downwards():
    with Talk('plain', Box(range(11, 411)), first=False) as t:
        t.run('sync', 'work/INBOX')
        fetches = [h for h in t.server.heard if 'FETCH' in h]
        assert fetches[0] == 'FETCH 341:* ' + FULL, fetches
        asked = [tuple(map(int, re.fullmatch(r'UID FETCH (\d+):(\d+) .*', f).groups())) for f in fetches[1:]]
        assert asked[0][1] == 350 and asked[-1][0] == 1, asked
        assert all(below[1] == above[0] - 1 for above, below in zip(asked, asked[1:])), asked
        assert all(f.endswith(ROW) for f in fetches[1:])


def test_an_empty_folder_is_only_selected():
    with Talk('qresync', Box(), first=False) as t:
        t.run('sync', 'work/INBOX')
        assert t.server.octets == lines(LOGIN, 'ENABLE QRESYNC', 'SELECT INBOX') + b'z LOGOUT\r\n', t.server.octets


def test_reopen_with_qresync_is_one_flight():
    """SELECT is answered only after all of it was heard: waiting would never end."""
    talk = [HELLO['qresync'], 'C: ' + LOGIN, 'S: <tag> OK [CAPABILITY %s] in' % QRESYNC, 'C: ENABLE QRESYNC', 'C: SELECT INBOX (QRESYNC (77 10 1:3))',
            'C: UID FETCH 4:* %s (CHANGEDSINCE 10)' % ROW, 'S: * ENABLED QRESYNC', 'S: <tag-2> OK', 'S: * 2 EXISTS', 'S: * OK [UIDVALIDITY 77] .', 'S: * OK [UIDNEXT 4] .',
            'S: * OK [HIGHESTMODSEQ 12] .', 'S: * VANISHED (EARLIER) 2', 'S: * 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (12))', 'S: <tag-1> OK [READ-WRITE] .', 'S: <tag> OK .']
    with Talk('qresync', talk=talk) as t:
        t.run('sync', 'work/INBOX')
        assert t.server.heard[-1] == 'LOGOUT' and len(t.server.heard) == 5, t.server.heard
        assert {uid: r['flags'] for uid, r in t.rows().items()} == {1: ['seen'], 3: []}
        t.next([HELLO['qresync'], 'C: ' + LOGIN, 'S: <tag> OK in', 'C: CAPABILITY', 'S: * CAPABILITY ' + QRESYNC, 'S: <tag> OK .', 'C: ENABLE QRESYNC',
                'C: SELECT INBOX (QRESYNC (77 12 1:3))', 'C: UID FETCH 4:* %s (CHANGEDSINCE 12)' % ROW, CUT])
        t.run('sync', 'work/INBOX', status=3)


def test_a_fault_in_the_flight_does_not_advance_the_modseq():
    talk = [HELLO['qresync'], 'C: ' + LOGIN, 'S: <tag> OK [CAPABILITY %s] in' % QRESYNC, 'C: ENABLE QRESYNC', 'C: SELECT INBOX (QRESYNC (77 10 1:3))',
            'C: UID FETCH 4:* %s (CHANGEDSINCE 10)' % ROW, 'S: <tag-2> OK', 'S: * 3 EXISTS', 'S: * OK [UIDVALIDITY 77] .', 'S: * OK [UIDNEXT 4] .', 'S: * OK [HIGHESTMODSEQ 99] .',
            'S: <tag-1> OK [READ-WRITE] .', CUT]
    again = talk[:6] + [CUT]
    with Talk('qresync', talk=talk) as t:
        t.run('sync', 'work/INBOX', status=3)
        t.next(again)
        t.run('sync', 'work/INBOX', status=3)


def test_reopen_with_condstore_and_nothing_new_is_one_flight():
    with Talk('condstore') as t:
        t.run('sync', 'work/INBOX')
        assert t.server.octets == lines(LOGIN, 'SELECT INBOX (CONDSTORE)', 'UID FETCH 4:* %s (CHANGEDSINCE 10)' % ROW) + b'z LOGOUT\r\n', t.server.octets


def test_reopen_with_condstore_asks_for_what_changed_since():
    with Talk('condstore') as t:
        t.box.flag(2, '\\Flagged')
        t.box.add()
        t.run('sync', 'work/INBOX')
        assert t.server.octets == lines(LOGIN, 'SELECT INBOX (CONDSTORE)', 'UID FETCH 4:* %s (CHANGEDSINCE 10)' % ROW,
                                        'UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 10)') + b'z LOGOUT\r\n', t.server.octets
        assert t.rows()[2]['flags'] == ['flagged'] and 4 in t.rows()


def test_plain_reopen_compares_flags_and_counts():
    with Talk('plain') as t:
        t.box.flag(2, '\\Flagged')
        t.run('sync', 'work/INBOX')
        assert t.server.octets == lines(LOGIN, 'SELECT INBOX', 'UID FETCH 1:3 (UID FLAGS)') + b'z LOGOUT\r\n', t.server.octets
        t.next()
        t.box.add()
        t.box.expunge(1)
        t.run('sync', 'work/INBOX')
        assert t.server.octets == lines(LOGIN, 'SELECT INBOX', 'UID FETCH 4:* ' + ROW, 'UID FETCH 1:3 (UID FLAGS)', 'UID SEARCH ALL') + b'z LOGOUT\r\n', t.server.octets
        assert sorted(t.rows()) == [2, 3, 4] and t.rows()[2]['flags'] == ['flagged']


def test_plain_reopen_of_a_large_folder_compares_sets_not_messages():
    with Talk('plain', Box(range(1, 2502))) as t:
        t.box.flag(9, '\\Seen', '\\Flagged')
        t.run('sync', 'work/INBOX')
        assert t.server.heard[2] == 'UID FETCH 2442:2501 (UID FLAGS)', 'the screen comes first'
        assert t.server.heard[3:-1] == ['UID SEARCH %s' % key for key in ('UNSEEN', 'FLAGGED', 'ANSWERED', 'DELETED', 'DRAFT')], t.server.heard
        assert sorted(t.rows()[9]['flags']) == ['flagged', 'seen']


def test_all_folders_come_in_one_flight_with_list_status():
    with Talk('qresync', first=False) as t:
        t.run('sync')
        assert t.server.heard[:3] == [LOGIN, 'ENABLE QRESYNC', 'LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))'], t.server.heard


# ---- bodies and flags ----

def test_text_on_demand_is_a_select_and_the_shown_part():
    with Talk('qresync') as t:
        assert 'text of 2' in t.run('show', t.rows()[2]['id'])
        assert t.server.octets == lines(LOGIN, 'ENABLE QRESYNC', 'SELECT INBOX', 'UID FETCH 2 (UID BODY.PEEK[1])') + b'z LOGOUT\r\n', t.server.octets
        n = t.server.connections
        assert 'text of 2' in t.run('show', t.rows()[2]['id']) and t.server.connections == n, 'the second look asks nobody'


def test_looking_marks_nothing_read():
    with Talk('plain') as t:
        t.run('show', t.rows()[2]['id'])
        assert not re.search(r'BODY\[|STORE|RFC822 ', ' '.join(t.server.heard)), t.server.heard


def test_a_large_part_comes_in_slices_three_ahead():
    data = os.urandom(400000)
    text = base64.encodebytes(data).decode().strip()
    mail = Mail(1, 'Subject: number 1\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain\n\nhello\n\n--XX\n'
                'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=chart.bin\nContent-Transfer-Encoding: base64\n\n%s\n\n--XX--\n' % text)
    body = mail.section('2')
    slices = [body[i:i + 131072] for i in range(0, len(body), 131072)]
    ask = ['C: UID FETCH 1 (UID BODY.PEEK[2]<%d.131072>)' % (n * 131072) for n in range(len(slices) + 3)]

    def give(n):
        return b'* 1 FETCH (UID 1 BODY[2]<%d> {%d}\r\n%s)\r\n<tag-%d> OK\r\n' % (n * 131072, len(slices[n]), slices[n], 0)

    with Talk('qresync', Box([mail])) as t:
        id = t.rows()[1]['id']
        # Three are under way before the first is answered; the tag of that answer is the oldest one's.
        talk = [HELLO['qresync'], 'C: ' + LOGIN, 'S: <tag> OK [CAPABILITY %s] in' % QRESYNC, 'C: ENABLE QRESYNC', 'C: SELECT INBOX', 'S: <tag-1> OK', 'S: * 1 EXISTS',
                'S: * OK [UIDVALIDITY 77] .', 'S: * OK [UIDNEXT 2] .', 'S: <tag> OK', ask[0], ask[1], ask[2]]
        t.next(talk)
        t.server.talk.append(b'* 1 FETCH (UID 1 BODY[2]<0> {131072}\r\n' + slices[0] + b')\r\nf4 OK\r\n')
        t.server.talk.append('C: ' + re.escape(ask[3][3:]))
        t.server.talk.append(CUT)
        t.home.run('show', id, '--part', '2', status=3)
        assert not t.server.faults, t.server.faults
        t.next(talk[:10] + ['C: UID FETCH 1 (UID BODY.PEEK[2]<131072.131072>)', CUT])
        t.run('show', id, '--part', '2', status=3)


def test_flags_go_out_as_sets_and_are_gone_from_the_queue_after_the_ok():
    with Talk('qresync', Box([1, Mail(2, flags='\\Flagged'), 3])) as t:
        ids = {uid: r['id'] for uid, r in t.rows().items()}
        t.home.run('--offline', 'flag', ids[1], ids[2], ids[3], '+seen', '+Harbour')
        t.home.run('--offline', 'flag', ids[2], '-flagged')
        t.next([HELLO['qresync'], 'C: ' + LOGIN, 'S: <tag> OK [CAPABILITY %s] in' % QRESYNC, 'C: ENABLE QRESYNC', 'C: SELECT INBOX', 'S: <tag-1> OK', 'S: * 3 EXISTS',
                'S: * OK [UIDVALIDITY 77] .', 'S: <tag> OK', 'C: UID STORE 1:3 +FLAGS.SILENT (\\Seen Harbour)', 'C: UID STORE 2 -FLAGS.SILENT (\\Flagged)', CUT])
        t.run('sync', 'work/INBOX', status=3)
        assert len(t.home.run('--offline', 'queue', '--json').splitlines()) == 2, 'nothing was answered'
        t.next()
        t.run('sync', 'work/INBOX')
        assert [h for h in t.server.heard if 'STORE' in h] == ['UID STORE 1:3 +FLAGS.SILENT (\\Seen Harbour)', 'UID STORE 2 -FLAGS.SILENT (\\Flagged)'], t.server.heard
        assert t.home.run('queue') == '' and t.box.mail(3).flags == {'\\Seen', 'Harbour'}


def test_no_command_of_ours_removes_mail():
    """A bare EXPUNGE, or a CLOSE, would take what other clients have marked."""
    for name in PROFILES:
        with Talk(name) as t:
            t.home.run('flag', t.rows()[2]['id'], '+deleted')
            t.run('sync')
            assert t.box.mail(2).flags == {'\\Deleted'} and not re.search(r'\b(EXPUNGE|CLOSE)\b', ' '.join(t.server.heard)), t.server.heard


# ---- log-in and names ----

def test_a_name_that_cannot_be_quoted_waits_for_the_server_to_go_on():
    box = Box([1], name='a"b\\c')
    odd = Box([1], name='Gr\xfcn')
    with Talk('plain', first=False, caps='IMAP4rev1') as t:
        t.server.boxes += [box, odd]
        t.server.answers['LIST .*'] = '* LIST () "/" INBOX\n* LIST () "/" "a\\"b\\\\c"\n* LIST () "/" {5}\nGr\xfcn\n<tag> OK\n'
        t.home.write_conf(imap_conf(t.server.port, more='keep = headers'))
        t.home.run('sync')
        wire = t.server.octets
        assert b' SELECT "a\\"b\\\\c"\r\n' in wire and re.search(rb'f\d+ SELECT \{5\}\r\nGr\xc3\xbcn\r\n', wire), wire
        assert sum(f['total'] for f in map(json.loads, t.home.run('--offline', 'folders', '--json').splitlines())) == 5


def test_sasl_ir_saves_a_turn_where_it_is_offered():
    blob = base64.b64encode(b'\0ann\0secret word').decode()
    with Talk(first=False, caps='IMAP4rev1 AUTH=PLAIN SASL-IR') as t:
        t.run('sync', 'work/INBOX')
        assert t.server.octets.startswith(lines('AUTHENTICATE PLAIN ' + blob)), t.server.octets
    with Talk(first=False, caps='IMAP4rev1 AUTH=PLAIN') as t:
        t.run('sync', 'work/INBOX')
        assert t.server.octets.startswith(lines('AUTHENTICATE PLAIN') + blob.encode() + b'\r\n'), t.server.octets


# ---- following a folder ----

def test_idle_ends_with_done_and_the_next_command_follows_at_once():
    from screen import Screen
    with Talk('qresync') as t, Screen([FULMAR, 'work/INBOX'], t.home.env) as screen:
        idles = lambda: [h for h in t.server.heard if h in ('IDLE', 'DONE')]
        screen.wait('number 3')
        t.server.wait(lambda: idles() == ['IDLE'])
        t.box.add()
        t.server.notify(t.box, '* 4 EXISTS\n')
        screen.wait('number 4')
        t.server.wait(lambda: idles() == ['IDLE', 'DONE', 'IDLE'])
        at = t.server.heard.index('DONE')
        assert t.server.heard[at + 1] == 'UID FETCH 4:* ' + FULL, t.server.heard
        assert b'\r\nDONE\r\nf' in t.server.octets
        t.server.notify(t.box, '* %d FETCH (UID 4 FLAGS (\\Flagged) MODSEQ (99))\n' % 4)
        t.box.expunge(1)
        t.server.notify(t.box, '* VANISHED 1\n')
        screen.wait(lambda lines: 'number 1 ' not in '\n'.join(l + ' ' for l in lines))
        assert idles() == ['IDLE', 'DONE', 'IDLE'], 'what is told while idle needs no command'
        assert not t.server.faults


def test_an_idle_that_is_refused_or_ends_by_itself_is_not_begun_without_end():
    from screen import Screen
    for answer in ('<tag> BAD unknown\n', '<tag> NO not now\n', '+ idling\n<tag> OK that was all\n'):
        with Talk('qresync') as t:
            t.server.answers['IDLE'] = answer
            with Screen([FULMAR, 'work/INBOX'], t.home.env) as screen:
                screen.wait('number 3')
                t.server.wait(lambda: 'IDLE' in t.server.heard)
                screen.send('\r')
                screen.wait('text of 3')
                assert len(t.server.said('IDLE')) < 5, t.server.heard[-20:]


if __name__ == '__main__':
    run(globals())
