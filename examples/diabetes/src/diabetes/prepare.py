"""Split the table."""

from pathlib import Path

import numpy as np

from diabetes.settings import Settings
from neonym.lab import UserError, Work


def prepare(work: Work[Settings]) -> None:
    """Shuffle the rows and write those of each split."""
    data = work.configuration.data
    head, *lines = Path(data.path).read_text("utf-8").splitlines()
    rows = np.random.default_rng(data.seed).permutation(np.loadtxt(lines, delimiter=","))
    val, test = round(data.val * len(rows)), round(data.test * len(rows))
    if val + test >= len(rows):
        raise UserError(f"data.val = {data.val} and data.test = {data.test} leave nothing to train")
    parts = np.split(rows, [val, val + test])
    for name, part in zip(("val", "test", "train"), parts, strict=True):
        path = work.output(f"data/processed/{name}.csv")
        np.savetxt(path, part, fmt="%.17g", delimiter=",", header=head, comments="")


def read(work: Work[Settings], name: str) -> tuple[np.ndarray, np.ndarray]:
    """The measurements of a split, a row a patient, and how far diabetes progressed."""
    rows = np.loadtxt(work.input(f"data/processed/{name}.csv"), delimiter=",", skiprows=1)
    return rows[:, :-1], rows[:, -1]
