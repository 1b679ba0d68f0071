#!/usr/bin/python3
"""Each extension of IMAP in three dialogues: with a server that has it, with one that has it not, and with one that has it while it is hidden
(disable-capability); always whole and octet by octet. What the client must send is exact. NOTIFY, IDLE and what is done without them are in
test-imap-push.py, log-in and SASL in test-imap-dialogues.py and test-imap-cli.py."""
import base64, glob, hashlib, os, re, subprocess, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from drive import *
from script import *
from talk import *
from tap import FULMAR, run

FIELDS = 'BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)]'
ROW = '(UID FLAGS INTERNALDATE RFC822.SIZE %s)' % FIELDS
FULL = '(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE %s)' % FIELDS
STATUS = '(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)'
BASE = 'IMAP4rev1'
LETTER = text_message('new')
BIG = text_message('big', body='x' * 5000)


def dialogues(act, caps, offered, with_it, without_it, set_up=None, **kw):
    """act(talk) on an account that knows INBOX and Trash; the wire must be with_it, or without_it where caps is all there is."""
    for drip in (0, 1):
        for more, hide, want in ((offered, '', with_it), ('', '', without_it), (offered, offered, without_it)):
            with Talk(('%s %s' % (caps, more)).strip(), drip=drip, hide=hide.split(), **kw) as t:
                if set_up:
                    set_up(t)
                    t.mark()
                act(t)
                try:
                    t.sent(*want)
                except AssertionError as e:
                    raise AssertionError('%s, hidden: %s, drip %d: %s' % (t.caps, hide or 'nothing', drip, e)) from None


LISTED = ['LIST "" "*"', 'LSUB "" "*"', 'STATUS "Trash" ' + STATUS, 'STATUS INBOX ' + STATUS]
EXTENDED = 'LIST "" "*" RETURN (SUBSCRIBED%s)'


def links(t):
    """From the greeting to the list of folders."""
    t.drive.link()


def opens(t):
    """... and to the rows of INBOX."""
    t.drive.link()
    t.drive.open('INBOX')


def again(t):
    """INBOX is left and opened once more."""
    t.drive.open('Trash')
    t.mark()
    t.drive.open('INBOX')


def does(verb, *uids, to=()):
    """A verb of the journal on messages of INBOX, carried out."""
    def act(t):
        t.drive.on(verb, t.drive.ids('INBOX', *numbers(*uids)), *to)
        t.drive.run()
    return act


def appends(*letters):
    def act(t):
        for letter in letters:
            t.drive.append('Trash', letter, when=NOON)
        t.drive.run(verb='join')
    return act


def asks(kind, name='', value=''):
    def act(t):
        t.drive('admin', kind, 'INBOX', name, value)
    return act


def appended(*letters, plus='', to='"Trash"'):
    """One APPEND of them all."""
    return 'APPEND %s %s' % (to, ' '.join('"20-Nov-2025 12:00:00 +0000" {%d%s}\r\n%s' % (len(l), plus, l.decode()) for l in letters))


# ---- the session ----

def test_enable():
    dialogues(opens, BASE + ' CONDSTORE QRESYNC', 'ENABLE', ['CAPABILITY', 'ENABLE QRESYNC', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL],
              ['CAPABILITY', *LISTED, 'SELECT INBOX (CONDSTORE)', 'FETCH 1:* ' + FULL], opened=None)


def test_id():
    version = subprocess.run([FULMAR, '--version'], capture_output=True).stdout.decode().split()[1]
    dialogues(links, BASE, 'ID', ['CAPABILITY', 'ID ("name" "fulmar" "version" "%s")' % version, *LISTED], ['CAPABILITY', *LISTED], opened=None)


def test_compress():
    """Behind its OK both sides deflate; the server of this test understands nothing else then."""
    def act(t):
        opens(t)
        assert len(t.drive.rows('INBOX')) == 5 and all(bool(s.inflate) == ('COMPRESS DEFLATE' in s.heard) for s in t.server.ever)
    rest = [*LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL]
    dialogues(act, BASE, 'COMPRESS=DEFLATE', ['CAPABILITY', 'COMPRESS DEFLATE', *rest], ['CAPABILITY', *rest], opened=None)


def test_utf8_only():
    """UTF8=ACCEPT is enabled where there is no other way, and names and headers go out as they are from then on."""
    letter = octets('Subject: number Grün\nMessage-ID: <g@harbour.example>\n\nhello\n')

    def act(t):
        t.drive.link()
        t.drive.well('create', 'Häfen', '')
        t.drive.run()
        t.drive.append('Trash', letter, when=NOON)
        t.drive.run()
    date = '"20-Nov-2025 12:00:00 +0000"'
    dialogues(act, BASE + ' ENABLE UTF8=ACCEPT', 'UTF8=ONLY', ['CAPABILITY', 'ENABLE UTF8=ACCEPT', *LISTED, 'CREATE {6}\r\nHäfen', 'SUBSCRIBE {6}\r\nHäfen',
              'APPEND "Trash" %s UTF8 (~{%d}\r\n%s)' % (date, len(letter), letter.decode())],
              ['CAPABILITY', *LISTED, 'CREATE "H&AOQ-fen"', 'SUBSCRIBE "H&AOQ-fen"', 'APPEND "Trash" %s {%d}\r\n%s' % (date, len(letter), letter.decode())], opened=None)


def test_inprogress_changes_nothing_that_is_sent():
    talk = ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL]
    dialogues(opens, BASE, 'INPROGRESS', talk, talk, opened=None, answers={'FETCH .*': '* OK [INPROGRESS ("<tag>" 3 5)] wait\n' + DEFAULT})


# ---- the list of folders ----

def test_namespace():
    answers = {'NAMESPACE': '* NAMESPACE (("" "/")) (("user." ".")) (("#shared." "."))\n<tag> OK\n', r'LIST "" "(user|#shared).*': '<tag> OK\n'}
    dialogues(links, BASE, 'NAMESPACE', ['CAPABILITY', 'NAMESPACE', *LISTED[:2], 'LIST "" "#shared.*"', 'LIST "" "user.*"', *LISTED[2:]], ['CAPABILITY', *LISTED],
              opened=None, answers=answers)


def test_list_extended():
    dialogues(links, BASE, 'LIST-EXTENDED', ['CAPABILITY', EXTENDED % '', *LISTED[2:]], ['CAPABILITY', *LISTED], opened=None)


def test_list_status():
    dialogues(links, BASE + ' LIST-EXTENDED', 'LIST-STATUS', ['CAPABILITY', EXTENDED % (' STATUS ' + STATUS)], ['CAPABILITY', EXTENDED % '', *LISTED[2:]], opened=None)


def test_polling_asks_for_the_list_again():
    """What is done now and then where nothing is told."""
    dialogues(lambda t: t.drive('folders'), BASE + ' ACL', 'LIST-EXTENDED LIST-STATUS', [EXTENDED % (' STATUS ' + STATUS)], LISTED)


def test_status_size():
    sized = STATUS.replace(')', ' SIZE)')
    dialogues(links, BASE, 'STATUS=SIZE', ['CAPABILITY', *LISTED[:2], *(s.replace(STATUS, sized) for s in LISTED[2:])], ['CAPABILITY', *LISTED], opened=None)
    extended = BASE + ' LIST-EXTENDED LIST-STATUS'
    dialogues(links, extended, 'STATUS=SIZE', ['CAPABILITY', EXTENDED % (' STATUS ' + sized)], ['CAPABILITY', EXTENDED % (' STATUS ' + STATUS)], opened=None)


def test_special_use():
    dialogues(links, BASE + ' LIST-EXTENDED LIST-STATUS', 'SPECIAL-USE', ['CAPABILITY', EXTENDED % (' SPECIAL-USE STATUS ' + STATUS)],
              ['CAPABILITY', EXTENDED % (' STATUS ' + STATUS)], opened=None)


def test_create_special_use():
    def act(t):
        t.drive.well('create', 'Scrap', '\\Junk')
        t.drive.run()
    dialogues(act, BASE, 'CREATE-SPECIAL-USE', ['CREATE "Scrap" (USE (\\Junk))', 'SUBSCRIBE "Scrap"'], ['CREATE "Scrap"', 'SUBSCRIBE "Scrap"'])


def test_a_special_use_that_is_refused_is_done_without():
    def act(t):
        t.drive.well('create', 'Scrap', '\\Junk')
        t.drive.run()
    dialogues(act, BASE, 'CREATE-SPECIAL-USE', ['CREATE "Scrap" (USE (\\Junk))', 'CREATE "Scrap"', 'SUBSCRIBE "Scrap"'], ['CREATE "Scrap"', 'SUBSCRIBE "Scrap"'],
              answers={r'CREATE .*USE.*': '<tag> NO [USEATTR] not that one\n'})


def test_unselect():
    """The folder is left before it is removed, and never by CLOSE."""
    def act(t):
        t.drive.open('Trash')
        t.mark()
        t.drive.well('remove', 'Trash')
        t.drive.run()
    rest = ['STATUS "Trash" (UIDVALIDITY)', 'DELETE "Trash"', 'UNSUBSCRIBE "Trash"']
    dialogues(act, BASE, 'UNSELECT', ['UNSELECT', *rest], ['EXAMINE "fulmar: none"', *rest])


def test_objectid():
    status, full = STATUS.replace(')', ' MAILBOXID)'), FULL.replace(' BODY.PEEK', ' EMAILID BODY.PEEK')
    dialogues(opens, BASE, 'OBJECTID', ['CAPABILITY', *(s.replace(STATUS, status) for s in LISTED), 'SELECT INBOX', 'FETCH 1:* ' + full],
              ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL], opened=None)


# ---- rows ----

def test_partial():
    dialogues(opens, BASE, 'PARTIAL', ['CAPABILITY', *LISTED, 'SELECT INBOX', 'UID FETCH 1:* %s (PARTIAL -1:-60)' % FULL],
              ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL], opened=None)


def test_uidonly():
    partly = 'UID FETCH 1:* %s (PARTIAL -1:-60)' % FULL
    dialogues(opens, BASE + ' ENABLE PARTIAL', 'UIDONLY', ['CAPABILITY', 'ENABLE UIDONLY', *LISTED, 'SELECT INBOX', partly], ['CAPABILITY', *LISTED, 'SELECT INBOX', partly],
              opened=None)


def test_preview():
    dialogues(opens, BASE, 'PREVIEW', ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL.replace(' BODY.PEEK', ' PREVIEW (LAZY) BODY.PEEK')],
              ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL], opened=None)


def test_gmail_labels():
    def act(t):
        opens(t)
        t.drive.on('flag', t.drive.ids('INBOX', *numbers(1, 2)), FLAGGED, 0, 'label:H\u00e4fen Work')
        end, = t.drive('run')
        assert ('UID STORE' in t.wire()) == (not end['error']) and (not end['error'] or 'does not keep' in end['text']), end
    rest = ['CAPABILITY', *LISTED, 'SELECT INBOX']
    dialogues(act, BASE, 'X-GM-EXT-1', rest + ['FETCH 1:* ' + FULL.replace(' BODY.PEEK', ' X-GM-MSGID X-GM-LABELS BODY.PEEK'),
              'UID STORE 1:2 +FLAGS.SILENT (\\Flagged Work)', 'UID STORE 1:2 +X-GM-LABELS ("H&AOQ-fen")'],
              rest + ['FETCH 1:* ' + FULL], opened=None, answers={'UID STORE .*': '<tag> OK\n'})


def test_condstore():
    dialogues(again, BASE, 'CONDSTORE', ['SELECT INBOX (CONDSTORE)', 'UID FETCH 6:* %s (CHANGEDSINCE 10)' % ROW], ['SELECT INBOX', 'UID FETCH 1:5 (UID FLAGS)'])


def test_qresync():
    caps = BASE + ' ENABLE CONDSTORE'
    since = 'UID FETCH 6:* %s (CHANGEDSINCE 10)' % ROW
    dialogues(again, caps, 'QRESYNC', ['SELECT INBOX (QRESYNC (77 10 1:5))', since], ['SELECT INBOX (CONDSTORE)', since])


def test_esearch():
    def act(t):
        t.drive.open('Trash')
        t.inbox.expunge(2)
        t.mark()
        t.drive.open('INBOX')
        assert t.drive.subjects('INBOX') == numbers(1, 3, 4, 5)
    rest = ['SELECT INBOX', 'UID FETCH 1:5 (UID FLAGS)']
    dialogues(act, BASE, 'ESEARCH', rest + ['UID SEARCH RETURN (ALL) ALL'], rest + ['UID SEARCH ALL'])


def test_messagelimit():
    dialogues(does('move', 1, 2, 3, 4, 5, to=['Trash']), BASE + ' MOVE UIDPLUS', 'MESSAGELIMIT=2', ['UID MOVE 1:2 "Trash"', 'UID MOVE 3:4 "Trash"', 'UID MOVE 5 "Trash"'],
              ['UID MOVE 1:5 "Trash"'])


# ---- what changes mail ----

def test_uidplus():
    fetch, store = 'UID FETCH 2 (UID BODY.PEEK[])', 'UID STORE 2 +FLAGS.SILENT (\\Deleted)'
    dialogues(does('purge', 2), BASE, 'UIDPLUS', [fetch, store, 'UID EXPUNGE 2'], [fetch, store])


def test_move():
    dialogues(does('move', 1, 3, to=['Trash']), BASE + ' UIDPLUS', 'MOVE', ['UID MOVE 1,3 "Trash"'],
              ['UID COPY 1,3 "Trash"', 'UID STORE 1,3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 1,3'])


def test_literal_plus():
    dialogues(appends(LETTER, BIG), BASE, 'LITERAL+', [appended(LETTER, plus='+'), appended(BIG, plus='+')], [appended(LETTER), appended(BIG)])


def test_literal_minus():
    dialogues(appends(LETTER, BIG), BASE, 'LITERAL-', [appended(LETTER, plus='+'), appended(BIG)], [appended(LETTER), appended(BIG)])


def test_multiappend():
    dialogues(appends(LETTER, BIG), BASE, 'MULTIAPPEND', [appended(LETTER, BIG)], [appended(LETTER), appended(BIG)])


def replaces(uid, letter=LETTER, *ends, to='INBOX'):
    def act(t):
        # That the new one is seen in the open folder is not said at a moment of its own; nor what a look at the folder asks.
        t.wire = lambda: re.sub(r'UID FETCH 6:\* [^\r]*\r\n|(?s:SELECT "Trash".*)', '', Talk.wire(t))
        t.drive.replace(t.drive.ids('INBOX', *numbers(uid))[0], to, letter, when=NOON, flags=DRAFT)
        t.drive.run(*ends)
    return act


def put(letter=LETTER, to='INBOX', start='APPEND'):
    return '%s %s (\\Draft) "20-Nov-2025 12:00:00 +0000" {%d}\r\n%s' % (start, to, len(letter), letter.decode())


OLD_TEXT = 'UID FETCH 2 (UID BODY.PEEK[])'
REPLACED = put(start='UID REPLACE 2')
REMOVED = ['UID STORE 2 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 2']


def test_replace():
    """The text of the old one is kept for undo; then both happen at once, or one after the other."""
    def act(t, to='INBOX'):
        replaces(2, to=to)(t)
        assert t.drive.subjects('INBOX') == numbers(1, 3, 4, 5) + ['number new'] * (to == 'INBOX') and t.drive('ops') == [], t.drive('ops')
        assert [m.uid for m in t.inbox.mails] == [1, 3, 4, 5] + [6] * (to == 'INBOX')
        assert t.uids(to)['new'] == (6 if to == 'INBOX' else 40), t.uids(to)
    for more in ('', ' ENABLE CONDSTORE QRESYNC'):
        dialogues(act, BASE + ' UIDPLUS' + more, 'REPLACE', [OLD_TEXT, REPLACED], [OLD_TEXT, put(), *REMOVED])
    dialogues(lambda t: act(t, 'Trash'), BASE + ' UIDPLUS', 'REPLACE', [OLD_TEXT, put(to='"Trash"', start='UID REPLACE 2')], [OLD_TEXT, put(to='"Trash"'), *REMOVED])


def test_replace_with_what_an_append_needs():
    nul = text_message('nul', body='before\0after')
    literal = lambda start: put(nul, start=start).replace('{', '~{').replace('}', '+}')
    dialogues(replaces(2, nul), BASE + ' UIDPLUS LITERAL+ BINARY', 'REPLACE', [OLD_TEXT, literal('UID REPLACE 2')], [OLD_TEXT, literal('APPEND'), *REMOVED])
    limit = BASE + ' UIDPLUS APPENDLIMIT=%d' % len(LETTER)
    dialogues(replaces(2, BIG, FAILED), limit, 'REPLACE', [OLD_TEXT], [OLD_TEXT])
    dialogues(replaces(2), limit.split('=')[0], 'REPLACE', [OLD_TEXT, 'STATUS INBOX (APPENDLIMIT)', REPLACED], [OLD_TEXT, 'STATUS INBOX (APPENDLIMIT)', put(), *REMOVED])


def test_replace_without_uidplus():
    """Where single messages cannot be removed the old one is marked; the new UID comes with a look."""
    def act(t):
        replaces(2)(t)
        t.drive.open('Trash')
        t.drive.open('INBOX')
        assert {r['subject']: r['uid'] for r in t.drive.rows('INBOX')}['number new'] == 6 and t.drive('ops') == []
        assert t.inbox.mail(2) is None or t.inbox.mail(2).flags == {'\\Deleted'}
    dialogues(act, BASE, 'REPLACE', [OLD_TEXT, REPLACED], [OLD_TEXT, put(), REMOVED[0]])


def test_replace_of_what_has_gone():
    """What was written comes there all the same; that the server has the old one no more is seen when it refuses."""
    def act(t):
        t.inbox.expunge(2)
        replaces(2)(t)
        assert [m.uid for m in t.inbox.mails] == [1, 3, 4, 5, 6] and t.drive('ops') == [] and 'number new' in t.drive.subjects('INBOX'), t.drive('ops')
    there = 'UID FETCH 2 (UID)'
    dialogues(act, BASE + ' UIDPLUS', 'REPLACE', [OLD_TEXT, REPLACED, there, put()], [OLD_TEXT, put(), *REMOVED, there])


def test_replace_refused():
    """Both stay, and the reason is told; a server that knows no such command gets the others."""
    for answer, want, ends in (('<tag> NO [OVERQUOTA] full\n', [OLD_TEXT, REPLACED, 'UID FETCH 2 (UID)'], [FAILED]),
                               ('<tag> NO [UNAVAILABLE] later\n', [OLD_TEXT, REPLACED], [NO_LINK]),
                               ('<tag> BAD what\n', [OLD_TEXT, REPLACED, put(), *REMOVED], [0])):
        for drip in (0, 1):
            with Talk(BASE + ' UIDPLUS REPLACE', drip=drip, answers={'UID REPLACE .*': [answer, None]}) as t:
                replaces(2, LETTER, *ends)(t)
                t.sent(*want)
                if ends[0]:
                    assert [m.uid for m in t.inbox.mails] == [1, 2, 3, 4, 5] and not any(m.flags for m in t.inbox.mails)
                    assert 'number new' in t.drive.subjects('INBOX') and (ends == [NO_LINK] or 'number 2' in t.drive.subjects('INBOX'))
                    t.drive.well('retry')
                    t.drive.run()
                assert [m.uid for m in t.inbox.mails] == [1, 3, 4, 5, 6] and t.drive('ops') == []


def test_replace_that_only_half_happened():
    """OK, and the old one is still there."""
    def half(session, command):
        return session.on_append('APPEND ' + command.split(' ', 3)[3]).replace('<tag> OK', '* OK') + '<tag> OK done\n'
    for drip in (0, 1):
        with Talk(BASE + ' UIDPLUS REPLACE', drip=drip, answers={'UID REPLACE .*': half}) as t:
            replaces(2)(t)
            t.sent(OLD_TEXT, REPLACED, 'UID FETCH 2 (UID)', *REMOVED)
            assert [m.uid for m in t.inbox.mails] == [1, 3, 4, 5, 6] and t.uids('INBOX')['new'] == 6


def test_appendlimit():
    dialogues(appends(LETTER), BASE, 'APPENDLIMIT', ['STATUS "Trash" (APPENDLIMIT)', appended(LETTER)], [appended(LETTER)])
    for hide, want in (('', [appended(LETTER)]), ('APPENDLIMIT=%d' % len(LETTER), [appended(LETTER), appended(BIG)])):
        with Talk(BASE + ' APPENDLIMIT=%d' % len(LETTER), hide=hide.split()) as t:
            t.drive.append('Trash', LETTER, when=NOON)
            t.drive.append('Trash', BIG, when=NOON)
            ends = t.drive('run')
            assert [e['error'] for e in ends] == [0, 0 if hide else FAILED], ends
            t.sent(*want)


def test_binary():
    """A NUL is no part of an ordinary literal."""
    nul = text_message('nul', body='before\0after')
    dialogues(appends(nul, LETTER), BASE, 'BINARY', [appended(nul).replace('{', '~{'), appended(LETTER)], [appended(nul), appended(LETTER)])
    dialogues(appends(nul), BASE + ' LITERAL+', 'BINARY', [appended(nul, plus='+').replace('{', '~{')], [appended(nul, plus='+')])


# ---- parts that the server decodes ----

MIXED = '''From: Bob <bob@harbour.example>
Subject: number 1
Message-ID: <1@harbour.example>
Content-Type: multipart/mixed; boundary=XX

--XX
Content-Type: text/plain

hello
--XX
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=chart.bin
Content-Transfer-Encoding: base64

%s
--XX--
'''
SLICE = 128 * 1024


def chart(size):
    """A message with an attachment of octets of all kinds, and those octets."""
    data = bytes(i * 7 % 256 for i in range(size - 8)) + b'\r\n\n\r\0\0x\n'
    return Mail(1, MIXED % base64.encodebytes(data).decode().strip()), data


def slices(n, first=0, how='BINARY'):
    """The commands for n slices; the first of a part that is decoded asks for its size."""
    return ['UID FETCH 1 (UID %s%s.PEEK[2]<%d.%d>)' % ('BINARY.SIZE[2] ' if how == 'BINARY' and i == first else '', how, i * SLICE, SLICE) for i in range(first, n)]


def has(t, data, decoded=None, error=0):
    """Part 2, fetched, holds data."""
    got = t.drive('part', t.drive.ids('INBOX', 'number 1')[0], '2')
    assert got['error'] == error, got
    assert error or (got['sha256'] == hashlib.sha256(data).hexdigest() and decoded in (None, got['decoded'])), (got, len(data), decoded)


def test_binary_fetch():
    """What is small comes at once, what is large in slices; what is tiny, or a message in it, is not worth it."""
    for size, with_it, without_it in ((20000, ['UID FETCH 1 (UID BINARY.PEEK[2])'], ['UID FETCH 1 (UID BODY.PEEK[2])']), (300000, slices(3), slices(4, how='BODY')),
                                      (2000, *[['UID FETCH 1 (UID BODY.PEEK[2])']] * 2)):
        mail, data = chart(size)
        dialogues(lambda t: has(t, data), BASE, 'BINARY', with_it, without_it, mails=[mail])
    letter = text_message(5, body=base64.encodebytes(bytes(9000)).decode())
    mail = Mail(1, (MIXED % letter.decode().replace('\r\n', '\n')).replace('application/octet-stream', 'message/rfc822'))
    dialogues(lambda t: t.drive('part', t.drive.ids('INBOX', 'number 1')[0], '2'), BASE, 'BINARY', *[['UID FETCH 1 (UID BODY.PEEK[2])']] * 2, mails=[mail])


def test_binary_that_fails_is_done_without():
    """For that part where the server says no, or gives what the part cannot be; for all where it does not understand."""
    for size in (20000, 300000):
        mail, data = chart(size)
        body = slices(4, how='BODY') if size > SLICE else ['UID FETCH 1 (UID BODY.PEEK[2])']
        binary = slices(3) if size > SLICE else ['UID FETCH 1 (UID BINARY.PEEK[2])']
        given = '* 1 FETCH (UID 1 %%sBINARY[2]%s ~{%%d}\r\n%%s)\n<tag> OK done\n' % ('<0>' if size > SLICE else '')
        told = 'BINARY.SIZE[2] %d ' % size if size > SLICE else ''
        answers = ['<tag> NO [UNKNOWN-CTE] not that one\n', '<tag> BAD what\n', '<tag> OK nothing\n', '* 1 FETCH (UID 1 BINARY[2] NIL)\n<tag> OK\n',
                   '* 1 FETCH (UID 1 BINARY.SIZE[2] NIL BINARY[2] "")\n<tag> OK\n', given % (told, 9, 'too short'), given % ('BINARY.SIZE[2] 9 ', 9, 'too short'),
                   given % ('BINARY.SIZE[2] 4000000 ', SLICE, 'x' * SLICE), given % (told, 9 * size // 7, 'x' * (9 * size // 7)),
                   '* 1 FETCH (UID 1 BINARY.SIZE[2] %d BODY[2] {%d}\r\n%s)\n<tag> OK done\n' % (size, size, 'x' * size)]
        for answer in answers:
            for drip in (0, 1) if size < SLICE else (0,):
                with Talk(BASE + ' BINARY', mails=[mail], drip=drip, answers={'UID FETCH 1 .UID BINARY.*': answer}) as t:
                    has(t, data, 0)
                    assert t.wire().startswith(binary[0]) and t.wire().endswith(''.join(c + '\r\n' for c in body)), (answer[:70], t.wire())
                    assert not glob.glob(t.drive.dir + '/**/*.bin*', recursive=True), answer[:70]
    others = [Mail(n, chart(20000)[0].data.replace(b'number 1', b'number %d' % n)) for n in (1, 2)]
    asked = ['UID FETCH %d (UID %s.PEEK[2])' % x for x in ((1, 'BINARY'), (1, 'BODY'), (1, 'BODY'), (2, 'BINARY'), (2, 'BODY'))]
    for word, want in (('NO', asked[:2] + asked[3:]), ('BAD', asked[:2] + asked[4:])):
        with Talk(BASE + ' BINARY', mails=others, answers={'UID FETCH . .UID BINARY.*': '<tag> %s no\n' % word}) as t:
            for n in (1, 2):
                t.drive('part', t.drive.ids('INBOX', 'number %d' % n)[0], '2')
            t.sent(*want)


def test_binary_answers_to_nobody_are_passed_over():
    """Decoded octets where encoded ones were asked for, and the other way round, are neither."""
    mail, data = chart(20000)
    for caps in (BASE + ' BINARY', BASE):
        stray = '* 1 FETCH (UID 1 BINARY.SIZE[2] 5 %s[2] {5}\r\nstray)\n' % ('BODY' if 'BINARY' in caps else 'BINARY') + DEFAULT
        for drip in (0, 1):
            with Talk(caps, mails=[mail], drip=drip, answers={r'UID FETCH 1 .UID B\w+.PEEK\[2.*': stray}) as t:
                has(t, data, 'BINARY' in caps)


def test_binary_is_continued_as_it_was_begun():
    """A link that breaks off in the middle: decoded goes on decoded, or anew where it cannot; encoded goes on encoded."""
    mail, data = chart(500000)
    for first, then, want in (('BINARY', 'BINARY', slices(4, first=1)), ('BINARY', '', slices(3, how='BODY')), ('', 'BINARY', slices(4, first=1, how='BODY'))):
        with Talk('%s %s' % (BASE, first), mails=[mail], answers={r'UID FETCH 1 .*<%d\..*' % SLICE: CUT}) as t:
            has(t, data, 0, error=NO_LINK)
            t.caps = '%s %s' % (BASE, then)
            t.again()
            has(t, data, want[0].count('BINARY') > 0)
            assert ''.join(c + '\r\n' for c in want) in t.wire(), t.wire()
            assert not glob.glob(t.drive.dir + '/**/*.part*', recursive=True)


def test_binary_in_slices_of_any_length():
    """Slices shorter than asked for, or all of it at once; and a server that never comes to an end is left."""
    def short(session, command):
        return session.on_uid_fetch(re.sub(r'\.(\d+)>', lambda m: '.%d>' % min(int(m.group(1)), 50000), command))

    def whole(session, command):
        return session.on_uid_fetch(re.sub(r'<.*>', '', command))

    def endless(session, command):
        return '* 1 FETCH (UID 1 BINARY.SIZE[2] 300000 BINARY[2]<%s> ~{%d}\r\n%s)\n<tag> OK\n' % (re.search(r'<(\d+)', command).group(1), SLICE, 'x' * SLICE)

    mail, data = chart(300000)
    for answer in (short, whole, endless):
        with Talk(BASE + ' BINARY', mails=[mail], answers={'UID FETCH 1 .UID BINARY.*': answer}) as t:
            has(t, data, answer != endless)
            assert len(t.server.heard) < 40, t.server.heard


def test_binary_of_icloud_is_not_believed():
    mail, data = chart(20000)
    with Talk(BASE + ' BINARY', mails=[mail], opened=None) as t:
        t.server.greeting = t.server.greeting.replace('hello', 'iCloud Mail')
        opens(t)
        has(t, data, 0)


# ---- since when a message is where it is ----

def saved(t):
    return {r['subject'][7:]: r['saved'] for r in t.drive.rows('INBOX')}


def dated(*when):
    mails = [Mail(n) for n in range(1, len(when) + 1)]
    for mail, saved in zip(mails, when):
        mail.saved = saved
    return mails


def test_savedate():
    """It comes with the structure, or with the first part of a message whose structure is known; never with rows."""
    def structure(t):
        t.drive('structure', t.drive.ids('INBOX', 'number 1')[0])
        assert saved(t)['1'] == (NOON + 5 if 'SAVEDATE' in t.wire() else 0), saved(t)

    def part(t):
        ids = t.drive.ids('INBOX', 'number 1', 'number 2')
        t.drive('fetch', ids[0])
        t.drive('fetch', ids[1])
        t.drive('part', ids[0], '1')
        assert saved(t) == ({'1': NOON + 5, '2': 0} if 'SAVEDATE' in t.wire() else {'1': 0, '2': 0}), saved(t)

    whole = ['UID FETCH %s (UID %sBODY.PEEK[%s])']
    dialogues(structure, BASE, 'SAVEDATE', ['UID FETCH 1 (UID BODYSTRUCTURE SAVEDATE)'], ['UID FETCH 1 (UID BODYSTRUCTURE)'], mails=dated(NOON + 5))
    dialogues(part, BASE, 'SAVEDATE', [whole[0] % w for w in ((1, 'SAVEDATE ', ''), (2, 'SAVEDATE ', ''), (1, '', '1'))],
              [whole[0] % w for w in ((1, '', ''), (2, '', ''), (1, '', '1'))], mails=dated(NOON + 5, 0))
    dialogues(opens, BASE, 'SAVEDATE', ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL], ['CAPABILITY', *LISTED, 'SELECT INBOX', 'FETCH 1:* ' + FULL], opened=None)


def test_savedate_that_is_refused_is_done_without():
    for word in ('NO', 'BAD'):
        for drip in (0, 1):
            with Talk(BASE + ' SAVEDATE', mails=dated(NOON, NOON), drip=drip, answers={'.*SAVEDATE.*': '<tag> %s not that\n' % word}) as t:
                ids = t.drive.ids('INBOX', 'number 1', 'number 2')
                t.drive.well('structure', ids[0])
                t.drive.well('fetch', ids[1])
                t.sent('UID FETCH 1 (UID BODYSTRUCTURE SAVEDATE)', 'UID FETCH 1 (UID BODYSTRUCTURE)', 'UID FETCH 2 (UID BODY.PEEK[])')
            with Talk(BASE + ' SAVEDATE', mails=dated(NOON, NOON), drip=drip, answers={'.*SAVEDATE.*': '<tag> %s not that\n' % word}) as t:
                ids = t.drive.ids('INBOX', 'number 1', 'number 2')
                t.drive.well('fetch', ids[1])
                t.drive.well('structure', ids[0])
                t.sent('UID FETCH 2 (UID SAVEDATE BODY.PEEK[])', 'UID FETCH 2 (UID BODY.PEEK[])', 'UID FETCH 1 (UID BODYSTRUCTURE)')
                assert saved(t) == {'1': 0, '2': 0} and t.drive('body', ids[1])['size'] > 100


def test_savedate_is_forgotten_with_its_folder():
    """A message that is moved, or whose folder was made anew, is somewhere since another time."""
    def known(t):
        t.drive.well('structure', t.drive.ids('INBOX', 'number 1')[0])
        assert saved(t)['1'] == NOON, saved(t)

    for caps in (BASE + ' SAVEDATE MOVE UIDPLUS', BASE + ' SAVEDATE'):
        with Talk(caps, mails=dated(NOON)) as t:
            known(t)
            t.drive.on('move', t.drive.ids('INBOX', 'number 1'), 'Trash')
            assert t.drive.row('Trash', 'number 1')['saved'] == 0
            t.drive.run()
            t.look('Trash')
            assert t.drive.row('Trash', 'number 1')['saved'] == 0
        with Talk(caps, mails=dated(NOON)) as t:
            known(t)
            t.inbox.uidvalidity += 1
            t.look('INBOX')
            assert t.drive.row('INBOX', 'number 1')['saved'] == 0
            known(t)


# ---- what is not mail ----

def test_acl():
    rights = ['MYRIGHTS "Trash"', 'MYRIGHTS INBOX']
    beside = [LISTED[2], rights[0], LISTED[3], rights[1]]
    dialogues(links, BASE, 'ACL', ['CAPABILITY', *LISTED[:2], *beside], ['CAPABILITY', *LISTED], opened=None)
    dialogues(asks(RIGHTS), BASE, 'ACL', ['MYRIGHTS INBOX', 'GETACL INBOX'], [], answers={'GETACL .*': '* ACL INBOX ann lrs\n<tag> OK\n'})
    dialogues(asks(SET_RIGHTS, 'bob', 'lrs'), BASE, 'ACL', ['LISTRIGHTS INBOX "bob"', 'SETACL INBOX "bob" "lrs"'], [],
              answers={'LISTRIGHTS .*': '* LISTRIGHTS INBOX bob "" l r s\n<tag> OK\n', 'SETACL .*': '<tag> OK\n'})
    dialogues(asks(SET_RIGHTS, 'bob'), BASE, 'ACL', ['DELETEACL INBOX "bob"'], [], answers={'DELETEACL .*': '<tag> OK\n'})


def test_list_myrights():
    caps = BASE + ' ACL LIST-EXTENDED LIST-STATUS'
    told = EXTENDED % (' MYRIGHTS STATUS ' + STATUS)
    dialogues(links, caps, 'LIST-MYRIGHTS', ['CAPABILITY', told], ['CAPABILITY', EXTENDED % (' STATUS ' + STATUS), 'MYRIGHTS "Trash"', 'MYRIGHTS INBOX'], opened=None)


def test_quota():
    dialogues(asks(QUOTA), BASE, 'QUOTA', ['GETQUOTAROOT INBOX'], [], answers={'GETQUOTAROOT .*': '* QUOTAROOT INBOX ""\n* QUOTA "" (STORAGE 5 10)\n<tag> OK\n'})


def test_metadata():
    dialogues(asks(NOTES), BASE, 'METADATA', ['GETMETADATA (DEPTH infinity) INBOX (/private /shared)'], [],
              answers={'GETMETADATA .*': '* METADATA INBOX (/private/comment "mine")\n<tag> OK\n'})
    dialogues(asks(SET_NOTE, '/private/comment', 'ours'), BASE, 'METADATA', ['SETMETADATA INBOX (/private/comment "ours")'], [], answers={'SETMETADATA .*': '<tag> OK\n'})


def test_metadata_without_depth():
    def act(t):
        got = t.drive('admin', NOTES, 'INBOX', '', '')
        assert got['answers'] == ([['/private/comment', 'mine']] if t.wire() else []), got
    dialogues(act, BASE, 'METADATA', ['GETMETADATA (DEPTH infinity) INBOX (/private /shared)', 'GETMETADATA INBOX (/private/comment /shared/comment)'], [],
              answers={r'GETMETADATA \(DEPTH.*': '<tag> BAD what\n', 'GETMETADATA INBOX.*': '* METADATA INBOX (/private/comment "mine")\n<tag> OK\n'})


if __name__ == '__main__':
    run(globals())
