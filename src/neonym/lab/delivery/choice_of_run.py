"""Which run of MLflow a segment belongs to: one that is there and not complete, or a new one.

A complete run is a record: it has the results of all stages, and nothing that is executed later
changes it. The same code with the same results adds nothing; any other code, or other results, are
a run of their own, which names the one before it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from mlflow.entities import Param, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.lab.delivery.limits import key as as_key
from neonym.lab.delivery.limits import shortened
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Identity, RunOpened
from neonym.lab.tracking.opening import ENVIRONMENT

PARAMS_BATCH = 100
NUMBER_DIGITS = 9  # texts of one length sort as their numbers do


class ChoiceOfRun:
    """Finds and creates the runs of one store.

    Parameters
    ----------
    client
        Of the store.
    experiment_id
        MLflow's id of an experiment, by its name; made or restored where it has to be.
    stages
        The stages that make a run, in their order; the end of the last one completes it.
    """

    def __init__(
        self, client: MlflowClient, experiment_id: Callable[[str], str], stages: Sequence[str]
    ) -> None:
        self._client, self._experiment_id, self._stages = client, experiment_id, stages
        self._last_stage = stages[-1]
        self._experiment = ""
        """The id of the experiment of the segment that was opened last."""

    def run_for(self, event: RunOpened) -> Run:
        """The run that a segment is about; created where there is none."""
        # Asked anew for each: somebody may delete it at any time
        self._experiment = self._experiment_id(event.experiment)
        # An earlier attempt at a job, if not this one: one question for both
        told_by = (tags.SWEEP, tags.JOB) if tags.JOB in event.tags else ()
        wanted = {key: event.tags[key] for key in told_by} or {tags.RUN_KEY: event.key}
        attempts = self._search(event, wanted)
        run = next((run for run in attempts if run.data.tags.get(tags.RUN_KEY) == event.key), None)
        if run is not None:
            self._log_params(run, event)  # creating it may have been interrupted
            return run
        return self._shared(event) or self._create(event, attempts)

    def is_record(self, run: Run) -> bool:
        """Whether a run of the workspace is complete, so that it changes no more."""
        is_shared = run.data.tags.get(tags.KIND) == "workspace"
        return is_shared and run.info.status == "FINISHED" and self._last_stage in stages_of(run)

    def _shared(self, event: RunOpened) -> Run | None:
        """The run that other stages have made; its own checkout's before another's."""
        if event.identity is None or event.identity.model is None:
            return None
        # What is only found may be in another experiment than the one that is tracked to now
        places = None if event.stage else self._all_experiments()
        found = self._search(event, identity_tags(event.identity), places)
        here = event.tags.get(tags.CHECKOUT, "")
        found.sort(key=lambda run: run.data.tags.get(tags.CHECKOUT) != here)  # which is stable
        growing = next((run for run in found if self._may_grow(run, event)), None)
        saying = next((run for run in found if self._says(run, event)), None)
        if growing and saying and not _same(growing, saying, tags.CODE):
            return saying  # what is only found was not made by the code that goes on now
        return growing or saying

    def _may_grow(self, run: Run, event: RunOpened) -> bool:
        """Whether a run lacks stages, and what comes is of the code that it was begun with."""
        complete = self.is_record(run) or tags.SUPERSEDED_BY in run.data.tags
        return not complete and _agree(run, event, tags.CODE)

    def _says(self, run: Run, event: RunOpened) -> bool:
        """Whether a complete run says already what comes: the same results, by the same code.

        Results that are only found, and not made now, may be of any code.
        """
        made_by_it = not event.stage or _agree(run, event, tags.CODE)
        unknown = tags.RESULT not in run.data.tags  # in runs of earlier versions
        return self.is_record(run) and made_by_it and (unknown or _agree(run, event, tags.RESULT))

    def _create(self, event: RunOpened, attempts: Sequence[Run]) -> Run:
        earlier = self._earlier(event)
        if event.identity:
            self._supersede(event, event.identity)
        self._supersede_attempts(event, attempts)
        own = {**event.tags, tags.KIND: event.kind, tags.RUN_KEY: event.key}
        own[tags.NUMBER] = self._next_number()
        if earlier is not None:
            own[tags.EARLIER] = earlier.info.run_id
        if event.parent_key and (parent := self.id_of(event.parent_key)):
            own[tags.PARENT] = parent
        run = self._client.create_run(
            self._experiment,
            start_time=event.time_ms,
            run_name=shortened(event.name),
            tags={as_key(key): value for key, value in own.items()},
        )
        self._log_params(run, event)
        model = event.tags.get(tags.MODEL)
        if earlier is not None and model and earlier.data.tags.get(tags.MODEL) == model:
            self._carry_over(run, earlier, event.stage)
        return run

    def _carry_over(self, run: Run, earlier: Run, stage: str) -> None:
        """Log what the stages before this one computed with, where they were executed."""
        before = self._stages[: self._stages.index(stage)] if stage else self._stages
        with suppress(MlflowException, OSError), TemporaryDirectory() as folder:
            for entry in self._client.list_artifacts(earlier.info.run_id, ENVIRONMENT):
                if PurePosixPath(entry.path).stem in before:
                    file = self._client.download_artifacts(earlier.info.run_id, entry.path, folder)
                    self._client.log_artifact(run.info.run_id, file, ENVIRONMENT)

    def _log_params(self, run: Run, event: RunOpened) -> None:
        params = [Param(as_key(key), value) for key, value in event.params.items()]
        for i in range(0, len(params), PARAMS_BATCH):
            self._client.log_batch(run.info.run_id, params=params[i : i + PARAMS_BATCH])

    def _earlier(self, event: RunOpened) -> Run | None:
        """The latest run of the same configuration and model, or else the model's."""
        if event.identity is None:
            return None
        wanted = identity_tags(event.identity)
        found = self._search(event, wanted)
        if not found and event.identity.model:
            found = self._search(event, {tags.MODEL: event.identity.model})
        return next(iter(found), None)

    def _supersede(self, event: RunOpened, identity: Identity) -> None:
        """Close what this checkout left of earlier executions that were cut short."""
        wanted = {**identity_tags(identity), tags.CHECKOUT: event.tags.get(tags.CHECKOUT, "")}
        for run in self._search(event, wanted):
            if self._last_stage not in stages_of(run) and tags.SUPERSEDED_BY not in run.data.tags:
                self._client.set_tag(run.info.run_id, tags.SUPERSEDED_BY, event.key)
                self._client.set_terminated(run.info.run_id, "KILLED", run.info.end_time)

    def _supersede_attempts(self, event: RunOpened, attempts: Sequence[Run]) -> None:
        """Close what earlier attempts at this job of a sweep left: the one that begins counts."""
        for run in attempts:
            if tags.SUPERSEDED_BY not in run.data.tags:
                self._client.set_tag(run.info.run_id, tags.SUPERSEDED_BY, event.key)
                if run.info.status != "FAILED":
                    self._client.set_terminated(run.info.run_id, "KILLED", run.info.end_time)

    def _next_number(self) -> str:
        """One more than that of the latest run: tells the order also where clocks do not."""
        everything = ViewType.ALL  # what is in the trash may be restored
        places = self._client.search_experiments(everything)
        found = self._client.search_runs(
            [place.experiment_id for place in places],
            run_view_type=everything,
            max_results=1,
            order_by=[f"tags.`{tags.NUMBER}` DESC"],
        )
        return f"{max(map(number_of, found), default=0) + 1:0{NUMBER_DIGITS}d}"

    def _search(
        self, event: RunOpened, wanted: dict[str, str], experiments: list[str] | None = None
    ) -> list[Run]:
        """The runs of the event's kind with certain tags, the latest first; of its experiment."""
        wanted = {**wanted, tags.KIND: event.kind}
        # MLflow cannot be asked for what holds an apostrophe, as a DVC experiment's name may
        conditions = [
            f"tags.`{key}` = '{value}'" for key, value in wanted.items() if "'" not in value
        ]
        runs: list[Run] = self._client.search_runs(
            experiments or [self._experiment],
            " and ".join(conditions),
            order_by=["attributes.start_time DESC"],
        )
        runs.sort(key=number_of, reverse=True)
        return [run for run in runs if wanted.items() <= run.data.tags.items()]

    def id_of(self, key: str) -> str:
        """The MLflow id of the run with a key, in any experiment; "" if there is none."""
        return next((run.info.run_id for run in self.everywhere({tags.RUN_KEY: key})), "")

    def everywhere(self, wanted: dict[str, str]) -> Iterator[Run]:
        """The runs with certain tags, in any experiment."""
        conditions = " and ".join(f"tags.`{key}` = '{value}'" for key, value in wanted.items())
        page = None
        while page is None or page.token:
            page = self._client.search_runs(
                self._all_experiments(), conditions, page_token=page.token if page else None
            )
            yield from page

    def _all_experiments(self) -> list[str]:
        return [found.experiment_id for found in self._client.search_experiments()]


def identity_tags(identity: Identity) -> dict[str, str]:
    """The tags that runs of an identity have; of any DVC experiment where it names none."""
    wanted = {
        tags.CONFIGURATION: identity.configuration,
        tags.MODEL: identity.model,
        tags.DVC_EXPERIMENT: identity.experiment,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def stages_of(run: Run) -> list[str]:
    """The stages whose results a run holds."""
    noted: Any = run.data.tags.get(tags.STAGES, "")
    return [stage for stage in str(noted).split(",") if stage]


def number_of(run: Run) -> int:
    """The place of a run in the order in which they were made; 0 for those of earlier versions."""
    noted = str(run.data.tags.get(tags.NUMBER, ""))
    return int(noted) if noted.isdecimal() else 0


def _same(one: Run, other: Run, tag: str) -> bool:
    return bool(one.data.tags.get(tag) == other.data.tags.get(tag))


def _agree(run: Run, event: RunOpened, tag: str) -> bool:
    """Whether run and event have the same in a tag, as far as the event has any."""
    return tag not in event.tags or run.data.tags.get(tag) == event.tags[tag]
