#!/usr/bin/python3
"""The journal's verbs on IMAP: the exact octets the client must send, whatever the server can and however it answers, and the same against a real Dovecot."""
import os, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from drive import *
from script import *
from talk import *
from tap import run

# ---- moving ----

@both
def test_a_move_is_one_command_where_move_is_offered(drip):
    with Talk(drip=drip) as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(1, 2, 3, 5)), 'Trash')
        assert t.wire() == '' and t.drive.subjects('Trash') == numbers(1, 2, 3, 5)
        t.drive.run()
        t.sent('UID MOVE 1:3,5 "Trash"')
        assert t.uids('Trash') == {'1': 40, '2': 41, '3': 42, '5': 43} and t.uids('INBOX') == {'4': 4}
        assert t.drive('ops') == [] and [m.uid for m in t.inbox.mails] == [4]
        t.drive.open('INBOX')
        t.drive.open('Trash')
        assert t.uids('Trash') == {'1': 40, '2': 41, '3': 42, '5': 43} and t.uids('INBOX') == {'4': 4}


@both
def test_without_move_the_original_goes_after_its_copy_is_there(drip):
    for caps in (without(MANY, 'MOVE'), without(MANY, 'MOVE', 'QRESYNC', 'CONDSTORE', 'ENABLE')):
        with Talk(caps, drip=drip) as t:
            t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
            t.drive.run()
            t.sent('UID COPY 2:3 "Trash"', 'UID STORE 2:3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 2:3')
            assert t.uids('Trash') == {'2': 40, '3': 41} and t.uids('INBOX') == {'1': 1, '4': 4, '5': 5}
            assert not any(m.flags for m in t.trash.mails)


def test_a_copy_that_is_refused_leaves_its_original_alone():
    with Talk(without(MANY, 'MOVE'), answers={'UID COPY .*': '<tag> NO [OVERQUOTA] you have no more room\n'}) as t:
        t.drive.on('move', t.drive.ids('INBOX', 'number 2'), 'Trash')
        why = t.drive.run(FAILED)[0]['text']
        assert 'you have no more room' in why and 'delete something' in why, why
        t.sent('UID COPY 2 "Trash"', 'UID FETCH 2 (UID)')
        assert t.uids('INBOX')['2'] == 2 and t.drive.rows('Trash') == []


def test_without_uidplus_it_is_seen_before_which_are_there():
    with Talk(without(MANY, 'UIDPLUS')) as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
        t.inbox.expunge(3)
        t.drive.run()
        t.sent('UID FETCH 2:3 (UID)', 'UID MOVE 2:3 "Trash"')
        assert t.drive.subjects('Trash') == ['number 2'] and t.uids('Trash') == {'2': 0}
        assert 'gone from the server' in t.drive('said')[0]
        id = t.drive.row('Trash', 'number 2')['id']
        t.drive.open('Trash')
        assert t.uids('Trash') == {'2': 40} and t.drive.row('Trash', 'number 2')['id'] == id


def test_without_uidplus_and_move_the_original_stays_marked_and_that_is_said_once():
    with Talk(without(MANY, 'UIDPLUS', 'MOVE')) as t:
        for n in (2, 4):
            t.drive.on('move', t.drive.ids('INBOX', 'number %d' % n), 'Trash')
            t.drive.run()
            t.sent('UID FETCH %d (UID)' % n, 'UID COPY %d "Trash"' % n, 'UID STORE %d +FLAGS.SILENT (\\Deleted)' % n)
        said = t.drive('said')
        assert len(said) == 1 and 'UIDPLUS' in said[0], said
        assert t.drive.subjects('Trash') == numbers(2, 4) and t.drive('ops') == []
        assert t.inbox.mail(2).flags == {'\\Deleted'} and not any(m.flags for m in t.trash.mails)
        t.restart()
        t.drive.open('Trash')
        t.drive.open('INBOX')
        assert t.uids('Trash') == {'2': 40, '4': 41} and t.drive.row('INBOX', 'number 2')['flags'] == DELETED


@both
def test_what_copyuid_says_is_believed_where_it_can_be(drip):
    """Each: what MOVE 2:3 answers (their copies are 40 and 41), and which UIDs the rows have then without another look."""
    vanished = '* VANISHED 2:3\n'
    for answer, want, more in (
            ('* OK [COPYUID 78 2:3 40:41] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, ()),
            ('* OK [COPYUID 78 3,2 41,40] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, ()),
            (vanished + '<tag> OK [COPYUID 78 2,3 40,41] .\n', {'2': 40, '3': 41}, ()),
            (vanished + '* OK [COPYUID 78 2:3 40:41] .\n<tag> OK .\n', {'2': 40, '3': 41}, ()),
            ('* [COPYUID 78 2:3 40:41]\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, ()),
            ('<tag> OK [COPYUID 78 2:3 40:41] .\n', {'2': 40, '3': 41}, ()),
            ('* OK [COPYUID 79 2:3 40:41] .\n' + vanished + '<tag> OK .\n', {'2': 0, '3': 0}, ()),
            # missing, empty, nonsense: it is looked for
            (vanished + '<tag> OK .\n', {'2': 40, '3': 41}, True),
            ('* OK [COPYUID] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, True),
            ('* OK [COPYUID 78 2:3 40] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, True),
            ('* OK [COPYUID 78 2:3 40,40] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, True),
            ('* OK [COPYUID 78 1:4294967295 1:4294967295] .\n' + vanished + '<tag> OK .\n', {'2': 40, '3': 41}, True)):
        with Talk(drip=drip) as t:
            def move(session, command):
                for uid in (2, 3):
                    t.trash.take(t.inbox.mail(uid))
                    t.inbox.expunge(uid)
                return answer
            t.server.answers['UID MOVE .*'] = move
            t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
            t.drive.run()
            t.sent('UID MOVE 2:3 "Trash"', *(['SELECT "Trash"', 'UID FETCH 40:* (UID FLAGS INTERNALDATE RFC822.SIZE EMAILID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])'] if more else []))
            assert t.uids('Trash') == want, (answer, t.uids('Trash'))
            assert t.drive.subjects('INBOX') == numbers(1, 4, 5) and t.drive('ops') == [] and t.drive('said') == [], answer
            t.drive.open('Trash')
            t.drive.open('INBOX')
            assert t.uids('Trash') == {'2': 40, '3': 41} and t.drive.subjects('INBOX') == numbers(1, 4, 5), answer


def test_a_server_that_sends_expunge_first_or_never_loses_no_row():
    for first in (True, False):
        with Talk(without(MANY, 'QRESYNC')) as t:
            def move(session, command):
                for mail in [t.inbox.mail(uid) for uid in (2, 3)]:
                    t.trash.take(mail)
                    t.inbox.expunge(mail.uid)
                return ('* 2 EXPUNGE\n* 2 EXPUNGE\n' if first else '') + '<tag> OK [COPYUID 78 2:3 40:41] .\n'
            t.server.answers['UID MOVE .*'] = move
            ids = t.drive.ids('INBOX', *numbers(2, 3))
            t.drive.on('move', ids, 'Trash')
            t.drive.run()
            assert t.uids('Trash') == {'2': 40, '3': 41} and t.drive.ids('Trash', *numbers(2, 3)) == ids
            assert t.drive.subjects('INBOX') == numbers(1, 4, 5)


def test_what_has_no_known_place_waits_until_its_folder_was_looked_at():
    with Talk(without(MANY, 'UIDPLUS'), boxes=[Box(name='Plans', uidvalidity=80)]) as t:
        ids = t.drive.ids('INBOX', *numbers(2, 3))
        t.drive.on('move', ids, 'Trash')
        t.drive.run()
        t.drive.on('move', ids[:1], 'Plans')
        t.drive.on('purge', ids[1:])
        t.mark()
        t.drive.run(CANCELLED, CANCELLED)
        t.sent()
        t.drive.open('Trash')
        t.drive.run()
        assert t.drive('ops') == [] and t.drive.ids('Plans', 'number 2') == ids[:1]
        assert [len(b.mails) for b in t.server.boxes] == [3, 0, 1] or t.trash.mail(41).flags == {'\\Deleted'}, [[vars(m) for m in b.mails] for b in t.server.boxes]


def test_long_sets_are_divided_and_pipelined():
    with Talk(mails=range(1, 1001)) as t:
        t.drive.on('move', [r['id'] for r in t.drive.rows('INBOX') if r['uid'] % 2], 'Trash')
        t.drive.run()
        lines = t.wire().split('\r\n')[:-1]
        assert len(lines) > 1 and all(len(l) <= 930 and l.startswith('UID MOVE ') for l in lines), lines
        named = [int(u) for l in lines for u in l.split(' ')[2].split(',')]
        assert named == list(range(1, 1001, 2))
        assert {u: int(n) for n, u in t.uids('Trash').items()} == {40 + i: n for i, n in enumerate(named)}


def test_a_set_refused_for_one_that_is_gone_is_sent_again_without_it():
    def move(session, command):
        if any(int(u) == 3 for u in re.findall(r'\d+', command.split(' ')[2])) or ':' in command:
            return '<tag> NO some of these messages do not exist\n'
    with Talk(answers={'UID MOVE .*': move}) as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(1, 3)), 'Trash')
        t.inbox.expunge(3)
        t.drive.run()
        t.sent('UID MOVE 1,3 "Trash"', 'UID FETCH 1,3 (UID)', 'UID MOVE 1 "Trash"')
        assert t.uids('Trash') == {'1': 40} and t.drive('ops') == []
        assert 'gone from the server' in t.drive('said')[0]


def test_refusals_for_now_wait_and_others_are_told():
    for code in ('INUSE', 'UNAVAILABLE', 'LIMIT', 'SERVERBUG', 'THROTTLED'):
        with Talk(answers={'UID MOVE .*': ['<tag> NO [%s] not now\n' % code, DEFAULT]}) as t:
            t.drive.on('move', t.drive.ids('INBOX', 'number 3'), 'Trash')
            t.drive.run(NO_LINK)
            assert t.drive('ops')[0]['state'] == 'waiting' and t.drive.subjects('Trash') == ['number 3'], code
            t.drive.run()
            assert t.uids('Trash') == {'3': 40} and t.drive('ops') == []
    for answer, advice in (('NO [NOPERM] no', 'right'), ('NO [CANNOT] no', 'does not allow'), ('BAD no', 'no'), ('NO', 'NO')):
        with Talk(answers={'UID MOVE .*': '<tag> %s\n' % answer}) as t:
            t.drive.on('move', t.drive.ids('INBOX', 'number 3'), 'Trash')
            assert advice in t.drive.run(FAILED)[0]['text']
            assert t.uids('INBOX')['3'] == 3 and t.drive.rows('Trash') == []


def test_by_hand_an_original_that_may_not_go_yet_is_not_copied_twice():
    with Talk(without(MANY, 'MOVE'), answers={'UID STORE .*': ['<tag> NO [INUSE] not now\n', DEFAULT]}) as t:
        t.drive.on('move', t.drive.ids('INBOX', 'number 3'), 'Trash')
        t.drive.run(NO_LINK)
        t.mark()
        t.drive.run()
        t.sent('SELECT "Trash"', LOOK, 'SELECT INBOX',
               'UID STORE 3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 3')
        assert [m.uid for m in t.trash.mails] == [40] and t.uids('Trash') == {'3': 40}


def test_by_hand_a_copy_goes_when_the_move_is_taken_back_before_its_original_went():
    for later, where in (('undo', 'INBOX'), ('move', 'Plans'), ('purge', None)):
        plans = Box([], name='Plans', uidvalidity=80)
        with Talk(without(MANY, 'MOVE'), boxes=[plans], answers={'UID STORE .*': ['<tag> NO [INUSE] not now\n', DEFAULT]}) as t:
            ids = t.drive.ids('INBOX', 'number 3')
            t.drive.on('move', ids, 'Trash')
            t.drive.run(NO_LINK)
            assert [m.uid for m in t.trash.mails] == [40]
            if later == 'undo':
                t.drive.well('undo')
            else:
                t.drive.on(later, ids, *[w for w in [where] if w])
            shown = {path: t.drive.subjects(path) for path in ('INBOX', 'Trash', 'Plans')}
            assert [path for path in shown if 'number 3' in shown[path]] == [w for w in [where] if w], shown
            while t.drive('ops'):
                t.drive.run()
            there = [b.name for b in t.server.boxes for m in b.mails if b'number 3' in m.data]
            assert there == [w for w in [where] if w], there
            assert where is None or t.drive.ids(where, 'number 3') == ids
            assert not any(m.flags for b in t.server.boxes for m in b.mails)


NO_RIGHT = '<tag> NO [NOPERM] you may not\n'


@both
def test_by_hand_a_copy_is_taken_back_when_its_original_may_not_go(drip):
    for refused, unmarked in (('UID STORE [0-9:]+ [+].*', []), ('UID EXPUNGE 2:3', ['UID STORE 2:3 -FLAGS.SILENT (\\Deleted)'])):
        with Talk(without(MANY, 'MOVE'), drip=drip) as t:
            only = lambda session, command: NO_RIGHT if session.box is t.inbox else None
            t.server.answers[refused] = only
            ids = t.drive.ids('INBOX', *numbers(2, 3))
            t.drive.on('move', ids, 'Trash')
            why = t.drive.run(FAILED)[0]['text']
            assert why.startswith('not moved to Trash') and 'you may not' in why, why
            t.sent('UID COPY 2:3 "Trash"', 'UID STORE 2:3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 2:3', *unmarked,
                   'SELECT "Trash"', 'UID FETCH 40:41 (UID)', 'UID STORE 40:41 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 40:41')
            assert t.trash.mails == [] and t.drive.ids('INBOX', *numbers(2, 3)) == ids and not any(m.flags for m in t.inbox.mails)
            assert t.drive.row('INBOX', 'number 2')['flags'] == 0
            t.drive.open('Trash')
            t.drive.open('INBOX')
            assert t.drive.rows('Trash') == [] and len(t.drive.rows('INBOX')) == 5
            # and once it may go, it goes once
            t.server.answers.clear()
            t.drive.well('retry')
            t.drive.run()
            assert len(t.trash.mails) == 2 and t.drive.ids('Trash', *numbers(2, 3)) == ids and [m.uid for m in t.inbox.mails] == [1, 4, 5]


def test_by_hand_a_copy_that_cannot_be_taken_back_is_told_and_shown_and_made_once():
    """Each: who may not do what, and what the server is sent after COPY, STORE and EXPUNGE."""
    back = ['SELECT "Trash"', 'UID FETCH 40 (UID)', 'UID STORE 40 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 40']
    for caps, answers, sent in (
            (MANY, {'UID STORE .*': NO_RIGHT}, back),
            (MANY, {'UID STORE 2 .*': NO_RIGHT, 'UID EXPUNGE .*': NO_RIGHT}, back + ['UID STORE 40 -FLAGS.SILENT (\\Deleted)']),
            (MANY, {'UID STORE 2 .*': NO_RIGHT, 'SELECT "Trash"': NO_RIGHT}, back[:1]),
            (without(MANY, 'UIDPLUS'), {'UID STORE .*': NO_RIGHT}, [])):
        with Talk(without(caps, 'MOVE')) as t:
            t.server.answers.update(answers)
            id = t.drive.ids('INBOX', 'number 2')
            t.drive.on('move', id, 'Trash')
            why = t.drive.run(FAILED)[0]['text']
            assert why.startswith('1 message is in both folders now') and 'in Trash' in why and 'you may not' in why, why
            assert t.wire().split('\r\n')[-1 - len(sent):-1] == sent, t.wire()
            assert [m.flags for m in t.trash.mails] == [set()] and t.drive.ids('INBOX', 'number 2') == id
            t.server.answers.clear()
            t.drive.open('Trash')
            t.drive.open('INBOX')
            assert t.drive.subjects('Trash') == ['number 2'] and len(t.drive.rows('INBOX')) == 5
            t.server.answers.update(answers)
            t.server.answers.pop('SELECT "Trash"', None)
            t.mark()
            for n in range(2):
                t.drive.well('retry')
                assert 'in both folders' in t.drive.run(FAILED)[0]['text']
            assert 'COPY' not in t.wire() and len(t.trash.mails) == 1
            t.server.answers.clear()
            t.drive.well('retry')
            t.drive.run()
            assert len(t.trash.mails) == 1 and t.uids('Trash') == {'2': 40} and t.drive('ops') == [], answers


def test_what_is_still_there_after_an_ok_was_not_removed():
    """Dovecot says OK to marking and expunging also where its ACL allows neither."""
    for caps in (without(MANY, 'MOVE'), without(MANY, 'MOVE', 'QRESYNC', 'CONDSTORE', 'ENABLE')):
        for answers in ({'UID STORE [23:]+ .*': '<tag> OK\n'}, {'UID EXPUNGE [23:]+': '<tag> OK Expunge ignored\n'}):
            with Talk(caps, answers=answers) as t:
                ids = t.drive.ids('INBOX', *numbers(2, 3))
                t.drive.on('move', ids, 'Trash')
                why = t.drive.run(FAILED)[0]['text']
                assert why.startswith('not moved to Trash') and 'says that it does' in why, why
                assert t.trash.mails == [] and t.drive.ids('INBOX', *numbers(2, 3)) == ids and not any(m.flags for m in t.inbox.mails)
                t.drive.on('purge', t.drive.ids('INBOX', 'number 5'))
                t.server.answers = {p.replace('[23:]+', '5'): a for p, a in answers.items()}
                assert 'says that it does' in t.drive.run(FAILED)[0]['text'] and 'number 5' in t.drive.subjects('INBOX')
                t.drive.on('purge', t.drive.ids('INBOX', 'number 1'))
                t.inbox.expunge(1)  # by somebody else
                t.drive.run()
                assert t.drive.subjects('INBOX') == numbers(2, 3, 4, 5)


def test_by_hand_no_copy_of_somebody_else_is_taken_back():
    with Talk(without(MANY, 'MOVE'), answers={'UID STORE 2 .*': NO_RIGHT}) as t:
        def copy(session, command):
            t.trash.take(t.inbox.mail(2))
            t.trash.take(t.inbox.mail(2))
            return '<tag> OK [COPYUID 78 2 41] done\n'
        t.server.answers['UID COPY .*'] = copy
        t.drive.on('move', t.drive.ids('INBOX', 'number 2'), 'Trash')
        t.drive.run(FAILED)
        assert [m.uid for m in t.trash.mails] == [40]
    with Talk(without(MANY, 'MOVE'), answers={'UID STORE 2 .*': NO_RIGHT}) as t:
        def renumbered(session, command):
            t.trash.take(t.inbox.mail(2))
            t.trash.uidvalidity = 99
            return '<tag> OK [COPYUID 78 2 40] done\n'
        t.server.answers['UID COPY .*'] = renumbered
        t.drive.on('move', t.drive.ids('INBOX', 'number 2'), 'Trash')
        assert 'in both folders' in t.drive.run(FAILED)[0]['text']
        assert len(t.trash.mails) == 1 and not t.server.said('UID STORE 40 .*')


def test_a_crash_while_a_copy_is_taken_back_leaves_no_message_without_a_copy():
    for cut in ('UID FETCH 40 [(]UID[)]', 'UID STORE 40 [+].*', 'UID EXPUNGE 40'):
        with Talk(without(MANY, 'MOVE'), answers={'UID STORE 2 .*': NO_RIGHT}) as t:
            def hang_up(session, command):
                if ' STORE ' in command:
                    session.on_uid_store(command)
                return CUT
            t.server.answers[cut] = hang_up
            t.drive.on('move', t.drive.ids('INBOX', 'number 2'), 'Trash')
            t.drive('run')
            assert t.drive('ops')[0]['state'] == 'checking'
            t.restart()  # from now on it may go
            t.drive('check')
            t.drive.run()
            assert t.inbox.mail(2) is None and [m.flags for m in t.trash.mails if '\\Deleted' not in m.flags] == [set()], cut
            assert t.drive('ops') == [] and t.drive.row('Trash', 'number 2')['flags'] == 0


def test_what_is_marked_to_go_is_no_copy():
    with Talk(without(MANY, 'MOVE'), answers={'UID STORE .*': ['<tag> NO [INUSE] not now\n', DEFAULT]}) as t:
        t.drive.on('move', t.drive.ids('INBOX', 'number 3'), 'Trash')
        t.drive.run(NO_LINK)
        t.trash.flag(40, '\\Deleted')
        t.mark()
        t.drive.run()
        t.sent('SELECT "Trash"', LOOK, 'SELECT INBOX', 'UID COPY 3 "Trash"', 'UID STORE 3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 3')
        assert [m.uid for m in t.trash.mails] == [40, 41] and t.uids('Trash')['3'] == 41


def searched_for(caps, *looks, **kw):
    """Two mails were copied by hand to a large folder and their originals not removed: how they are looked for there."""
    with Talk(caps, mails=range(6001, 6004), answers={'UID STORE .*': ['<tag> NO [INUSE] not now\n', DEFAULT], **kw.pop('answers', {})}, **kw) as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(6001, 6003)), 'Trash')
        t.drive.run(NO_LINK)
        for n in range(5100):
            t.trash.add()
        t.drive('folders')
        t.mark()
        t.drive.run()
        items = '(UID FLAGS INTERNALDATE RFC822.SIZE %sBODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])' % ('EMAILID ' if 'OBJECTID' in caps else '')
        t.sent('SELECT "Trash"', *(look % items if look.startswith('UID FETCH') else look for look in looks), 'SELECT INBOX',
               'UID STORE 6001,6003 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 6001,6003')
        assert len(t.trash.mails) == 5102 and t.drive('ops') == [] and t.uids('Trash')['6001'] == 40


SEARCH = 'UID SEARCH %sHEADER Message-ID "<%d@harbour.example>"'


def test_in_a_large_folder_it_is_searched_for():
    for caps, returns in ((without(MANY, 'MOVE'), 'RETURN (ALL) '), (without(MANY, 'MOVE', 'ESEARCH', 'OBJECTID'), '')):
        searched_for(caps, SEARCH % (returns, 6001), SEARCH % (returns, 6003), 'UID FETCH 40:41 %s')


def test_searchres():
    """What is found is fetched in the same flight; a server that will not do that is asked as one without."""
    caps, fetch = without(MANY, 'MOVE'), 'UID FETCH 40:41 %s'
    saved = [line for n in (6001, 6003) for line in (SEARCH % ('RETURN (SAVE ALL) ', n), 'UID FETCH $ %s')]
    for drip in (0, 1):
        searched_for(caps + ' SEARCHRES', *saved, drip=drip)
        searched_for(caps + ' SEARCHRES', *(SEARCH % ('RETURN (ALL) ', n) for n in (6001, 6003)), fetch, drip=drip, hide=['SEARCHRES'])
        searched_for(caps + ' SEARCHRES', *saved, fetch, drip=drip, answers={r'UID FETCH \$ .*': '<tag> BAD what\n'})


def test_a_missing_special_folder_is_made_and_no_other():
    with Talk(boxes=[Box(name='Plans')]) as t:
        t.server.boxes = [t.inbox]
        t.drive.on('move', t.drive.ids('INBOX', 'number 1'), 'Trash')
        t.drive.on('move', t.drive.ids('INBOX', 'number 2'), 'Plans')
        ends = t.drive('run')
        assert [e['error'] for e in ends] == [0, FAILED], ends
        assert 'create it' in ends[1]['text'], ends
        made = [l for l in t.wire().split('\r\n') if re.match('CREATE|SUBSCRIBE', l)]
        assert made == ['CREATE "Trash" (USE (\\Trash))'] or made[0] == 'CREATE "Trash" (USE (\\Trash))' and made[1:] == ['SUBSCRIBE "Trash"'], made
        assert [b.name for b in t.server.boxes] == ['INBOX', 'Trash'] and len(t.server.boxes[1].mails) == 1


# ---- copying ----

@both
def test_a_copy_takes_flags_along_but_not_deleted(drip):
    with Talk(mails=[Mail(1, flags='\\Seen $Work'), Mail(2, flags='\\Deleted \\Flagged')], drip=drip) as t:
        t.drive.on('copy', t.drive.ids('INBOX', *numbers(1, 2)), 'Trash')
        t.drive.run()
        t.sent('UID STORE 2 -FLAGS.SILENT (\\Deleted)', 'UID COPY 1:2 "Trash"', 'UID STORE 2 +FLAGS.SILENT (\\Deleted)')
        assert [m.flags for m in t.trash.mails] == [{'\\Seen', '$Work'}, {'\\Flagged'}] and t.inbox.mail(2).flags == {'\\Deleted', '\\Flagged'}
        assert t.uids('Trash') == {'1': 40, '2': 41} and t.drive.row('Trash', 'number 2')['flags'] == FLAGGED


def test_the_same_message_may_be_copied_twice():
    with Talk() as t:
        id = t.drive.ids('INBOX', 'number 2')
        t.drive.on('copy', id + id, 'Trash')
        t.drive.run()
        t.sent('UID COPY 2 "Trash"', 'UID COPY 2 "Trash"')
        assert sorted(r['uid'] for r in t.drive.rows('Trash')) == [40, 41]


@both
def test_a_copy_whose_original_is_gone_is_made_of_what_is_here(drip):
    """Of 2, 3 and 4 two are here in full, 3 is not; another client removes all three before their turn, and that is heard before, or not."""
    for caps, heard in ((MANY, True), (MANY, False), (without(MANY, 'UIDPLUS'), False), (without(MANY, 'MULTIAPPEND', 'OBJECTID'), False)):
        with Talk(caps, mails=[Mail(1), Mail(2, flags='\\Seen $Work'), Mail(3), Mail(4), Mail(5)], drip=drip) as t:
            ids = t.drive.ids('INBOX', *numbers(2, 3, 4))
            t.drive.well('fetch', ids[0])
            t.drive.on('copy', ids, 'Trash')
            t.drive.well('fetch', ids[2])  # after its copy was made here
            data = [t.inbox.mail(u).data for u in (2, 4)]
            when = [t.inbox.mail(u).when for u in (2, 4)]
            for uid in (2, 3, 4):
                t.inbox.expunge(uid)
            if heard:
                t.look('INBOX')
            t.mark()
            t.drive.run()
            assert [m.data for m in t.trash.mails] == data and [m.when for m in t.trash.mails] == when, (caps, heard, t.wire())
            assert t.trash.mails[0].flags == {'\\Seen', '$Work'} and not t.trash.mails[1].flags
            assert t.drive.subjects('Trash') == numbers(2, 4) and t.drive('ops') == []
            assert any('1 message was gone' in s for s in t.drive('said')), t.drive('said')
            assert ('UID COPY' in t.wire()) != heard
            t.look('INBOX')
            t.drive.open('Trash')
            assert t.uids('Trash') == {'2': 40, '4': 41} and t.drive.subjects('INBOX') == numbers(1, 5), (caps, heard, t.uids('Trash'), t.uids('INBOX'))


def test_a_copy_refused_for_one_that_is_gone_is_made_of_what_is_here():
    def copy(session, command):
        if not session.set_of(command) or any(session.box.mail(int(u)) is None for u in re.findall(r'\d+', command.split(' ')[2])):
            return '<tag> NO [NONEXISTENT] some of these messages do not exist\n'
    with Talk(answers={'UID COPY .*': copy}) as t:
        ids = t.drive.ids('INBOX', *numbers(1, 3))
        t.drive.well('fetch', ids[1])
        t.drive.on('copy', ids, 'Trash')
        t.inbox.expunge(3)
        t.mark()
        t.drive.run()
        lines = [l for l in t.wire().split('\r\n') if re.match('UID|APPEND', l)]
        assert lines[:3] == ['UID COPY 1,3 "Trash"', 'UID FETCH 1,3 (UID)', 'UID COPY 1 "Trash"'] and lines[3].startswith('APPEND "Trash" ') and len(lines) == 4, lines
        assert t.uids('Trash') == {'1': 40, '3': 41} and t.drive('ops') == [] and t.drive('said') == []


def test_a_copy_made_by_an_append_is_found_again_after_a_crash():
    for does in (True, False):
        with Talk() as t:
            id = t.drive.ids('INBOX', 'number 3')
            t.drive.well('fetch', id[0])
            t.drive.on('copy', id, 'Trash')
            t.inbox.expunge(3)
            def append(session, command):
                if does:
                    t.trash.add(session.literals[0], when=NOON).email_id = 'another'
                return CUT
            t.server.answers['APPEND .*'] = append
            t.drive('run')
            assert t.drive('ops')[0]['state'] == 'checking'
            t.restart()
            t.drive('check')
            t.drive.run()
            assert len(t.trash.mails) == 1 and t.uids('Trash') == {'3': 40} and t.drive('ops') == []


# ---- flags ----

@both
def test_a_whole_folder_is_marked_by_one_range(drip):
    with Talk(drip=drip) as t:
        t.inbox.add()
        t.drive.well('all', 'INBOX', SEEN, 0)
        t.drive.run()
        t.sent('UID STORE 1:5 +FLAGS.SILENT (\\Seen)')
        assert all(m.flags == {'\\Seen'} for m in t.inbox.mails[:5]) and not t.inbox.mails[5].flags


def test_flags_go_where_the_server_has_the_message():
    with Talk(answers={'UID MOVE .*': '<tag> NO [INUSE] later\n'}) as t:
        ids = t.drive.ids('INBOX', *numbers(2, 4))
        t.drive.on('flag', ids, FLAGGED, 0, 'Harbour')
        t.drive.on('move', ids, 'Trash')
        assert t.drive.subjects('Trash') == numbers(2, 4)
        t.drive('run')
        assert 'UID STORE 2,4 +FLAGS.SILENT (\\Flagged Harbour)\r\n' in t.wire()
        assert t.inbox.mail(2).flags == {'\\Flagged', 'Harbour'}


def test_a_server_with_a_limit_is_asked_for_the_rest():
    with Talk(caps=MANY + ' MESSAGELIMIT=2') as t:
        seen = []
        def store(session, command):
            seen.append(command.split(' ')[2])
            return '<tag> OK [MESSAGELIMIT 2 %d] done\n' % (4 if len(seen) == 1 else 2) if len(seen) < 3 else '<tag> OK done\n'
        t.server.answers['UID STORE .*'] = store
        t.drive.well('all', 'INBOX', SEEN, 0)
        t.drive.run()
        assert seen == ['1:5', '1:3', '1'], seen
    with Talk(caps=MANY + ' MESSAGELIMIT=2') as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(1, 2, 3, 4, 5)), 'Trash')
        t.drive.run()
        t.sent('UID MOVE 1:2 "Trash"', 'UID MOVE 3:4 "Trash"', 'UID MOVE 5 "Trash"')


def test_labels_of_gmail_are_set_as_such():
    with Talk(FEW + ' X-GM-EXT-1', answers={'UID STORE .*': '<tag> OK\n'}) as t:
        t.drive.on('flag', t.drive.ids('INBOX', *numbers(1, 2)), FLAGGED, 0, 'label:H\u00e4fen label:to\u00a0do Work')
        t.drive.run()
        t.sent('UID STORE 1:2 +FLAGS.SILENT (\\Flagged Work)', 'UID STORE 1:2 +X-GM-LABELS ("H&AOQ-fen" "to do")')
        t.drive.on('flag', t.drive.ids('INBOX', 'number 1'), 0, 0, 'label:Important')
        t.drive.run()
        t.sent('UID STORE 1 +X-GM-LABELS (\\Important)')


@both
def test_what_a_folder_does_not_keep_is_told_and_taken_back(drip):
    """The server says OK to it and forgets it."""
    kept = '* OK [PERMANENTFLAGS (\\Seen \\Flagged $Work)] limited\n' + DEFAULT
    read_only = [DEFAULT, '* 5 EXISTS\n* OK [UIDVALIDITY 77] .\n* OK [UIDNEXT 6] .\n<tag> OK [READ-ONLY] .\n']
    for told, flags, words, refused in (
            (kept, 0, 'lunch', 'lunch'), (kept, ANSWERED, '', '\\Answered'), (kept, FLAGGED, '$work', ''), (kept.replace('$Work', '\\*'), 0, 'lunch', ''),
            ('* OK [PERMANENTFLAGS ()] limited\n' + DEFAULT, FLAGGED, '', ''), (read_only, FLAGGED, '', 'read-only'),
            (['* OK [PERMANENTFLAGS (\\Seen)] .\n' + s for s in read_only], SEEN, '', ''), (['* OK [PERMANENTFLAGS (\\Seen)] .\n' + s for s in read_only], FLAGGED, '', 'read-only')):
        with Talk(FEW, answers={'SELECT INBOX.*': told, 'UID STORE .*': '<tag> OK\n'}, drip=drip) as t:
            t.drive.open('Trash')
            t.drive.on('flag', t.drive.ids('INBOX', 'number 1'), flags, 0, words)
            ends = t.drive.run(FAILED if refused else 0)
            row = t.drive.row('INBOX', 'number 1')
            if refused:
                assert refused in ends[0]['text'] and not row['flags'] & flags and not row['keywords'], (ends, row)
            else:
                assert row['flags'] & flags == flags and row['keywords'] == words, row


# ---- for good ----

@both
def test_what_goes_for_good_is_fetched_before(drip):
    with Talk(drip=drip) as t:
        ids = t.drive.ids('INBOX', *numbers(2, 3))
        t.drive.on('purge', ids)
        assert t.drive.subjects('INBOX') == numbers(1, 4, 5)
        t.drive.run()
        t.sent('UID FETCH 2 (UID BODY.PEEK[])', 'UID FETCH 3 (UID BODY.PEEK[])', 'UID STORE 2:3 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 2:3')
        assert [m.uid for m in t.inbox.mails] == [1, 4, 5] and t.drive('ops') == []
        assert all(t.drive('body', id)['size'] > 100 for id in ids)


def test_many_or_large_ones_are_not_fetched_before():
    with Talk(mails=range(1, 61)) as t:
        t.drive.on('purge', [r['id'] for r in t.drive.rows('INBOX')])
        t.drive.run()
        t.sent('UID STORE 1:60 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 1:60')


@both
def test_emptying_names_all_below_what_was_next_and_nothing_else(drip):
    with Talk(drip=drip) as t:
        for n in range(3):
            t.trash.add()
        t.look('Trash')
        t.drive.well('empty', 'Trash')
        late = t.trash.add()
        t.drive.run()
        t.sent('UID STORE 1:42 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 1:42')
        assert t.trash.mails == [late] and t.drive('ops') == []


def test_emptying_spares_what_was_taken_out_and_could_not_go():
    with Talk(answers={'UID MOVE .*': '<tag> NO [OVERQUOTA] full\n'}) as t:
        for n in range(3):
            t.trash.add()
        t.look('Trash')
        t.drive.on('move', t.drive.ids('Trash', 'number 41'), 'INBOX')
        t.drive.well('empty', 'Trash')
        t.drive.run(FAILED)
        t.mark()
        t.drive.run()
        t.sent('UID STORE 1:40,42 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 1:40,42')
        assert [m.uid for m in t.trash.mails] == [41]


def test_emptying_that_was_cut_off_and_then_refused_gives_all_back():
    for step in ('UID STORE .*', 'UID EXPUNGE .*'):
        with Talk(trash=range(1, 4), opened=('INBOX', 'Trash'), answers={step: CUT}) as t:
            ids = t.drive.ids('Trash', *numbers(1, 2, 3))
            t.drive.well('empty', 'Trash')
            t.drive('run')
            assert t.drive.rows('Trash') == [] and len(t.drive('ops')) == 1
            t.server.answers[step] = '<tag> NO [NOPERM] no\n'
            t.drive.link()
            t.drive('check')
            t.drive.run(FAILED)
            assert t.drive.ids('Trash', *numbers(1, 2, 3)) == ids


def test_emptying_that_is_refused_takes_its_marks_off_what_is_not_here_too():
    """At once, or after the link was lost at any point in between; never those of others."""
    search, mark, unmark = 'UID SEARCH RETURN (ALL) UID 1:70 DELETED', 'UID STORE 1:70 +FLAGS.SILENT (\\Deleted)', 'UID STORE 1,3:10 -FLAGS.SILENT (\\Deleted)'
    refusal = {'UID EXPUNGE .*': '<tag> NO [NOPERM] no\n'}
    for cut in (None, 'UID SEARCH .*DELETED', 'UID EXPUNGE .*', r'UID SEARCH .* UID 1:70', 'UID STORE 1,.*-.*'):
        with Talk(trash=range(1, 71), opened=('INBOX',), answers={**refusal, cut: CUT} if cut else refusal) as t:
            t.trash.flag(2, '\\Deleted')
            t.drive.well('hold', 'Trash')
            t.mark()
            t.drive.well('empty', 'Trash')
            if cut:
                t.drive('run')
                assert len(t.drive('ops')) == 1, cut
                t.restart(answers=refusal)
                t.drive.well('hold', 'Trash')
                t.drive('check')
                t.mark()
            t.drive.run(FAILED)
            said = t.wire().split('\r\n')
            assert (search in said) == (cut in (None, 'UID SEARCH .*DELETED')) and mark in said and unmark in said, (cut, said)
            assert [m.uid for m in t.trash.mails if m.flags] == [2], (cut, said)


def test_emptying_believes_no_ok_where_all_stays():
    """All of it, a part, none: asked once, and no more; what stays is not left marked, but for what was."""
    for caps, asks in ((MANY, 'RETURN (ALL) '), (without(MANY, 'ESEARCH'), '')):
        for spared in ((), (2, 4), (1, 2, 3, 4)):
            def expunge(session, command):
                for uid in {1, 2, 3, 4} - set(spared):
                    t.trash.expunge(uid)
                return '<tag> OK done\n'
            with Talk(caps, trash=range(1, 5), opened=('INBOX', 'Trash'), answers={'UID EXPUNGE .*': expunge}) as t:
                t.trash.flag(4, '\\Deleted')
                t.look('Trash')
                ids = t.drive.ids('Trash', *numbers(*spared))
                t.drive.well('empty', 'Trash')
                why = t.drive.run(*[FAILED] * bool(spared))
                unmark = ','.join(str(n) for n in spared if n != 4).replace('1,2,3', '1:3')
                t.sent('UID STORE 1:4 +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE 1:4', 'UID SEARCH %sUID 1:4' % asks, *['UID STORE %s -FLAGS.SILENT (\\Deleted)' % unmark] * bool(spared))
                assert t.drive.ids('Trash', *numbers(*spared)) == ids and t.drive.subjects('Trash') == numbers(*spared)
                assert not spared or 'right' in why[0]['text'], why
                assert {m.uid for m in t.trash.mails if m.flags} == {4} & set(spared), [vars(m) for m in t.trash.mails]
                assert len(t.drive('ops')) == bool(spared), t.drive('ops')


def test_without_uidplus_emptying_only_marks():
    with Talk(without(MANY, 'UIDPLUS')) as t:
        t.trash.add()
        t.look('Trash')
        t.drive.well('empty', 'Trash')
        t.drive.run()
        t.sent('UID STORE 1:40 +FLAGS.SILENT (\\Deleted)')
        assert t.trash.mail(40).flags == {'\\Deleted'} and 'UIDPLUS' in t.drive('said')[0]


def test_a_server_with_a_limit_empties_a_folder_in_parts():
    """RFC 9738: from the top; without UIDPLUS what was marked stays there and is not marked again."""
    def some(session, command, does):
        mails = session.set_of(command)
        told = does(session, mails[-2:])
        return told + ('<tag> OK [MESSAGELIMIT 2 %d] in part\n' % mails[-2].uid if len(mails) > 2 else '<tag> OK\n')

    def mark(session, mails):
        for m in mails:
            session.box.flag(m.uid, '\\Deleted')
        return ''

    answers = {'UID STORE .*': lambda s, c: some(s, c, mark), 'UID EXPUNGE .*': lambda s, c: some(s, c, lambda s, mails: s.gone([m for m in mails if m.flags]))}
    for caps in (FEW + ' MESSAGELIMIT=2', without(FEW, 'UIDPLUS') + ' MESSAGELIMIT=2'):
        with Talk(caps, limit=2, trash=range(1, 6), opened=('INBOX', 'Trash'), answers=answers) as t:
            t.drive.well('empty', 'Trash')
            t.drive.run()
            steps = [c for top in (5, 3, 1) for c in ('UID STORE %s +FLAGS.SILENT (\\Deleted)', 'UID EXPUNGE %s')]
            sets = [s for s in ('1:5', '1:3', '1') for _ in range(2)]
            t.sent(*(c % s for c, s in zip(steps, sets) if 'UIDPLUS' in caps or 'STORE' in c))
            assert t.trash.mails == [] if 'UIDPLUS' in caps else all(m.flags for m in t.trash.mails)
            assert t.drive('ops') == []
    # one that never comes to an end
    with Talk(FEW + ' MESSAGELIMIT=2', trash=range(1, 6), opened=('INBOX', 'Trash'), answers={'UID (STORE|EXPUNGE) .*': '<tag> OK [MESSAGELIMIT 2 4] in part\n'}) as t:
        t.drive.well('empty', 'Trash')
        assert 'left out' in t.drive.run(FAILED)[0]['text'] and len(t.wire().split('\r\n')) < 10, t.wire()


def test_there_is_no_command_that_would_expunge_what_others_marked():
    src = os.path.join(os.environ.get('top_srcdir') or '.', 'src')
    for folder, _, files in os.walk(src):
        for name in files:
            if name.endswith('.c'):
                with open(os.path.join(folder, name)) as f:
                    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', f.read())
                assert not [s for s in strings if re.match(r'(EXPUNGE|CLOSE)\b', s) and name not in ('receive.c', 'session.c')], name


# ---- appending ----

LETTER = text_message('new', more='X-Long: yes\n')


@both
def test_an_append_says_flags_and_time_and_does_not_wait_where_it_need_not(drip):
    for plus, wait in (('LITERAL+', '+'), ('LITERAL-', '+'), ('', '')):
        with Talk(without(MANY, 'LITERAL+') + ' ' + plus, drip=drip) as t:
            t.drive.append('Trash', LETTER, when=NOON, flags=SEEN | FLAGGED)
            t.drive.run()
            t.sent('APPEND "Trash" (\\Seen \\Flagged) "20-Nov-2025 12:00:00 +0000" {%d%s}' % (len(LETTER), wait), LETTER.decode())
            assert t.trash.mails[0].data == LETTER and t.trash.mails[0].flags == {'\\Seen', '\\Flagged'} and t.trash.mails[0].when == NOON
            assert t.uids('Trash') == {'new': 40} and t.drive('ops') == []


def test_literal_minus_waits_for_the_large():
    large = text_message('large', body='x' * 5000)
    with Talk(without(MANY, 'LITERAL+') + ' LITERAL-') as t:
        t.drive.append('Trash', large)
        t.drive.run()
        assert '{%d}\r\n' % len(large) in t.wire() and t.trash.mails[0].data == large


def test_a_header_in_utf8_is_announced_where_the_server_takes_such():
    caps, letter = MANY + ' UTF8=ONLY', octets('Subject: number Grün\nMessage-ID: <g@harbour.example>\n\nhello\n')
    with Talk(caps) as t:
        t.drive.append('Trash', letter)
        t.drive.append('Trash', octets('Subject: number 7\n\nGrün\n'))
        t.drive.run()
        assert 'APPEND "Trash" UTF8 (~{%d+}\r\n%s)\r\n' % (len(letter), letter.decode()) in t.wire() and t.wire().count('UTF8') == 1, t.wire()
        assert t.uids('Trash') == {'Grün': 40, '7': 41}


def test_several_go_together_where_multiappend_is_offered():
    letters = [text_message('new%d' % i) for i in range(20)]
    for caps in (MANY, without(MANY, 'MULTIAPPEND')):
        with Talk(caps) as t:
            for letter in letters[:3]:
                t.drive.append('Trash', letter)
            t.drive.run(verb='join')
            if 'MULTIAPPEND' in caps:
                t.sent('APPEND "Trash" ' + ' '.join('{%d+}\r\n%s' % (len(l), l.decode()) for l in letters[:3]))
            else:
                t.sent(*('APPEND "Trash" {%d+}\r\n%s' % (len(l), l.decode()) for l in letters[:3]))
            assert t.uids('Trash') == {'new0': 40, 'new1': 41, 'new2': 42} and t.drive('ops') == []
            for letter in letters[3:]:
                t.drive.append('Trash', letter)
            t.drive.run(verb='join')
            assert len(re.findall('APPEND ', t.wire())) == (2 if 'MULTIAPPEND' in caps else 17)
            assert [m.data for m in t.trash.mails] == letters and t.uids('Trash') == {'new%d' % i: 40 + i for i in range(20)}


def test_which_of_several_is_refused_is_found_out():
    def append(session, command):
        if any(b'new1@' in l for l in session.literals):
            return '<tag> NO [TOOBIG] this one is too large\n'
    with Talk(answers={'APPEND .*': append}) as t:
        for n in range(3):
            t.drive.append('Trash', text_message('new%d' % n))
        why = t.drive.run(FAILED, verb='join')[0]['text']
        assert 'too large' in why, why
        assert sorted(m.data for m in t.trash.mails) == [text_message('new%d' % n) for n in (0, 2)]
        assert [(o['state'], o['rows']) for o in t.drive('ops')] == [('failed', 1)], t.drive('ops')


def test_an_append_uid_may_be_missing_or_of_another_validity():
    for answer in ('<tag> OK done\n', '<tag> OK [APPENDUID] done\n', '<tag> OK [APPENDUID 99 40] done\n', '<tag> OK [APPENDUID 78 40,41] done\n'):
        with Talk() as t:
            def append(session, command):
                t.trash.add(session.literals[0], when=NOON)
                return answer
            t.server.answers['APPEND .*'] = append
            t.drive.append('Trash', LETTER, when=NOON)
            t.drive.run()
            row = t.drive.row('Trash', 'number new')
            assert row['uid'] == 0 and t.drive('ops') == [], (answer, row)
            t.drive.open('Trash')
            assert t.drive.row('Trash', 'number new')['id'] == row['id'] and t.uids('Trash') == {'new': 40}, answer


def test_what_a_server_will_not_take_is_not_sent_to_it():
    with Talk(MANY + ' APPENDLIMIT=100') as t:
        t.drive.append('Trash', LETTER)
        assert 'up to' in t.drive.run(FAILED)[0]['text']
        t.sent()
    with Talk(MANY + ' APPENDLIMIT') as t:
        t.trash.appendlimit = 100
        t.drive.append('Trash', LETTER)
        t.drive.run(FAILED)
        t.sent('STATUS "Trash" (APPENDLIMIT)')
    with Talk(MANY + ' APPENDLIMIT') as t:
        t.drive.append('Trash', LETTER)
        t.drive.run()
        assert t.wire().startswith('STATUS "Trash" (APPENDLIMIT)\r\nAPPEND ') and len(t.trash.mails) == 1


def test_an_append_cut_or_refused_at_any_point_is_never_taken_for_done():
    for caps, kw, state in ((MANY, dict(answers={'APPEND .*': CUT}), 'checking'),
                            (without(MANY, 'LITERAL+'), dict(at_literal={'APPEND .*': CUT}), 'checking'),
                            (without(MANY, 'LITERAL+'), dict(at_literal={'APPEND .*': INSIDE}), 'checking'),
                            (without(MANY, 'LITERAL+'), dict(at_literal={'APPEND .*': '<tag> NO [OVERQUOTA] full\n'}), 'failed'),
                            (MANY, dict(answers={'APPEND .*': '<tag> NO [OVERQUOTA] full\n'}), 'failed'),
                            (MANY, dict(answers={'APPEND .*': '<tag> NO no\n'}), 'failed'),
                            (MANY, dict(answers={'APPEND .*': '<tag> BAD no\n'}), 'failed')):
        with Talk(caps, **kw) as t:
            t.drive.append('Trash', LETTER, when=NOON)
            t.drive('run')
            ops = t.drive('ops')
            assert len(ops) == 1 and ops[0]['state'] == state and ops[0]['rows'] == 1, (kw, ops)
            if state == 'checking':
                t.restart()
                t.drive('check')
                t.drive.run()
                assert [m.data for m in t.trash.mails] == [LETTER] and t.uids('Trash') == {'new': 40} and t.drive('ops') == []


# ---- after a crash ----

LOOK = 'UID FETCH 40:* (UID FLAGS INTERNALDATE RFC822.SIZE EMAILID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])'


def cut_after(verb, does):
    """The server carries verb out, or not, and is gone before it says so."""
    def answer(session, command):
        if does:
            getattr(session, 'on_' + verb.lower().replace(' ', '_'))(command)
        return CUT
    return {verb + ' .*': answer}


def test_a_move_is_found_again_after_a_crash():
    for caps, look in ((MANY, LOOK), (without(MANY, 'OBJECTID'), LOOK.replace('EMAILID ', ''))):
        for does in (True, False):
            with Talk(caps, answers=cut_after('UID MOVE', does)) as t:
                t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
                t.drive('run')
                t.restart()
                t.drive('check')
                t.drive.run()
                heard = t.server.heard
                assert ('UID MOVE 2:3 "Trash"' in heard) == (not does), heard
                assert 'UID FETCH 2:3 (UID)' in heard and (look in heard) == does, heard
                assert len(t.trash.mails) == 2 and t.uids('Trash') == {'2': 40, '3': 41} and t.drive('ops') == []
                assert t.drive.subjects('INBOX') == numbers(1, 4, 5)


def test_a_move_by_hand_is_finished_after_a_crash():
    for verb, does in (('UID COPY', False), ('UID COPY', True), ('UID STORE', False), ('UID STORE', True), ('UID EXPUNGE', False), ('UID EXPUNGE', True)):
        with Talk(without(MANY, 'MOVE'), answers=cut_after(verb, does)) as t:
            t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
            t.drive('run')
            assert t.drive('ops')[0]['state'] == 'checking', (verb, does)
            t.restart()
            t.drive('check')
            t.drive.run()
            assert [m.uid for m in t.trash.mails] == [40, 41] and [m.uid for m in t.inbox.mails] == [1, 4, 5], (verb, does, t.server.heard)
            assert t.uids('Trash') == {'2': 40, '3': 41} and t.drive('ops') == [] and t.drive.subjects('INBOX') == numbers(1, 4, 5)


def test_copies_and_appends_are_found_again_after_a_crash():
    for does in (True, False):
        with Talk(answers=cut_after('UID COPY', does)) as t:
            t.drive.on('copy', t.drive.ids('INBOX', 'number 2'), 'Trash')
            t.drive('run')
            t.restart()
            t.drive('check')
            t.drive.run()
            assert len(t.trash.mails) == 1 and t.uids('Trash') == {'2': 40} and t.drive('ops') == [], answers
        with Talk(answers=cut_after('APPEND', does)) as t:
            t.drive.append('Trash', LETTER, when=NOON)
            t.drive('run')
            t.restart()
            t.drive('check')
            t.drive.run()
            assert len(t.trash.mails) == 1 and t.uids('Trash') == {'new': 40} and t.drive('ops') == []


def test_a_copy_that_cannot_be_looked_for_is_not_made_again():
    """The server says that it stopped, each time at the same place."""
    with Talk(answers=cut_after('UID COPY', True)) as t:
        t.drive.on('copy', t.drive.ids('INBOX', 'number 2'), 'Trash')
        t.drive('run')
        t.restart(answers={'UID FETCH 40:.*': '<tag> OK [MESSAGELIMIT 2 60] in part\n'})
        assert t.drive('check')[0]['error'] and len(t.server.said('UID FETCH 40:.*')) == 2, t.server.heard
        assert len(t.trash.mails) == 1 and len(t.drive('ops')) == 1 and not t.server.said('UID COPY.*')


def test_a_uid_of_another_row_is_never_taken():
    """The target has the same message from before, and once more from another client."""
    with Talk(answers=cut_after('UID COPY', False)) as t:
        t.trash.take(t.inbox.mail(2))
        t.look('Trash')
        before = t.drive.row('Trash', 'number 2')['id']
        t.drive.on('copy', t.drive.ids('INBOX', 'number 2'), 'Trash')
        t.drive('run')
        t.restart()
        t.drive('check')
        t.drive.run()
        rows = {r['id']: r['uid'] for r in t.drive.rows('Trash')}
        assert len(t.trash.mails) == 2 and rows[before] == 40 and sorted(rows.values()) == [40, 41], rows


def test_two_that_are_alike_do_not_become_one():
    """Both moves were cut off behind their copies, and are looked into at the same time."""
    lists = Box([], name='Lists', uidvalidity=79)
    with Talk(without(MANY, 'MOVE', 'UIDPLUS'), boxes=[lists], answers={'UID COPY .*': CUT}) as t:
        lists.take(t.inbox.mail(2))
        t.look('Lists')
        rows = t.drive.ids('INBOX', 'number 2') + t.drive.ids('Lists', 'number 2')
        for id in rows:
            t.drive.on('move', [id], 'Trash')
        t.drive('run')
        assert [op['state'] for op in t.drive('ops')] == ['checking'] * 2
        for _ in rows:
            t.trash.take(t.inbox.mail(2))
        t.restart()
        t.drive('check')
        t.drive.run()
        assert t.drive('ops') == [] and len(t.trash.mails) == 2, t.server.heard
        t.look('Trash')
        assert sorted((r['id'], r['uid'] in (40, 41)) for r in t.drive.rows('Trash')) == [(id, True) for id in sorted(rows)], t.drive.rows('Trash')


def test_a_move_that_is_looked_into_is_not_met_by_a_copy_elsewhere():
    """Two that are alike: one was moved, of the other a copy was made, and the link went with both answers."""
    lists, plans = Box([], name='Lists', uidvalidity=79), Box([], name='Plans', uidvalidity=80, uidnext=60)
    for caps in (MANY, without(MANY, 'OBJECTID', 'UIDPLUS')):
        for first in ('INBOX', 'Plans'):
            lists.mails, plans.mails = [], []
            with Talk(caps, boxes=[lists, plans], answers={'UID (MOVE|COPY) .*': CUT}) as t:
                lists.take(t.inbox.mail(2))
                t.look('Lists')
                moved, source = t.drive.ids('INBOX', 'number 2') + t.drive.ids('Lists', 'number 2')
                t.drive.on('move', [moved], 'Trash')
                t.drive.on('copy', [source], 'Plans')
                copy, = t.drive.ids('Plans', 'number 2')
                t.drive('run')
                t.trash.take(t.inbox.mail(2))
                t.inbox.expunge(2)
                plans.take(lists.mails[0])
                t.restart()
                t.look(first)
                t.look('INBOX' if first == 'Plans' else 'Plans')
                t.drive('check')
                t.drive.run()
                assert t.drive('ops') == []
                assert [len(b.mails) for b in (t.trash, lists, plans)] == [1, 1, 1] and t.inbox.mail(2) is None, t.server.heard
                for path, id in (('Trash', moved), ('Lists', source), ('Plans', copy)):
                    t.look(path)
                    assert t.drive.ids(path, 'number 2') == [id], (path, t.drive.rows(path))


def test_an_original_goes_for_no_copy_that_is_of_another():
    """Two that are alike: of one no copy was made when the link went; the other was moved there before that is looked into."""
    lists = Box([], name='Lists', uidvalidity=79)
    with Talk(without(MANY, 'MOVE'), boxes=[lists], answers={'UID COPY .*': CUT}) as t:
        lists.take(t.inbox.mail(2))
        t.look('Lists')
        ids = t.drive.ids('INBOX', 'number 2') + t.drive.ids('Lists', 'number 2')
        t.drive.on('move', ids[:1], 'Trash')
        t.drive('run')
        t.restart()
        t.drive.on('move', ids[1:], 'Trash')
        t.drive.run()
        t.drive('check')
        t.drive.run()
        assert t.drive('ops') == [] and t.inbox.mail(2) is None and [m.uid for m in t.trash.mails] == [40, 41], t.server.heard
        assert {r['id']: r['uid'] for r in t.drive.rows('Trash')} == {ids[1]: 40, ids[0]: 41}


def test_a_message_gone_for_good_while_it_was_moved_is_told():
    with Talk(answers=cut_after('UID MOVE', False)) as t:
        t.drive.on('move', t.drive.ids('INBOX', *numbers(2, 3)), 'Trash')
        t.drive('run')
        t.inbox.expunge(3)
        t.restart()
        t.drive('check')
        t.drive.run()
        assert t.drive.subjects('Trash') == ['number 2'] and 'gone from the server' in t.drive('said')[0]


# ---- folders ----

def test_folders_are_made_renamed_removed_and_subscribed():
    with Talk(boxes=[Box(name='Plans', uidvalidity=80), Box(name='Plans/sea', uidvalidity=81)]) as t:
        t.drive.well('create', 'Scrap', '\\Junk')
        t.drive.run()
        t.sent('CREATE "Scrap" (USE (\\Junk))', 'SUBSCRIBE "Scrap"')
        t.drive.well('rename', 'Plans', 'Ideas')
        t.drive.run()
        assert t.wire().startswith('RENAME "Plans" "Ideas"\r\n'), t.wire()
        assert sorted(t.wire().split('\r\n')[1:-1]) == sorted(['SUBSCRIBE "Ideas"', 'UNSUBSCRIBE "Plans"', 'SUBSCRIBE "Ideas/sea"', 'UNSUBSCRIBE "Plans/sea"']) or \
            t.wire() == 'RENAME "Plans" "Ideas"\r\n', t.wire()
        t.mark()
        t.drive.well('subscribe', 'Ideas/sea', 0)
        t.drive.run()
        t.sent('UNSUBSCRIBE "Ideas/sea"')
        t.drive.open('Ideas/sea')
        t.mark()
        t.drive.well('remove', 'Ideas/sea')
        t.drive.run()
        t.sent('UNSELECT', 'STATUS "Ideas/sea" (UIDVALIDITY)', 'DELETE "Ideas/sea"', 'UNSUBSCRIBE "Ideas/sea"')
        assert sorted(b.name for b in t.server.boxes) == ['INBOX', 'Ideas', 'Scrap', 'Trash'] and t.drive('ops') == []


def test_folders_that_are_as_they_shall_be_are_well():
    with Talk(boxes=[Box(name='Plans', uidvalidity=80), Box(name='Old', uidvalidity=82)]) as t:
        t.drive.well('create', 'New', '')
        t.server.boxes.append(Box(name='New'))
        t.drive.run()
        t.drive.well('rename', 'Plans', 'Ideas')
        t.server.boxes[2].name = 'Ideas'
        t.drive.run()
        t.drive.well('remove', 'Old')
        del t.server.boxes[3]
        t.drive.run()
        assert t.drive('ops') == []


def test_a_folder_made_anew_is_not_removed_for_the_old_one():
    with Talk(boxes=[Box([1], name='Plans', uidvalidity=80)], opened=('Plans', 'INBOX')) as t:
        t.drive.well('remove', 'Plans')
        t.server.boxes[2].uidvalidity = 99
        assert 'made anew' in t.drive.run(FAILED)[0]['text']
        assert len(t.server.boxes) == 3


def test_inbox_is_not_renamed():
    with Talk() as t:
        answer = t.drive('rename', 'INBOX', 'Other')
        assert answer['error'] or 'INBOX' in t.drive.run(FAILED)[0]['text']
        t.sent()


def test_names_are_spelled_as_the_server_wants_them():
    with Talk(boxes=[Box(name='Lists')]) as t:
        for path, wire in (('Plans', 'Plans'), ('Lists/Häfen', 'Lists/H&AOQ-fen'), ('A & B', 'A &- B'), ('日本語/x', '&ZeVnLIqe-/x'), ('inbox/x', 'INBOX/x')):
            answer = t.drive('name', path)
            assert answer.get('wire') == wire and answer['delimiter'] == '/', answer
        for path in ('', '/', 'a/', '/a', 'a//b', 'a\x01b', 'a\u202eb', 'a\u0085b', 'a\u200bb'):
            assert t.drive('name', path)['error'] == FAILED, path
    for listed, path, wire in (('* LIST () "." INBOX\n* LIST () "." INBOX.Sent\n<tag> OK .\n', 'Plans/sea', 'INBOX.Plans.sea'),
                               ('* LIST () "." INBOX\n* LIST () "." INBOX.Sent\n<tag> OK .\n', 'INBOX/Plans', 'INBOX.Plans'),
                               ('* LIST () "." INBOX\n* LIST () "." Sent\n<tag> OK .\n', 'Plans/sea', 'Plans.sea'),
                               ('* LIST () NIL INBOX\n<tag> OK .\n', 'Plans', 'Plans')):
        s = Script(Box(), caps=FEW, greeting='* PREAUTH [CAPABILITY %s] .\n' % FEW, answers={'LIST .*': listed})
        with Drive(s.port) as d:
            d.link()
            d('unlink')
            assert d('name', path).get('wire') == wire, (listed, d('name', path))
            if '"."' in listed:
                why = d('name', 'v1.0')
                assert why['error'] == FAILED and '“.”' in why['text'], why
            else:
                assert d('name', 'a/b')['error'] == FAILED
        s.close()


# ---- sharing, quota, notes ----

def test_sharing_quota_and_notes_are_asked_and_changed():
    answers = {'MYRIGHTS INBOX': '* MYRIGHTS INBOX lrswipkxtea\n<tag> OK .\n',
               'GETACL INBOX': '* ACL INBOX ann lrswipkxtea "bob smith" lr -eve w\n<tag> OK .\n',
               'LISTRIGHTS INBOX bob': '* LISTRIGHTS INBOX bob l r s w i\n<tag> OK .\n',
               'LISTRIGHTS INBOX "bob"': '* LISTRIGHTS INBOX "bob" "" l r s w i\n<tag> OK .\n',
               'SETACL INBOX "bob" "lrs"': '<tag> OK .\n', 'DELETEACL INBOX "bob"': '<tag> OK .\n',
               'GETQUOTAROOT INBOX': '* QUOTAROOT INBOX "User quota"\n* QUOTA "User quota" (STORAGE 512 1048576 MESSAGE 7 1000)\n<tag> OK .\n',
               'GETMETADATA .*': '* METADATA INBOX (/private/comment "mine" /shared/comment NIL /shared/vendor/x {3}\nabc)\n<tag> OK .\n',
               'SETMETADATA .*': ['<tag> OK .\n', '<tag> OK .\n', '<tag> NO [METADATA MAXSIZE 10] no\n', '<tag> NO [METADATA NOPRIVATE] no\n']}
    with Talk(MANY + ' ACL QUOTA METADATA', answers=answers) as t:
        def ask(kind, name='', value='', error=0):
            got = t.drive('admin', kind, 'INBOX', name, value)
            assert got['result']['error'] == error, got
            return got['answers'] if not error else got['result']['text']
        assert ask(RIGHTS) == [['', 'lrswipkxtea'], ['ann', 'lrswipkxtea'], ['bob smith', 'lr'], ['-eve', 'w']]
        t.sent('MYRIGHTS INBOX', 'GETACL INBOX')
        ask(SET_RIGHTS, 'bob', 'lrs')
        t.sent('LISTRIGHTS INBOX "bob"', 'SETACL INBOX "bob" "lrs"')
        ask(SET_RIGHTS, 'bob')
        t.sent('DELETEACL INBOX "bob"')
        assert 'x' in ask(SET_RIGHTS, 'bob', 'lx', error=FAILED)
        t.sent('LISTRIGHTS INBOX "bob"')
        ask(SET_RIGHTS, 'bob', 'L R', error=FAILED)
        assert ask(QUOTA) == [['User quota STORAGE', '512 1048576'], ['User quota MESSAGE', '7 1000']]
        t.sent('GETQUOTAROOT INBOX')
        assert ask(NOTES) == [['/private/comment', 'mine'], ['/shared/vendor/x', 'abc']]
        t.sent('GETMETADATA (DEPTH infinity) INBOX (/private /shared)')
        ask(SET_NOTE, '/shared/comment', 'der "Hafen"')
        ask(SET_NOTE, '/shared/comment')
        t.sent('SETMETADATA INBOX (/shared/comment "der \\"Hafen\\"")', 'SETMETADATA INBOX (/shared/comment NIL)')
        assert 'too long' in ask(SET_NOTE, '/private/comment', 'x' * 20, error=FAILED)
        assert 'shared' in ask(SET_NOTE, '/private/comment', 'x', error=FAILED)
        t.mark()
        for bad in ('comment', '/private', '/shared/a*b', '/shared//a', '/other/x'):
            ask(SET_NOTE, bad, 'x', error=FAILED)
        t.sent()


def test_a_server_without_says_so():
    with Talk() as t:
        for kind, word in ((RIGHTS, 'ACL'), (SET_RIGHTS, 'ACL'), (QUOTA, 'QUOTA'), (NOTES, 'METADATA'), (SET_NOTE, 'METADATA')):
            got = t.drive('admin', kind, 'INBOX', 'x', 'y')['result']
            assert got['error'] == UNSUPPORTED and word in got['text'], got
        t.sent()


def test_who_may_not_see_the_list_still_sees_his_own_rights():
    answers = {'MYRIGHTS INBOX': '* MYRIGHTS INBOX lr\n<tag> OK .\n', 'GETACL INBOX': '<tag> NO [NOPERM] no\n'}
    with Talk(MANY + ' ACL', answers=answers) as t:
        got = t.drive('admin', RIGHTS, 'INBOX', '', '')
        assert got['answers'] == [['', 'lr']] and got['result']['error'] == 0, got


# ---- the same against a real server ----

BITS = {'\\Seen': SEEN, '\\Answered': ANSWERED, '\\Flagged': FLAGGED, '\\Deleted': DELETED, '\\Draft': DRAFT, '$Forwarded': FORWARDED}


def letter(n):
    return text_message(n).decode()


def there(imap, box):
    """{uid: (subject, flag bits, keywords)} as the server has it."""
    imap('SELECT "%s"' % box)
    state, uid = {}, 0
    for line in imap('UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])', ok=False):
        m = re.search(rb'UID (\d+) FLAGS \(([^)]*)\)', line)
        if m:
            uid, flags = int(m.group(1)), set(m.group(2).decode().split()) - {'\\Recent'}
            state[uid] = ('', sum(BITS.get(f, 0) for f in flags), ' '.join(sorted(flags - set(BITS))))
        elif line.startswith(b'Subject: '):
            state[uid] = (line[9:].strip().decode(),) + state[uid][1:]
    return state


def agree(drive, imap, *boxes):
    for box in boxes:
        drive.open(box)
        have = {r['uid']: (r['subject'], r['flags'], ' '.join(sorted(r['keywords'].split()))) for r in drive.rows(box)}
        want = there(imap, box)
        assert have == want, '%s: %r' % (box, {u: (want.get(u), have.get(u)) for u in want.keys() | have.keys() if want.get(u) != have.get(u)})


def live(*hide):
    with Dovecot() as d, RawImap(d.port) as imap, Drive(d.port, hide) as drive:
        for n in range(1, 21):
            imap.append(letter(n), flags='\\Seen $Work' if n % 2 else '', date='20-Nov-2025 10:%02d:00 +0000' % n)
        imap('UID STORE 19:20 +FLAGS (\\Deleted)')
        drive.link()
        drive.well('create', 'Plans/Häfen', '')
        drive.run()
        for path in ('Plans/Häfen', 'Trash', 'Sent', 'INBOX'):
            drive.open(path)
        ids = {int(r['subject'][7:]): r['id'] for r in drive.rows('INBOX')}
        drive.on('flag', [ids[n] for n in (1, 2, 3, 10)], FLAGGED, SEEN, 'Harbour')
        drive.on('move', [ids[n] for n in (2, 3, 4, 7)], 'Plans/Häfen')
        drive.on('copy', [ids[n] for n in (5, 6, 19)], 'Trash')
        drive.on('purge', [ids[n] for n in (8, 9)])
        drive.append('Sent', text_message('sent'), when=NOON, flags=SEEN)
        drive.append('Sent', text_message('sent too'), when=NOON, flags=SEEN | ANSWERED)
        for _ in range(6):
            drive.run()
        assert drive('ops') == []
        drive.on('move', drive.ids('Plans/Häfen', *numbers(3, 4)), 'INBOX')
        drive.on('move', [ids[19]], 'Plans/Häfen')
        for _ in range(4):
            drive.run()
        assert drive('ops') == [] and drive.ids('INBOX', *numbers(3, 4)) == [ids[3], ids[4]]
        agree(drive, imap, 'Trash', 'Sent')
        kept = there(imap, 'INBOX')
        gone = {'number %d' % n for n in (2, 7, 8, 9, 19)}
        if 'UIDPLUS' in hide:
            assert {s for s, f, k in kept.values() if f & DELETED} >= {'number 8', 'number 9', 'number 20'}
        else:
            assert not gone & {s for s, f, k in kept.values()}
            assert [s for s, f, k in kept.values() if f & DELETED] == ['number 20'], 'what another client marked stays, and nothing else'
        stays = numbers(3, 4) if {'MOVE', 'UIDPLUS'} <= set(hide) else []
        assert sorted(s for box in ('Trash', 'Plans/H&AOQ-fen', 'Sent') for s, f, k in there(imap, box).values() if f & DELETED) == stays, 'what was copied is not marked'
        drive('unlink')
        drive.kill()
        drive.start(d.port, hide)
        drive.link()
        agree(drive, imap, 'INBOX', 'Trash', 'Sent')
        drive.open('Plans/Häfen')
        assert drive.subjects('Plans/Häfen') == sorted(numbers(2, 7, 19) + stays), drive.rows('Plans/Häfen')
        drive.well('all', 'Trash', FLAGGED, 0)
        drive.run()
        drive.well('empty', 'Trash')
        drive.well('rename', 'Plans/Häfen', 'Plans/Sea')
        for _ in range(2):
            drive.run()
        assert drive('ops') == []
        left = there(imap, 'Trash')
        assert all(f & DELETED for s, f, k in left.values()) if 'UIDPLUS' in hide else not left, left
        drive.well('remove', 'Plans/Sea')
        drive.run()
        names = b''.join(imap('LIST "" "*"'))
        assert b'Sea' not in names and b'Plans' in names, names


def test_dovecot_with_all_it_has():
    live()


def test_dovecot_without_move():
    live('MOVE')


def test_dovecot_without_uidplus():
    live('UIDPLUS')


def test_dovecot_without_move_and_uidplus():
    live('MOVE', 'UIDPLUS')


def test_dovecot_without_literal_plus_and_multiappend():
    live('LITERAL+', 'MULTIAPPEND')


def test_dovecot_without_qresync():
    live('QRESYNC')


def test_dovecot_plain():
    live('QRESYNC', 'CONDSTORE', 'ENABLE', 'ESEARCH', 'SPECIAL-USE', 'LIST-EXTENDED', 'UNSELECT', 'MOVE')


def test_dovecot_lets_nothing_go_without_the_right():
    extra = '''
mail_plugins = acl
protocol imap {
  mail_plugins = acl imap_acl
}
plugin {
  acl = vfile
  acl_shared_dict = file:/dev/null
}
'''
    with Dovecot(extra=extra) as d, RawImap(d.port) as imap, Drive(d.port, ['MOVE']) as drive:
        for rights in ('lrswia', 'lrswita', 'lrswiea'):
            box = 'Plans' + rights
            imap('CREATE ' + box)
            for n in (1, 2):
                imap('APPEND %s {%d+}\r\n%s' % (box, len(text_message(n)), letter(n)))
            imap('SETACL %s owner %s' % (box, rights))
        drive.link()
        for box in ('Planslrswia', 'Planslrswita', 'Planslrswiea'):
            drive.open('Trash')
            drive.open(box)
            drive.on('move', drive.ids(box, 'number 1'), 'Trash')
            why = drive.run(FAILED)[0]['text']
            assert why.startswith('not moved to Trash'), why
            drive.on('purge', drive.ids(box, 'number 2'))
            drive.run(FAILED)
            agree(drive, imap, 'Trash', box)
            drive.well('empty', box)
            drive.run(FAILED)
            agree(drive, imap, 'Trash', box)
            assert drive.rows('Trash') == [] and drive.subjects(box) == numbers(1, 2) and not any(f for s, f, k in there(imap, box).values()), there(imap, box)


def test_dovecot_tells_rights_room_and_notes():
    extra = '''
mail_plugins = acl quota
protocol imap {
  mail_plugins = acl imap_acl quota imap_quota
  imap_metadata = yes
}
mail_attribute_dict = file:%h/attributes
plugin {
  acl = vfile
  acl_shared_dict = file:/dev/null
  quota = count:User quota
  quota_rule = *:storage=10M
  quota_vsizes = yes
}
'''
    with Dovecot(extra=extra) as d, RawImap(d.port) as imap, Drive(d.port) as drive:
        imap('CREATE Plans')
        drive.link()

        def ask(kind, name='', value=''):
            got = drive('admin', kind, 'Plans', name, value)
            assert got['result']['error'] == 0, got
            return dict(got['answers'])
        assert 'a' in ask(RIGHTS)['']
        ask(SET_RIGHTS, 'bob', 'lr')
        assert ask(RIGHTS)['bob'] == 'lr'
        ask(SET_RIGHTS, 'bob')
        assert 'bob' not in ask(RIGHTS)
        assert re.fullmatch(r'\d+ 10240', ask(QUOTA)['User quota STORAGE'])
        ask(SET_NOTE, '/private/comment', 'Über "die" See')
        assert ask(NOTES)['/private/comment'] == 'Über "die" See'
        ask(SET_NOTE, '/private/comment')
        assert '/private/comment' not in ask(NOTES)


if __name__ == '__main__':
    run(globals())
