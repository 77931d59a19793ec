"""A pipeline of one's own: its steps, what they leave, and what of that is logged."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Generic

from neonym.base.errors import UserError
from neonym.lab.configuration import Schema
from neonym.lab.project import Project

if TYPE_CHECKING:
    from neonym.lab.own.work import Work

METRIC = re.compile(r"[A-Za-z][A-Za-z0-9]*\.\w+")
COMPOSE, WHOLE = "compose", "sweep"
"""The scripts that are no steps: composing, and the whole pipeline as one job."""


@dataclass(frozen=True)
class Step(Generic[Schema]):
    """A stage of `dvc.yaml`: what computes it, and what it leaves.

    All paths are the workspace's, as `dvc.yaml` has them under `outs`.

    Parameters
    ----------
    name
        The stage, and its script in `pipelines/`.
    function
        Computes it: is given a `Work`, reads files and writes files. With `metrics` it returns
        them: their names and values, as `{"val.rmse": 54.2}` or nested.
    makes
        Files and folders that it writes and that are not logged.
    data
        The files of the splits, by what they are used for: `training`, `validation`, `test`. Their
        digests are logged.
    model
        The file of the trained model; one step has it.
    curves
        The file of its curves, CSV, which is written for it: what it tells by `Work.curve`.
    metrics
        The file of its metrics, JSON, which is written for it.
    returns
        The metrics that it promises to return. Nothing may be optimized by those of test.
    files
        Other files that it writes and that are logged: tables, pictures.
    """

    name: str
    function: Callable[[Work[Schema]], Mapping[str, Any] | None]
    makes: Sequence[str] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    curves: str = ""
    metrics: str = ""
    returns: Sequence[str] = ()
    files: Sequence[str] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """All that it leaves, what tells most of a result first."""
        own = (self.metrics, self.model, self.curves, *self.files, *self.makes)
        inside = (path for path in self.data.values() if not is_within(path, own))
        return tuple(filter(None, (*own, *inside)))

    def is_output(self, path: str) -> bool:
        """Whether a path is one of its outputs, or lies in one."""
        return is_within(path, self.outputs)


def is_within(path: str, folders: Collection[str]) -> bool:
    """Whether a path is one of some files and folders, or lies in one."""
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders if folder)


@dataclass(frozen=True)
class Pipeline(Project[Schema]):
    """A project whose steps are declared; made by `pipeline`."""

    steps: Sequence[Step[Schema]] = ()
    saves_models: bool = False
    """Whether models become MLflow models."""

    def step(self, name: str) -> Step[Schema]:
        """The step of a name.

        Raises
        ------
        UserError
            If there is none.
        """
        for step in self.steps:
            if step.name == name:
                return step
        known = ", ".join(step.name for step in self.steps)
        raise UserError(f"{self.reference} has no step {name}; it has {known}")

    @property
    def trains(self) -> Step[Schema]:
        """The step that makes the model."""
        return next(step for step in self.steps if step.model)

    def check_raw(self, configuration: Schema) -> None:
        """See that the file of raw data is there.

        Raises
        ------
        UserError
            If it is not.
        """
        path = self.raw_path(configuration.model_dump(mode="json"))
        if self.raw_key and not Path(path).is_file():
            raise UserError(f"{self.raw_key} = {path}: there is no such file")

    def before(self, step: Step[Schema]) -> Sequence[Step[Schema]]:
        """The steps before one."""
        return self.steps[: self.steps.index(step)]

    def logged_by(self, step: Step[Schema]) -> str:
        """The stage that logs what a step leaves: those before the model's have no run yet."""
        is_before = step in self.before(self.trains)
        return self.trains.name if is_before else step.name


def logged_name(metric: str) -> str:
    """What MLflow calls a metric: `val.rmse` is `val/rmse`."""
    return metric.replace(".", "/", 1)
