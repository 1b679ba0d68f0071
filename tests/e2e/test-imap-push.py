#!/usr/bin/python3
"""Being told instead of asking: NOTIFY, IDLE and what is done without them; the connections beside the person's; the command for new mail."""
import base64, contextlib, json, os, re, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from proxy import Proxy
from screen import PATIENCE, Screen, becomes
from script import *
from tap import FULMAR, Clock, Home, imap_conf, run

FIELDS = 'BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)]'
FULL = '(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE %s)' % FIELDS
NOTIFY = ('NOTIFY SET STATUS (SELECTED-DELAYED (MessageNew %s MessageExpunge FlagChange)) '
          '(PERSONAL (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))' % FULL)
CAPS = PROFILES['qresync'] + ' NOTIFY'
CUTS = (0, 1)  # fed whole, and octet by octet


def news(session, command):
    """What has come into the selected folder, and which flags are set in it."""
    mails = session.box.mails if session.box else []
    flags = ''.join('* %d FETCH (UID %d FLAGS (%s))\n' % (n, m.uid, ' '.join(m.flags)) for n, m in enumerate(mails, 1) if m.flags)
    return '* %d EXISTS\n%s<tag> OK done\n' % (len(mails), flags) if session.box else None


class Talk:
    """A screen on a scripted server that pushes."""

    def __init__(self, *boxes, caps=CAPS, drip=0, more='', answers=None, talk=(), cols=120, rows=30, ui='', **kw):
        self.boxes = boxes or (Box(range(1, 4)),)
        self.server = Script(*self.boxes, caps=caps, drip=drip, talk=talk, answers={'NOTIFY .*': '<tag> OK done\n', 'NOOP': news, **(answers or {})}, **kw)
        self.home = Home(imap_conf(self.server.port, more='keep = headers\n' + more) + '[ui]\n' + ui)
        self.screen = Screen([FULMAR], self.home.env, cols, rows)

    def lane(self, n):
        """What was heard on the n-th connection so far."""
        return self.server.ever[n].heard if n < len(self.server.ever) else []

    def tell(self, text, n=0):
        self.server.ever[n].tell(text)

    def rests(self):
        """Waits until the person's connection has nothing to do."""
        self.screen.wait(r'● Idle')
        becomes(self.screen, lambda: self.lane(0)[-1:] == ['IDLE'])
        return self

    def row(self, box, mail):
        """What the server pushes of a new message."""
        session = self.server.ever[0]
        return b'* %d EXISTS\r\n* %d FETCH (%s)\r\n' % (len(box.mails), len(box.mails), session.items(mail, FULL[1:-1], 0))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.screen.close()
        self.server.close()
        self.home.close()


def counts(screen, **folders):
    """Waits until the rail says so much of each folder."""
    def holds(lines):
        rail = {m.group(1): int(m.group(2)) for l in lines if (m := re.match(r' +(\S+) +(\d+) │', l))}
        return all(rail.get(name, 0) == n for name, n in folders.items())
    screen.wait(holds)


def status(box, **more):
    values = {'MESSAGES': len(box.mails), 'UIDNEXT': box.uidnext, 'UNSEEN': box.unseen(), 'HIGHESTMODSEQ': box.modseq, **more}
    return '* STATUS %s (%s)\n' % (box.name, ' '.join('%s %d' % v for v in values.items()))


def test_a_server_that_is_lost_when_commands_follow_each_other_gets_one_at_a_time():
    """By its greeting, or because the person says so. The server answers what has been said when nothing more comes: each flight is one command."""
    for hello, more in (('The Microsoft Exchange IMAP4 service is ready.', ''), ('hello', 'disable-capability = PIPELINING\n')):
        caps = PROFILES['all'].replace('IDLE', 'NAMESPACE ID IDLE')
        with Talk(Box(range(1, 100)), Box(range(1, 3), name='Plans'), caps=caps, more=more, greeting='* OK [CAPABILITY %s] %s\n' % (caps, hello), patient=.02) as t:
            t.rests()
            t.screen.press('\r', 'text of 99')
            t.screen.press('q', '● Idle')
            t.screen.press('=s', 'Move the message to')
            t.screen.press('Plans\r', 'takes it back')
            becomes(t.screen, lambda: any(h.startswith('UID MOVE') for h in t.server.heard))
            t.rests()
            assert len(t.server.heard) > 8 and t.server.flights == len([h for h in t.server.heard if h not in ('DONE', 'LOGOUT')]), t.server.flown


# ---- NOTIFY, to the letter ----

def test_notify_is_asked_for_once_after_the_list_and_idle_holds_the_line():
    for drip in CUTS:
        with Talk(drip=drip) as t:
            t.rests()
            heard = t.lane(0)
            assert heard[-2:] == [NOTIFY, 'IDLE'] and any(h.startswith('LIST ') for h in heard[:-2]), heard
            assert ('\r\nf%d %s\r\n' % (len(heard) - 1, NOTIFY)).encode() in t.server.octets, t.server.octets
            t.screen.press('\r', 'text of 3')
            becomes(t.screen, lambda: t.lane(0)[-1] == 'IDLE' and t.lane(0).count('IDLE') > 1)
            assert len([h for h in t.server.heard if h.startswith('NOTIFY')]) == 1, t.server.heard


def test_new_mail_that_is_pushed_is_shown_without_a_question():
    for drip in CUTS:
        with Talk(drip=drip) as t:
            t.rests()
            before = list(t.server.heard)
            for n in (4, 5):
                t.tell(t.row(t.boxes[0], t.boxes[0].add()))
                t.screen.wait(r'number %d' % n)
            counts(t.screen, INBOX=5)
            assert t.server.heard == before, t.server.heard
            # It counts as fetched: the next session asks for what comes behind it.
            t.screen.send('q')
            t.screen.ended()
            t.home.run('sync', 'work/INBOX')
            assert [h for h in t.server.heard[len(before):] if 'INBOX' in h or 'FETCH' in h][:2] == [
                'SELECT INBOX (QRESYNC (77 10 1:5))', 'UID FETCH 6:* %s (CHANGEDSINCE 10)' % FULL.replace(' BODYSTRUCTURE', '')], t.server.heard[len(before):]


def test_new_mail_that_is_announced_but_not_pushed_is_asked_for():
    for drip in CUTS:
        with Talk(drip=drip) as t:
            t.rests()
            n = len(t.lane(0))
            t.boxes[0].add()
            t.tell('* 4 EXISTS\n')
            t.screen.wait(r'number 4')
            assert t.lane(0)[n:n + 2] == ['DONE', 'UID FETCH 4:* ' + FULL], t.lane(0)
            # One that comes with others missing before it leaves nothing out.
            t.rests()
            t.boxes[0].add()
            t.tell(t.row(t.boxes[0], t.boxes[0].add()))
            t.screen.wait(r'number 5')
            t.screen.wait(r'number 6')


def test_new_mail_that_the_server_does_not_give_holds_up_no_other_and_is_asked_for_again():
    """Yahoo. With each news, and less and less often while it is refused."""
    for caps in (CAPS, PROFILES['plain']):
        bad = {4, 5}
        with Talk(caps=caps, answers=withholding(bad)) as t:
            box = t.boxes[0]

            def comes(n):
                mail = box.add()
                t.tell(t.row(box, mail) if 'NOTIFY' in caps else '* %d EXISTS\n' % n)
                t.screen.wait(r'number %d\b' % n)
                t.rests()

            def asked():
                return len(t.server.said(r'UID FETCH 4(:\d+|:\*)? .*HEADER.*'))

            t.rests()
            box.add()
            box.add()
            t.tell('* 5 EXISTS\n')
            t.screen.wait(lambda lines: sum('(the server does not' in l.split('│')[1] for l in lines if '│' in l) == 2)
            t.rests()
            first = asked()
            for n, again in enumerate((1, 1, 2, 2, 2, 2, 3), 6):
                if n == 11:
                    bad.clear()
                comes(n)
                becomes(t.screen, lambda: asked() - first == again)
                t.rests()
            t.screen.wait(r'number 4\b')
            t.screen.wait(r'number 5\b')
            comes(13)
            assert asked() - first == 3, t.server.heard


def test_new_mail_that_was_refused_once_comes_with_the_next():
    for caps in (CAPS, PROFILES['plain']):
        with Talk(caps=caps, answers={r'UID FETCH 4:\* .*': ['<tag> NO [LIMIT] rate limit hit\n', None]}) as t:
            t.rests()
            t.boxes[0].add()
            t.tell('* 4 EXISTS\n')
            becomes(t.screen, lambda: t.server.said(r'UID FETCH 4:\* .*'))
            t.rests()
            t.boxes[0].add()
            t.tell('* 5 EXISTS\n')
            t.screen.wait(r'number 4')
            t.screen.wait(r'number 5')


def test_counts_of_other_folders_are_told_and_their_mail_fetched_beside():
    for drip in CUTS:
        lists = Box(range(1, 3), name='Lists')
        with Talk(Box(range(1, 4)), lists, drip=drip) as t:
            t.rests()
            counts(t.screen, Lists=2)
            becomes(t.screen, lambda: t.lane(1) and t.lane(1)[-1].startswith('FETCH'))
            before, beside = list(t.lane(0)), len(t.lane(1))
            lists.add()
            t.tell(status(lists))
            counts(t.screen, Lists=3)
            becomes(t.screen, lambda: t.lane(1)[beside:] and 'total' in t.home.run('--offline', 'folders', '--json') and
                    [r for r in map(json.loads, t.home.run('--offline', 'list', 'work/Lists', '--json').splitlines()) if r['uid'] == 3])
            lists.flag(1, '\\Seen')
            t.tell('* STATUS Lists (UNSEEN 2 HIGHESTMODSEQ %d)\n' % lists.modseq)
            counts(t.screen, Lists=2)
            # The same again, and what is known of the open folder, is no news.
            told = len(t.lane(1))
            t.tell(status(lists) + status(t.boxes[0], MESSAGES=99))
            t.screen.press('\r', 'text of 3')
            t.screen.wait(r'^ +Lists +2 │')
            t.screen.press('q', r'work / INBOX +3 · ')
            assert [h for h in t.lane(0)[len(before):] if h not in ('DONE', 'IDLE') and 'FETCH' not in h and 'STORE' not in h] == [], t.lane(0)
            assert t.server.connections == 2 and len(t.lane(1)) <= told + 2, t.lane(1)


def test_folders_that_come_and_go_bring_the_list_again():
    for drip in CUTS:
        with Talk(Box(range(1, 4)), Box([], name='Old'), drip=drip, answers={'LIST .*': DEFAULT}) as t:
            t.rests()
            lists = lambda: [h for h in t.lane(0) if h.startswith('LIST')]
            n = len(lists())
            t.tell('* LIST () "/" Old\n* LIST () "/" INBOX\n')  # as they are known
            new = Box([1], name='New')
            t.server.boxes.append(new)
            t.tell('* LIST () "/" New\n')
            t.screen.wait(r'^ +New +1 │')
            assert len(lists()) == n + 1, t.lane(0)
            t.rests()
            t.server.boxes.remove(new)
            new.name = 'Newer'
            t.server.boxes.append(new)
            t.tell('* LIST () "/" Newer ("OLDNAME" (New))\n')
            t.screen.wait(lambda lines: any(re.match(r' +Newer ', l) for l in lines) and not any(re.match(r' +New ', l) for l in lines))
            t.rests()
            t.server.boxes.remove(new)
            t.tell('* LIST (\\NonExistent) "/" Newer\n')
            t.screen.wait(lambda lines: not any(re.match(r' +Newer ', l) for l in lines))
            assert len(lists()) == n + 3, t.lane(0)


def test_a_server_that_cannot_keep_up_is_asked_instead():
    for drip in CUTS:
        lists = Box(range(1, 3), name='Lists')
        with Talk(Box(range(1, 4)), lists, drip=drip) as t:
            t.rests()
            n = len(t.lane(0))
            lists.add()
            t.tell('* OK [NOTIFICATIONOVERFLOW] too much\n')
            becomes(t.screen, lambda: len(t.lane(0)) > n + 1)
            assert t.lane(0)[n:n + 2] == ['DONE', 'NOTIFY NONE'], t.lane(0)[n:]
            becomes(t.screen, lambda: any(h.startswith('LIST ') for h in t.lane(0)[n + 2:]))
            counts(t.screen, Lists=3)
            t.rests()
            # From now on EXISTS brings no rows.
            t.boxes[0].add()
            t.tell('* 4 EXISTS\n')
            t.screen.wait(r'number 4')
            assert len([h for h in t.lane(0) if h.startswith('NOTIFY')]) == 2, t.lane(0)


def test_without_notify_there_is_idle_and_the_list():
    cases = (('disable-capability = NOTIFY', {}), ('', {'NOTIFY .*': '<tag> BAD unknown\n'}), ('', {'NOTIFY .*': '<tag> NO [BADEVENT (FlagChange)] no\n'}))
    for drip in CUTS:
        for more, answers in cases:
            with Talk(drip=drip, more=more, answers=answers) as t:
                t.rests()
                asked = [h for h in t.lane(0) if h.startswith('NOTIFY')]
                assert asked == ([] if more else [NOTIFY]), t.lane(0)
                n = len(t.lane(0))
                t.boxes[0].add()
                t.tell('* 4 EXISTS\n')
                t.screen.wait(r'number 4')
                becomes(t.screen, lambda: t.lane(0)[-1] == 'IDLE')
                assert t.lane(0)[n:] == ['DONE', 'UID FETCH 4:* ' + FULL, 'IDLE'], t.lane(0)[n:]


def test_without_idle_the_open_folder_is_asked_for():
    """Hidden, or not there, as NOTIFY is not; all of them at once, as each takes five seconds."""
    ways = [(CAPS, 'disable-capability = IDLE\n'), (CAPS.replace(' IDLE', ''), ''), (CAPS.replace(' IDLE', ''), 'disable-capability = NOTIFY\n')]
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(Talk(caps=caps, drip=drip, more=more + 'poll = 5s')) for caps, more in ways for drip in CUTS]
        for t in talks:
            t.screen.wait(r'number 3')
            t.screen.wait(r'● Idle')
            t.server.answers['NOOP'] = '* 4 EXISTS\n<tag> OK done\n'
            t.boxes[0].add()
        for t in talks:
            t.screen.wait(r'number 4')
            heard = t.lane(0)
            at = heard.index('UID FETCH 4:* ' + FULL)  # the first NOOP may have come before there was anything to tell
            assert heard[at - 1] == 'NOOP' and 'IDLE' not in heard and (NOTIFY in heard) == (t not in talks[-2:]), heard


def test_when_no_folder_is_open_the_inbox_is_watched():
    with Script(Box(range(1, 4)), caps=PROFILES['qresync']) as shown, Script(Box(range(1, 4)), caps=PROFILES['qresync']) as other, Home('') as home:
        home.write_conf(imap_conf(shown.port, more='keep = headers') + imap_conf(other.port, more='keep = headers').replace('account work', 'account quay'))
        with Screen([FULMAR], home.env, 120, 30) as s:
            s.wait(r'number 3')
            becomes(s, lambda: other.heard[-1:] == ['IDLE'])
            assert 'SELECT INBOX' in other.heard and other.connections == 1, other.heard
            other.boxes[0].add()
            other.notify(other.boxes[0], '* 4 EXISTS\n')
            becomes(s, lambda: len(json_rows(home, 'quay/INBOX')) == 4)


def json_rows(home, folder):
    return [json.loads(l) for l in home.run('--offline', 'list', folder, '--json', status=None).splitlines()]


# ---- more than one connection ----

def folders(n, mails=3):
    return [Box(range(1, 4))] + [Box(range(1, mails + 1), name='Box' + 'ABC'[i]) for i in range(n)]


def test_other_folders_come_over_a_second_connection():
    with Talk(*folders(3)) as t:
        counts(t.screen, BoxA=3, BoxB=3, BoxC=3)
        becomes(t.screen, lambda: all(len(json_rows(t.home, 'work/Box' + c)) == 3 for c in 'ABC'))
        assert [h for h in t.lane(0) if h.startswith('SELECT')] == ['SELECT INBOX'], t.lane(0)
        assert [h for h in t.lane(1) if h.startswith('SELECT')] == ['SELECT "Box%s"' % c for c in 'ABC'], t.lane(1)
        assert not [h for h in t.lane(1) if h in ('IDLE', NOTIFY) or h.startswith('LIST')], t.lane(1)
        assert t.server.connections == 2


def test_a_command_line_uses_one():
    with Script(*folders(3), caps=CAPS) as server, Home(imap_conf(server.port)) as home:
        home.run('sync')
        assert server.connections == 1 and not [h for h in server.heard if h.startswith('NOTIFY')], server.heard
        assert all(len(json_rows(home, 'work/Box' + c)) == 3 for c in 'ABC')


def refused(talk=(), answers=None):
    """All comes over the first connection, and no others are tried one after the other."""
    with Talk(*folders(3), talk=talk, answers=answers) as t:
        becomes(t.screen, lambda: all(len(json_rows(t.home, 'work/Box' + c)) == 3 for c in 'ABC'))
        t.rests()
        assert t.lane(0)[-2:] != ['SELECT "BoxC"', 'IDLE'] and t.server.connections == 2, (t.server.connections, t.server.heard)
        assert not re.search(r'Error|refused', t.screen.text), t.screen.text
        lists = t.boxes[1]
        lists.add()
        t.tell(status(lists))
        becomes(t.screen, lambda: len(json_rows(t.home, 'work/BoxA')) == 4)
        t.boxes[0].add()
        t.rests()
        assert t.server.connections == 2


def test_a_second_connection_that_is_refused():
    refused([[], ['S: * BYE too many connections', CUT]])
    refused([[], [CUT]])


def log_in(session, command):
    return None if session is session.server.ever[0] else session.server.refusal


def test_a_second_log_in_that_is_refused():
    for refusal in ('<tag> NO [LIMIT] too many\n', '<tag> NO Too many simultaneous connections\n', '<tag> NO [AUTHENTICATIONFAILED] no\n'):
        Script.refusal = refusal
        refused(answers={'LOGIN .*': log_in})


def test_the_password_command_runs_once_for_all_connections():
    with Script(*folders(3), caps=CAPS, answers={'NOTIFY .*': '<tag> OK\n'}) as server, Home('') as home:
        asked = os.path.join(home.dir, 'asked')
        home.write_conf(imap_conf(server.port, more='keep = headers').replace('password = "secret word"', "password-command = echo x >> %s; echo secret word" % asked))
        with Screen([FULMAR], home.env, 120, 30) as s:
            becomes(s, lambda: server.connections == 2 and len(json_rows(home, 'work/BoxC')) == 3)
            assert server.heard.count('LOGIN "ann" "secret word"') == 2, server.heard
            assert open(asked).read() == 'x\n'


def slow(session, command):
    """Other connections than the first are never answered."""
    return STALL if session is not session.server.ever[0] else None


def test_the_person_takes_a_folder_that_another_connection_fills():
    with Talk(Box(range(1, 4)), Box(range(1, 401), name='Big'), answers={'UID FETCH .*': slow}) as t:
        becomes(t.screen, lambda: any('UID FETCH' in h for h in t.lane(1)))
        t.screen.press('c', r'Big')
        t.screen.press('Big\r', r'work / Big')
        t.screen.wait(r'number 400')
        becomes(t.screen, lambda: len(json_rows(t.home, 'work/Big')) == 400)
        assert any(h.startswith('SELECT "Big"') for h in t.lane(0)), t.lane(0)


def test_a_connection_that_breaks_off_leaves_nothing_undone():
    def cut(session, command):
        if session is session.server.ever[0] or session.server.cuts > 1:
            return None
        session.server.cuts += 1
        return CUT
    Script.cuts = 0
    with Talk(*folders(3), answers={'FETCH .*': cut}) as t:
        becomes(t.screen, lambda: all(len(json_rows(t.home, 'work/Box' + c)) == 3 for c in 'ABC'))
        t.rests()
        assert t.server.connections <= 4 and 'Offline' not in t.screen.text, t.server.connections


# ---- against a real server ----

def message(n, body=None, subject=None):
    return ('From: Bob Marsh <bob@harbour.example>\nTo: Ann <ann@example.org>\nSubject: %s\nMessage-ID: <n%d@harbour.example>\n'
            'Date: Fri, 20 Nov 2026 10:%02d:%02d +0100\n\n%s\n' % (subject or 'number %d' % n, n, n // 60 % 60, n % 60, body or 'text of %d' % n))


def fill(imap, first, last, box='INBOX', flags=''):
    for n in range(first, last + 1):
        imap.append(message(n), box=box, flags=flags)


def test_what_another_client_delivers_shows_without_a_key():
    for more in ('', 'disable-capability = QRESYNC', 'disable-capability = QRESYNC, CONDSTORE, ENABLE'):
        with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more=more)) as home:
            fill(imap, 1, 3)
            for name in ('Harbour', 'Lists', 'Work'):
                imap('CREATE ' + name)
                fill(imap, 10, 11, box=name)
            with Screen([FULMAR], home.env, 120, 30) as s:
                s.wait(r'● Idle')
                counts(s, INBOX=3, Harbour=2, Lists=2, Work=2)
                for n, name in enumerate(('Harbour', 'Lists', 'Work')):
                    fill(imap, 20, 20 + n, box=name)
                counts(s, INBOX=3, Harbour=3, Lists=4, Work=5)
                becomes(s, lambda: all(len(json_rows(home, 'work/' + f)) == n for f, n in (('Harbour', 3), ('Lists', 4), ('Work', 5))))
                start = time.monotonic()
                fill(imap, 4, 4)
                s.wait(r'number 4')
                print('# new mail in the open folder after %.2f s' % (time.monotonic() - start), flush=True)
                # Whatever of it comes first, second, third.
                imap('UID STORE 1 +FLAGS (\\Seen)')
                counts(s, INBOX=3)
                imap('UID STORE 2 +FLAGS (\\Deleted)')
                imap('UID EXPUNGE 2')
                s.wait(lambda lines: not re.search(r'number 2$', '\n'.join(l.split(' │ ')[1].rstrip() if ' │ ' in l else '' for l in lines), re.M))
                imap('CREATE Quay')
                fill(imap, 30, 30, box='Quay')
                counts(s, Quay=1)
                imap('RENAME Quay Pier')
                stirring(imap, s, lambda: re.search(r'^ +Pier +1 │', s.text, re.M))
                imap('DELETE Pier')
                stirring(imap, s, lambda: 'Pier' not in s.text)


def stirring(imap, screen, what):
    """Dovecot passes over a change of names that comes right behind another one, until there is a further one."""
    end = time.monotonic() + 60 * PATIENCE
    while not what():
        assert time.monotonic() < end, screen.text
        fill(imap, 50, 50, box='Trash')
        again = time.monotonic() + 2
        while time.monotonic() < again and not what():
            screen.pump(.05)


def answers_within(screen, keys, what, seconds):
    start = time.monotonic()
    screen.press(keys, what)
    took = time.monotonic() - start
    assert took < seconds * PATIENCE, (keys, took)
    return took


def test_a_second_connection_that_stalls_delays_nobody():
    for when in ('from the first', 'at work'):
        with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers')) as home:
            fill(imap, 1, 5)
            for name in ('Harbour', 'Lists', 'Work'):
                imap('CREATE ' + name)
                fill(imap, 10, 14, box=name)
            if when == 'from the first':
                p.hold(2)
            with Screen([FULMAR], home.env, 120, 30) as s:
                s.wait(r'number 5')
                becomes(s, lambda: p.counts()['connections'] == 2)
                p.hold(2)
                s.wait(r'● Idle')
                took = [answers_within(s, '\r', r'text of 5', 5), answers_within(s, 'j', r'text of 4', 5)]
                s.press('q', r'work / INBOX')
                s.press('c', r'Lists')
                took.append(answers_within(s, 'Lists\r', r'work / Lists(.*\n)+.*number 14', 5))
                took.append(answers_within(s, '\r', r'text of 14', 5))
                fill(imap, 15, 15, box='Lists')
                s.press('q', r'number 15')
                print('# stalled %s: answers after %s s' % (when, ' '.join('%.2f' % t for t in took)), flush=True)
                assert 'Offline' not in s.text


def test_a_server_that_allows_one_connection():
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port)) as home:
        p.limit = 1
        fill(imap, 1, 5)
        for name in ('Harbour', 'Lists', 'Work'):
            imap('CREATE ' + name)
            fill(imap, 10, 14, box=name)
        with Screen([FULMAR], home.env, 120, 30) as s:
            becomes(s, lambda: all(len(json_rows(home, 'work/' + f)) == 5 for f in ('Harbour', 'Lists', 'Work')))
            s.wait(r'● Idle')
            fill(imap, 15, 15, box='Work')
            fill(imap, 6, 6)
            s.wait(r'number 6')
            counts(s, Work=6)
            becomes(s, lambda: len(json_rows(home, 'work/Work')) == 6)
            assert 'Offline' not in s.text


def test_what_a_new_link_costs():
    """Five round trips and 4 kB until the open folder is in sync again."""
    with Dovecot(mechanisms='plain') as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers')) as home:
        fill(imap, 1, 40)
        with Screen([FULMAR], home.env, 120, 30) as s:
            s.wait(r'40.*● Idle')
            becomes(s, lambda: 'synced' in s.text)
            p.refuse(True)
            s.wait(r'Offline|Connecting')
            fill(imap, 41, 41)
            p.zero()
            p.refuse(False)
            s.wait(r'number 41')
            cost = p.counts()
            print('# a new link: %d round trips, %d octets down, %d up' % (cost['turns'], cost['down'], cost['up']), flush=True)
            assert cost['turns'] <= 5 * cost['connections'] and cost['down'] + cost['up'] < 4000 * cost['connections'], cost


def test_a_link_that_died_in_a_short_sleep_is_noticed():
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers').replace('timeout = 10s', 'timeout = 60s')) as home:
        fill(imap, 1, 3)
        clock = Clock(home)
        with Screen([FULMAR], clock.env, 120, 30) as s:
            s.wait(r'● Idle')
            for n in list(range(1, p.counts()['connections'] + 1)):
                p.hold(n)
            fill(imap, 4, 4)
            start = time.monotonic()
            clock.set('+15')
            s.wait(r'number 4', 40)
            print('# the dead link was noticed and replaced after %.1f s' % (time.monotonic() - start), flush=True)


# ---- telling the person ----

def test_new_mail_runs_the_command_and_rings():
    hostile = 'Subject: =?utf-8?q?number_5_=1b]0;evil=07_$(touch_$HOME/x)_=e2=80=ae?=\nFrom: "Bob\x1b[31m" <bob@harbour.example>\nMessage-ID: <5@x>\n\nhello\n'
    script = 'printf "%s|%s|%s|%s|%s\\n" "$FULMAR_ACCOUNT" "$FULMAR_FOLDER" "$FULMAR_COUNT" "$FULMAR_FROM" "$FULMAR_SUBJECT" >> "$HOME/news"; echo noise; echo noise >&2'
    with Talk(Box(range(1, 4)), Box([], name='Trash', attributes='\\Trash'), ui='bell = yes\nnew-mail-command = %s\n' % script) as t:
        t.rests()
        assert b'\a' not in t.screen.raw
        news = os.path.join(t.home.dir, 'news')
        heard = lambda: open(news).read().splitlines() if os.path.exists(news) else []
        t.tell(t.row(t.boxes[0], t.boxes[0].add()))
        becomes(t.screen, lambda: heard() == ['work|INBOX|1|Bob|number 4'])
        assert t.screen.raw.count(b'\a') == 1
        # Two at once are one message; nothing of theirs is a command or a control.
        t.tell(t.row(t.boxes[0], t.boxes[0].add()) + t.row(t.boxes[0], t.boxes[0].add(hostile)))
        becomes(t.screen, lambda: len(heard()) == 2)
        account, folder, count, sender, subject = heard()[1].split('|')
        assert (folder, count) == ('INBOX', '2') and '\x1b' not in sender + subject and '\u202e' not in subject and '$(touch' in subject, heard()
        assert not os.path.exists(os.path.join(t.home.dir, 'x')) and t.screen.raw.count(b'\a') == 2
        # What is thrown away, or was read elsewhere, is not announced.
        trash = t.boxes[1]
        trash.add()
        t.tell(status(trash))
        becomes(t.screen, lambda: len(json_rows(t.home, 'work/Trash')) == 1)
        t.tell(t.row(t.boxes[0], t.boxes[0].add(flags='\\Seen')))
        t.screen.wait(r'number 7')
        t.tell(t.row(t.boxes[0], t.boxes[0].add()))
        becomes(t.screen, lambda: len(heard()) == 3)
        assert heard()[2] == 'work|INBOX|1|Bob|number 8', heard()
        assert 'noise' not in t.screen.text


def test_what_the_person_moves_is_no_new_mail():
    with Dovecot() as d, RawImap(d.port) as imap, Home(imap_conf(d.port, more='keep = headers') + '[ui]\nbell = yes\n') as home:
        fill(imap, 1, 3)
        imap('CREATE Harbour')
        fill(imap, 10, 10, box='Harbour', flags='\\Seen')
        with Screen([FULMAR], home.env, 120, 30) as s:
            s.wait(r'● Idle')
            becomes(s, lambda: len(json_rows(home, 'work/Harbour')) == 1)
            assert b'\a' not in s.raw
            s.press('s', r'[Mm]ove')
            s.press('Harbour\r', r'work / INBOX +2 · ')
            becomes(s, lambda: any(b'MESSAGES 2' in l for l in imap('STATUS Harbour (MESSAGES)')))
            becomes(s, lambda: all(r['uid'] for r in json_rows(home, 'work/Harbour')))
            fill(imap, 4, 4)
            s.wait(r'number 4')
            becomes(s, lambda: s.raw.count(b'\a') == 1)
            rang = time.monotonic()
            becomes(s, lambda: time.monotonic() > rang + 1.1)  # what comes together rings once
            fill(imap, 11, 11, box='Harbour')
            becomes(s, lambda: s.raw.count(b'\a') == 2)


def test_an_attachment_that_takes_long_is_in_nobodys_way():
    data = os.urandom(1500000)
    with Dovecot() as d, RawImap(d.port) as imap, Proxy(d.port) as p, Home(imap_conf(p.port, more='keep = headers')) as home:
        fill(imap, 1, 3)
        imap.append('Subject: the chart\nFrom: bob@harbour.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain\n\nhere it is\n\n'
                    '--XX\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=chart.bin\nContent-Transfer-Encoding: base64\n\n%s\n--XX--\n'
                    % base64.encodebytes(data).decode())
        with Screen([FULMAR], home.env, 120, 30) as s:
            s.wait(r'the chart(.*\n)+.*number 1')
            s.wait(r'● Idle')
            s.press('\r', r'here it is')
            p.rate = 150000
            s.press('v', r'chart\.bin')
            s.press('j', r'chart\.bin')
            s.send('s')
            becomes(s, lambda: p.counts()['connections'] == 3)
            s.press('q', r'here it is')
            took = [answers_within(s, 'j', r'text of 3', 5), answers_within(s, 'j', r'text of 2', 5)]
            print('# texts beside a long attachment at 150 kB/s after %s s' % ' '.join('%.2f' % t for t in took), flush=True)
            assert 'Save as' not in s.text
            p.rate = 0
            s.wait(r'Save as')
            s.send('\x15%s/chart.bin\r' % home.dir)
            becomes(s, lambda: os.path.exists(os.path.join(home.dir, 'chart.bin')) and open(os.path.join(home.dir, 'chart.bin'), 'rb').read() == data)


def test_a_command_that_takes_its_time_is_not_started_twice():
    script = 'echo "$FULMAR_COUNT" >> "$HOME/news"; until test -e "$HOME/go"; do sleep 0.05; done'
    with Talk(ui='new-mail-command = %s\n' % script) as t:
        t.rests()
        news = os.path.join(t.home.dir, 'news')
        heard = lambda: open(news).read().split() if os.path.exists(news) else []
        t.tell(t.row(t.boxes[0], t.boxes[0].add()))
        becomes(t.screen, lambda: heard() == ['1'])
        for n in (5, 6, 7):
            t.tell(t.row(t.boxes[0], t.boxes[0].add()))
            t.screen.wait(r'number %d' % n)
        t.screen.press('\r', r'text of')
        assert heard() == ['1']
        open(os.path.join(t.home.dir, 'go'), 'w').close()
        becomes(t.screen, lambda: heard() == ['1', '3'])


def test_a_command_that_fails_is_told_once():
    script = 'echo "$FULMAR_COUNT" >> "$HOME/news"; test $(wc -l < "$HOME/news") -lt 3 || exit 3; /nonexistent/bell'
    with Talk(ui='new-mail-command = %s\n' % script) as t:
        def comes():
            t.tell(t.row(t.boxes[0], t.boxes[0].add()))

        t.rests()
        news = os.path.join(t.home.dir, 'news')
        heard = lambda: len(open(news).read().split()) if os.path.exists(news) else 0
        not_found = r'new-mail-command failed \(a program was not found\); try it in a shell'
        comes()
        t.screen.wait(not_found)
        comes()
        becomes(t.screen, lambda: heard() == 2)
        comes()
        t.screen.wait(r'new-mail-command failed \(exit status 3\)')
        t.screen.press('W', lambda lines: 'Activity' in t.screen.text and len(re.findall(not_found, t.screen.text)) == 1)


if __name__ == '__main__':
    run(globals())
