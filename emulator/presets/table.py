#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# table.py FILE.yaml...: the built-in presets as a C table, in this order; the first is the default.
# Takes lines "key: value", as these files have them; what a file says to a YAML parser is compared
# with this table by tests/emulator/test_preset_file.c.
import pathlib
import re
import sys

LINE = re.compile(r'([a-z0-9_]+): +("[^"]*"|[^"#]*?)\s*(?:#.*)?')


def preset(path):
    values = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if not match or match[1] in values:
            sys.exit(f"{path}:{number}: not a line \"key: value\", or its key comes twice")
        values[match[1]] = match[2].strip('"')
    about = values.pop("help")
    text = "&".join(f"{key}={value}" for key, value in values.items())
    return f'\t{{ "{path.stem}", "{text}",\n\t  "{about}" }},'


print("/* Made by presets/table.py. */")
print('#include "pcm.h"\n')
print("const struct pcm_preset pcm_preset_table[] = {")
for name in sys.argv[1:]:
    print(preset(pathlib.Path(name)))
print("\t{ NULL, NULL, NULL },\n};")
