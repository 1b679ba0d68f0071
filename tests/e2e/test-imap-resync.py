#!/usr/bin/env python3
"""How the store follows a server: what is asked, in how many round trips, with each extension and without it; and that a fault on the way
leaves nothing wrong. Each dialogue is exact, and is also fed octet by octet where the answer's form is new."""
import bisect, json, os, re, sqlite3, sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
from dovecot import Dovecot, RawImap
from script import *
from tap import Home, imap_conf, run

FIELDS = 'BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)]'
ROW = '(UID FLAGS INTERNALDATE RFC822.SIZE %s)' % FIELDS
FULL = '(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE %s)' % FIELDS
LOGIN = 'LOGIN "ann" "secret word"'
LONG = int(os.environ.get('FULMAR_RESYNC_ROWS', 60000))


class World:
    """A home and a scripted server for its account; box is what the server holds."""

    def __init__(self, *boxes, caps=PLAIN, more='', **kw):
        self.boxes, self.caps, self.kw = list(boxes) or [Box(range(1, 4))], caps, kw
        self.box, self.more = self.boxes[0], 'keep = headers\n' + more
        self.home, self.server = Home(''), None
        self.serve()

    def serve(self, **kw):
        """Another server for the same mail from here on."""
        if self.server:
            self.server.close()
        self.caps = kw.pop('caps', self.caps)
        self.server = Script(*self.boxes, caps=self.caps, **dict(self.kw, **kw))
        self.home.write_conf(imap_conf(self.server.port, more=self.more))
        return self.server

    def sync(self, target='work/INBOX', status=0):
        args = ['sync'] + ([target] if target else [])
        out = self.home.run(*args, status=status)
        assert not self.server.faults, (self.server.faults, self.server.heard)
        return out

    def rows(self, target='work/INBOX'):
        return {r['uid']: r for r in map(json.loads, self.home.run('--offline', 'list', target, '--json').splitlines())}

    def folders(self):
        return {'work/' + f['folder']: f for f in map(json.loads, self.home.run('--offline', 'folders', '--json').splitlines())}

    def said(self, pattern):
        return self.server.said(pattern)

    def sql(self, *statement):
        with sqlite3.connect(os.path.join(self.home.dir, 'data/fulmar/work/store.db')) as db:
            got = db.execute(*statement).fetchall()
        db.close()
        return got

    def uids(self):
        """Of the rows that the server has, wherever they are shown."""
        return sorted(r[0] for r in self.sql('SELECT uid FROM message WHERE uid IS NOT NULL AND folder <> 0'))

    def holds(self):
        """The store has what a cold fetch would bring: messages, flags, keywords."""
        here = {uid: (r['subject'], sorted('\\' + f.capitalize() for f in r['flags']), sorted(r['keywords'])) for uid, r in self.rows().items()}
        there = {m.uid: ('number %d' % m.uid, sorted(f for f in m.flags if f[0] == '\\'), sorted(f for f in m.flags if f[0] != '\\')) for m in self.box.mails}
        differ = [(uid, here.get(uid), there.get(uid)) for uid in sorted(here.keys() | there.keys()) if here.get(uid) != there.get(uid)]
        assert not differ, 'uid, here, there: %r; heard: %r' % (differ[:9], [h[:80] for h in self.server.heard[-12:]])

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.close()
        self.home.close()


def both_ways(test):
    """Whole, and octet by octet."""
    def twice():
        for drip in (0, 1):
            test(drip)
    twice.__name__ = test.__name__
    return twice


# ---- what has gone ----

class Huge:
    """Answers for a folder of very many messages whose UIDs have gaps, so that the set of all of them is long."""

    def __init__(self, n, caps):
        self.uids, self.caps = [2 * i for i in range(1, n + 1)], caps
        self.box = Box([2 * n], uidnext=2 * n + 1)
        self.asked = 0

    def answers(self):
        return {'SELECT INBOX.*': self.select, r'UID SEARCH RETURN \(COUNT\) UID (\d+):(\d+)': self.count, r'UID SEARCH .*ALL.*': self.all,
                r'FETCH \S+ \(UID\)': self.numbers, r'UID FETCH .*': '<tag> OK\n', r'UID SEARCH (UNSEEN|FLAGGED|ANSWERED|DELETED|DRAFT)': '* SEARCH\n<tag> OK\n'}

    def select(self, session, command):
        session.box = self.box
        modseq = '* OK [HIGHESTMODSEQ 10] .\n' if 'CONDSTORE' in self.caps else ''
        return '* %d EXISTS\n* OK [UIDVALIDITY 77] .\n* OK [UIDNEXT %d] .\n%s<tag> OK [READ-WRITE] .\n' % (len(self.uids), self.box.uidnext, modseq)

    def between(self, lo, hi):
        return self.uids[bisect.bisect_left(self.uids, lo):bisect.bisect_right(self.uids, hi)]

    def count(self, session, command):
        self.asked += 1
        return '* ESEARCH (TAG "<tag>") UID COUNT %d\n<tag> OK\n' % len(self.between(*map(int, re.search(r'(\d+):(\d+)$', command).groups())))

    def all(self, session, command):
        m = re.search(r'UID (\d+):(\d+)', command)
        found = as_set(self.between(*map(int, m.groups()))) if m else as_set(self.uids)
        return ('* ESEARCH (TAG "<tag>") UID ALL %s\n<tag> OK\n' % found if 'RETURN' in command else '* SEARCH %s\n<tag> OK\n' % found.replace(',', ' '))

    def numbers(self, session, command):
        asked = []
        for piece in command.split(' ')[1].split(','):
            lo, _, hi = piece.partition(':')
            asked += range(int(lo), int(hi or lo) + 1)
        self.asked += len(asked)
        return ''.join('* %d FETCH (UID %d)\n' % (n, self.uids[n - 1]) for n in asked) + '<tag> OK\n'


def populate(w, n, lowest=1):
    """Rows as a sync of the folder would have left them."""
    w.sync()
    # the one row that is there is copied
    names = [r[1] for r in w.sql('PRAGMA table_info(message)') if r[1] not in ('id', 'uid', 'thread')]
    w.sql('DELETE FROM message WHERE uid <> ?', (2 * n,))
    w.sql('WITH RECURSIVE i(x) AS (VALUES (%d) UNION ALL SELECT x + 1 FROM i WHERE x < %d) INSERT INTO message (id, uid, thread, %s) '
          'SELECT 1000000 + x, 2 * x, 1000000 + x, %s FROM i, message WHERE uid = %d' % (lowest, n - 1, ', '.join(names), ', '.join(names), 2 * n))
    rows = n - lowest + 1
    w.sql('UPDATE folder SET total = ?, bound = ?, threads = ?, present = ?, windows = ?, uidnext = ?, complete = ? WHERE path = ?',
          (rows, rows, rows, n, '%d:%d' % (2 * lowest if lowest > 1 else 1, 2 * n), 2 * n + 1, lowest == 1, 'INBOX'))


def flights_to_find(n, caps, lost, lowest=1):
    """Round trips behind the log-in, and how much was asked, until the rows of these UIDs are gone."""
    huge = Huge(n, caps)
    with World(huge.box, caps=caps) as w:
        populate(w, n, lowest)
        gone = set(lost)
        huge.uids = [u for u in huge.uids if u not in gone]
        server = w.serve(answers=huge.answers(), patient=.05)
        w.sync()
        left = w.uids()
        assert left == [u for u in huge.uids if u >= 2 * lowest], (len(left), len(huge.uids), server.heard[-3:])
        assert w.sql('SELECT present, bound FROM folder') == [(len(huge.uids), len(left))]
        last = max(flight for flight, command in server.flown if re.match(r'UID SEARCH|FETCH \S+ \(UID\)', command))
        return last - 1, huge.asked, server.heard  # the log-in is one


def test_what_has_gone_is_found_in_few_round_trips():
    n = LONG
    scattered = lambda k: [2 * (i * (n - 7) // k + 3) for i in range(k)]
    cases = [('1', [n], 3), ('10', scattered(10), 4), ('100 at the top', range(2 * n - 200, 2 * n, 2), 3), ('100 scattered', scattered(100), 8), ('1000 scattered', scattered(1000), 3)]
    for name, caps in (('ESEARCH', PLAIN + ' ENABLE ESEARCH CONDSTORE'), ('numbers', PLAIN + ' ENABLE CONDSTORE')):
        for what, lost, most in cases:
            flights, asked, heard = flights_to_find(n, caps, lost)
            print('# %d messages, %s, %s gone: %d round trips with SELECT, %d questions' % (n, name, what, flights, asked), flush=True)
            assert flights <= most, (name, what, flights, [h[:60] for h in heard][:20])


def test_a_cache_with_a_hole_below_finds_what_has_gone_above_it():
    """Of the lost some were in the hole, where nobody knows them."""
    n = 30000
    for caps in (PLAIN + ' ENABLE ESEARCH CONDSTORE', PLAIN + ' ENABLE CONDSTORE'):
        lost = [2 * i for i in (5, 6, 9000, 9001, 10001, 15000, 29990)]
        flights, asked, heard = flights_to_find(n, caps, lost, lowest=10001)
        assert flights <= 5, (caps, flights)


def test_a_message_that_went_unnoticed_from_the_cache_comes_again():
    """A hole in the cache that no window tells of."""
    for caps in (PLAIN, CONDSTORE, QRESYNC):
        with World(Box(range(1, 40)), caps=caps) as w:
            w.sync()
            w.sql('DELETE FROM message WHERE uid IN (5, 6, 30)')
            w.sql('UPDATE folder SET total = total - 3, bound = bound - 3')
            w.serve()
            w.sync()
            assert sorted(w.rows()) == list(range(1, 40)), (caps, w.server.heard)


def test_counts_that_contradict_each_other_remove_nothing():
    n = 20000
    for wrong in ('* ESEARCH (TAG "<tag>") UID COUNT 0\n<tag> OK\n', '* ESEARCH (TAG "<tag>") UID\n<tag> OK\n', '<tag> OK\n', '* ESEARCH (TAG "<tag>") UID COUNT 7\n<tag> OK\n'):
        huge = Huge(n, CONDSTORE)
        with World(huge.box, caps=CONDSTORE) as w:
            populate(w, n)
            huge.uids.remove(600)
            answers = {r'UID SEARCH RETURN \(COUNT\) .*': wrong}
            answers.update(huge.answers())
            w.serve(answers=answers)
            w.sync()
            assert w.uids() == huge.uids, (wrong, w.server.heard[-3:])


def test_an_expunge_in_the_middle_of_the_search_by_numbers_shifts_nothing():
    n = 20000
    caps = PLAIN + ' ENABLE CONDSTORE'
    huge = Huge(n, caps)
    with World(huge.box, caps=caps) as w:
        populate(w, n)
        huge.uids.remove(600)
        done = []

        def numbers(session, command):
            out = huge.numbers(session, command)
            if not done:
                done.append(1)
                del huge.uids[9]  # UID 20
                out = out.replace('<tag> OK', '* 10 EXPUNGE\n<tag> OK')
            return out
        w.serve(answers=dict(huge.answers(), **{r'FETCH \S+ \(UID\)': numbers}))
        w.sync()
        assert w.uids() == huge.uids


# ---- the first screen ----

@both_ways
def test_partial_brings_the_newest_in_the_flight_of_select(drip):
    with World(Box(range(1, 200)), caps=QRESYNC + ' PARTIAL', drip=drip) as w:
        w.sync()
        assert w.server.heard[1:4] == ['ENABLE QRESYNC', 'SELECT INBOX', 'UID FETCH 1:* %s (PARTIAL -1:-60)' % FULL], w.server.heard
        assert len(w.rows()) == 199


def test_partial_is_one_round_trip_and_the_number_of_messages_two():
    for caps, flights in ((QRESYNC + ' PARTIAL', 1), (QRESYNC, 2)):
        with World(Box(range(1, 50)), caps=caps, patient=.05) as w:
            w.sync()
            assert w.server.flights - 1 == flights and len(w.rows()) == 49, (w.server.flights, w.server.heard)


def test_partial_hidden_or_refused_gives_way_to_numbers():
    for more, answers in (('disable-capability = PARTIAL', {}), ('', {r'UID FETCH 1:\* .*': '<tag> BAD what\n'})):
        with World(Box(range(1, 200)), caps=QRESYNC + ' PARTIAL', more=more, answers=answers) as w:
            w.sync()
            assert 'FETCH 140:* ' + FULL in w.server.heard and len(w.rows()) == 199, w.server.heard


def test_counts_told_just_before_bring_the_newest_in_the_flight_of_select():
    with World(Box(range(1, 200)), caps=QRESYNC) as w:
        w.sync(None)
        at = w.server.heard.index('SELECT INBOX')
        assert w.server.heard[at + 1] == 'FETCH 140:* ' + FULL and len(w.rows()) == 199, w.server.heard
    # the numbers may be others by then
    for n in (3, 400):
        with World(Box(range(1, n + 1)), caps=QRESYNC) as w:
            w.server.answers['LIST .*'] = '* LIST () "/" INBOX\n* STATUS INBOX (MESSAGES 199 UNSEEN 0)\n<tag> OK\n'
            w.sync(None)
            w.holds()


# ---- flags and keywords ----

def test_a_plain_resync_of_a_large_folder_keeps_keywords():
    with World(Box(range(1, 2502)), caps=PLAIN) as w:
        w.box.flag(9, '\\Seen', 'harbour', 'old')
        w.box.flag(10, 'old')
        w.box.flag(11, '$Forwarded')
        w.sync()
        w.box.flag(9, 'harbour')
        w.box.flag(10)
        w.box.flag(11, 'fresh')
        w.box.flag(12, 'fresh', '\\Draft', '$Forwarded')
        w.serve()
        w.sync()
        assert w.said('UID SEARCH KEYWORD .*') == ['UID SEARCH KEYWORD $Forwarded', 'UID SEARCH KEYWORD fresh', 'UID SEARCH KEYWORD harbour', 'UID SEARCH KEYWORD old'] or \
            sorted(w.said('UID SEARCH KEYWORD .*')) == ['UID SEARCH KEYWORD $Forwarded', 'UID SEARCH KEYWORD fresh', 'UID SEARCH KEYWORD harbour', 'UID SEARCH KEYWORD old'], w.server.heard
        got = w.rows()
        assert {u: sorted(got[u]['keywords']) for u in (9, 10, 11, 12)} == {9: ['harbour'], 10: [], 11: ['fresh'], 12: ['fresh']}
        assert got[9]['flags'] == [] and sorted(got[12]['flags']) == ['draft', 'forwarded'] and got[11]['flags'] == []


def test_exchange_says_bad_to_search_keyword():
    """Exchange: "SEARCH KEYWORD is BAD"; the rows that have one here are asked for their flags."""
    with World(Box(range(1, 2502)), caps=PLAIN) as w:
        w.box.flag(9, 'harbour')
        w.sync()
        w.box.flag(9)
        w.serve(answers={'UID SEARCH KEYWORD .*': '<tag> BAD Command Argument Error. 11\n'})
        w.sync()
        assert 'UID FETCH 9 (UID FLAGS)' in w.server.heard and w.rows()[9]['keywords'] == [], w.server.heard


def test_a_flag_toggled_twice_is_sent_twice():
    """Toggle, sync, toggle, sync: server equals screen."""
    for caps in (PLAIN, CONDSTORE, QRESYNC):
        with World(caps=caps) as w:
            w.sync()
            for on in (True, False, True, False):
                w.home.run('--offline', 'flag', w.rows()[2]['id'], ('+' if on else '-') + 'flagged')
                w.sync()
                assert ('\\Flagged' in w.box.mail(2).flags) == on == ('flagged' in w.rows()[2]['flags']), (caps, on, w.server.heard)
                w.holds()


FAULTS = {'NO': '<tag> NO not now\n', 'BAD': '<tag> BAD what\n', 'cut': CUT, 'reset': RESET, 'garbage': '* 1 FETCH (UID 1 FLAGS (\\Deleted) {99999999999999999999}\n',
          'bye': '* BYE going down\n', 'nonsense': 'hello there\n', 'half': DEFAULT}


def test_a_fault_inside_a_resync_leaves_the_state_where_it_was():
    """Whatever goes wrong at whatever step, the next resync brings what a cold fetch would, keywords included."""
    steps = ('ENABLE .*', 'SELECT .*', 'UID FETCH .*CHANGEDSINCE.*', r'UID FETCH .*\(UID FLAGS\).*', 'UID FETCH .*HEADER.*', 'UID SEARCH .*')
    for caps in (PLAIN, CONDSTORE, QRESYNC):
        for step in steps:
            for name, fault in FAULTS.items():
                with World(Box(range(1, 30)), caps=caps) as w:
                    w.box.flag(3, 'harbour', '\\Flagged')
                    w.sync()
                    w.box.flag(3, 'quay', '\\Seen')
                    w.box.flag(4, 'quay')
                    w.box.expunge(7)
                    w.box.add(text_message(30))
                    before = w.sql('SELECT modseq, synced FROM folder')

                    def answer(session, command, fault=fault, name=name):
                        if name != 'half':
                            return fault
                        # the server's answer, cut in the middle
                        word = command.split(' ')
                        default = getattr(session, 'on_' + '_'.join(word[:2] if word[0] == 'UID' else word[:1]).lower())(command)
                        session.send(octets(default)[:len(octets(default)) // 2])
                        return CUT
                    w.serve(answers={step: answer})
                    w.sync(status=None)
                    met = any(re.fullmatch(step, h) for h in w.server.heard)
                    if met and name in ('cut', 'reset', 'garbage', 'nonsense', 'bye'):
                        assert w.sql('SELECT modseq, synced FROM folder') == before, (caps, step, name, w.server.heard)
                    w.serve()
                    w.sync()
                    w.holds()


# ---- UIDVALIDITY ----

def renumber(box, first):
    """As if the folder had been made anew from the same messages."""
    box.uidvalidity += 1
    for i, m in enumerate(box.mails):
        m.uid = first + i
    box.uidnext = first + len(box.mails)
    box.gone = []


def test_a_new_uidvalidity_brings_no_body_twice():
    for caps in (PLAIN, QRESYNC, QRESYNC + ' OBJECTID', QRESYNC + ' PARTIAL'):
        with World(Box(range(1, 301)), caps=caps) as w:
            w.box.mail(4).data = w.box.mail(4).data.replace(b'Message-ID', b'X-Other')
            w.sync()
            for uid in (3, 4, 200, 300):
                assert 'text of %d\n' % uid in w.home.run('show', w.rows()[uid]['id'])
            ids = {r['subject']: r['id'] for r in w.rows().values()}
            subjects = {m.uid: m for m in w.box.mails}
            renumber(w.box, 1001)
            w.box.add(text_message('fresh'))
            w.serve()
            w.sync()
            rows = w.rows()
            assert {r['subject']: r['id'] for r in rows.values() if r['subject'] != 'number fresh'} == ids, caps
            assert sorted(rows) == list(range(1001, 1302)) and rows[1301]['subject'] == 'number fresh'
            light = [h for h in w.server.heard if 'HEADER.FIELDS (MESSAGE-ID)' in h]
            assert light and 'EMAILID' in light[0] or 'OBJECTID' not in caps, w.server.heard
            assert not [h for h in w.server.heard if FIELDS in h and not re.match(r'UID FETCH (1004|1301|1:\*|\d+:\*) ', h)], 'whole headers only for what is new: %r' % w.server.heard
            n = w.server.connections
            for uid in (1003, 1004, 1200, 1300):
                assert 'text of %d\n' % (uid - 1000) in w.home.run('--offline', 'show', rows[uid]['id'])
            assert len(subjects) == 300 and w.server.connections == n


def test_a_new_uidvalidity_that_breaks_off_goes_on_where_it_was():
    with World(Box(range(1, 301)), caps=PLAIN) as w:
        w.sync()
        ids = {r['subject']: r['id'] for r in w.rows().values()}
        renumber(w.box, 1001)
        for step in (1, 2):
            seen = []

            def cut(session, command):
                seen.append(command)
                return CUT if len(seen) > step else None
            w.serve(answers={'(UID )?FETCH .*': cut})
            w.sync(status=None)
        w.serve()
        w.sync()
        assert {r['subject']: r['id'] for r in w.rows().values()} == ids


def test_a_folder_renumbered_all_the_time_is_not_fetched_each_time():
    with World(Box(range(1, 301)), caps=PLAIN) as w:
        w.sync()
        for i in range(4):
            renumber(w.box, 1000 * (i + 2))
            w.serve()
            w.sync(status=0 if i < 3 else None)
        assert 'renumbers this folder again and again' in w.home.err, w.home.err
        assert len([h for h in w.server.heard if 'FETCH' in h]) <= 2, w.server.heard


def test_uidvalidities_equal_modulo_32_bits_differ():
    """No cached body or queued action survives wrongly."""
    for more in (1 << 32, 3 << 32):
        with World(caps=QRESYNC) as w:
            w.sync()
            assert 'text of 2\n' in w.home.run('show', w.rows()[2]['id'])
            w.home.run('--offline', 'flag', w.rows()[2]['id'], '+flagged')
            w.box.uidvalidity += more
            w.box.mails = [Mail(m.uid, text_message(m.uid + 100)) for m in w.box.mails]
            w.serve()
            w.sync(status=None)
            w.sync(status=None)
            rows = w.rows()
            assert {u: r['subject'] for u, r in rows.items() if u} == {1: 'number 101', 2: 'number 102', 3: 'number 103'}, rows
            assert 'text of 102\n' in w.home.run('show', rows[2]['id'])
            assert not any('\\Flagged' in m.flags for m in w.box.mails), w.server.heard


# ---- the link ----

def test_a_link_killed_at_each_step_keeps_the_list_and_doubles_nothing():
    commands = ('LOGIN .*', 'ENABLE .*', 'SELECT .*', 'UID FETCH .*', 'UID SEARCH .*', 'LIST .*', 'STATUS .*', 'LSUB .*', 'UID STORE .*', 'NAMESPACE', 'ID .*')
    for caps in (PLAIN + ' ID NAMESPACE', CONDSTORE, QRESYNC + ' ID NAMESPACE'):
        for command in commands:
            for half in (False, True):
                with World(Box(range(1, 80)), Box(range(1, 5), name='Sent'), caps=caps) as w:
                    w.sync(None)
                    ids = {u: r['id'] for u, r in w.rows().items()}
                    w.box.add(text_message(80))
                    w.box.flag(5, '\\Seen')
                    w.home.run('--offline', 'flag', ids[9], '+flagged')

                    def kill(session, heard, half=half):
                        if half:
                            session.send('* OK still h')
                        return CUT
                    w.serve(answers={command: kill})
                    w.sync(None, status=None)
                    rows = w.rows()
                    assert set(ids) <= set(rows) and all(rows[u]['id'] == ids[u] for u in ids) and 'flagged' in rows[9]['flags'], (caps, command)
                    w.serve()
                    w.sync(None)
                    w.holds()
                    assert len(w.rows('work/Sent')) == 4 and {u: r['id'] for u, r in w.rows().items() if u < 80} == ids, (caps, command)


def test_a_truncated_literal_never_enters_the_store():
    """The next open fetches again."""
    for keep in (0, 1, 9):
        for caps in (PLAIN, QRESYNC):
            with World(caps=caps) as w:
                w.sync()
                id = w.rows()[2]['id']

                def short(session, command):
                    session.send('* 2 FETCH (UID 2 BODY[1] {11}\n' + 'text of 2\n'[:keep])
                    return CUT
                w.serve(answers={r'UID FETCH 2 \(UID BODY.*': short})
                w.home.run('show', id, status=3)
                assert w.rows()[2]['body'] == 'none'
                w.home.run('--offline', 'show', id, status=3)
                w.serve()
                assert 'text of 2\n' in w.home.run('show', id)
                assert w.said(r'UID FETCH 2 \(UID BODY.*'), w.server.heard


# ---- extensions, each with and without ----

def test_id_is_the_first_thing_said_after_the_log_in():
    """NetEase: NO SELECT Unsafe Login without it."""
    with World(caps=QRESYNC + ' ID') as w:
        w.sync()
        assert re.fullmatch(r'ID \("name" "fulmar" "version" "[\w.~+-]+"\)', w.server.heard[1]) and w.server.heard[2] == 'ENABLE QRESYNC', w.server.heard
    with World(caps=QRESYNC + ' ID', more='disable-capability = ID') as w:
        w.sync()
        assert not w.said('ID .*')


@both_ways
def test_namespaces_of_others_and_shared_ones_are_listed(drip):
    namespaces = '* NAMESPACE (("" "/")) (("user." ".")) (("#shared." ".") ("Public/" "/"))\n<tag> OK\n'
    theirs = {r'LIST "" "user\.\*".*': '* LIST () "." "user.bob.Sent"\n* LIST () "." user.bob\n<tag> OK\n', r'LIST "" "#shared\.\*".*': '* LIST () "." #shared.news\n<tag> OK\n'}
    for caps in (PLAIN + ' NAMESPACE', QRESYNC + ' NAMESPACE'):
        mine = '* LIST () "/" INBOX\n* LIST () "/" Public/plans\n<tag> OK\n'
        with World(Box(range(1, 4)), caps=caps, drip=drip, answers=dict({'NAMESPACE': namespaces, r'LIST "" "\*".*': mine, 'LSUB.*': '<tag> OK\n', 'STATUS.*': '<tag> OK\n'}, **theirs)) as w:
            w.home.run('folders')
            assert sorted(w.folders()) == ['work/#shared/news', 'work/INBOX', 'work/Public/plans', 'work/user/bob', 'work/user/bob/Sent'], w.folders()
            assert not w.said(r'LIST "" "?Public.*'), 'what "*" has shown is not asked for again'
            assert not w.folders()['work/user/bob/Sent']['role'], 'what somebody else sent is not ours'


def test_without_namespace_nothing_more_is_listed():
    for caps, more in ((QRESYNC, ''), (QRESYNC + ' NAMESPACE', 'disable-capability = NAMESPACE')):
        with World(caps=caps, more=more) as w:
            w.home.run('folders')
            assert not w.said('NAMESPACE') and len(w.said('LIST.*')) == 1
    # Exchange 2003 and others refuse it
    with World(caps=QRESYNC + ' NAMESPACE', answers={'NAMESPACE': '<tag> BAD Command Argument Error. 12\n'}) as w:
        w.home.run('folders')
        assert list(w.folders()) == ['work/INBOX']


def test_rights_come_with_the_list():
    for caps, commands in ((QRESYNC + ' ACL LIST-MYRIGHTS', 0), (QRESYNC + ' ACL', 2), (QRESYNC, 0), (PLAIN + ' ACL', 2)):
        listed = lambda s, c: DEFAULT.replace(DEFAULT, s.on_list(c)).replace('<tag>', ''.join('* MYRIGHTS %s lrs\n' % b.name for b in s.boxes()) + '<tag>')
        answers = {'LIST .*MYRIGHTS.*': listed, 'MYRIGHTS Sent|MYRIGHTS "Sent"': '* MYRIGHTS Sent lr\n<tag> OK\n'}
        with World(Box([1]), Box([1], name='Sent'), caps=caps, answers=answers) as w:
            w.home.run('folders')
            assert len(w.said('MYRIGHTS .*')) == commands, w.server.heard
            rights = dict(w.sql('SELECT path, rights FROM folder'))
            assert rights == ({'INBOX': 'lrs', 'Sent': 'lrs'} if 'LIST-MYRIGHTS' in caps else {'INBOX': 'lrswipkxtea', 'Sent': 'lr'} if 'ACL' in caps else {'INBOX': '', 'Sent': ''}), rights
            assert ' MYRIGHTS' in w.said('LIST.*')[0] or 'LIST-MYRIGHTS' not in caps


def test_a_folder_renamed_elsewhere_keeps_its_rows():
    for caps, known in ((QRESYNC + ' OBJECTID', True), (QRESYNC, True), (PLAIN, True)):
        trip = Box(range(11, 15), name='Trip', uidvalidity=99)
        with World(Box([1]), trip, caps=caps) as w:
            w.boxes[0].mailbox_id, trip.mailbox_id = ('F1', 'F2') if 'OBJECTID' in caps else ('', '')
            w.sync(None)
            ids = {u: r['id'] for u, r in w.rows('work/Trip').items()}
            assert 'text of 12\n' in w.home.run('show', ids[12])
            trip.name = 'Trips/Lofoten'
            w.serve()
            w.sync(None)
            assert 'work/Trip' not in w.folders() and {u: r['id'] for u, r in w.rows('work/Trips/Lofoten').items()} == ids, (caps, w.folders())
            assert not [h for h in w.server.heard if FULL in h], w.server.heard
            assert 'text of 12\n' in w.home.run('--offline', 'show', ids[12])


def test_two_folders_that_changed_names_keep_their_rows():
    a, b = Box(range(11, 15), name='A', uidvalidity=99), Box(range(21, 23), name='B', uidvalidity=100)
    with World(Box([1]), a, b, caps=QRESYNC + ' OBJECTID') as w:
        for n, box in enumerate(w.boxes):
            box.mailbox_id = 'F%d' % n
        w.sync(None)
        before = {n: sorted(r['id'] for r in w.rows('work/' + n).values()) for n in 'AB'}
        a.name, b.name = 'B', 'A'
        w.serve()
        w.sync(None)
        assert {n: sorted(r['id'] for r in w.rows('work/' + n).values()) for n in 'AB'} == {'A': before['B'], 'B': before['A']}


def test_folders_that_look_alike_are_not_taken_for_each_other():
    """Same UIDVALIDITY, UIDNEXT and count, and both names went: none is taken."""
    a, b = Box(range(11, 15), name='A'), Box(range(11, 15), name='B')
    with World(Box([1]), a, b, caps=QRESYNC) as w:
        w.sync(None)
        a.name, b.name = 'C', 'D'
        w.serve()
        w.sync(None)
        assert sorted(w.folders()) == ['work/C', 'work/D', 'work/INBOX'] and len(w.rows('work/C')) == 4


def test_sizes_of_folders_come_with_the_list_where_they_are_offered():
    for caps, more in ((QRESYNC + ' STATUS=SIZE', ''), (PLAIN + ' STATUS=SIZE', ''), (QRESYNC + ' STATUS=SIZE', 'disable-capability = STATUS=SIZE')):
        with World(caps=caps, more=more) as w:
            w.home.run('folders')
            asked = ' '.join(w.said('(LIST|STATUS) .*'))
            assert (' SIZE' in asked) == (not more) and w.sql('SELECT server_size FROM folder') == [(0 if more else sum(len(m.data) for m in w.box.mails),)], (caps, asked)


def test_a_list_without_inbox_has_one():
    """Strato, IONOS."""
    for caps in (PLAIN, QRESYNC):
        with World(Box([1, 2]), Box([1], name='Sent'), caps=caps) as w:
            w.server.answers['LIST .*'] = lambda s, c: s.on_list(c).replace('* LIST () "/" "INBOX"\n', '').replace('* STATUS "INBOX" ', '* STATUS "Inbx" ')
            w.home.run('folders')
            assert w.folders()['work/INBOX']['total'] == 2, (w.folders(), w.server.heard)


@both_ways
def test_email_ids_come_with_rows_where_they_are_offered(drip):
    for caps, offered in ((QRESYNC + ' OBJECTID', True), (QRESYNC, False)):
        with World(caps=caps, drip=drip) as w:
            w.sync()
            assert ('EMAILID' in [h for h in w.server.heard if 'FETCH' in h][0]) == offered
            assert w.sql('SELECT e.email_id FROM envelope e JOIN message m ON m.id = e.id WHERE m.uid = 2')[0][0] == (w.box.mail(2).email_id if offered else None)


@both_ways
def test_previews_come_with_the_screen_where_they_are_offered(drip):
    with World(caps=QRESYNC + ' PREVIEW', drip=drip) as w:
        w.sync()
        assert [h for h in w.server.heard if 'FETCH' in h][0].count('PREVIEW (LAZY)') == 1 and w.rows()[2]['preview'] == 'text of 2', w.rows()[2]
    with World(caps=QRESYNC + ' PREVIEW', more='disable-capability = PREVIEW') as w:
        w.sync()
        assert 'PREVIEW' not in ' '.join(w.server.heard) and not w.rows()[2].get('preview')


@both_ways
def test_previews_are_made_of_the_text_that_is_here_where_there_are_none(drip):
    with World(caps=QRESYNC + ' PREVIEW', more='disable-capability = PREVIEW', drip=drip) as w:
        w.box.add(text_message(90, '> You said so.\n\nYes,   I did.\n\n-- \nBob'))
        w.sync()
        ids = {uid: row['id'] for uid, row in w.rows().items()}
        assert not any('BODY.PEEK[1]' in h or 'BODY.PEEK[]' in h for h in w.server.heard), 'nothing is fetched for it'
        w.home.run('show', ids[2])
        w.home.run('show', '--raw', ids[max(ids)])
        previews = {uid: row['preview'] for uid, row in w.rows().items()}
        assert {u: p for u, p in previews.items() if p} == {2: 'text of 2', max(ids): 'Yes, I did.'}, previews


@both_ways
def test_gmail_labels_are_keywords(drip):
    with World(Box(range(1, 4)), caps=CONDSTORE + ' X-GM-EXT-1', drip=drip) as w:
        w.box.mail(2).labels = '"\\\\Inbox" "\\\\Important" "two words" M&APw-ll odd[1]'
        w.box.flag(2, 'word')
        w.sync()
        assert sorted(w.rows()[2]['keywords']) == sorted(['word', 'label:Important', 'label:two\u00a0words', 'label:Müll', 'label:odd[1]']), w.rows()[2]['keywords']
        w.box.flag(2, '\\Seen')
        w.box.mail(2).labels = 'other'
        w.serve()
        w.sync()
        assert w.rows()[2]['keywords'] == ['label:other'] and 'UID FETCH 1:3 (UID FLAGS X-GM-LABELS) (CHANGEDSINCE 11)' in w.server.heard, (w.rows()[2], w.server.heard)
        # a FETCH of flags alone says nothing of labels
        w.serve(answers={'UID FETCH .*CHANGEDSINCE.*': '* 2 FETCH (UID 2 FLAGS (\\Flagged) MODSEQ (20))\n<tag> OK\n'})
        w.box.modseq = 20
        w.sync()
        assert w.rows()[2]['keywords'] == ['label:other'] and w.rows()[2]['flags'] == ['flagged']
    with World(Box(range(1, 4)), caps=CONDSTORE + ' X-GM-EXT-1', more='disable-capability = X-GM-EXT-1') as w:
        w.box.mail(2).labels = 'other'
        w.sync()
        assert 'X-GM' not in ' '.join(w.server.heard) and w.rows()[2]['keywords'] == []


@both_ways
def test_uidonly_needs_no_numbers(drip):
    caps = QRESYNC + ' UIDONLY PARTIAL'
    with World(Box(range(11, 150)), caps=caps, drip=drip) as w:
        w.sync()
        assert 'ENABLE QRESYNC UIDONLY' in w.server.heard and not w.said('FETCH .*'), w.server.heard
        w.holds()
        w.box.flag(20, '\\Seen', 'harbour')
        w.box.expunge(30)
        w.box.add(text_message(150))
        w.serve()
        w.sync()
        w.holds()
        assert not w.said('FETCH .*')
    for caps, more in ((caps, 'disable-capability = UIDONLY'), (QRESYNC + ' UIDONLY', '')):
        with World(caps=caps, more=more) as w:
            w.sync()
            assert 'ENABLE QRESYNC' in w.server.heard
            w.holds()


def test_a_server_that_looks_at_so_many_messages_at_a_time_is_asked_again():
    """RFC 9738: Yahoo looks at 1000."""
    for caps in (PLAIN, CONDSTORE, QRESYNC, QRESYNC + ' PARTIAL', QRESYNC + ' PARTIAL UIDONLY'):
        with World(Box(range(1, 300)), caps=caps + ' MESSAGELIMIT=40', limit=40) as w:
            w.sync()
            w.holds()
            for uid in range(5, 290, 3):
                w.box.flag(uid, '\\Seen', 'harbour')
            w.box.expunge(100)
            for uid in range(300, 370):
                w.box.add(text_message(uid))
            w.serve()
            w.sync()
            w.holds()
            assert 'PARTIAL -1:-60' not in ' '.join(w.server.heard)
    # told beside the answer, and by a server that did not announce it
    with World(Box(range(1, 300)), caps=PLAIN, limit=40) as w:
        w.sync()
        w.holds()


@both_ways
def test_progress_of_a_long_command_is_told(drip):
    for told in ('[INPROGRESS ("<tag>" 454 1000)] x', '[INPROGRESS] wait', '[INPROGRESS (NIL NIL NIL)] wait', '[INPROGRESS ("<tag>" 9 NIL)] x', '[INPROGRESS (((((] x'):
        with World(caps=QRESYNC, drip=drip, answers={'FETCH .*': '* OK %s\n%s' % (told, DEFAULT)}) as w:
            w.sync()
            w.holds()


def test_utf8_names_only_where_there_is_no_other_way():
    name = 'Entwürfe'
    for caps, wire, enable in ((QRESYNC + ' UTF8=ACCEPT', 'Entw&APw-rfe', 'ENABLE QRESYNC'), (QRESYNC + ' UTF8=ONLY', name, 'ENABLE QRESYNC UTF8=ACCEPT')):
        with World(Box([1]), Box([1, 2], name=wire), caps=caps) as w:
            w.sync(None)
            assert enable in w.server.heard and len(w.rows('work/' + name)) == 2, (w.server.heard, w.folders())
    with World(Box([1]), Box([1], name='a&-b'), caps=QRESYNC + ' UTF8=ONLY', answers={'ENABLE .*': '* ENABLED QRESYNC\n<tag> OK\n'}) as w:
        w.sync(None)
        assert 'work/a&b' in w.folders(), 'it says that it did not: names are as ever'


def test_a_list_refused_although_advertised_is_asked_plainly():
    """Exchange, Proton: LIST RETURN rejected; STATUS with a trailing blank, or with an empty list (163.com)."""
    for status in ('(MESSAGES 3 UNSEEN 3 )', '()', '( )'):
        with World(caps=QRESYNC, answers={'LIST .*RETURN.*': '<tag> BAD Command Argument Error. 12\n', 'STATUS.*': '* STATUS INBOX %s\n<tag> OK\n' % status}) as w:
            w.sync(None)
            assert 'LIST "" "*"' in w.server.heard and len(w.rows()) == 3


# ---- servers as they are ----

STRUCTURE = rb'BODYSTRUCTURE \("text" "plain" .*? NIL NIL NIL\)|BODYSTRUCTURE \("text".*?7bit" \d+ \d+ NIL NIL NIL\)'


def altered(pattern, instead):
    """An answer to FETCH with something put in place of what is usual."""
    def answer(session, command):
        usual = octets(session.fetch(command, command.startswith('UID')))
        wire, n = re.subn(pattern, instead, usual)
        assert n or b'FETCH (' not in usual, usual
        return wire
    return {r'(UID )?FETCH .*HEADER\.FIELDS.*': answer}


SERVERS = [
    ('Gmail: HIGHESTMODSEQ without a text', {'SELECT.*': '* OK [HIGHESTMODSEQ 12]\n' + DEFAULT}),
    ('Gmail: flags with brackets that are not quoted', altered(rb'FLAGS \(\)', rb'FLAGS (odd[1] \\Seen)')),
    ('Gmail: a multipart without parts', altered(STRUCTURE, rb'BODYSTRUCTURE ("MIXED" ("BOUNDARY" "x") NIL NIL)')),
    ('QQ, Yandex, mail.ru: an empty multipart', altered(STRUCTURE, rb'BODYSTRUCTURE (NIL "mixed" NIL NIL NIL)')),
    ('QQ: one part that is nothing', altered(STRUCTURE, rb'BODYSTRUCTURE (() "mixed" ("boundary" "x") NIL NIL)')),
    ('mail.ru: NIL for the value of a parameter', altered(STRUCTURE, rb'BODYSTRUCTURE ("text" "plain" ("charset" NIL) NIL NIL "7bit" 9 1 NIL NIL NIL NIL)')),
    ('mail.ru: () in odd places', altered(STRUCTURE, rb'BODYSTRUCTURE ("text" "plain" () () () "7bit" 9.0e+00 1 () () ())')),
    ('mail.ru: integers in floating point', altered(rb'RFC822.SIZE \d+', rb'RFC822.SIZE 2.37e+02')),
    ('Exchange: "inline" without its list', altered(STRUCTURE, rb'BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 9 1 NIL "inline" NIL)')),
    ('Exchange: a response code without OK', {'SELECT.*': '* [UIDNEXT 4]\n* [PERMANENTFLAGS ()]\n' + DEFAULT}),
    ('Exchange, home.pl: COPYUID in the blue', {'SELECT.*': '* [COPYUID 1 1:2 3:4]\n* [COPYUID]\n* OK [COPYUID ] .\n' + DEFAULT}),
    ('Domino: INTERNALDATE of zeros', altered(rb'INTERNALDATE "[^"]*"', rb'INTERNALDATE "00-Jan-0000 00:00:00 +0000"')),
    ('Courier: message 0', {'(UID )?FETCH.*': '* 0 FETCH (UID 0 FLAGS (\\Deleted))\n' + DEFAULT}),
    ('Zoho: MODSEQ -1', {'SELECT.*': '* OK [HIGHESTMODSEQ -1] .\n' + DEFAULT}),
    ('Seznam: UIDNEXT told when nobody asks', {'(UID )?FETCH.*': '* OK [UIDNEXT 99] eager\n' + DEFAULT}),
    ('Purelymail: HIGHESTMODSEQ 0', {'SELECT.*': '* OK [HIGHESTMODSEQ 0] .\n' + DEFAULT}),
    ('Yandex: BODY[] without its content', {'(UID )?FETCH.*': '* 1 FETCH (UID 1 BODY[1]<0> FLAGS ())\n' + DEFAULT}),
    ('public-inbox: a bare plus', {'SELECT.*': '+\n+ \n' + DEFAULT}),
    ('leading NULs', {'SELECT.*': b'\0\0* 3 EXISTS\r\n'}),
    ('trailing blanks', {'SELECT.*': '* FLAGS (\\Seen ) \n* OK [UIDVALIDITY 77 ] . \n' + DEFAULT}),
    ('several EXISTS', {'SELECT.*': '* 1 EXISTS\n* 7 EXISTS\n' + DEFAULT}),
    ('unsolicited data anywhere', {'.*FETCH.*': '* STATUS Sent (MESSAGES 4)\n* LIST () "/" x\n* SEARCH 1 2\n* ESEARCH UID\n* QUOTA "" ()\n* 99 RECENT\n' + DEFAULT}),
]


def test_servers_as_they_are():
    for what, answers in SERVERS:
        for caps in (PLAIN, CONDSTORE, QRESYNC):
            if 'leading' in what:
                answers = {'SELECT.*': lambda s, c: b'\0\0' + octets(s.on_select(c))}
            with World(caps=caps, answers=answers) as w:
                w.box.mail(2).when = NOON
                for _ in (1, 2):
                    w.sync()
                    got = w.rows()
                    assert sorted(got) == [1, 2, 3] and got[2]['subject'] == 'number 2', (what, caps, w.server.heard)
                assert not re.search(r'\b(\d+):(\d+)\b', ' '.join(w.server.heard)) or all(
                    int(a) <= int(b) for a, b in re.findall(r'\b(\d+):(\d+)\b', ' '.join(w.server.heard))), 'QQ and hMailServer take no falling ranges'
                assert 'text of 2\n' in w.home.run('show', got[2]['id']), (what, caps)


def test_names_as_servers_write_them():
    """Exchange: a TAB in an unquoted name; Domino: the delimiter is a backslash; NIL for a name."""
    with World(Box([1]), caps=PLAIN, answers={'LSUB.*': '<tag> OK\n', 'STATUS.*': '<tag> OK\n',
               'LIST.*': '* LIST () "/" INBOX\n* LIST () "/" two\tthree\n* LIST () "\\\\" "a\\\\b"\n* LIST () "/" NIL\n* LIST () NIL flat.name/x\n<tag> OK\n'}) as w:
        w.home.run('folders')
        assert sorted(w.folders()) == sorted(['work/INBOX', 'work/two\tthree', 'work/a/b', 'work/NIL', 'work/flat.name\u2215x']), sorted(w.folders())


def test_a_message_that_the_server_does_not_give_holds_up_no_other():
    note = '(the server does not give this message)'
    for caps, answer in ((PLAIN, 'NO [UNAVAILABLE] UID FETCH Server error'), (CONDSTORE, 'NO some messages could not be fetched'), (QRESYNC, 'NO [SERVERBUG] oops')):
        with World(Box(list(range(1, 141)) + [Mail(3000001, flags='\\Seen')]), caps=caps, answers=withholding({17, 100, 3000001}, answer)) as w:
            w.sync()
            rows = w.rows()
            assert sorted(rows) == [m.uid for m in w.box.mails], (caps, answer, w.server.heard)
            assert [u for u, r in rows.items() if r['subject'] == note] == [3000001, 100, 17], (caps, answer)
            assert rows[3000001]['flags'] == ['seen'] and rows[17]['received'] == rows[16]['received'].replace('12:16', '12:17')
            assert len(w.said('(UID )?FETCH .*')) < 120, len(w.said('(UID )?FETCH .*'))
            ids = {u: r['id'] for u, r in rows.items()}
            if caps == CONDSTORE:
                continue
            # a new one; one is given now; the others are asked for again, and only those
            w.box.add()
            w.serve(answers=withholding({100, 3000001, 3000002}))
            w.sync()
            rows = w.rows()
            assert [u for u, r in rows.items() if r['subject'] == note] == [3000002, 3000001, 100] and rows[17]['subject'] == 'number 17', {u: r['subject'] for u, r in rows.items()}
            assert not w.said('UID FETCH 1:.*HEADER.*') and {u: rows[u]['id'] for u in ids} == ids
            w.serve(answers={})
            w.sync()
            w.holds()
            w.serve()
            w.sync()
            assert not w.said('UID FETCH 100.*') and sorted(w.rows()) == [m.uid for m in w.box.mails]


def test_a_server_that_gives_nothing_is_not_asked_for_each_message():
    with World(Box(range(1, 2001)), answers=withholding(set(range(1, 2001)))) as w:
        w.sync(status=3)
        assert len(w.server.heard) < 60 and not w.rows(), len(w.server.heard)
        w.serve(answers={})
        w.sync()
        w.holds()


def test_quirks_are_told_by_the_greeting():
    for greeting, caps, never in (
            ('* OK The Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5 ready\n', PLAIN + ' NAMESPACE', 'NAMESPACE'),
            ('* OK Proton Mail Bridge 03.04.01 - gluon ready\n', QRESYNC, 'LIST .*RETURN.*'),
            ('* OK iCloud IMAP ready\n', QRESYNC, 'ENABLE .*|UID SEARCH RETURN.*'),
            ('* OK Courier-IMAP ready. Copyright\n', 'IMAP4rev1 AUTH=PLAIN SASL-IR', r'AUTHENTICATE PLAIN .+')):
        with World(caps=caps, greeting=greeting) as w:
            w.sync(None)
            assert not w.said(never) and len(w.rows()) == 3, (greeting, w.server.heard)


# ---- Dovecot ----

def test_dovecot_is_followed_with_every_way_there_is():
    with Dovecot() as d, RawImap(d.port) as other:
        for n in range(1, 101):
            other.append(text_message(n))
        for hide in ('', 'QRESYNC', 'QRESYNC,CONDSTORE', 'QRESYNC,CONDSTORE,ESEARCH,LIST-STATUS,LIST-EXTENDED'):
            with Home('') as home:
                conf = imap_conf(d.port, user=d.user, password=d.password, more='keep = headers\n' + ('disable-capability = %s' % hide.replace(',', ' ') if hide else ''))
                home.write_conf(conf)
                home.run('sync')

                def rows():
                    return {r['uid']: (sorted(r['flags']), sorted(r['keywords'])) for r in map(json.loads, home.run('--offline', 'list', 'work/INBOX', '--json').splitlines())}
                before = rows()
                uids = sorted(before)
                a, b, c = uids[3], uids[50], uids[-1]
                other('UID STORE %d FLAGS (\\Seen harbour)' % a)
                other('UID STORE %d FLAGS ()' % b)
                other('UID STORE %d +FLAGS (\\Deleted)' % c)
                other('UID EXPUNGE %d' % c)
                other.append(text_message('new'), flags='\\Flagged quay')
                home.run('sync')
                after = rows()
                assert after[a] == (['seen'], ['harbour']) and after[b] == ([], []) and c not in after, (hide, after[a], after[b])
                new = set(after) - set(before)
                assert len(new) == 1 and after[new.pop()] == (['flagged'], ['quay']) and len(after) == len(before), hide


def test_dovecot_shows_what_others_share():
    extra = ('\nnamespace public {\n  type = public\n  separator = /\n  prefix = Public/\n  location = mdbox:%s/public\n  list = yes\n  subscriptions = no\n}\n')
    d = Dovecot()
    d.extra = extra % d.dir
    d.write_conf()
    os.makedirs(d.dir + '/public', exist_ok=True)
    if os.getuid() == 0:
        os.chown(d.dir + '/public', d.uid, d.gid)
        os.chown(d.conf, d.uid, d.gid)
    with d, RawImap(d.port) as other, Home(imap_conf(d.port, user=d.user, password=d.password)) as home:
        other('CREATE Public/plans')
        other.append(text_message(1), box='Public/plans')
        home.run('sync')
        folders = {f['folder']: f for f in map(json.loads, home.run('--offline', 'folders', '--json').splitlines())}
        assert folders['Public/plans']['total'] == 1, folders


if __name__ == '__main__':
    run(globals())
