"""A small copy of the project whose pipeline runs in seconds, with the real DVC and MLflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from processes import delivery_pids, kill
from warm import Warm

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("conf", "data/raw", "data/start", "pipelines", "src", "dvc.yaml", ".dvc/config")
COPIED_FILES = (".dvcignore", ".gitignore", ".dvc/.gitignore", "pyproject.toml")
SMALL = {
    "conf/model/lstm.yaml": {"hidden_size": "8", "embedding_size": "8"},
    "conf/train/default.yaml": {"epochs": "2"},
    "conf/sample/default.yaml": {"count": "200"},
    "conf/evaluate/default.yaml": {"temperature_names": "100"},
}


class Project:
    """A checkout in which commands are run as a user would run them."""

    def __init__(self, root: Path, warm: Warm | None = None) -> None:
        self.root = root
        self._warm = warm
        """What `neonym` and `dvc repro` are forked from."""
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DVC_", "MLFLOW_", "PYTHONPATH", "GIT_"))
        }
        binaries = str(Path(sys.executable).parent)
        self.environment["PATH"] = binaries + os.pathsep + self.environment["PATH"]
        self.environment["MLFLOW_DISABLE_TELEMETRY"] = "true"

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; what it prints comes back in `stdout`."""
        if self._warm and (command[0] == "neonym" or command[:2] == ("dvc", "repro")):
            return self.run_warm(self._warm, *command, **environment)
        return subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )

    def run_warm(
        self, warm: Warm, *command: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `python SCRIPT …`, or a program, with its imports ready."""
        printed = self.root.with_name(f"{self.root.name}.printed")
        return warm.run(command, self.root, {**self.environment, **environment}, printed)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command and go on."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def succeed(self, *command: str, **environment: str) -> str:
        """Run a command that must succeed; what it prints."""
        done = self.run(*command, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def repro(self) -> list[str]:
        """`dvc repro`; the stages that it ran."""
        return re.findall(r"Running stage '(\w+)'", self.succeed("dvc", "repro"))

    def edit(self, path: str, key: str, value: str) -> None:
        """Change one `key: value` line of a configuration file."""
        file = self.root / path
        text, changes = re.subn(
            rf"^(\s*{key}): \S+", rf"\1: {value}", file.read_text(), flags=re.MULTILINE
        )
        assert changes == 1, f"{key} stands {changes} times in {path}"
        file.write_text(text)

    def params(self) -> dict[str, object]:
        """What `params.yaml` holds."""
        loaded = yaml.safe_load((self.root / "params.yaml").read_text())
        assert isinstance(loaded, dict)
        return loaded

    def commit(self, message: str = "Change") -> None:
        """Commit everything."""
        self.succeed("git", "add", "-A")
        self.succeed("git", "commit", "-q", "-m", message)

    def runs(self) -> list[Run]:
        """The runs in the project's own MLflow store, newest first."""
        client = MlflowClient(f"sqlite:///{self.root / 'mlflow.db'}")
        experiments = [found.experiment_id for found in client.search_experiments()]
        return list(client.search_runs(experiments))

    def stop_delivery(self) -> None:
        """End the delivery process, which would otherwise wait for more for a while."""
        kill(delivery_pids(self.root))


def make_project(root: Path, database: Path | None = None, warm: Warm | None = None) -> Project:
    """A fresh small copy of the project in `root`, committed to a git repository of its own.

    What has an empty database of MLflow's from the beginning need not wait until it is made.
    """
    for name in COPIED:
        source = PROJECT / name
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    for name in COPIED_FILES:
        shutil.copyfile(PROJECT / name, root / name)
    copy = Project(root, warm)
    for path, values in SMALL.items():
        for key, value in values.items():
            copy.edit(path, key, value)
    copy.succeed("git", "init", "-q")
    copy.succeed("git", "config", "user.name", "Test")
    copy.succeed("git", "config", "user.email", "test@example.org")
    copy.commit("Begin")
    if database:
        shutil.copyfile(database, root / "mlflow.db")
    return copy
