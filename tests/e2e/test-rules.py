#!/usr/bin/env python3
"""Delivery rules: what arrives by POP3 or in a Maildir is filed once, what a folder holds when that is asked for, and undo brings it back."""
import json, os, signal, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from dovecot import Dovecot, RawImap
from pop import CUT, Mail, Pop, text_message
from post import numbers
from screen import Screen, becomes
from tap import *

NOON = 1700000000
KERNEL = '[rule kernel]\nmatch = subject:"number 2" or subject:"number 4"\nfolder = Lists/kernel\n'
MARK = '[rule mark]\nmatch = to:ann\nflags = +flagged\nkeyword = harbour\n'


def rows(home, target, *more):
    return [json.loads(line) for line in home.run('--offline', 'list', target, '--json', *more).splitlines()]


def subjects(home, target):
    return sorted(r['subject'] for r in rows(home, target))


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def undo_steps(home):
    """What can be undone, newest first; all of it is undone."""
    steps = []
    while True:
        out = home.run('--offline', '--json', 'undo', status=None)
        if home.status:
            assert 'nothing to undo' in home.err, home.err
            return steps
        step = json.loads(out)
        steps.append((step['verb'], step['count']))


# -- POP3 --


def test_what_arrives_by_pop3_is_filed_once():
    with Dovecot(pop3=True) as d, RawImap(d.port) as imap:
        for i in range(1, 6):
            imap.append(text_message(i))
        with Home(pop3_conf(d.pop3_port, more='keep = full\n') + KERNEL + MARK) as home:
            home.run('sync', 'post')
            assert subjects(home, 'post/INBOX') == numbers(1, 3, 5)
            assert subjects(home, 'post/Lists/kernel') == numbers(2, 4)
            assert {r['body'] for r in rows(home, 'post/Lists/kernel')} == {'full'}
            # a rule with a folder is the last one
            assert all('flagged' not in r['flags'] for r in rows(home, 'post/Lists/kernel'))
            moved = [r['id'] for r in rows(home, 'post/Lists/kernel')]
            home.run('move', *moved, 'post/INBOX')
            imap.append(text_message(4, body='again'))
            home.run('sync', 'post')
            # what was judged is left alone
            assert subjects(home, 'post/INBOX') == numbers(1, 2, 3, 4, 5) and subjects(home, 'post/Lists/kernel') == numbers(4)
            home.run('check', 'post')
            assert undo_steps(home) == [('rules', 1), ('move', 2), ('rules', 5)]
            assert subjects(home, 'post/INBOX') == numbers(1, 2, 3, 4, 4, 5)
            home.run('sync', 'post')
            assert subjects(home, 'post/INBOX') == numbers(1, 2, 3, 4, 4, 5)
        imap('NOOP')


def test_flags_and_keywords_are_given():
    rules = ('[rule one]\nmatch = subject:1\nflags = +flagged +seen\n[rule two]\nmatch = not subject:zzz\nkeyword = harbour, Board\n'
             '[rule stop]\nmatch = subject:2\nstop = yes\n[rule last]\nmatch = .\nfolder = Rest\nflags = -flagged\n')
    with Pop([1, 2, 3]) as server, Home(pop3_conf(server.port) + rules) as home:
        home.run('sync', 'post')
        have = {r['subject'][-1]: (r['flags'], r['keywords']) for r in rows(home, 'post')}
        assert have == {'1': (['seen'], ['harbour', 'Board']), '2': ([], ['harbour', 'Board']), '3': ([], ['harbour', 'Board'])}, have
        assert subjects(home, 'post/INBOX') == numbers(2) and subjects(home, 'post/Rest') == numbers(1, 3)
        assert undo_steps(home) == [('rules', 3)]
        assert all((r['flags'], r['keywords']) == ([], []) for r in rows(home, 'post/INBOX')) and len(rows(home, 'post/INBOX')) == 3
        assert 'Rest' not in home.run('--offline', 'folders', 'post')


def test_a_text_that_is_asked_for_is_fetched():
    mails = [Mail(1), Mail(text_message(2, body='wanted: a quiet\nharbour')), Mail(3)]
    rule = '[rule quiet]\nmatch = body:"quiet harbour"\nfolder = Quiet\n'
    for keep in ('headers', 'full'):
        with Pop(list(mails)) as server, Home(pop3_conf(server.port, more='keep = %s\n' % keep) + rule) as home:
            home.run('sync', 'post')
            assert subjects(home, 'post/Quiet') == numbers(2) and subjects(home, 'post/INBOX') == numbers(1, 3), keep
            assert sorted(c for c in server.heard if c.startswith('RETR')) == ['RETR 1', 'RETR 2', 'RETR 3'], server.heard


def test_a_large_text_is_waited_for():
    mails = [Mail(1), Mail(text_message(2, body='line of text\n' * 40000 + 'a quiet harbour')), Mail(3)]
    rule = '[rule quiet]\nmatch = body:"quiet harbour"\nfolder = Quiet\n'
    with Pop(list(mails)) as server, Home(pop3_conf(server.port, more='keep = headers\n') + rule) as home:
        home.run('sync', 'post')
        assert subjects(home, 'post/Quiet') == numbers(2) and subjects(home, 'post/INBOX') == numbers(1, 3)
        assert [c for c in server.heard if c.startswith('TOP')] == ['TOP 2 0'] and len(server.ever) == 1, server.heard
        assert undo_steps(home) == [('rules', 1)]


def test_a_text_that_cannot_be_had_holds_nothing_up():
    mails = [Mail(1), Mail(2), Mail(3)]
    rule = '[rule text]\nmatch = not body:zebra\nfolder = Read\n'
    with Pop(mails) as server, Home(pop3_conf(server.port, more='keep = headers\n') + rule) as home:
        server.answers['RETR 2'] = '-ERR no such message\n'
        home.run('sync', 'post', status=None)
        assert subjects(home, 'post/Read') == numbers(1, 3), subjects(home, 'post/Read')
        server.answers.clear()
        home.run('sync', 'post')
        home.run('check', 'post')


def test_killed_at_any_moment_each_is_filed_once():
    """Ended by a signal behind a growing number of answers of the server: whatever was reached, in the end all is where it should be, by one step."""
    for n in range(8):
        with Pop([1, 2, 3, 4]) as server, Home(pop3_conf(server.port, more='keep = full\n') + KERNEL + MARK) as home:
            p = home.start('sync', 'post')
            try:
                server.wait(lambda: len(server.heard) > n + 4 or p.poll() is not None)
            finally:
                p.send_signal(signal.SIGKILL)
                p.wait()
            home.run('sync', 'post')
            assert subjects(home, 'post/INBOX') == numbers(1, 3) and subjects(home, 'post/Lists/kernel') == numbers(2, 4), n
            assert all((r['flags'], r['keywords']) == (['flagged'], ['harbour']) for r in rows(home, 'post/INBOX')), n
            home.run('check', 'post')


# -- Maildir --


def local(rules):
    home = Home()
    home.write_conf('[account local]\ntype = maildir\naddress = me@harbour.example\npath = %s/Mail\n%s' % (home.dir, rules))
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(home.dir, 'Mail', sub))
    return home


def deliver(home, n, sub='new', flags='', body='text'):
    path = os.path.join(home.dir, 'Mail', sub, '%d.m%d.host%s' % (NOON + n, n, flags))
    with open(path, 'wb') as f:
        f.write(text_message(n, body=body).replace(b'\r\n', b'\n'))
    os.utime(path, (NOON + n, NOON + n))


def test_what_appears_in_a_maildir_is_filed_and_what_was_there_is_not():
    with local(KERNEL + MARK) as home:
        deliver(home, 2)
        home.run('sync', 'local')
        assert subjects(home, 'local/INBOX') == numbers(2)
        deliver(home, 1)
        deliver(home, 4)
        # another program has shown this one already
        deliver(home, 22, 'cur', ':2,')
        home.run('sync', 'local')
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 22) and subjects(home, 'local/Lists/kernel') == numbers(4)
        home.run('sync', 'local')
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 22)
        home.run('check', 'local')
        home.run('undo')
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 4, 22)
        home.run('sync', 'local')
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 4, 22) and 'kernel' not in home.run('folders', 'local')


# -- when it is asked for --


def test_a_folder_is_gone_through_on_request():
    with local(KERNEL + '[rule text]\nmatch = body:harbour\nkeyword = harbour\n') as home:
        for i in range(1, 5):
            deliver(home, i, body='a harbour' if i == 3 else 'text')
        home.run('sync', 'local')
        said = lines(home.run('rules', 'local/INBOX', '--preview', '--json'))
        assert [(r['rule'], r['count']) for r in said] == [('kernel', 2), ('text', 1)], said
        assert said[0]['does'] == 'folder Lists/kernel; stop' and len(said[0]['newest']) == 2
        text = home.run('rules', 'local/INBOX', '--preview')
        assert '2 kernel: folder Lists/kernel; stop' in text and 'number 4' in text, text
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 3, 4)
        assert 'rules changed 3 mails of INBOX' in home.run('rules', 'local/INBOX')
        assert subjects(home, 'local/INBOX') == numbers(1, 3) and subjects(home, 'local/Lists/kernel') == numbers(2, 4)
        assert [r['keywords'] for r in rows(home, 'local/INBOX') if r['subject'] == 'number 3'] == [['harbour']]
        assert 'nothing to change' in home.run('rules', 'local/INBOX')
        assert undo_steps(home) == [('rules', 3)]
        assert subjects(home, 'local/INBOX') == numbers(1, 2, 3, 4)


def test_the_screen_shows_what_would_be_done_and_asks():
    with local(KERNEL + MARK) as home:
        for i in range(1, 5):
            deliver(home, i)
        with Screen([FULMAR], home.env, 80, 24) as s:
            s.wait(r'number 4')
            s.press('\x1bF', r'number 1')
            s.wait(lambda lines: 'What the rules would do in INBOX' in lines[0] and len([l for l in lines if 'number' in l]) == 4)
            assert [l.split() for l in s.lines[1:7]] == [
                ['2', 'kernel', 'folder', 'Lists/kernel;', 'stop'], ['Bob', 'number', '4'], ['Bob', 'number', '2'],
                ['2', 'mark', 'flags', '+flagged;', 'keyword', 'harbour'], ['Bob', 'number', '3'], ['Bob', 'number', '1']], s.text
            assert 'Enter apply' in s.lines[-1], s.text
            s.press('\r', r'Apply the rules to INBOX\?')
            s.press('n', r'Enter apply')
            assert subjects(home, 'local/INBOX') == numbers(1, 2, 3, 4)
            s.press('\r', r'Apply the rules to INBOX\?')
            s.press('y', r'rules changed 4 mails of INBOX; u takes it back')
            s.wait(lambda lines: 'number 3' in lines[1] and 'number 1' in lines[2] and 'number' not in lines[3])
            s.press('u', r'undone: rules changed 4 mails of INBOX')
            s.wait(lambda lines: [l.split()[-1] for l in lines[1:5]] == ['4', '3', '2', '1'])
            # in the folder list the same key
            s.press('y', r'Lists|INBOX')
            s.press('\x1bF', r'What the rules would do in INBOX')
            s.press('q', lambda lines: 'What the rules' not in lines[0])
            s.send('Q')
            assert s.ended() == 0, s.text


def test_news_are_told_of_where_they_stand():
    with Pop([1]) as server, Home() as home:
        seen = os.path.join(home.dir, 'seen')
        home.write_conf(pop3_conf(server.port, more='keep = full\n') + KERNEL + '[ui]\nnew-mail-command = echo $FULMAR_FOLDER $FULMAR_COUNT >> %s\n' % seen)
        home.run('sync', 'post')
        server.mails.append(Mail(2))
        with Screen([FULMAR], home.env, 80, 24) as s:
            becomes(s, lambda: os.path.exists(seen) and open(seen).read(), 'Lists/kernel 1\n')
            assert 'number 2' not in s.text and '1 mail' in s.lines[0], s.text
            s.send('q')
            assert s.ended() == 0, s.text


def test_a_link_that_breaks_off_while_texts_come_ends_the_command():
    with Pop([1, 2, 3]) as server, Home() as home:
        conf = pop3_conf(server.port, more='keep = headers\n')
        home.write_conf(conf)
        home.run('sync', 'post')
        home.write_conf(conf + '[rule text]\nmatch = body:"text of 2"\nfolder = Read\n')
        assert [(r['rule'], r['count']) for r in lines(home.run('--offline', 'rules', 'post/INBOX', '--preview', '--json'))] == [('text', 0), (None, 3)]
        server.answers['RETR .*'] = CUT
        assert '3 have to be read first' in home.run('rules', 'post/INBOX', status=None)
        assert subjects(home, 'post/INBOX') == numbers(1, 2, 3)
        server.answers.clear()
        home.run('sync', 'post')
        assert subjects(home, 'post/Read') == numbers(2) and subjects(home, 'post/INBOX') == numbers(1, 3)


def test_imap_is_gone_through_only_on_request():
    rules = KERNEL.replace('folder', 'account = work\nfolder') + '[rule text]\naccount = work\nmatch = body:harbour\nflags = +flagged\n' + MARK
    with Dovecot() as d, RawImap(d.port) as imap:
        for i in range(1, 5):
            imap.append(text_message(i, body='a harbour' if i == 3 else 'text'))
        with Home(imap_conf(d.port, more='keep = headers\n') + rules) as home:
            assert 'rule kernel is applied in work when that is asked for' in home.run('check-config')
            home.run('sync', 'work')
            assert subjects(home, 'work/INBOX') == numbers(1, 2, 3, 4)
            said = lines(home.run('rules', 'work/INBOX', '--preview', '--json'))
            assert [(r['rule'], r['count']) for r in said] == [('kernel', 2), ('text', 0), (None, 2)], said
            home.run('rules', 'work/INBOX')
            assert subjects(home, 'work/INBOX') == numbers(1, 3) and subjects(home, 'work/Lists/kernel') == numbers(2, 4)
            assert [r['subject'] for r in rows(home, 'work/INBOX', 'is:flagged')] == numbers(3)
            imap('SELECT INBOX')
            assert len(imap.flags()) == 2, imap.flags()
            home.run('check')


def test_what_cannot_be_asked_is_told():
    with local('') as home:
        home.run('rules', 'local/INBOX', status=2)
        assert 'no rule of the configuration is for local' in home.err, home.err
    with local('[rule x]\nmatch = thread:1\nfolder = A\n[rule y]\nmatch = form:x\nstop = yes\n[rule z]\nmatch = from:x\naccount = locl\n') as home:
        home.run('check-config', status=2)
        for want in ('fulmar.conf:6: match: “thread:” cannot be asked for here', 'fulmar.conf:9:', 'did you mean “from:”', 'fulmar.conf:11:', 'fulmar.conf:13:',
                     'did you mean "local"'):
            assert want in home.err, (want, home.err)


if __name__ == '__main__':
    run(globals())
