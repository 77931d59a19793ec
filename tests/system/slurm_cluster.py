"""A Slurm cluster of two nodes on loopback, with its own munge, in a folder of its own."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

from mlflow_server import free_port

NODES = ("node1", "node2")
START_SECONDS = 60

CONFIGURATION = """
ClusterName=neonym
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
KillWait=2
{nodes}
PartitionName=all Nodes={names} Default=YES MaxTime=60 State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs=1 RealMemory=4000 State=UNKNOWN"
)


class Cluster:
    """Starts the daemons, and ends them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        """What clients need to find the cluster."""

    def start(self) -> None:
        """Start the daemons, and wait until both nodes take jobs."""
        (self._folder / "state").mkdir()
        for node in NODES:
            (self._folder / node).mkdir()
        host = socket.gethostname()
        nodes = [NODE.format(name=node, host=host, port=free_port()) for node in NODES]
        text = CONFIGURATION.format(
            folder=self._folder,
            host=host,
            port=free_port(),
            nodes="\n".join(nodes),
            names=",".join(NODES),
        )
        (self._folder / "slurm.conf").write_text(text)
        self._start_munge()
        self._start("slurmctld", "-D", "-c")
        for node in NODES:
            self._start("slurmd", "-D", "-N", node)
        self._wait_for("two idle nodes", lambda: self.ask("sinfo", "-h", "-o", "%D %T") == "2 idle")

    def _start_munge(self) -> None:
        key = self._folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        names = ("socket", "pid", "log", "seed")
        files = {name: self._folder / f"munge.{name}" for name in names}
        self._start(
            *("munged", "--foreground", "--force", "--num-threads=2", f"--key-file={key}"),
            *(f"--{name}-file={path}" for name, path in files.items() if name != "socket"),
            f"--socket={files['socket']}",
        )
        self._wait_for("munge", files["socket"].exists)

    def _start(self, *command: str) -> None:
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        program = shutil.which(command[0], path=path)
        assert program, f"{command[0]} is not installed"
        log = (self._folder / f"{command[0]}.out").open("ab")
        self._daemons.append(
            subprocess.Popen(
                [program, *command[1:]],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
        log.close()

    def ask(self, *command: str) -> str:
        """What a command of Slurm's prints."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def _wait_for(self, what: str, holds: object) -> None:
        end = time.monotonic() + START_SECONDS
        while not holds():  # type: ignore[operator]
            if time.monotonic() > end:
                logs = [path.read_text()[-2000:] for path in self._folder.glob("*.log")]
                raise TimeoutError("\n".join([f"no {what}", *logs]))
            time.sleep(0.1)

    def stop(self) -> None:
        """End what still runs, and the daemons."""
        self.ask("scancel", "--state=RUNNING")
        self.ask("scancel", "--state=PENDING")
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
