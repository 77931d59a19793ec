"""What a sweep costs beyond training: measures and prints the figures that it is held to.

python -m benchmarks.sweeps [PART ...]        (all, or some of PARTS)

Everything is measured as whole commands in fresh copies of the project that are deleted afterwards.
A job's pure training time lies between the first and the last point of its tracked curves, which
leaves out the first ten steps.
"""

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from subprocess import DEVNULL, Popen
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.pipeline import Row, cost_of, fresh_project, print_rows

from neonym import experiment

WORKERS = 2
SIDE_BY_SIDE = ("hydra/launcher=joblib", f"hydra.launcher.workers={WORKERS}")
JOBS = ("optimizer.lr=0.003,0.005,0.007,0.01", "train.patience=null")
TINY = ("model.hidden_size=4", "model.embedding_size=4", "train.epochs=1", "sample.count=20")
UNEQUAL = (
    *("sweep.search=random", "sweep.trials=16", "sweep.seed=1", "train.patience=null"),
    *("train.epochs=tag(log,int(interval(4,400)))", "model.hidden_size=16"),
)
PAIRS = 7
UI_PORT = 5077
# What the UI asks for when the table of runs is opened
RUN_TABLE = {
    "run_view_type": "ACTIVE_ONLY",
    "max_results": 100,
    "order_by": ["attributes.start_time DESC"],
}


def sweep(root: Path, script: str, *words: str) -> float:
    """Run a sweep; the seconds it took."""
    command = (sys.executable, f"pipelines/{script}.py", "-m", *words)
    return cost_of(*command, cwd=root, PYTHONPATH=str(root / "src")).seconds


def training_times(root: Path, since: float) -> list[tuple[float, float]]:
    """When each job's training began and ended, seconds since 1970, of jobs that began since."""
    query = (
        "SELECT min(timestamp), max(timestamp) FROM metrics "
        "WHERE key IN ('train/loss', 'train/epoch') GROUP BY run_uuid"
    )
    with closing(connect(root / "mlflow.db")) as database:
        times = [(first / 1000, last / 1000) for first, last in database.execute(query)]
    return [item for item in times if item[0] >= since]


def measure_fresh_database() -> Iterator[Row]:
    """A sweep of 32 jobs on two workers where nothing was tracked before."""
    with fresh_project() as root:
        yield from _side_by_side(root)


def measure_used_database() -> Iterator[Row]:
    """The same where another sweep is tracked already."""
    with fresh_project() as root:
        sweep(root, "train", *SIDE_BY_SIDE, *TINY, "seed=range(4)")
        cost_of("neonym", "sync", cwd=root, PYTHONPATH=str(root / "src"))
        yield from _side_by_side(root)


def _side_by_side(root: Path) -> Iterator[Row]:
    began = time.time()
    seconds = sweep(root, "sweep", *SIDE_BY_SIDE, *JOBS, "seed=range(8)")
    times = training_times(root, began)
    assert len(times) == 32, f"{len(times)} jobs have curves"
    start_up = min(first for first, _ in times) - began
    training = sum(last - first for first, last in times)
    yield Row(f"32 jobs on {WORKERS} workers", seconds, math.nan, "s")
    yield Row("  of it start-up, to the first training", start_up, math.nan, "s")
    yield Row("  pure training of a job, mean", training / 32, math.nan, "s")
    yield Row("  beyond start-up / ideal", (seconds - start_up) / (training / WORKERS), 1.12, "×")


def measure_search() -> Iterator[Row]:
    """A search of trials from 4 to 400 epochs, none of which is to wait for a longer one."""
    with fresh_project() as root:
        began = time.time()
        seconds = sweep(root, "train", *SIDE_BY_SIDE, *UNEQUAL)
        times = training_times(root, began)
    assert len(times) == 16, f"{len(times)} trials have curves"
    start_up = min(first for first, _ in times) - began
    training = [last - first for first, last in times]
    ideal = max(sum(training) / WORKERS, *training)
    yield Row(f"search of 16 unequal trials on {WORKERS} workers", seconds, math.nan, "s")
    yield Row("  beyond start-up / ideal", (seconds - start_up) / ideal, math.nan, "×")


def measure_tracking() -> Iterator[Row]:
    """The processor time of a training with tracking and without, in turn."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    with fresh_project() as root:
        _commit(root)  # or the state of the checkout would cost nothing
        for _ in range(PAIRS):
            for enabled in (True, False):
                taken[enabled].append(_processor_seconds(root, enabled))
    tracked, bare = (statistics.median(taken[enabled]) for enabled in (True, False))
    yield Row("processor time of a training, untracked", bare, math.nan, "s")
    yield Row("tracking at the default rate adds", 100 * (tracked / bare - 1), 2, "%")


def _commit(root: Path) -> None:
    who = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    (root / ".gitignore").write_text("outputs/\n.neonym/\nml*\n__pycache__/\n")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "Begin")):
        cost_of("git", *words, cwd=root)


def _processor_seconds(root: Path, tracked: bool) -> float:
    words = (f"tracking.enabled={str(tracked).lower()}", "tracking.wait_seconds=0")
    before = os.times()
    command = (sys.executable, "pipelines/train.py", "train.patience=null", *words)
    cost_of(*command, cwd=root, PYTHONPATH=str(root / "src"))
    after = os.times()
    own = after.children_user - before.children_user
    return own + after.children_system - before.children_system


def measure_many() -> Iterator[Row]:
    """The table of runs behind a sweep of 200 jobs, and going on where nothing is left."""
    with fresh_project() as root:
        seconds = sweep(root, "sweep", *SIDE_BY_SIDE, *TINY, "seed=range(200)")
        yield Row("200 tiny jobs", seconds, math.nan, "s")
        cost_of("neonym", "sync", cwd=root, PYTHONPATH=str(root / "src"))
        yield Row("run table in the UI, slowest of 10", _slowest_answer(root), 2, "s")
        [folder] = (path.parent for path in root.glob("multirun/*/*/sweep.json"))
        again = cost_of(
            *("neonym", "resume-sweep", str(folder.relative_to(root))),
            cwd=root,
            PYTHONPATH=str(root / "src"),
        )
        yield Row("resume of the finished sweep", again.seconds, 10, "s")


def _slowest_answer(root: Path) -> float:
    """The slowest of ten answers of a started UI to what its run table asks, seconds."""
    command = [sys.executable, "-m", "neonym.lab.delivery.ui", "--port", str(UI_PORT)]
    server = Popen(
        [*command, "--project", experiment.PROJECT.reference],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{UI_PORT}/health")
        with closing(connect(root / "mlflow.db")) as database:
            ids = [str(row[0]) for row in database.execute("SELECT experiment_id FROM experiments")]
        address = f"http://127.0.0.1:{UI_PORT}/ajax-api/2.0/mlflow/runs/search"
        body = json.dumps({"experiment_ids": ids, **RUN_TABLE}).encode()
        request = Request(address, body, {"Content-Type": "application/json"})
        seconds = []
        for _ in range(10):
            began = time.perf_counter()
            with urlopen(request) as answer:  # noqa: S310 (ours)
                runs = json.load(answer)["runs"]
            seconds.append(time.perf_counter() - began)
            assert len(runs) == RUN_TABLE["max_results"], f"{len(runs)} runs"
        return max(seconds)
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 (ours)
                return
        except (URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "fresh_database": measure_fresh_database,
    "used_database": measure_used_database,
    "search": measure_search,
    "tracking": measure_tracking,
    "many": measure_many,
}


def main() -> None:
    """Measure the parts that are named, or all, and print them beside the goals."""
    rows = (row for part in sys.argv[1:] or PARTS for row in PARTS[part]())
    print_rows("Sweeps beyond training", rows)


if __name__ == "__main__":
    main()
