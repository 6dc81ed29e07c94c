# SPDX-License-Identifier: GPL-3.0-or-later
"""check_nir.py OSTTP: networks in NIR. What osttp export writes is read by h5py alone, simulated as
NIR's equations say (numpy, Euler steps), and gives the NLL that osttp eval prints; what is imported
gives it, too, also when the file was written by h5py with other time constants."""

import json
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PIECES = [[[60, 64, 67], [60, 65], [], [59, 62, 67], [60, 64]], [[62, 65], [60, 64], [62, 65]],
          [[48, 60], [50, 62], [52, 64], [53, 65], [55, 67], [57, 69]], [[70], [71]]]


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def read(file):
    """The graph: nodes by name, edges, dt."""
    with h5py.File(file) as f:
        assert text(f["node/type"][()]) == "NIRGraph"
        nodes = {name: {key: v[()] for key, v in node.items()}
                 for name, node in f["node/nodes"].items()}
        edges = [tuple(text(x) for x in edge) for edge in f["node/edges"][()]]
        return nodes, edges, float(f["node/metadata/dt"][()])


def simulate(nodes, edges, dt, piece):
    """Logits of every step: what flows along the edges, the recurrent ones a step late."""
    order, seen = ["input"], {"input"}
    while "output" not in seen:
        for a, b in edges:
            if a in seen and b not in seen and not b.startswith("h"):
                order.append(b)
                seen.add(b)
    value = {name: np.zeros(n["v_threshold"].shape) for name, n in nodes.items()
             if text(n["type"]) == "LIF"}
    v = {name: np.zeros_like(z) for name, z in value.items()}
    logits = []
    for step in piece:
        x = np.zeros(88)
        x[[k - 21 for k in step]] = 1
        late = {b: nodes[b]["weight"] @ value[a] for a, b in edges
                if b.startswith("h") and text(nodes[b]["type"]) == "Linear"}
        for name in order:
            node, kind = nodes[name], text(nodes[name]["type"])
            inflow = sum(late[a] if a.startswith("h") else value[a] for a, b in edges if b == name)
            if kind == "Input":
                value[name] = x
            elif kind == "LIF":
                v[name] += dt / node["tau"] * (node["v_leak"] - v[name] + node["r"] * inflow)
                value[name] = (v[name] > node["v_threshold"]).astype(float)
                v[name] = np.where(value[name] > 0, node["v_reset"], v[name])
            elif kind in ("Linear", "Affine"):
                value[name] = node["weight"] @ inflow + node.get("bias", 0)
            else:
                value[name] = inflow
        logits.append(value["output"].copy())
    return np.array(logits)


def nll(nodes, edges, dt):
    """Summed over the notes, averaged over the predicted steps of all pieces."""
    total, n = 0, 0
    for piece in PIECES:
        o = simulate(nodes, edges, dt, piece)[:-1]
        target = np.zeros_like(o)
        for t, step in enumerate(piece[1:]):
            target[t, [k - 21 for k in step]] = 1
        total += np.sum(np.logaddexp(0, o) - target * o)
        n += len(o)
    return total / n


def write(file, nodes, edges, dt):
    """As the Python package nir does: strings of any length, compressed arrays."""
    with h5py.File(file, "w") as f:
        f.create_dataset("version", data="1.0.4", dtype=h5py.string_dtype())
        g = f.create_group("node")
        g.create_dataset("type", data="NIRGraph", dtype=h5py.string_dtype())
        g.create_dataset("edges", data=edges)
        g.create_group("metadata").create_dataset("dt", data=dt)
        for name, node in nodes.items():
            group = g.create_group("nodes/" + name)
            for key, v in node.items():
                if key == "type":
                    group.create_dataset(key, data=text(v), dtype=h5py.string_dtype())
                else:
                    group.create_dataset(key, data=v, compression="gzip")


def main():
    exe = os.path.realpath(sys.argv[1])

    def osttp(*args, status=0):
        r = subprocess.run([exe, *args], capture_output=True, text=True, check=False)
        assert r.returncode == status, f"osttp {args}: exit status {r.returncode}\n{r.stderr}"
        return r

    def eval_nll(run):
        return json.loads(osttp("eval", run, "--json", "--last").stdout)["test_nll"]

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("pieces.json", "w", encoding="utf-8") as f:
            json.dump({"train": PIECES, "valid": PIECES, "test": PIECES}, f)
        task = ["--task", "jsb", "--data", "pieces.json"]
        small = [*task, "--rule", "ostl", "--quiet", "--epochs", "3", "--set", "network.reset=full",
                 "--set", "network.w_scale=6", "--set", "network.threshold=0.3"]
        for name, more in [("ff", ["--set", "network.hidden=20,15"]),
                           ("rec", ["--set", "network.hidden=20", "--set",
                                    "network.recurrent=true", "--set", "network.h_scale=2",
                                    "--set", "network.decay=0.2", "--set",
                                    "network.decay_max=0.98"])]:
            osttp("train", *small, *more, "--set", "train.checkpoint_every=1", "--out", name)
            # best.h5 is exported: let eval test that one.
            want = json.loads(osttp("eval", name, "--json").stdout)["test_nll"]
            osttp("export", name, "-o", name + ".nir")
            nodes, edges, dt = read(name + ".nir")
            spikes = [n for n, v in nodes.items() if text(v["type"]) == "LIF"]
            assert len(spikes) == (2 if name == "ff" else 1), nodes.keys()
            tau = np.concatenate([nodes[lif]["tau"] for lif in spikes])
            assert (np.ptp(tau) == 0) == (name == "ff") and (name == "ff" or np.ptp(tau) > 10 * dt)
            got = nll(nodes, edges, dt)
            assert abs(got - want) < 2e-5 * want, (name, got, want)
            osttp("import", name + ".nir", *task, "--out", name + "-back")
            assert abs(eval_nll(name + "-back") - want) < 2e-5 * want
            # The same network with other units of time and current.
            for lif in spikes:
                nodes[lif]["tau"] = nodes[lif]["tau"] * 4
                nodes[lif]["r"] = nodes[lif]["r"] * 8
                nodes[lif]["v_threshold"] = nodes[lif]["v_threshold"] * 2
            write("other.nir", nodes, edges, dt * 4)
            osttp("import", "other.nir", *task, "--out", name + "-other")
            got = nll(nodes, edges, dt * 4)
            assert abs(eval_nll(name + "-other") - got) < 2e-5 * got, (name, got)
        for name in ("ff", "rec"):
            osttp("train", "--resume", name + "-back", "--epochs", "2", "--quiet")
        nodes["w1"]["type"] = "Conv2d"
        write("conv.nir", nodes, edges, dt)
        r = osttp("import", "conv.nir", *task, "--out", "conv", status=2)
        assert "conv.nir: node w1: expected Linear or Affine here" in r.stderr, r.stderr
        r = osttp("import", "pieces.json", *task, "--out", "none", status=1)
        assert "pieces.json is not an HDF5 file" in r.stderr, r.stderr
        osttp("train", *small, "--set", "network.reset=soft", "--out", "soft")
        r = osttp("export", "soft", status=2)
        assert "network.reset: full" in r.stderr, r.stderr
        os.chdir("/")


if __name__ == "__main__":
    main()
