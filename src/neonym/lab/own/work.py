"""What a step's function is given: its configuration, its files, and who hears of its curves."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Generic

from neonym.base.errors import UserError
from neonym.lab.configuration import Schema
from neonym.lab.own.curves_file import Point
from neonym.lab.own.declared import METRIC, Step, is_within, logged_name
from neonym.lab.stage.execution import Stage
from neonym.lab.sweeps.judge import judge_of
from neonym.lab.tracking.run import Run


class Work(Generic[Schema]):
    """One execution of a step.

    Parameters
    ----------
    stage
        The script's execution.
    step
        What is executed.
    run
        The tracked run.
    before
        The steps before it.
    made
        The folder with what they have made: the workspace, or that of the job.
    """

    def __init__(
        self,
        stage: Stage[Schema],
        step: Step[Schema],
        run: Run,
        before: Sequence[Step[Schema]],
        made: Path,
    ) -> None:
        self._stage, self._step, self._run = stage, step, run
        self._before, self._made = before, made
        self._judge: Callable[[int, float], None] | None = None
        self.points: list[Point] = []
        """What was told of curves so far."""

    @property
    def configuration(self) -> Schema:
        """The whole configuration, validated."""
        return self._stage.configuration

    def input(self, path: str) -> Path:
        """A file or folder that a step before this one has made, or that is in the workspace.

        Parameters
        ----------
        path
            As the workspace, and `dvc.yaml`, call it.

        Raises
        ------
        UserError
            If it is not there, or is made later.
        """
        is_made = any(step.is_output(path) for step in self._before)
        if not is_made and is_within(path, self._stage.project.made):
            raise UserError(
                f"step {self._step.name} reads {path}, which no step before it makes; change their "
                "order, or read its own by `output`"
            )
        found = self._made / path if is_made else Path(path)
        if not found.exists():
            raise UserError(f"{found} does not exist; `dvc repro` runs the steps before this one")
        return found

    def output(self, path: str) -> Path:
        """Where this execution writes one of its outputs; its folder is there.

        Parameters
        ----------
        path
            As the workspace calls it: an output of the step, or a file in one.

        Raises
        ------
        UserError
            If it is none of the step's outputs.
        """
        if ".." in Path(path).parts or not self._step.is_output(path):
            own = ", ".join(self._step.outputs) or "nothing"
            raise UserError(
                f"step {self._step.name} would write {path}, and makes {own}; name it in `makes` "
                "or `files` of the step, and among its outs in dvc.yaml"
            )
        place = self._stage.output(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def curve(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Tell a point of the step's curves: MLflow shows it at once, and a search may end the job.

        Parameters
        ----------
        step
            From 1.
        steps
            How many there will be at most.
        values
            The metrics at this step, as `{"train.rmse": 50.1, "val.rmse": 55.0}`.

        Raises
        ------
        UserError
            If the step has no curves, a name is not written `PART.FIGURE`, a value is no number, or
            `step` no whole number from 1 on.
        PrunedError
            If the search ends the job, which is then to end.
        """
        if not self._step.curves:
            raise UserError(f"step {self._step.name} tells curves, and has no file `curves`")
        if not isinstance(step, Integral) or step < 1:  # NumPy's are such, too
            raise UserError(f"curve at step {step!r}: steps are whole numbers from 1 on")
        for name in values:
            if not METRIC.fullmatch(name):
                raise UserError(f"curve {name!r} is not written PART.FIGURE, as val.rmse")
        if not self.points:
            self._judge = judge_of(self._stage, steps)
        named = {logged_name(name): _number(name, value) for name, value in values.items()}
        self.points.append((int(step), dict(named)))
        self._run.metrics(named, int(step))
        if self._judge:
            wanted = self.configuration.sweep.pruned_by
            if wanted not in values:
                raise UserError(f"sweep.pruner goes by {wanted}, which is not among the curves")
            self._judge(int(step), named[logged_name(wanted)])

    def say(self, line: str) -> None:
        """Print something for the person at the keyboard."""
        self._stage.say(f"{self._step.name}: {line}")


def _number(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UserError(f"curve {name} = {value!r}, which is no number") from None
