#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the C table snn_shipped_table from YAML files: embed_configs.py OUTPUT FILE..."""
import pathlib
import sys


def quoted(line):
    """A line of bytes as a C string literal."""
    out = ""
    for byte in line:
        c = chr(byte)
        out += c if 32 <= byte < 127 and c not in '"\\?' else "\\%03o" % byte
    return '"%s"' % out


def main(output, files):
    rows = []
    for file in sorted(map(pathlib.Path, files)):
        text = "\n".join("\t\t" + quoted(line) for line in file.read_bytes().splitlines(True))
        rows.append('\t{ .name = "%s", .text =\n%s },\n' % (file.stem, text or '\t\t""'))
    pathlib.Path(output).write_text(
        "/* Made by embed_configs.py; edit configs/ instead. */\n"
        '#include "config.h"\n\n'
        "const struct snn_shipped snn_shipped_table[] = {\n" + "".join(rows) +
        "\t{ .name = NULL },\n};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
