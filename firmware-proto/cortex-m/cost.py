#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an image costs: sections of the core alone and of all, and the deepest stack.

usage: cost.py SIZE_TOOL CORE_OBJECT IMAGE TEXT_MAX STACK_MAX

The stack is the longest path in the compiler's call graphs (-fcallgraph-info=su, the .ci files
beside the objects). Calls through pointers go where INDIRECT says; interrupts come on top. Library
functions (memcpy, ...) are not in the graphs and count LIBRARY bytes. Fails if the core's text or
the stack is over its limit.
"""
import glob
import re
import subprocess
import sys

# Caller (regular expression) -> what it may call through a pointer.
INDIRECT = (
    (r'fw_execute', r'run_'),
    (r'run_|apply_pulses', r'remote_'),
    (r'fw_|send|ring|now|watch_|handle', r'link_'),
    (r'await', r'(uart|fifo)_rx'),
    (r'exchange', r'(uart|fifo)_tx'),
)
LIBRARY = 32
ENTRY = 'cpu_reset'
INTERRUPTS = ('board_irq_link', 'tick')
# Pushed by the processor, floating-point registers and alignment with it (ARMv7-M ARM, B1.5.7).
EXCEPTION = 108


def read_graph(folder):
    frames, calls, is_pointer = {}, {}, set()
    for path in glob.glob(folder + '/*.ci'):
        for line in open(path):
            node = re.match(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes', line)
            edge = re.match(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', line)
            if node:
                frames[node[1]] = int(node[2])
            elif edge and edge[2] == '__indirect_call':
                is_pointer.add(edge[1])
            elif edge:
                calls.setdefault(edge[1], set()).add(edge[2])
    for caller in is_pointer:
        targets = [t for t in frames for a, b in INDIRECT
                   if re.match(f'({a})', short(caller)) and re.match(f'({b})', short(t))]
        if not targets:
            sys.exit(f'{caller} calls through a pointer: where does it lead? See INDIRECT.')
        calls.setdefault(caller, set()).update(targets)
    return frames, calls


def short(title):
    return title.rsplit(':', 1)[-1].split('.', 1)[0]


def deepest(frames, calls, at, above=()):
    if at in above:
        sys.exit('recursion: ' + ' '.join(above + (at,)))
    if at not in frames:
        return LIBRARY, (short(at),)
    below = [deepest(frames, calls, to, above + (at,)) for to in calls.get(at, ())]
    n, path = max(below, default=(0, ()))
    return frames[at] + n, (short(at),) + path


def sections(tool, path):
    words = subprocess.run([tool, path], check=True, capture_output=True, text=True).stdout
    return [int(x) for x in words.splitlines()[1].split()[:3]]


def main():
    tool, core, image, text_max, stack_max = sys.argv[1:]
    n_core, n_all = sections(tool, core), sections(tool, image)
    frames, calls = read_graph(image + '.p')
    depth, path = deepest(frames, calls, ENTRY)
    interrupts = sum(EXCEPTION + deepest(frames, calls, x)[0] for x in INTERRUPTS)
    print('            text   data    bss  (bytes)')
    print('core    {:8d} {:6d} {:6d}'.format(*n_core))
    print('image   {:8d} {:6d} {:6d}'.format(*n_all))
    print(f'stack   {depth + interrupts} at most, {interrupts} of them in interrupts; longest path: '
          + ' '.join(path))
    is_over = n_core[0] > int(text_max) or depth + interrupts > int(stack_max)
    if is_over:
        print(f'over the limits: {text_max} bytes of core, {stack_max} of stack')
    return is_over


sys.exit(main())
