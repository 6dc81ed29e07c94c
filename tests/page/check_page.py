# SPDX-License-Identifier: GPL-3.0-or-later
"""check_page.py PAGE_SAMPLES: what page_samples wrote, read by other people's parsers."""
import os
import subprocess
import sys
import tempfile
import xml.parsers.expat
from html.parser import HTMLParser

VOID = {'meta', 'br', 'img', 'hr'}
# The hostile text as a reader must see it: what is no text became '?' or a blank.
HOSTILE = 'a<b> & "c" \'d\' </td><script>x</script> \\n `id` $d0 @x {/=30 y} %s ??? '


class Reader(HTMLParser):
    """Elements must nest; collects names, ids and texts."""

    def __init__(self):
        super().__init__()
        self.open, self.count, self.ids, self.refs, self.text = [], {}, [], [], {}

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        for key, value in attrs:
            if key == 'id':
                self.ids.append(value)
            if key.endswith('href'):
                self.refs.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (self.open, tag, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)


def check_html(path):
    with open(path, encoding='utf-8') as f:
        html = f.read()
    r = Reader()
    r.feed(html)
    r.close()
    assert not r.open, r.open
    assert r.count['figure'] == r.count['svg'] == 6, r.count
    assert 'script' not in r.count and 'link' not in r.count, r.count
    assert len(r.ids) == len(set(r.ids)), 'names of elements are not unique'
    for ref in r.refs:
        assert ref.startswith('data:') or ref[1:] in r.ids, ref
    for tag in ('title', 'h1', 'h2', 'p', 'caption', 'th', 'td'):
        assert any(t.endswith(HOSTILE) for t in r.text[tag]), (tag, r.text[tag])
    assert r.text['td'].count('0.5 uS') == 1, r.text['td']
    for part in html.split('<svg')[1:]:
        expat('<svg' + part.split('</svg>')[0] + '</svg>')


def expat(text):
    """Well-formed; returns the texts in it."""
    found = []
    p = xml.parsers.expat.ParserCreate()
    p.CharacterDataHandler = found.append
    p.Parse(text, True)
    return ''.join(found)


def check_svg(path, words):
    with open(path, encoding='utf-8') as f:
        text = expat(f.read())
    for word in words:
        assert word in text, (path, word)


def check_gap(path):
    """The curve is two strokes, each with a beginning of its own."""
    with open(path, encoding='utf-8') as f:
        curve = f.read().split('id="gnuplot_plot_1"')[1].split("d='")[1].split("'")[0]
    assert curve.count('M') == 2, curve


def check_png(path):
    with open(path, 'rb') as f:
        data = f.read()
    assert data[:8] == b'\x89PNG\r\n\x1a\n' and data[12:16] == b'IHDR', path
    assert int.from_bytes(data[16:20], 'big') == 1440, path


def run(program, folder, **env):
    return subprocess.run([program, folder], env={**os.environ, **env}, text=True,
                          capture_output=True, check=False)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        done = run(program, folder)
        assert done.returncode == 0, done.stderr
        assert sorted(os.listdir(folder)) == ['gap.svg', 'heat.png', 'heat.svg', 'page.html',
                                              'plot.png', 'plot.svg'], os.listdir(folder)
        check_html(os.path.join(folder, 'page.html'))
        check_svg(os.path.join(folder, 'plot.svg'),
                  ['conductance (µS)', 'measured', "a<b> & 'c' `id` @x ?", 'drift: 5 (t / s)^{-0.04}'])
        check_svg(os.path.join(folder, 'heat.svg'), ['column', 'row', 'µS'])
        check_gap(os.path.join(folder, 'gap.svg'))
        check_png(os.path.join(folder, 'plot.png'))
        check_png(os.path.join(folder, 'heat.png'))
        with open(os.path.join(folder, 'page.html'), 'rb') as f:
            before = f.read()
        done = run(program, folder)
        with open(os.path.join(folder, 'page.html'), 'rb') as f:
            assert f.read() == before, 'two runs differ'
        # Without gnuplot: told, named, and the old page is as it was.
        done = run(program, folder, PATH=folder)
        assert done.returncode == 1 and 'gnuplot-nox' in done.stderr, done
        assert done.stderr.startswith('-2:'), done.stderr
        with open(os.path.join(folder, 'page.html'), 'rb') as f:
            assert f.read() == before
        done = run(program, os.path.join(folder, 'nowhere'))
        assert done.returncode == 1 and 'cannot be written' in done.stderr, done


main(sys.argv[1])
