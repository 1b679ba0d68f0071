#!/usr/bin/python3
"""Ways in which mail was lost or harmed elsewhere, each a case that must not be. doc/HACKING has the list of all of them."""
import json, os, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from drive import *
from script import *
from talk import *
from tap import Home, imap_conf, run

NUMBERED = without(MANY, 'QRESYNC', 'CONDSTORE', 'ENABLE')  # what goes is told by number
BARE = 'IMAP4rev1'


def test_a_hole_in_the_store_shifts_nothing():
    for caps in (MANY, without(MANY, 'QRESYNC', 'CONDSTORE', 'ENABLE'), without(FEW, 'UIDPLUS')):
        with Talk(caps, mails=range(1, 41)) as t:
            drop = [r['id'] for r in t.drive.rows('INBOX') if r['uid'] in (1, 2, 9, 17, 18, 30, 39)]
            t.drive.on('forget', drop)
            t.drive.on('purge', t.drive.ids('INBOX', 'number 20'))
            t.drive.run()
            named = [c for c in t.server.heard if re.match('UID (STORE|EXPUNGE|MOVE|COPY)', c)]
            assert named and all(re.match(r'UID \w+ 20( |$)', c) for c in named), named
            assert len(t.inbox.mails) == (39 if 'UIDPLUS' in caps else 40) and (t.inbox.mail(20) is None or t.inbox.mail(20).flags == {'\\Deleted'})


def test_marks_of_another_client_survive_all_that_is_done_here():
    for caps in (MANY, without(MANY, 'MOVE'), without(MANY, 'UIDPLUS'), without(FEW, 'UIDPLUS')):
        with Talk(caps, mails=range(1, 11)) as t:
            t.inbox.flag(4, '\\Deleted')
            t.inbox.flag(8, '\\Deleted', '\\Seen')
            t.look('INBOX')
            t.drive.on('flag', t.drive.ids('INBOX', *numbers(3, 4)), FLAGGED, 0, '')
            t.drive.on('purge', t.drive.ids('INBOX', 'number 5'))
            t.drive.on('copy', t.drive.ids('INBOX', *numbers(4, 8)), 'Trash')
            t.drive.on('move', t.drive.ids('INBOX', *numbers(6, 7)), 'Trash')
            t.drive.run()
            t.drive.open('Trash')
            t.drive.open('INBOX')
            t.drive('unlink')
            assert t.inbox.mail(4).flags == {'\\Deleted', '\\Flagged'} and t.inbox.mail(8).flags == {'\\Deleted', '\\Seen'}, caps
            assert not [c for c in t.server.heard if re.match(r'(EXPUNGE|CLOSE)\b', c)]


def test_an_expunge_at_any_moment_changes_no_set():
    """Another client removes a message after each of our commands; what is stored to, moved and expunged is what was chosen."""
    for caps in (MANY, without(MANY, 'MOVE'), without(MANY, 'QRESYNC', 'CONDSTORE', 'ENABLE', 'MOVE'), without(MANY, 'UIDPLUS', 'MOVE', 'QRESYNC')):
        with Talk(caps, mails=range(1, 61)) as t:
            victims = iter(range(1, 61, 3))
            chosen = {2, 3, 5, 20, 21, 22, 23, 50}
            def hurt(session, command):
                uid = next(victims, None)
                told = ''
                if uid and session.box is t.inbox and t.inbox.mail(uid):
                    seq = t.inbox.expunge(uid)
                    told = '* VANISHED %d\n' % uid if session.qresync else '* %d EXPUNGE\n' % seq
                return told + DEFAULT
            t.server.answers['UID (?:STORE|MOVE|COPY|EXPUNGE|FETCH).*'] = hurt
            ids = {r['uid']: r['id'] for r in t.drive.rows('INBOX')}
            before = set(ids)
            t.drive.on('flag', [ids[u] for u in (2, 3)], FLAGGED, 0, '')
            t.drive.on('move', [ids[u] for u in (5, 20, 21, 22, 23)], 'Trash')
            t.drive.on('purge', [ids[50]])
            for _ in range(3):
                t.drive('run')
            for c in t.server.heard:
                m = re.match(r'UID (STORE|MOVE|COPY|EXPUNGE) (\S+)', c)
                if m:
                    test = in_set(m.group(2), 60)
                    assert {u for u in range(1, 61) if test(u)} <= chosen, c
            gone = before - {m.uid for m in t.inbox.mails} - set(range(1, 61, 3))
            assert gone <= {5, 20, 21, 22, 23, 50}, gone
            t.restart()
            for path, box in (('INBOX', t.inbox), ('Trash', t.trash)):
                t.drive.open(path)
                assert {r['uid'] for r in t.drive.rows(path)} == {m.uid for m in box.mails}, (caps, path)

def test_a_message_that_cannot_be_had_shifts_no_numbers():
    """The server never gives number 5, and tells what goes by number."""
    def fetch(session, command):
        usual = (session.on_uid_fetch if command.startswith('UID') else session.on_fetch)(command)
        return re.sub(rb'\* \d+ FETCH \(UID 5 .*?(?=\* \d+ FETCH|f\d+ OK|<tag> OK)', b'', usual, flags=re.S)
    for uid in (2, 9):
        with Talk(NUMBERED, mails=range(1, 41), answers={'(UID )?FETCH .*': fetch}, opened=('INBOX',)) as t:
            assert len(t.drive.rows('INBOX')) == 39
            t.server.answers['UID STORE .*'] = lambda session, command: '* %d EXPUNGE\n' % t.inbox.expunge(uid) + DEFAULT
            t.drive.on('flag', t.drive.ids('INBOX', 'number 30'), FLAGGED, 0, '')
            t.drive.run()
            assert {r['uid'] for r in t.drive.rows('INBOX')} >= set(range(1, 41)) - {5, uid}, (uid, sorted(r['uid'] for r in t.drive.rows('INBOX')))
            t.drive('unlink')


def test_what_goes_one_after_the_other_is_told_apart():
    """Each number counts after the one before it has gone."""
    with Talk(NUMBERED, mails=range(1, 11)) as t:
        t.server.answers['UID STORE .*'] = lambda session, command: ''.join('* %d EXPUNGE\n' % t.inbox.expunge(u) for u in (3, 4, 9, 5)) + DEFAULT
        t.drive.on('flag', t.drive.ids('INBOX', 'number 1'), FLAGGED, 0, '')
        t.drive.run()
        assert sorted(t.drive.subjects('INBOX')) == sorted(numbers(1, 2, 6, 7, 8, 10)), t.drive.subjects('INBOX')
        t.sent('UID STORE 1 +FLAGS.SILENT (\\Flagged)')  # nothing was in doubt


def test_a_link_that_breaks_off_at_any_step_blanks_and_doubles_nothing():
    """The list stays with its marks while there is no link, and the next one begins with SELECT."""
    for caps in (MANY, NUMBERED, BARE):
        for step in ('ENABLE .*', 'LIST .*', 'LSUB .*', 'STATUS .*', 'SELECT .*', '(UID )?FETCH .*', 'UID SEARCH .*', 'UID STORE .*'):
            with Talk(caps, mails=range(1, 41)) as t:
                ids = {r['uid']: r['id'] for r in t.drive.rows('INBOX')}
                t.drive.on('flag', t.drive.ids('INBOX', 'number 9'), FLAGGED, 0, '')
                t.inbox.add()
                t.inbox.flag(5, '\\Seen')
                t.inbox.expunge(7)
                t.server.answers[step] = [CUT, None]
                t.drive('unlink')
                for turn in range(2):
                    t.drive('link'), t.drive('folders')
                    for verb in (('open', 'INBOX'), ('check',), ('run',), ('open', 'INBOX'))[turn:]:
                        t.drive(*verb)
                    rows = t.drive.rows('INBOX')
                    assert len({r['subject'] for r in rows}) == len(rows) >= 39 and all(r['id'] == ids.get(r['uid'], r['id']) for r in rows), (caps, step, turn)
                    assert next(r for r in rows if r['uid'] == 9)['flags'] == FLAGGED, (caps, step, turn)
                assert {r['uid']: r['flags'] for r in rows} == {m.uid: {5: SEEN, 9: FLAGGED}.get(m.uid, 0) for m in t.inbox.mails}, (caps, step)
                assert t.inbox.mail(9).flags == {'\\Flagged'} and not t.drive('ops')
                for session in t.server.ever:
                    first = next((h for h in session.heard if re.match('SELECT|UID|FETCH', h)), 'SELECT')
                    assert first.startswith('SELECT'), session.heard


def test_a_flag_set_and_taken_off_again_is_sent_each_time():
    """On one link, and with nothing that the server tells in between."""
    for caps in (MANY, FEW):
        with Talk(caps) as t:
            id = t.drive.ids('INBOX', 'number 2')
            for turn in range(4):
                add, sign = turn % 2 == 0, '+-'[turn % 2]
                t.drive.on('flag', id, FLAGGED if add else 0, 0 if add else FLAGGED, '')
                t.drive.run()
                t.sent('UID STORE 2 %sFLAGS.SILENT (\\Flagged)' % sign)
                assert t.drive.row('INBOX', 'number 2')['flags'] == (FLAGGED if add else 0) and t.inbox.mail(2).flags == ({'\\Flagged'} if add else set())


def test_what_is_appended_is_not_marked_as_deleted():
    """A mark that was set here meanwhile is a change of its own."""
    with Talk() as t:
        t.drive.append('Trash', text_message('new'), when=NOON, flags=SEEN | DELETED)
        t.drive.on('flag', t.drive.ids('Trash', 'number new'), DELETED, 0, '')
        t.drive.run()
        assert t.wire().startswith('APPEND "Trash" (\\Seen) "') and t.trash.mails[0].flags == {'\\Seen'}, t.wire()
        t.mark()
        t.drive.run()
        assert t.wire().endswith('UID STORE 40 +FLAGS.SILENT (\\Deleted)\r\n') and t.trash.mails[0].flags == {'\\Seen', '\\Deleted'}, t.wire()
        assert t.drive.row('Trash', 'number new')['flags'] == SEEN | DELETED and not t.drive('ops')


def test_what_is_imported_keeps_its_mark_but_where_that_would_be_its_end():
    for caps in (PLAIN, PLAIN + ' X-GM-EXT-1'):
        box = Box(name='Old', uidvalidity=78)
        server = Script(Box(range(1, 4)), box, caps=caps)
        with Home(imap_conf(server.port)) as home:
            os.makedirs(os.path.join(home.dir, 'in', 'cur'))
            with open(os.path.join(home.dir, 'in', 'cur', '1.x:2,ST'), 'wb') as f:
                f.write(text_message('marked'))
            home.run('import', 'work/Old', os.path.join(home.dir, 'in'))
            assert [m.flags for m in box.mails] == [{'\\Seen'} if 'GM' in caps else {'\\Seen', '\\Deleted'}], (caps, box.mails[0].flags)
        server.close()


def test_marks_that_were_there_come_back_with_what_was_emptied():
    """And no others: what was marked to go is not marked when it comes back."""
    trash = Box([11, 12], name='Trash', attributes='\\Trash', uidvalidity=78)
    trash.flag(11, '\\Deleted', '\\Seen')
    server = Script(Box(range(1, 4)), trash, caps=PLAIN)
    with Home(imap_conf(server.port, more='keep = full')) as home:
        home.run('sync')
        home.run('folder', 'empty', '--yes', 'work/Trash')
        assert trash.mails == []
        home.run('undo')
        home.run('sync')
        assert sorted(sorted(m.flags) for m in trash.mails) == [[], ['\\Deleted', '\\Seen']], [m.flags for m in trash.mails]
    server.close()


def test_a_mark_of_an_attempt_that_was_cut_off_goes_when_the_next_is_refused():
    """One that was there before stays."""
    with Talk(answers={'UID EXPUNGE .*': [CUT, '<tag> NO [NOPERM] no\n']}) as t:
        t.inbox.flag(3, '\\Deleted')
        t.look('INBOX')
        t.drive.on('purge', t.drive.ids('INBOX', *numbers(2, 3)))
        t.drive.run(NO_LINK)
        assert t.inbox.mail(2).flags == {'\\Deleted'}
        t.drive.link()
        t.drive('check')
        t.look('INBOX')  # tells that both are marked
        t.drive.run(FAILED)
        assert t.inbox.mail(2).flags == set() and t.inbox.mail(3).flags == {'\\Deleted'}
        assert {n: t.drive.row('INBOX', 'number %d' % n)['flags'] for n in (2, 3)} == {2: 0, 3: DELETED}, t.drive('ops')


# ---- drafts ----

class Saving:
    """A draft that is saved again while the link ends at the nth place: before each command, and before each line of its answer."""

    def __init__(self, talk, n):
        self.talk, self.left, self.old, self.new = talk, n, talk.inbox.mail(2).data, text_message('new', body='more of it')
        talk.inbox.flag(3, '\\Deleted')
        talk.look('INBOX')
        talk.server.answers['(UID REPLACE|APPEND|UID STORE|UID EXPUNGE) .*'] = self.say

    def ends(self):
        self.left -= 1
        return self.left == -1

    def say(self, session, command):
        if self.ends():
            return CUT
        self.safe()
        lines = octets(getattr(session, 'on_' + re.match('(UID )?[A-Z]+', command)[0].lower().replace(' ', '_'))(command)).splitlines(True)
        self.safe()
        for line in lines:
            if self.ends():
                return CUT
            session.send(line)
        return ''

    def safe(self):
        there = [m.data for m in self.talk.inbox.mails]
        assert self.old in there or self.new in there, there

    def act(self, crash):
        t = self.talk
        row = t.drive.row('INBOX', 'number 2')['id']
        t.drive.replace(row, 'INBOX', self.new, when=NOON, flags=DRAFT)
        t.drive('run')
        for _ in range(3):
            if crash and self.left < 0:
                t.restart()
            t.drive('link'), t.drive('folders')
            for verb in (('open', 'INBOX'), ('check',), ('run',), ('open', 'Trash'), ('open', 'INBOX')):
                t.drive(*verb)
            self.safe()
        assert not t.drive('ops'), t.drive('ops')

    def check(self, expunges):
        here, rows = {m.uid: m for m in self.talk.inbox.mails}, self.talk.drive.subjects('INBOX')
        assert [m.data for m in here.values()].count(self.new) == 1, [m.data for m in here.values()]
        assert 2 not in here if expunges else here[2].flags == {'\\Deleted'}, sorted(here)
        assert here[1].flags == set() and here[3].flags == {'\\Deleted'}
        assert rows.count('number new') == 1 and {'number 1', 'number 3'} <= set(rows), rows


def test_a_draft_that_is_saved_again_is_never_nowhere():
    """Wherever that ends the server has one of both as a whole; then the new one, once, and what others marked."""
    for caps in (MANY + ' REPLACE', NUMBERED, BARE):
        n, left = 0, -1
        while left < 0:
            with Talk(caps, mails=range(1, 4)) as t:
                saving = Saving(t, n)
                saving.act(crash=n % 2 == 0)
                saving.check('UIDPLUS' in caps)
                n, left = n + 1, saving.left
        assert n > 4, (caps, n)


# ---- from one account to another ----

TAKES = re.compile(r'UID (STORE .*\\Deleted|EXPUNGE|MOVE) ?.*|EXPUNGE|CLOSE')


class Pair:
    """Two accounts; the second is home, whose server answers as it is told."""

    def __init__(self, caps=PLAIN, **kw):
        self.work, self.kept, self.early = Script(Box(range(1, 4)), caps=PLAIN + ' MOVE', answers={'UID (STORE|EXPUNGE|MOVE) .*': self.takes}), Box([11]), []
        self.home = Script(self.kept, caps=caps, **kw)
        self.place = Home(imap_conf(self.work.port) + imap_conf(self.home.port).replace('account work', 'account home'))
        self.place.run('sync')
        self.chosen = next(r['id'] for r in self.rows('work') if r['uid'] == 2)
        self.message = self.work.boxes[0].mail(2).data

    def rows(self, account):
        return [json.loads(l) for l in self.place.run('--offline', 'list', account + '/INBOX', '--json').splitlines()]

    def takes(self, session, command):
        """Nothing of it may be heard before the other server has the message."""
        if self.message not in [m.data for m in self.kept.mails]:
            self.early.append(command)

    def untouched(self):
        assert not [h for h in self.work.heard if TAKES.fullmatch(h)], self.work.heard
        assert [m.uid for m in self.work.boxes[0].mails] == [1, 2, 3] and not any(m.flags for m in self.work.boxes[0].mails)

    def ends_well(self):
        """The other server is well again: the message is there once, and here no more."""
        self.home.answers.clear()
        self.home.at_literal.clear()
        failed = [json.loads(l)['op'] for l in self.place.run('queue', '--json').splitlines() if json.loads(l)['state'] == 'failed']
        if failed:
            self.place.run('queue', 'retry', *failed, status=None)
        for _ in range(3):
            self.place.run('sync', status=None)
        assert [m.data for m in self.kept.mails].count(self.message) == 1 and [m.uid for m in self.work.boxes[0].mails] == [1, 3], (self.place.run('queue', '--json'), self.home.heard[-9:], self.work.heard[-9:])
        assert not self.place.run('queue') and len(self.rows('home')) == 2 and len(self.rows('work')) == 2

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.work.close()
        self.home.close()
        self.place.close()


def test_what_another_account_did_not_get_stays():
    waiting = PLAIN.replace(' LITERAL+', '')
    for caps, kw in ((PLAIN, dict(answers={'APPEND .*': '<tag> NO [OVERQUOTA] full\n'})), (waiting, dict(at_literal={'APPEND .*': '<tag> NO no\n'})), (PLAIN, dict(answers={'APPEND .*': '<tag> NO [UNAVAILABLE] later\n'}))):
        with Pair(caps, **kw) as p:
            for args in (['move', p.chosen, 'home/INBOX'], ['sync']):
                p.place.run(*args, status=None)
                p.untouched()
            assert [h for h in p.home.heard if h.startswith('APPEND')], p.home.heard
            p.ends_well()
            assert not p.early
    # What breaks the link is tried again soon.
    for caps, kw in ((PLAIN, dict(answers={'APPEND .*': [CUT, None]})), (waiting, dict(at_literal={'APPEND .*': [INSIDE, None]}))):
        with Pair(caps, **kw) as p:
            p.place.run('move', p.chosen, 'home/INBOX', status=None)
            p.ends_well()
            assert not p.early and len([h for h in p.home.heard if h.startswith('APPEND')]) == 2, (p.early, p.home.heard)


def test_an_ok_alone_lets_no_original_go():
    """The other server says OK, tells no UID, and has nothing."""
    with Pair(PLAIN.replace(' UIDPLUS', ''), answers={'APPEND .*': '<tag> OK done\n'}) as p:
        p.place.run('move', p.chosen, 'home/INBOX', status=None)
        for _ in range(2):
            p.place.run('sync', status=None)
        assert [h for h in p.home.heard if h.startswith('APPEND')], p.home.heard
        p.untouched()


if __name__ == '__main__':
    run(globals())
