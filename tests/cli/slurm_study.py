# SPDX-License-Identifier: GPL-3.0-or-later
"""slurm_study.py OSTTP: a study of 12 points through a real sbatch on two node daemons of this machine,
one of which is killed with all it runs and started again; the table must be that of processes here,
byte for byte. Exit status 77 without Slurm, munge or root."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo"]
STUDY = """\
base:
  task: chorale
  train: { epochs: 3, batch: 4 }
  network.hidden: 40
axes:
  - rule: [osttp, drtp]
  - train.rate: [0.002, 0.005]
seeds: 3
"""
CONF = """\
ClusterName=crossloop
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge.socket
CredType=cred/munge
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool-%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/%n.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SlurmdTimeout=5
SchedulerParameters=batch_sched_delay=1,sched_interval=2
ReturnToService=2
MpiDefault=none
MailProg=/bin/true
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def free_ports(n):
    """Ports that nobody has now."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_until(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    sys.exit(f"after {seconds} s still not: {what}")


class Cluster:
    """munged, slurmctld and two slurmd, all of them in one folder and ours."""

    def __init__(self, folder):
        self.dir = folder
        self.process = {}
        self.env = dict(os.environ, SLURM_CONF=f"{folder}/slurm.conf")
        for name in ["XBAR_URI", "CROSSLOOP_DATA"]:
            self.env.pop(name, None)
        port, port1, port2 = free_ports(3)
        with open(f"{folder}/slurm.conf", "w", encoding="utf-8") as f:
            f.write(CONF.format(dir=folder, host=socket.gethostname(), port=port, port1=port1,
                                port2=port2))
        os.mkdir(f"{folder}/state")
        with open(f"{folder}/munge.key", "wb") as f:
            f.write(os.urandom(128))
        os.chmod(f"{folder}/munge.key", 0o400)

    def start(self, name, *args):
        """As a child of ours, in the foreground."""
        with open(f"{self.dir}/{name}.out", "ab") as out:
            self.process[name] = subprocess.Popen(args, env=dict(self.env, CROSSLOOP_NODE=name),
                                                  stdout=out, stderr=out)

    def start_node(self, name):
        """A node daemon."""
        self.start(name, shutil.which("slurmd"), "-D", "-N", name)

    def start_all(self):
        """All four; then both nodes are idle."""
        d = self.dir
        self.start("munged", shutil.which("munged"), "--foreground", "--force",
                   f"--key-file={d}/munge.key", f"--socket={d}/munge.socket",
                   f"--pid-file={d}/munged.pid", f"--seed-file={d}/munge.seed",
                   f"--log-file={d}/munged.log")
        wait_until("munged listens", lambda: os.path.exists(f"{d}/munge.socket"))
        self.start("slurmctld", shutil.which("slurmctld"), "-D")
        self.start_node("n1")
        self.start_node("n2")
        wait_until("both nodes are idle", lambda: self.say("sinfo", "-h", "-o", "%D %t") == "2 idle")

    def say(self, *args):
        """What a command of Slurm's prints."""
        r = subprocess.run(args, env=self.env, capture_output=True, text=True, check=False)
        return r.stdout.strip()

    def of_node(self, name):
        """Processes that a node daemon has started, by the environment that they got from it."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    env = f.read().split(b"\0")
            except OSError:
                continue
            ours = f"SLURM_CONF={self.dir}/slurm.conf".encode() in env
            if ours and (f"CROSSLOOP_NODE={name}".encode() in env or
                         f"SLURMD_NODENAME={name}".encode() in env):
                found.append(int(pid))
        return found

    def kill_node(self, name):
        """As if the machine had lost power: the daemon first, so that nobody reports anything."""
        self.process[name].kill()
        self.process[name].wait()
        killed = 0
        while pids := self.of_node(name):
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        return killed

    def stop(self):
        """Whatever is left of it."""
        for name in ["n1", "n2"]:
            if name in self.process:
                self.kill_node(name)
        for p in self.process.values():
            p.kill()
            p.wait()


def run(osttp, *args, env=None):
    """A command of osttp that must succeed."""
    r = subprocess.run([osttp, *args], env=env, capture_output=True, text=True, check=False)
    if r.returncode:
        sys.exit(f"osttp {' '.join(args)}: exit status {r.returncode}\n{r.stderr}")
    return r


def read(path):
    with open(path, "rb") as f:
        return f.read()


def study(cluster, osttp):
    """The comparison; the working folder is ours."""
    with open("s.yaml", "w", encoding="utf-8") as f:
        f.write(STUDY)
    run(osttp, "study", "run", "s.yaml", "--out", "here", "--quiet")
    run(osttp, "study", "collect", "here")
    r = run(osttp, "study", "run", "s.yaml", "--out", "there", "--executor", "slurm",
            env=cluster.env)
    print(r.stderr, end="")
    wait_until("n1 runs a point", lambda: "n1" in cluster.say("squeue", "-h", "-t", "R", "-o", "%N"))
    wait_until("a training of n1 has begun", lambda: len(cluster.of_node("n1")) > 3)
    print(f"n1 killed, {cluster.kill_node('n1')} processes")
    time.sleep(8)  # longer than SlurmdTimeout: the controller finds out
    cluster.start_node("n1")
    wait_until("all jobs have ended", lambda: cluster.say("squeue", "-h") == "", 300)
    for name in ["table.csv", "points.csv", "table.h5"]:
        if read(f"here/{name}") != read(f"there/{name}"):
            sys.exit(f"{name} differs")
    requeued = [line for line in read(f"{cluster.dir}/slurmctld.log").decode().splitlines()
                if "requeue" in line.lower()]
    if not requeued:
        sys.exit("no task was requeued: the node died too late")
    print("\n".join(requeued))


def main():
    osttp = os.path.realpath(sys.argv[1])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [p for p in PROGRAMS if not shutil.which(p)]
    if missing:
        skip(f"no {', '.join(missing)} (Debian packages munge, slurm-wlm)")
    if os.geteuid():
        skip("only root can run node daemons")
    with tempfile.TemporaryDirectory(prefix="crossloop-slurm-") as folder:
        os.chmod(folder, 0o755)
        cluster = Cluster(folder)
        work = f"{folder}/work"
        os.mkdir(work)
        os.chdir(work)
        try:
            cluster.start_all()
            study(cluster, osttp)
        except SystemExit:
            for log in ["slurmctld.log", "n1.log", "n1.out", "munged.out", "slurmctld.out"]:
                path = f"{folder}/{log}"
                if os.path.exists(path):
                    print(f"== {log}\n{read(path).decode()[-3000:]}")
            raise
        finally:
            cluster.stop()
            os.chdir("/")


if __name__ == "__main__":
    main()
