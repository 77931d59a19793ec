"""A copy of the project in a temporary folder, for notebook 5 to run, to change and to break."""

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

from course import CHECKOUT
from neonym.base.temporary import temporary_folder

MISSING = [name for name in ("dvc", "hydra", "mlflow") if not find_spec(name)]
if MISSING:
    raise SystemExit(
        f"{', '.join(MISSING)} is not installed for {sys.executable}: run `make setup` in "
        f"{CHECKOUT} and choose .venv/bin/python as the notebook's kernel"
    )

# Said by a library of MLflow's in every notebook that has no widgets; nothing here needs them
warnings.filterwarnings("ignore", message="IProgress not found")

COPIED = ("conf", "data/raw", "data/start", "pipelines", "src")
COPIED_FILES = ("dvc.yaml", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore")
# What variables begin with that are about another project, or about the colours of a notebook
OTHERS = ("DVC_", "MLFLOW_", "PYTHON", "GIT_", "FORCE_COLOR", "CLICOLOR")


class Scratch:
    """A project of your own, deleted by `close` and where the kernel ends; if that is killed, by
    the next one.

    It has what the stages need and a git repository with one commit; no results, no runs.
    """

    def __init__(self) -> None:
        if not shutil.which("git"):
            raise SystemExit("git is not installed, and a pipeline lives in a repository of git's")
        self.printed = ""
        self._held = ExitStack()
        self.root = self._held.enter_context(temporary_folder("neonym-course-"))
        atexit.register(self.close)
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(CHECKOUT / name, self.root / name, ignore=ignored)
        for name in COPIED_FILES:
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(CHECKOUT / name, self.root / name)
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(OTHERS)},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": str(self.root / "src"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        self.run("git init -q")
        self.run("git config user.name Learner")
        self.run("git config user.email learner@example.org")

    def run(self, command: str) -> str:
        """Run a command in the project as you would type it; what it prints.

        Raises
        ------
        RuntimeError
            With what it printed, if it failed.
        """
        done = subprocess.run(
            command.split(),
            cwd=self.root,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command} failed:\n{done.stdout}")
        return done.stdout

    def repro(self) -> str:
        """`dvc repro`; the stages that it ran. What it printed is kept in `printed`."""
        self.printed = self.run("dvc repro")
        return " ".join(re.findall(r"Running stage '(\w+)'", self.printed)) or "nothing"

    @property
    def store(self) -> str:
        """The address of its MLflow store."""
        return f"sqlite:///{self.root}/mlflow.db"

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.root / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        (self.root / path).write_text(text, encoding="utf-8")

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace a text that stands once in a file."""
        text = self.read(path)
        if text.count(before) != 1:
            raise ValueError(f"{before!r} stands {text.count(before)} times in {path}")
        self.write(path, text.replace(before, after))

    def commit(self, message: str) -> None:
        """Commit all that has changed."""
        self.run("git add -A")
        self.run(f"git commit -q -m {message}")

    def close(self) -> None:
        """Delete the project, and end the process that delivers its runs to MLflow."""
        for _ in range(100):
            pids = self._delivering()
            if not pids:
                break
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            time.sleep(0.1)
        self._held.close()

    def _delivering(self) -> list[int]:
        """The processes that have this project's folder on their command line, and no others."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.root).encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found
