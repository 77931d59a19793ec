"""What the pipeline costs beyond training: measures and prints the ratios that it is held to.

python benchmarks/pipeline.py        (or: make bench)

Everything is measured in one run, as whole processes, in copies of the project that are deleted
afterwards. Memory is the largest resident set of a single process.
"""

import json
import math
import os
import random
import shutil
import signal
import sqlite3
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
STAGES = ("compose", "preprocess", "train", "sample", "evaluate")
COPIED = (
    ".dvc/config",
    ".dvcignore",
    "conf",
    "data/raw",
    "data/start",
    "dvc.yaml",
    "pipelines",
    "src",
)
EXAMPLE = PROJECT / "examples/diabetes"
LINES = 1_000_000
REPEATS = 5


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock, megabytes at its peak."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """A measured figure beside its goal."""

    what: str
    measured: float
    goal: float
    unit: str


def cost_of(*command: str, cwd: Path, **environment: str) -> Cost:
    """Run a command that must succeed, and what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{printed.decode()}")
    return Cost(time.perf_counter() - began, usage.ru_maxrss / 1024)


@contextmanager
def fresh_project() -> Iterator[Path]:
    """A copy of the project in which nothing has run yet."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "neonym"
        for name in COPIED:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (PROJECT / name).is_dir():
                shutil.copytree(PROJECT / name, target)
            else:
                shutil.copyfile(PROJECT / name, target)
        (root / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
        yield root
        end_delivery(root)


def end_delivery(root: Path) -> None:
    """End the processes that deliver for a project, which would wait for more for a while."""
    for status in root.glob(".neonym/spool/*/status.json"):
        with suppress(OSError, ValueError):
            pid = int(json.loads(status.read_text())["pid"])
            if os.fsencode(root) in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


@contextmanager
def empty_pipeline() -> Iterator[Path]:
    """A pipeline of five stages that do nothing, already run."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        stages = {f"stage{i}": {"cmd": "true", "deps": ["input"]} for i in range(len(STAGES))}
        (root / "input").touch()
        (root / "dvc.yaml").write_text(json.dumps({"stages": stages}))
        cost_of("dvc", "init", "--no-scm", cwd=root)
        for setting in ("core.analytics", "core.check_update"):
            cost_of("dvc", "config", setting, "false", cwd=root)
        cost_of("dvc", "repro", cwd=root)
        yield root


def training_seconds(root: Path) -> float:
    """From the first step of training to the last epoch, by the times of the tracked curves."""
    query = (
        "SELECT max(timestamp) - min(timestamp) FROM metrics "
        "WHERE key IN ('train/loss', 'train/epoch')"
    )
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        [milliseconds] = database.execute(query).fetchone()
    return float(milliseconds) / 1000


def measure_main_job() -> Iterator[Row]:
    """`dvc repro` from nothing, what it costs beyond training, and a repro of nothing."""
    imports = [cost_of(sys.executable, "-c", "import mlflow", cwd=PROJECT) for _ in range(3)]
    import_seconds = statistics.median(cost.seconds for cost in imports)
    with fresh_project() as root:
        whole = cost_of("dvc", "repro", cwd=root)
        cost_of("neonym", "sync", cwd=root)
        training = training_seconds(root)
        yield Row("dvc repro from nothing", whole.seconds, 60, "s")
        yield Row("of it training", training, math.nan, "s")
        yield Row("import mlflow", import_seconds, math.nan, "s")
        beyond = (whole.seconds - training) / import_seconds
        yield Row("beyond training / import mlflow", beyond, 3, "×")
        yield example_row(whole.seconds - training)
        yield no_op_row(root)
        yield from stage_memory(root)


def example_row(beyond_of_names: float) -> Row:
    """A pipeline of one's own from nothing, whose fitting takes milliseconds, beside names'."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "diabetes"
        shutil.copytree(EXAMPLE, root)
        cost_of("dvc", "init", "--no-scm", cwd=root)
        cost_of("dvc", "config", "core.analytics", "false", cwd=root)
        cost = cost_of("dvc", "repro", cwd=root)
        end_delivery(root)
    return Row("examples/diabetes / names beyond training", cost.seconds / beyond_of_names, 1, "×")


def no_op_row(root: Path) -> Row:
    """A repro of nothing beside that of an empty pipeline, in turn."""
    with empty_pipeline() as empty:
        ratios = [
            cost_of("dvc", "repro", cwd=root).seconds / cost_of("dvc", "repro", cwd=empty).seconds
            for _ in range(REPEATS)
        ]
    return Row("no-op dvc repro / empty five-stage pipeline", statistics.median(ratios), 1.3, "×")


def stage_memory(root: Path) -> Iterator[Row]:
    """The peak memory of each stage, run as DVC runs it."""
    for stage in STAGES:
        environment = {"DVC_STAGE": stage, "DVC_ROOT": str(root), "PYTHONPATH": "src"}
        cost = cost_of(sys.executable, f"pipelines/{stage}.py", cwd=root, **environment)
        yield Row(f"peak memory of {stage}", cost.megabytes, 500, "MB")


def measure_a_million_lines() -> Iterator[Row]:
    """Preprocessing of generated names, split plainly."""
    generator = random.Random(0)
    with fresh_project() as root:
        names = (
            "".join(generator.choices(string.ascii_lowercase, k=generator.randint(6, 18)))
            for _ in range(LINES)
        )
        (root / "data/raw/million.txt").write_text("\n".join(names))
        cost = cost_of(
            sys.executable,
            "pipelines/preprocess.py",
            "data=list",
            "data.path=data/raw/million.txt",
            "data.split.group_near_duplicates=false",
            cwd=root,
            PYTHONPATH="src",
        )
    yield Row("preprocess 1,000,000 lines", cost.seconds, 10, "s")
    yield Row("peak memory of that", cost.megabytes, 1500, "MB")


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print figures beside their goals."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in ("measured", "goal at most", ""):
        table.add_column(column, justify="right")
    for row in rows:
        has_goal = not math.isnan(row.goal)
        verdict = ("reached" if row.measured <= row.goal else "missed") if has_goal else ""
        goal = f"{row.goal:g} {row.unit}" if has_goal else ""
        table.add_row(row.what, f"{row.measured:.2f} {row.unit}", goal, verdict)
    Console().print(table)


def main() -> None:
    """Measure everything and print it beside the goals."""
    rows = (*measure_main_job(), *measure_a_million_lines())
    print_rows("The pipeline beyond training", rows)


if __name__ == "__main__":
    main()
