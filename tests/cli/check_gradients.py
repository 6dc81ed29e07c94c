# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule's gradients from the parameters in the file alone, in numpy: check_gradients.py OSTTP

bptt (fa and dfa with B for V) backwards in time as in any textbook, ostl and osttp by the traces of
Ortner et al. (2023), eprop by those of Bellec et al. (2020), through outputs that remember filtered, etlp by these at the
teacher's events, decolle by filtered inputs and its own readouts, drtp by the step's own eligibility,
ptncn by what corrected membranes would have sent; all in float64. The file's are from float32: 1e-5 of the norm.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

SEQUENCE = 3


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def hashed(*keys):
    """SplitMix64's finaliser over three numbers, the upper 32 bits: trainer/seed.h."""
    z, mask = 0, 2**64 - 1
    for key in keys:
        z = (z + key + 0x9e3779b97f4a7c15) & mask
        z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & mask
        z ^= z >> 31
    return z >> 32


def events(n_step, rate):
    """When etlp's teacher fires: seed 1, no update so far, sequence SEQUENCE."""
    use = 4
    run = hashed(1, use, 0)
    fires = np.array([hashed(run, use, SEQUENCE << 32 | t) < rate * 2**32 for t in range(n_step)])
    assert abs(fires.mean() - rate) <= 4 * np.sqrt(rate * (1 - rate) / n_step), fires
    return fires


class Network:
    def __init__(self, file):
        self.attr = attr = dict(file.attrs)
        self.full = attr["reset"] == "full"
        self.smooth = attr["neuron"] == "ssnu"
        self.psi, self.d = attr["psi"], np.float64(file["param"]["d"][...])
        low, high = (np.float32(attr[k]) for k in ("decay", "decay_max"))
        assert self.d.min() >= low and self.d.max() <= max(low, high) and (high == 0) == (np.ptp(self.d) == 0)
        self.gamma, self.width, self.slope = attr["psi_gamma"], attr["psi_width"], attr["psi_slope"]
        self.beta, self.rho = (np.float64(np.float32(attr[k])) for k in ("adaptation", "adaptation_decay"))
        self.W, self.b, self.V, self.c, self.B = (
            np.float64(file["param"][k][...]) for k in ("W", "b", "V", "c", "B"))
        self.H = np.float64(file["param"]["H"][...]) if "H" in file["param"] else np.zeros((len(self.b),) * 2)
        self.is_recurrent = "H" in file["param"]
        self.x, self.target = np.float64(file["input"][...]), np.float64(file["target"][...])
        self.run()

    def derivative(self, u, y):
        if self.smooth:
            return y * (1 - y)
        if self.psi == "triangular":
            return self.gamma * np.maximum(0, 1 - np.abs(u) / self.width)
        if self.psi == "tanh":
            return 1 - np.tanh(u) ** 2
        return 1 / (self.slope * np.abs(u) + 1) ** 2

    def run(self):
        n_step, n = len(self.x), len(self.b)
        # Row 0 is the state before the first step.
        self.s, self.y, self.p, self.u = (np.zeros((n_step + 1, n)) for _ in range(4))
        a = np.zeros(n)
        for t in range(n_step):
            s, y = self.s[t], self.y[t]
            rest = self.d * s * (1 - y) if self.full else self.d * s - self.b * y
            self.s[t + 1] = self.W @ self.x[t] + self.H @ y + rest
            a = self.rho * a + y
            u = self.u[t + 1] = self.s[t + 1] - self.b - self.beta * a
            self.y[t + 1] = sigmoid(u) if self.smooth else u > 0
            self.p[t + 1] = self.derivative(u, self.y[t + 1])
        self.read_out()

    def say(self, o):
        """yhat and the cross-entropies of the steps."""
        if self.attr["readout"] == "softmax":
            log = o - o.max(axis=1, keepdims=True)
            log -= np.log(np.exp(log).sum(axis=1, keepdims=True))
            return np.exp(log), -(self.target * log).sum(axis=1)
        return sigmoid(o), (np.logaddexp(0, o) - self.target * o).sum(axis=1)

    def read_out(self):
        """err: as it is known at each step; q: dE/d(V y + c), through the outputs' memory."""
        n_step, loss = len(self.x), self.attr["loss"]
        d_o = np.float64(np.float32(self.attr["readout_decay"]))
        gain = np.float64(np.float32(1 - self.attr["readout_decay"])) if self.attr["readout_norm"] == "true" else 1
        # What the last error says of each step's y through the outputs' memory, or of all steps' mean.
        self.keep, self.gain = (1, np.cumsum(d_o ** np.arange(n_step))[::-1]) if loss == "mean" else (d_o, np.ones(n_step))
        o = gain * (self.y[1:] @ self.V.T + self.c)
        for t in range(1, n_step):
            o[t] += d_o * o[t - 1]
        counts = np.arange(n_step) >= (n_step - self.attr["loss_steps"] if loss == "last" else 0)
        if loss == "mean":
            yhat, nll = self.say(np.cumsum(o, axis=0) / np.arange(1, n_step + 1)[:, None])
            self.nll = nll[-1]
            self.err = gain * (yhat - self.target) / n_step
            self.q = np.tile(self.err[-1], (n_step, 1))
        else:
            yhat, nll = self.say(o)
            self.nll = nll[counts].sum()
            self.err = gain * (yhat - self.target) * counts[:, None]
            self.q = self.err.copy()
        self.target = self.target * counts[:, None]
        for t in range(n_step - 2, -1, -1):
            self.q[t] += d_o * self.q[t + 1]

    def jacobian(self, t):
        """ds/ds' and ds/dy' of the step that follows state t."""
        if self.full:
            return self.d * (1 - self.y[t]), -self.d * self.s[t]
        return self.d, -self.b

    def backward(self, back):
        w, h, b = np.zeros_like(self.W), np.zeros_like(self.H), np.zeros_like(self.b)
        ds, da = np.zeros_like(self.b), np.zeros_like(self.b)
        for t in range(len(self.x), 0, -1):
            j, jj = self.jacobian(t)
            dy = back[t - 1] + jj * ds + self.H.T @ ds + da
            b -= self.p[t] * dy + (0 if self.full else self.y[t] * ds)
            ds = self.p[t] * dy + j * ds
            da = self.rho * da - self.beta * self.p[t] * dy
            w += np.outer(ds, self.x[t - 1])
            h += np.outer(ds, self.y[t - 1])
        return w, h, b

    def forward(self, signal, has_traces=True, has_reset=True, is_filtered=False):
        # Traces of all parameters side by side: W, H, b; of the membrane, the adaptation, and the spike.
        n, m = self.W.shape
        eps, eps_a, e, bar, grad = (np.zeros((n, m + n + 1)) for _ in range(5))
        if is_filtered and self.attr["loss"] == "mean":
            signal = signal * (np.arange(len(signal)) == len(signal) - 1)[:, None]
        for t in range(1, len(self.x) + 1):
            j, jj = self.jacobian(t - 1)
            if not has_reset:
                j, jj = self.d, 0 * jj
            own = has_traces and has_reset and not self.full  # ds/db of the soft reset
            direct = np.hstack([np.tile(self.x[t - 1], (n, 1)), np.tile(self.y[t - 1], (n, 1)),
                                -self.y[t - 1][:, None] * own])
            eps_a = self.rho * eps_a + e
            eps = j[:, None] * eps + jj[:, None] * e + direct
            if not has_traces:
                eps, eps_a = direct, 0 * eps_a
            e = self.p[t][:, None] * (eps - self.beta * eps_a)
            e[:, -1] -= self.p[t]
            # For H the diagonal form is the same recursion: paths through other neurons are left out.
            bar = self.keep * bar + self.gain[t - 1] * e if is_filtered else e
            grad += signal[t - 1][:, None] * bar
        return grad[:, :m], grad[:, m:-1], grad[:, -1]

    def local(self, beta):
        """decolle: a readout B of the layer itself, with the output's bias at the start, and the inputs through two filters."""
        signal = (sigmoid(self.y[1:] @ self.B + self.c) - self.target) @ self.B.T * self.p[1:]
        inputs = np.hstack([self.x, self.y[:-1]])
        q, p, grad = np.zeros(inputs.shape[1]), np.zeros((len(self.b), inputs.shape[1])), 0
        for t, x in enumerate(inputs):
            q = beta * q + (1 - beta) * x
            p = self.d[:, None] * p + q
            grad = grad + signal[t][:, None] * p
        m = self.W.shape[1]
        return grad[:, :m], grad[:, m:], -signal.sum(axis=0)

    def corrected(self, beta):
        """ptncn: spikes against those with B times the error taken from the membranes."""
        u = self.u[1:] - beta * self.err @ self.B.T
        e = self.y[1:] - (sigmoid(u) if self.smooth else u > 0)
        return e.T @ self.x, e.T @ self.y[:-1], -e.sum(axis=0)

    def gradients(self, rule, is_exact):
        if is_exact:  # OSTL's whole traces are backpropagation through time, with H, too
            rule = {"ostl": "bptt", "ostl-rnd": "dfa"}[rule]
        w, h, b = {
            "bptt": lambda: self.backward(self.q @ self.V),
            "fa": lambda: self.backward(self.q @ self.B.T),
            "dfa": lambda: self.backward(self.q @ self.B.T),
            "ostl": lambda: self.forward(self.err @ self.V, is_filtered=True),
            "ostl-rnd": lambda: self.forward(self.err @ self.B.T, is_filtered=True),
            "eprop": lambda: self.forward(self.err @ self.V, has_reset=False, is_filtered=True),
            "eprop-rnd": lambda: self.forward(self.err @ self.B.T, has_reset=False, is_filtered=True),
            "osttp": lambda: self.forward(self.target @ self.B.T),
            "decolle": lambda: self.local(np.float64(np.float32(self.attr["synapse_decay"]))),
            "etlp": lambda: self.forward(self.target @ self.B.T * events(
                len(self.x), self.attr["teacher_rate"])[:, None], has_reset=False),
            "ptncn": lambda: self.corrected(np.float64(np.float32(self.attr["correction"]))),
            "drtp": lambda: self.forward(self.target @ self.B.T, False),
        }[rule]()
        return {**({"H": h} if self.is_recurrent else {}), "W": w, "b": b, "V": self.q.T @ self.y[1:], "c": self.q.sum(axis=0)}


def check(osttp, folder, rule, *settings, task="chorale"):
    path = os.path.join(folder, "g.h5")
    tolerance = 1e-4 if "network.psi=fast-sigmoid" in settings else 1e-5
    options = [a for s in settings for a in ("--set", s)]
    subprocess.run([osttp, "gradients", "--task", task, "--rule", rule, "--sequence", str(SEQUENCE),
                    "--out", path, "--set", "network.hidden=40", "--set", "network.w_scale=6",
                    "--set", "network.threshold=0.3", "--set", "network.psi_width=1"] + options, check=True)
    with h5py.File(path, "r") as file:
        net = Network(file)
        activity = net.y[1:].mean()
        assert 0.01 < activity < 0.9, activity
        assert abs(file.attrs["nll"] / net.nll - 1) < 1e-6
        for name, want in net.gradients(rule, "train.trace=exact" in settings).items():
            off = np.linalg.norm(file["grad"][name][...] - want) / np.linalg.norm(want)
            assert off < tolerance, (rule, settings, name, off)


with tempfile.TemporaryDirectory() as scratch:
    for rule_name in ("bptt", "fa", "dfa", "drtp", "eprop", "eprop-rnd", "ostl", "ostl-rnd", "decolle", "etlp", "osttp", "ptncn"):
        for reset in ("full", "soft"):
            for psi in ("triangular", "tanh", "fast-sigmoid"):
                check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.psi=" + psi)
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.neuron=ssnu")
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.recurrent=true")
            adapts = ("network.adaptation=0.2", "network.adaptation_decay=0.9")
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, *adapts)
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.recurrent=true", *adapts)
            mixed = ("network.recurrent=true", "network.decay=0.2", "network.decay_max=0.98")
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, *mixed)
            check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, *mixed, *adapts)
            for option in {"etlp": ["train.teacher_rate=0.6", "train.teacher_rate=1"],
                           "decolle": ["train.synapse_decay=0.7"],
                           "ptncn": ["train.correction=0.3", "train.correction=5"]}.get(rule_name, []):
                check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, option)
            if rule_name in ("ostl", "ostl-rnd"):
                check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.recurrent=true",
                      "network.hidden=12", "train.trace=exact")
                check(sys.argv[1], scratch, rule_name, "network.reset=" + reset, "network.recurrent=true",
                      "network.hidden=12", "train.trace=exact", *adapts)
    for rule_name in ("bptt", "fa", "dfa", "drtp", "eprop", "eprop-rnd", "ostl", "ostl-rnd", "etlp", "osttp", "ptncn"):
        leaky = ("network.readout_decay=0.7", "network.reset=soft")
        if rule_name == "ptncn":  # errors of a mean are small: larger corrections make spikes of them
            leaky += ("train.correction=50",)
        check(sys.argv[1], scratch, rule_name, *leaky)
        check(sys.argv[1], scratch, rule_name, *leaky, *adapts)
        if rule_name in ("ostl", "ostl-rnd"):
            check(sys.argv[1], scratch, rule_name, *leaky, "network.recurrent=true", "network.hidden=12", "train.trace=exact")
        check(sys.argv[1], scratch, rule_name, *leaky, "network.readout_norm=true", "train.loss=last", "train.loss_steps=12")
        if os.path.exists(os.path.join(os.environ.get("CROSSLOOP_DATA", ""), "hd_shd_small_train.h5")):
            digits = leaky + ("speech.files=hd_shd_small", "speech.limit=60", "speech.bins=50", "speech.bin=0.02",
                              "train.loss_steps=40", "network.h_mean=-4", "network.psi=fast-sigmoid")
            for loss in ("step", "last", "mean"):
                check(sys.argv[1], scratch, rule_name, *digits, "train.loss=" + loss, task="shd")
