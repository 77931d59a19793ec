"""One execution of a stage: where its configuration comes from, where results go, its run.

Under DVC a stage reads `params.yaml` and writes the workspace's files. Started by hand, the same
script is configured by Hydra and writes into the job's folder.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.lab.configuration import Schema, read_configuration
from neonym.lab.overrides import without_sweep
from neonym.lab.project import Project
from neonym.lab.stage.console import say_lines

if TYPE_CHECKING:
    from neonym.lab.tracking.run import Run


class Stage(Generic[Schema]):
    """One execution of a stage script.

    Parameters
    ----------
    project
        Whose stage it is.
    name
        The stage, as `dvc.yaml` calls it.
    results
        The folder that stands for the workspace: `.` under DVC, Hydra's job folder by hand.
    by_hand
        Whether Hydra started it, not DVC.
    configuration
        What Hydra composed; under DVC it is read from `params.yaml`.
    overrides
        The overrides given by hand.
    shared
        Those of them that all jobs of a sweep have.
    """

    def __init__(
        self,
        project: Project[Schema],
        name: str,
        results: Path,
        *,
        by_hand: bool = False,
        configuration: Schema | None = None,
        overrides: list[str] | None = None,
        shared: Collection[str] = (),
    ) -> None:
        self.project = project
        self.name = name
        self.results = results
        self.by_hand = by_hand
        self.overrides = overrides or []
        self._shared = shared
        self.run_key = ""
        """The key of the run that it tracks, once it does."""
        self._composed = configuration

    @cached_property
    def configuration(self) -> Schema:
        """The whole configuration, validated."""
        return self._composed or read_configuration(Path("params.yaml"), self.project.schema)

    @property
    def title(self) -> str:
        """What its run is called: by what was asked for beyond `conf/`, or else by its model.

        `tracking.run_name` comes before both, but for the jobs of a sweep. What tells a job from
        the others of its sweep comes first, where narrow columns show it.
        """
        if self.configuration.tracking.run_name and self.configuration.sweep.id is None:
            return self.configuration.tracking.run_name
        words = without_sweep(self.overrides)
        title = " ".join(sorted(words, key=lambda word: word in self._shared))
        return title or self.project.run_name(self.configuration)

    def output(self, path: str) -> Path:
        """Where this execution writes what the workspace calls `path`."""
        return self.results / path

    def say(self, message: str) -> None:
        """Print something for the person at the keyboard."""
        say_lines(message)

    @contextmanager
    def tracked(self, model: Path | None = None) -> "Iterator[Run]":
        """Log to the run of this execution for as long as the block lasts.

        Parameters
        ----------
        model
            The file of the model that the stage works on; None where it makes one.

        The last stage has written its results when it tracks them, unless it makes the model too.
        """
        # Stages that track nothing start faster without it
        from neonym.lab.tracking.opening import open_job, open_stage  # noqa: PLC0415
        from neonym.lab.tracking.run import Run  # noqa: PLC0415
        from neonym.lab.tracking.store import Store  # noqa: PLC0415

        if not self.configuration.tracking.enabled:
            yield Run(None)
            return
        stage = self.name if self.name in self.project.outputs else ""
        digest = sha256_of_file(model) if model else None
        is_last = stage == self.project.last_stage
        open_run = open_job if self.by_hand else open_stage
        with open_run(
            Store.of_project(self.project),
            self.configuration,
            stage=stage,
            name=self.title,
            model_sha256=digest,
            source=f"pipelines/{self.name}.py",
            result=self.output(self.project.result) if is_last and model else None,
        ) as run:
            self.run_key = run.key
            yield run

    def prepare_delivery(self) -> None:
        """Have delivery import MLflow, for seconds, beside what comes before anything is tracked.

        Where it cannot be started, who tracks says so.
        """
        # Stages by hand start faster without it
        from neonym.lab.tracking.courier import ensure_delivery  # noqa: PLC0415
        from neonym.lab.tracking.store import Store  # noqa: PLC0415

        with suppress(UserError, OSError):
            if self.configuration.tracking.enabled:
                ensure_delivery(Store.of_project(self.project))

    def wait_for_delivery(self, run: "Run") -> None:
        """Wait until MLflow has a run that has ended, and say so if it does not take it."""
        if run.folder is None:
            return
        # Stages that track nothing start faster without it
        from neonym.lab.tracking.courier import wait_for_delivery  # noqa: PLC0415
        from neonym.lab.tracking.store import Store  # noqa: PLC0415

        store = Store.of_project(self.project)
        seconds = self.configuration.tracking.wait_seconds
        outcome = wait_for_delivery(store, seconds, run.folder)
        if not outcome.delivered:
            self.say(f"MLflow at {store.address} did not take everything: {outcome}")


StageFunction = Callable[[Stage[Schema]], float | None]
