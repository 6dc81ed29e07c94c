# SPDX-License-Identifier: GPL-3.0-or-later
"""A store, read by a program that shares no code with it: read_store.py WRITE_STORE"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.h5")
    subprocess.run([sys.argv[1], path], check=True)
    with h5py.File(path, "r") as file:
        w = file["/param/W"]
        assert w.dtype == numpy.dtype("<f4") and w.shape == (2, 3)
        assert (w[...] == numpy.float32([[0, -1.5, 1 / 3], [3, 4, 5]])).all()
        assert file["/seed"][()] == 2**64 - 1
        assert (file["/large"][...].ravel() == numpy.arange(20000)).all()
        assert file.attrs["rule"] == "osttp"
        assert w.attrs["unit"] == "\N{MICRO SIGN}S"
        assert file.attrs["decay"] == 0.1
        assert sorted(file) == ["large", "param", "seed"]
