#!/usr/bin/env python3
"""The translations: the template's list names every file with text for people, no text hides its numbers from translators, each
language in po/LINGUAS is whole."""
import os, re, subprocess, sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'lib'))
import tap

SOURCE = os.environ.get('top_srcdir', '.')
MARKED = re.compile(r'\b(?:_|N_|ngettext)\s*\(\s*"')


def lines(name):
    with open(os.path.join(SOURCE, 'po', name), encoding='utf-8') as file:
        return [l.strip() for l in file if l.strip() and not l.startswith('#')]


def sources():
    for folder, _, names in os.walk(os.path.join(SOURCE, 'src')):
        for name in names:
            if name.endswith(('.c', '.h')):
                with open(os.path.join(folder, name), encoding='utf-8') as file:
                    yield os.path.relpath(os.path.join(folder, name), SOURCE), file.read()


def test_every_file_with_text_is_listed():
    marked = {name for name, text in sources() if MARKED.search(text)}
    listed = lines('POTFILES.in')
    assert len(marked) > 50
    assert marked == set(listed), 'missing: %s; without text, or gone: %s' % (sorted(marked - set(listed)), sorted(set(listed) - marked))
    assert listed == sorted(set(listed))


def test_no_text_is_cut_by_a_macro():
    cut = re.compile(r'\b(?:_|N_|ngettext)\s*\(\s*(?:"(?:[^"\\]|\\.)*"\s*)+[A-Z]\w*')
    found = ['%s: %s' % (name, match.group(0)) for name, text in sources() for match in cut.finditer(text)]
    assert not found, found


def test_each_language_is_whole():
    languages = lines('LINGUAS')
    assert 'de' in languages
    for language in languages:
        po = os.path.join(SOURCE, 'po', language + '.po')
        run = subprocess.run(['msgfmt', '--check', '--statistics', '-o', os.devnull, po], capture_output=True, text=True, env={**os.environ, 'LC_ALL': 'C'})
        assert run.returncode == 0, run.stderr
        assert re.fullmatch(r'\d+ translated messages\.\n', run.stderr), run.stderr
        template = subprocess.run(['msgcmp', po, os.path.join(SOURCE, 'po', 'fulmar.pot')], capture_output=True, text=True, env={**os.environ, 'LC_ALL': 'C'})
        assert template.returncode == 0, template.stderr


tap.run(globals())
