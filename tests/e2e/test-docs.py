#!/usr/bin/env python3
"""The documents: both manual pages are well-formed and name every command, option and action of the program's tables, their
examples are configurations that the program takes, and so are those of README and the tutorial."""
import json, os, re, shutil, subprocess, sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
import tap

SOURCE, BUILD = os.environ.get('top_srcdir', '.'), os.environ.get('top_builddir', '.')


def find(name):
    """In the build folder when it was made there, else as the archive has it."""
    for top in (BUILD, SOURCE):
        path = os.path.join(top, name)
        if os.path.exists(path):
            return path
    raise AssertionError('%s is missing' % name)


def rendered(name):
    """The page as plain text in one line without hyphenation, and what groff complained about."""
    run = subprocess.run(['groff', '-man', '-ww', '-rHY=0', '-Tutf8', '-P-cbou', find(name)], capture_output=True, text=True, check=True)
    return ' '.join(run.stdout.replace('\u2010', '-').replace('\u2212', '-').split()), run.stderr


def tables():
    with tap.Home() as home:
        yield [json.loads(l) for l in home.run('options', '--json').splitlines()]
        yield [json.loads(l) for l in home.run('keys', '--json').splitlines()]
        yield home.run('--help')


def check_configuration(name, text):
    with tap.Home(text) as home:
        home.run('check-config', status=None)
        assert home.status == 0, '%s:\n%s\n%s' % (name, text, home.err)


def test_manual_pages_are_well_formed():
    for name in ('doc/fulmar.1', 'doc/fulmar.conf.5'):
        text, complaints = rendered(name)
        assert not complaints, complaints
        assert not re.search(r'@[A-Z]+@', text) and '\\' not in text.replace('\\"', '').replace('\\\\', ''), name


def test_manual_pages_suit_man():
    if not shutil.which('man'):
        return
    for name in ('doc/fulmar.1', 'doc/fulmar.conf.5'):
        run = subprocess.run(['man', '--warnings', '-l', find(name)], capture_output=True, text=True, check=True, env={**os.environ, 'MANPAGER': 'cat'})
        assert not run.stderr, run.stderr
        assert 'SEE ALSO' in run.stdout


def test_sections_stand_in_their_order():
    for name, wanted in (('doc/fulmar.1', 'NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS KEYS FILES ENVIRONMENT|EXIT STATUS|EXAMPLES|SEE ALSO'),
                         ('doc/fulmar.conf.5', 'NAME SYNOPSIS DESCRIPTION SYNTAX SECTIONS OPTIONS EXAMPLES|SEE ALSO')):
        with open(find(name), encoding='utf-8') as page:
            headings = re.findall(r'^\.SH (.*)$', page.read(), re.M)
        at = -1
        for group in wanted.split('|'):
            for heading in [group] if group in headings else group.split():
                assert heading in headings[at + 1:], (name, heading, headings)
                at = headings.index(heading)


def test_every_command_and_global_option_is_in_fulmar_1():
    text, _ = rendered('doc/fulmar.1')
    *_, usage = tables()
    commands = re.findall(r'^  ([a-z-]+)(?: .*)?$', usage.split('Commands:')[1].split('\n\n')[0], re.M)
    options = re.findall(r'--[a-z-]+', usage)
    assert len(commands) > 10 and len(options) > 7, usage
    with tap.Home() as home:
        for command in commands:
            options += re.findall(r'--[a-z-]+', home.run(command, '--help'))
    for word in commands + options:
        assert re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(word), text), word


def test_every_action_is_in_both_pages():
    _, keys, _ = tables()
    pages = rendered('doc/fulmar.1')[0], rendered('doc/fulmar.conf.5')[0]
    assert len(keys) > 100
    for row in keys:
        assert '(%s:' % row['action'] in pages[0], row
        assert re.search(r'(?<![\w-])%s(?![\w-])' % row['action'], pages[1].split('KEYS AND ACTIONS')[-1]), row
        for key in row['keys']:
            assert key in pages[0], row


def test_every_option_is_in_fulmar_conf_5():
    text = rendered('doc/fulmar.conf.5')[0]
    options, _, _ = tables()
    assert len(options) > 50
    for row in options:
        assert row['help'] in text, row
        assert re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(row['key']), text), row


def test_examples_of_the_manual_are_configurations():
    with open(find('doc/fulmar.conf.5'), encoding='utf-8') as page:
        text = re.sub(r'\\\[u(\w{4,5})\]', lambda m: chr(int(m.group(1), 16)), page.read())
    blocks = re.findall(r'^\.nf\n\.RS\n(.*?)^\.RE\n\.fi\n', text, re.M | re.S)
    assert len(blocks) >= 6
    for block in blocks:
        check_configuration('fulmar.conf.5', block.replace('\\-', '-').replace('\\(ti', '~'))


def test_examples_of_readme_and_tutorial_are_configurations():
    found = 0
    for name in ('README', 'doc/tutorial'):
        with open(os.path.join(SOURCE, name), encoding='utf-8') as file:
            text = file.read()
        for block in re.findall(r'(?:^    .*\n|^\n(?=    ))+', text, re.M):
            block = re.sub(r'^    ', '', block, flags=re.M).strip('\n')
            if re.match(r'\[(account|folder|rule|ui|list|pager|theme|keys)\b', block):
                found += 1
                check_configuration(name, block if '[account' in block else '[account work]\naddress = a@b.example\nhost = b.example\n\n' + block)
    assert found >= 6


tap.run(globals())
