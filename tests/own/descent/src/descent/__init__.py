"""A line through points by gradient descent, in a plain loop: many curves, and faults at will."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from neonym import lab


class Data(lab.Section):
    path: lab.FileName
    seed: lab.Seed


class Train(lab.Section):
    degree: PositiveInt
    epochs: PositiveInt
    lr: PositiveFloat
    pause: NonNegativeFloat


class Fault(lab.Section):
    step: Literal["prepare", "fit", "judge"] | None
    kind: Literal["error", "mistake", "death", "silence"]
    epoch: PositiveInt
    healed_by: str


class Sweep(lab.Sweep):
    pruned_by: ClassVar[str] = "val.loss"


class Settings(lab.Configuration):
    seeds: ClassVar[tuple[str, ...]] = ("seed", "data.seed")
    of_execution: ClassVar[dict[str, object]] = {
        "train.pause": 0.0,
        "fault.step": None,
        "fault.kind": "error",
        "fault.epoch": 1,
        "fault.healed_by": "healed",
    }
    data: Data
    train: Train
    fault: Fault
    sweep: Sweep


Work = lab.Work[Settings]


def fail_at_will(work: Work, step: str, epoch: int = 1) -> bool:
    """Fail as the configuration asks; whether the step shall leave out what it owes."""
    fault = work.configuration.fault
    if (step, epoch) != (fault.step, fault.epoch) or Path(fault.healed_by).exists():
        return False
    if fault.kind == "mistake":
        raise lab.UserError(f"fault.step = {step}: asked to fail")
    if fault.kind == "error":
        raise ArithmeticError(f"{step} fails at {epoch}\nin two lines")
    if fault.kind == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def prepare(work: Work) -> None:
    fail_at_will(work, "prepare")
    data = work.configuration.data
    lines = Path(data.path).read_text("utf-8").split()
    random.Random(data.seed).shuffle(lines)
    third = len(lines) // 3
    for number, name in enumerate(("val", "test", "train")):
        part = lines[number * third : (number + 1) * third]
        work.output(f"data/processed/{name}.csv").write_text("".join(f"{one}\n" for one in part))


def points(work: Work, name: str) -> list[tuple[float, float]]:
    lines = work.input(f"data/processed/{name}.csv").read_text("utf-8").split()
    return [(float(x), float(y)) for x, y in (line.split(",") for line in lines)]


def off(weights: list[float], point: tuple[float, float]) -> float:
    return sum(weight * point[0] ** power for power, weight in enumerate(weights)) - point[1]


def loss(weights: list[float], part: list[tuple[float, float]]) -> float:
    return sum(off(weights, point) ** 2 for point in part) / len(part)


def fit(work: Work) -> None:
    train, parts = work.configuration.train, {name: points(work, name) for name in ("train", "val")}
    chance = random.Random(work.configuration.seed)
    weights = [chance.gauss(0, 1) for _ in range(train.degree + 1)]
    for epoch in range(1, train.epochs + 1):
        for point in parts["train"]:
            error = off(weights, point)
            for power in range(len(weights)):
                weights[power] -= train.lr * 2 * error * point[0] ** power
        if fail_at_will(work, "fit", epoch):
            return
        losses = {f"{name}.loss": loss(weights, part) for name, part in parts.items()}
        own = {f"weight.w{power}": weight for power, weight in enumerate(weights)}
        work.curve(epoch, train.epochs, losses | own)
        time.sleep(train.pause)
    work.output("models/model.json").write_text(json.dumps(weights))


def judge(work: Work) -> dict[str, float]:
    weights = json.loads(work.input("models/model.json").read_text("utf-8"))
    test = points(work, "test")
    rows = [f"{x},{y},{off(weights, (x, y)) + y}\n" for x, y in test]
    work.output("reports/predictions.csv").write_text("".join(["x,y,predicted\n", *rows]))
    figures = {"val.loss": loss(weights, points(work, "val")), "test.loss": loss(weights, test)}
    return {} if fail_at_will(work, "judge") else figures


def tell(key: str, files: Path, event: Any) -> None:
    """A second tracker: a line a point of a curve, in a file a run."""
    if event.type == "metrics":
        path = Path(f".neonym/second/{key}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.writelines(
                f"{json.dumps([name, event.step, value])}\n" for name, value in event.values.items()
            )


PARTS = {"training": "train", "validation": "val", "test": "test"}
PROJECT = lab.pipeline(
    "descent:PROJECT",
    Settings,
    [
        lab.Step(
            "prepare",
            prepare,
            data={used_for: f"data/processed/{name}.csv" for used_for, name in PARTS.items()},
            makes=["data/processed"],
        ),
        lab.Step("fit", fit, model="models/model.json", curves="reports/curves.csv"),
        lab.Step(
            "judge",
            judge,
            metrics="reports/metrics.json",
            returns=["val.loss", "test.loss"],
            files=["reports/predictions.csv"],
        ),
    ],
    keys=["train.degree"],
    raw="data/raw",
    raw_key="data.path",
    listener=tell,
)
