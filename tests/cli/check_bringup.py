# SPDX-License-Identifier: GPL-3.0-or-later
"""check_bringup.py XBAR: selftest, characterise and their reports, as a script sees them."""
import json
import os
import subprocess
import sys
import tempfile
from html.parser import HTMLParser

XBAR = sys.argv[1]
FAULTS = 'row:7,col:3,swap:9,noisy:11,code:20:5,reset:100:50:1,set:200:60:3'


def run(*args, status=0):
    done = subprocess.run([XBAR, *args], capture_output=True, text=True, check=False)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done


def table(*args):
    lines = run(*args, '--csv').stdout.splitlines()
    return lines[0], [[float(v) for v in line.split(',')] for line in lines[1:]]


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.tags = {}
        with open(path, encoding='utf-8') as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1


def check_selftest(folder):
    report = os.path.join(folder, 'report.html')
    board = 'emu:?chips=1&state=' + os.path.join(folder, 'board.state')
    run('pulse', board, '--chip', '0', '--row', '3', '--col', '5', '--device', '0', '--kind', 'set')
    before = run('info', board, '--json').stdout
    good = json.loads(run('selftest', board, '--json', '--report', report).stdout)
    assert good['pass'] and good['chips'][0]['pass'] and len(good['chips']) == 1
    assert run('info', board, '--json').stdout == before, 'not put back as it was'
    assert Page(report).tags['svg'] == 7
    bad = json.loads(run('selftest', 'emu:?chips=1&faults=' + FAULTS, '--json', status=1).stdout)
    chip = bad['chips'][0]
    assert not bad['pass'] and not chip['pass']
    assert chip['dead_rows'] == [7] and chip['dead_columns'] == [3]
    assert chip['swapped_columns'] == [9] and chip['noisy_columns'] == [11]
    assert chip['missing_codes'] == [[20, 5]]
    assert chip['stuck_at_reset'] == [[100, 50, 1]] and chip['stuck_at_set'] == [[200, 60, 3]]
    failed = {i['name'] for i in chip['items'] if not i['pass']}
    assert failed == {'missing codes', 'noisy columns', 'dead columns', 'swapped columns',
                      'dead rows'}, failed


def check_limits(folder):
    path = os.path.join(folder, 'limits.yaml')
    text = run('selftest', '--print-limits').stdout
    assert 'dead_rows_max: 0 #' in text
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text.replace('dead_rows_max: 0', 'dead_rows_max: 1'))
    out = run('selftest', 'emu:?chips=1&faults=row:7', '--limits', path).stdout
    assert 'ok   dead rows' in out and out.endswith('passed\n')
    for wrong, word in (('dead_row_max: 1', 'dead_rows_max'), ('stuck_max: lots', 'not a number'),
                        ('- 1', 'not YAML'), ('stuck_max: [1]', 'key: number'), (': {', 'YAML')):
        with open(path, 'w', encoding='utf-8') as f:
            f.write(wrong + '\n')
        assert word in run('selftest', 'emu:', '--limits', path, status=2).stderr, wrong
    run('selftest', 'emu:', '--limits', path + '.no', status=2)
    run('selftest', 'emu:', '--chip', '2', status=2)


def check_characterise(folder):
    head, rows = table('characterise', 'emu:', '--experiment', 'staircase', '--devices', '10',
                       '--pulses', '20')
    assert head == 'pulse,mean_uS,sd_uS,n' and len(rows) == 21 and rows[20][3] == 10
    head, rows = table('characterise', 'emu:', '--experiment', 'drift', '--target-uS', '6',
                       '--times', '25,3600,86400')
    assert head == 't_s,mean_uS,sd_uS,n' and [r[0] for r in rows] == [25, 3600, 86400]
    head, rows = table('characterise', 'emu:', '--experiment', 'read-noise', '--target-uS', '6')
    assert head == 't_s,sd_uS,n' and len(rows) == 6
    head, rows = table('characterise', 'emu:', '--experiment', 'program-verify')
    assert head == 'target_uS,mean_uS,sd_uS,n' and all(abs(r[0] - r[1]) < 0.2 for r in rows)
    file, report = os.path.join(folder, 'some.h5'), os.path.join(folder, 'some.html')
    run('characterise', 'emu:', '-e', 'drift', '--target-uS', '3,6', '--report', report)
    assert Page(report).tags['svg'] == 1 and Page(report).tags['table'] == 3
    run('characterise', 'emu:', '-e', 'drift', '--target-uS', '3,6', '--csv', status=2)
    args = ('characterise', 'emu:', '-e', 'reset', '-o', file, '-n', '8')
    first = table(*args)
    assert first[0] == 'cycle,mean_uS,sd_uS,n'
    assert table(*args) == first, 'what is complete is not measured again'
    assert 'other options' not in run(*args, '--csv').stderr
    assert 'n_device 8, now 9' in run(*args[:-1], '9', status=2).stderr
    run('characterise', 'emu:', '-e', 'stair', status=2)
    run('characterise', 'emu:', status=2)
    run('characterise', 'emu:', '-e', 'drift', '--times', '5,3', status=2)
    run('characterise', 'emu:', '-e', 'drift', '--first-row', '256', status=2)


def check_monitor(folder):
    report = os.path.join(folder, 'monitor.html')
    lines = run('monitor', 'loop:', '--count', '3', '--interval-s', '0.01', '--json', '--report',
                report).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 3 and all(r['n_retry'] == 0 and r['round_trip_s'] > 0 for r in rows)
    assert rows[0]['t_s'] < rows[1]['t_s'] < rows[2]['t_s']
    assert all(r['temperature_K'] == 300 for r in rows), rows
    assert Page(report).tags['svg'] == 4
    head, rows = table('monitor', 'emu:?temperature=351.2345', '--count', '2', '--interval-s', '0')
    assert head.startswith('t_s,chip_time_s,n_mvm,') and len(rows) == 2
    assert head.endswith(',n_retry,temperature_K') and float(rows[0][-1]) == 351.235, rows
    out = run('monitor', 'emu:?temperature=313.15', '--count', '1').stdout.splitlines()
    assert out[0].endswith('T / degC') and out[1].endswith(' 40.00'), out


def check_map(folder):
    report, png = os.path.join(folder, 'map.html'), os.path.join(folder, 'map.png')
    board = 'emu:?chips=1&faults=' + FAULTS
    lines = run('map', board, '--faults', '--rows', '6:9', '--cols', '2:5').stdout.splitlines()
    assert lines[:3] == ['.9.', '999', '.9.'], lines
    run('map', board, '--faults', '--report', report, '--png', png)
    assert Page(report).tags['svg'] == 6 and os.path.getsize(png) > 1000
    run('map', board, '--report', report)
    assert Page(report).tags['svg'] == 3


with tempfile.TemporaryDirectory() as tmp:
    check_selftest(tmp)
    check_limits(tmp)
    check_characterise(tmp)
    check_monitor(tmp)
    check_map(tmp)
