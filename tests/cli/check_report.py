# SPDX-License-Identifier: GPL-3.0-or-later
"""check_report.py OSTTP [browser]: pages of a run and of a study are whole, self-contained, small and
quickly written. With `browser`, headless Chromium opens them and sees every picture. Exit status 77
without gnuplot, or without Chromium."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser

MAX_SECONDS = 5.0
MAX_BYTES = 5_000_000
SETTINGS = ["--set", "train.batch=4", "--epochs", "3", "--quiet"]
STUDY = """\
title: What <b> & "c" cost
base:
  train: { epochs: 2, batch: 8 }
  network.hidden: 20
axes:
  - rule: [osttp, drtp]
  - train.rate: [0.001, 0.003, 0.01]
  - network.decay: [0.2, 0.5, 0.8]
seeds: 2
"""


class Page(HTMLParser):
    """Headings, figures, and whatever would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.fetched, self.figures, self.text, self.open = [], [], 0, [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open = tag
        self.figures += tag == "figure"
        for key, value in attrs:
            if key in ("src", "href", "xlink:href") and not value.startswith(("#", "data:")):
                self.fetched.append(value)
        if tag in ("script", "link", "iframe"):
            self.fetched.append(tag)

    def handle_data(self, data):
        self.text.append(data)
        if self.open in ("h1", "h2"):
            self.headings.append(data.strip())
            self.open = None


def osttp(exe, *args):
    r = subprocess.run([exe, *args], capture_output=True, text=True, check=False)
    if r.returncode and "gnuplot-nox" in r.stderr:
        print("skipped: no gnuplot")
        sys.exit(77)
    assert r.returncode == 0, f"osttp {args}: exit status {r.returncode}\n{r.stderr}"


def read(name):
    with open(name, encoding="utf-8") as f:
        text = f.read()
    assert len(text.encode()) < MAX_BYTES, f"{name}: {len(text.encode())} bytes"
    page = Page(text)
    assert not page.fetched, f"{name} is not self-contained: {page.fetched[:5]}"
    assert "url(http" not in text and "@import" not in text
    return page


def write_pages(exe):
    for name, rule, seed in [("run", "osttp", "1"), ("other", "drtp", "1"), ("third", "drtp", "2")]:
        osttp(exe, "train", "--weights", "chips", "--rule", rule, "--seed", seed, *SETTINGS,
              "--out", name)
    with open("s.yaml", "w", encoding="utf-8") as f:
        f.write(STUDY)
    osttp(exe, "study", "run", "s.yaml", "--quiet")
    start = time.process_time() + sum(os.times()[2:4])
    osttp(exe, "report", "run", "other", "third", "-o", "run.html")
    used = time.process_time() + sum(os.times()[2:4]) - start
    assert used < MAX_SECONDS, f"the report of a run took {used:.1f} s of a processor"
    print(f"run.html: {used:.2f} s of a processor, {os.path.getsize('run.html')} bytes")
    before = sorted(os.listdir("run"))
    osttp(exe, "report", "run", "-o", "alone.html")
    assert sorted(os.listdir("run")) == before
    osttp(exe, "report", "studies/s")
    osttp(exe, "train", "--rule", "bptt", *SETTINGS, "--out", "float")
    osttp(exe, "report", "float")


def check_pages():
    page = read("run.html")
    for heading in ["Training", "Comparison", "Conductances", "One test sequence",
                    "Boards and tile plan", "Configuration"]:
        assert heading in page.headings, (heading, page.headings)
    text = " ".join(page.text)
    for part in ["test NLL", "energy", "third", "chorale drtp chips", "train.batch"]:
        assert part in text, part
    # W, V, B: a map before, one after, a histogram; W, V: pulses.
    assert page.figures - read("alone.html").figures >= 5
    assert read("alone.html").figures >= 3 * 3 + 2 + 3 + 4
    page = read("studies/s/report.html")
    assert 'What <b> & "c" cost' in page.headings, page.headings
    # Lines over two axes, a value of the third each; maps; ranking; curves.
    assert page.figures >= 3 + 3 + 2 + 1 + 4, page.figures
    page = read("float/report.html")
    assert "Weights" in page.headings and "Conductances" not in page.headings


def browse():
    """Chromium's own count of pictures that have a size, by a page that frames ours."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("skipped: no Chromium (Debian package chromium)")
        sys.exit(77)
    script = ("<script>onload=()=>{document.title='seen='+[...document.querySelectorAll("
              "'figure svg')].filter(s=>s.getBoundingClientRect().width>200&&"
              "s.getBoundingClientRect().height>100&&s.querySelectorAll('path,image,text').length>5"
              ").length}</script>")
    for name in ["run.html", "studies/s/report.html", "float/report.html"]:
        with open(name, encoding="utf-8") as f:
            text = f.read()
        with open("probe.html", "w", encoding="utf-8") as f:
            f.write(text + script)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={os.getcwd()}/chromium",
                 "--virtual-time-budget=5000"]
        r = subprocess.run([chromium, *flags, "--dump-dom", "file://" + os.path.abspath("probe.html")],
                           capture_output=True, text=True, timeout=120, check=False)
        seen = re.search(r"<title>seen=(\d+)</title>", r.stdout)
        assert seen, r.stderr[-2000:]
        assert int(seen.group(1)) == read(name).figures, (name, seen.group(1), read(name).figures)
        r = subprocess.run([chromium, *flags, "--hide-scrollbars", "--window-size=1000,4000",
                            "--screenshot=shot.png", "file://" + os.path.abspath(name)],
                           capture_output=True, text=True, timeout=120, check=False)
        assert os.path.getsize("shot.png") > 50_000, f"{name}: the screenshot is empty"
        print(f"{name}: {seen.group(1)} pictures seen")


def main():
    exe = os.path.realpath(sys.argv[1])
    for name in ["XBAR_URI", "CROSSLOOP_DATA"]:
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if len(sys.argv) > 2 and not (shutil.which("chromium") or shutil.which("chromium-browser")):
            browse()
        write_pages(exe)
        check_pages()
        if len(sys.argv) > 2:
            browse()
        os.chdir("/")


if __name__ == "__main__":
    main()
