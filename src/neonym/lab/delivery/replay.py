"""Replay of events into MLflow. Idempotent: what was delivered before adds nothing."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path

from mlflow.entities import Dataset as DatasetEntity
from mlflow.entities import DatasetInput, InputTag, LifecycleStage, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from neonym.base.errors import UserError
from neonym.base.files import parse_json
from neonym.lab.delivery.batch import Batch
from neonym.lab.delivery.choice_of_run import ChoiceOfRun, stages_of
from neonym.lab.delivery.experiment_of_runs import experiment_id
from neonym.lab.delivery.limits import shortened
from neonym.lab.delivery.outcomes import RunDeletedError
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import (
    Artifact,
    Dataset,
    Event,
    Metrics,
    ModelLogged,
    RunClosed,
    RunOpened,
    Status,
    Tags,
    UnreadableError,
)
from neonym.lab.tracking.spool import Segment, now_ms
from neonym.lab.tracking.store import Store
from neonym.lab.tracking.tracking_uri import sqlite_uri

RUN_ID_OF = re.compile(r"run_id_of\(([0-9a-f]{32})\)")


@dataclass
class Progress:
    """How far a segment has come: where to read on, and the run that it belongs to."""

    offset: NonNegativeInt = 0
    run_id: str = ""
    stage: str = ""
    known_stages: list[str] = field(default_factory=list)
    """Stages that the run had before this segment."""
    new_stages: list[str] = field(default_factory=list)
    """Stages that this segment brings."""
    changed: bool = False
    """Whether this segment has added anything to the run."""
    is_record: bool = False
    """Whether the run was complete before this segment, which changes nothing of it then."""

    @classmethod
    def of(cls, segment: Segment) -> "Progress":
        """The progress noted in a segment; the beginning, if none is that makes sense."""
        cursor = segment.load_cursor()
        if set(cursor) != {field.name for field in fields(cls)}:
            return cls()
        try:
            noted = _PROGRESS.validate_python(cursor)
        except ValidationError:
            return cls()
        return noted if noted.run_id and segment.has_line_at(noted.offset) else cls()

    def lacks(self, event: Event) -> bool:
        """Whether the run lacks what the event brings."""
        return not self.is_record and event.for_stage not in self.known_stages


_PROGRESS = TypeAdapter(Progress)


class Replay:
    """Delivers segments to one MLflow store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last_stage = store.project.last_stage
        self._batch = Batch()
        self._run: Run | None = None
        """The run of the segment that is delivered, as it was when that began."""

    @cached_property
    def _client(self) -> MlflowClient:
        """MLflow's client, once the store can be opened."""
        _create_database(self._store)
        return MlflowClient(self._store.uri)

    @cached_property
    def _runs(self) -> ChoiceOfRun:
        named = partial(experiment_id, self._client, self._store)
        return ChoiceOfRun(self._client, named, list(self._store.project.outputs))

    def deliver(self, segment: Segment) -> bool:
        """Deliver what a segment holds by now; whether that is all there will be.

        Raises
        ------
        UnreadableError
            If the segment holds something that is no event.
        RunDeletedError
            If its run was deleted in MLflow; once the writer has ended, a deleted run gets what it
            lacks and is deleted again, so that whoever restores it has all of it.
        mlflow.exceptions.MlflowException, OSError
            If the store does not take it; calling again goes on where this ended.
        """
        try:
            return self._deliver(segment)
        except MlflowException:
            deleted = self._deleted_run(segment)
            if deleted is None:
                raise
        experiment = self._client.get_experiment(deleted.info.experiment_id)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:  # what is begun belongs to it
            self._client.restore_experiment(experiment.experiment_id)  # with its runs
            return self._deliver(segment)
        if not segment.is_abandoned:
            raise RunDeletedError
        self._client.restore_run(deleted.info.run_id)
        try:
            return self._deliver(segment)
        finally:
            self._client.delete_run(deleted.info.run_id)

    def answers(self) -> bool:
        """Whether the store can be asked for something, whatever it says of a segment."""
        try:
            self._client.search_experiments(max_results=1)
        except Exception:
            return False
        return True

    def _deleted_run(self, segment: Segment) -> Run | None:
        """The run of a segment, if it lies in MLflow's trash."""
        run_id = Progress.of(segment).run_id
        run = self._client.get_run(run_id) if run_id else None
        deleted = run and run.info.lifecycle_stage == LifecycleStage.DELETED
        return run if deleted else None

    def _deliver(self, segment: Segment) -> bool:
        abandoned = segment.is_abandoned  # before reading, or the last lines could be missed
        progress = Progress.of(segment)
        self._batch, self._run = Batch(), None
        try:
            closed = self._deliver_events(segment, progress)
        finally:  # also what stands before a line that is no event
            if progress.run_id:
                self._batch.log(self._client, progress.run_id)
                segment.save_cursor(vars(progress))
        if abandoned and not progress.run_id:
            raise UnreadableError("it has no whole event")
        if abandoned and not closed:
            self._close(progress, "KILLED", now_ms())
            closed = True
            segment.save_cursor(vars(progress))
        return closed

    def _deliver_events(self, segment: Segment, progress: Progress) -> bool:
        """Deliver all events but what waits in the batch; whether the writer has ended."""
        closed = False
        for event, offset in segment.events_from(progress.offset):
            if progress.run_id and self._run is None:  # others may have completed the run since
                self._run = self._client.get_run(progress.run_id)
                progress.is_record |= self._runs.is_record(self._run)
            if isinstance(event, RunOpened) == bool(progress.run_id):
                raise UnreadableError("what opens the run is the first event and no other")
            match event:
                case RunOpened():
                    self._open(progress, event)
                case RunClosed(status=status, time_ms=time_ms):
                    self._close(progress, status, time_ms)
                    closed = True
                case _ if progress.lacks(event):
                    self._note_change(progress, event)
                    self._log(segment, progress.run_id, event)
            progress.offset = offset
            if isinstance(event, RunOpened):  # by which the run is known, whatever comes
                segment.save_cursor(vars(progress))
        return closed

    def give_up(self, segment: Segment) -> None:
        """Close the run of a segment that is not delivered to its end, until it is."""
        progress = Progress.of(segment)
        self._batch, self._run = Batch(), None  # what was not logged is read again
        if not progress.run_id:
            progress.run_id = self._run_begun(segment)
        if progress.run_id and self._client.get_run(progress.run_id).info.status == "RUNNING":
            self._close(progress, "KILLED", now_ms())

    def _run_begun(self, segment: Segment) -> str:
        """The id of the run that was made for a segment, before that could be noted; or ""."""
        try:
            first, _ = next(segment.events_from(0))
        except (UnreadableError, StopIteration):
            return ""
        return self._runs.id_of(first.key) if isinstance(first, RunOpened) else ""

    def _note_change(self, progress: Progress, event: Event) -> None:
        if not progress.changed:
            if self._run is None or self._run.info.status != "RUNNING":
                self._client.update_run(progress.run_id, status="RUNNING")
            progress.changed = True
        if event.for_stage and event.for_stage not in progress.new_stages:
            progress.new_stages.append(event.for_stage)

    def _open(self, progress: Progress, event: RunOpened) -> None:
        """Find the run that the segment is about, or create it."""
        run = self._run = self._runs.run_for(event)
        progress.stage, progress.run_id = event.stage, run.info.run_id
        progress.known_stages, progress.is_record = stages_of(run), self._runs.is_record(run)

    def _with_run_ids(self, parent: str, text: str) -> str:
        """A text with the ids of the runs that it names, most of which are jobs of a sweep."""
        keys = set(RUN_ID_OF.findall(text))
        known: dict[str, str] = {}
        if len(keys) > 1:  # one question for all
            jobs = self._runs.everywhere({tags.PARENT: parent})
            known = {run.data.tags.get(tags.RUN_KEY, ""): run.info.run_id for run in jobs}
        return RUN_ID_OF.sub(lambda match: known.get(match[1]) or self._runs.id_of(match[1]), text)

    def _log(self, segment: Segment, run_id: str, event: Event) -> None:
        match event:
            case Tags(values=values):
                self._batch.add_tags(
                    {key: self._with_run_ids(run_id, value) for key, value in values.items()}
                )
            case Metrics():
                self._batch.add_metrics(event)
            case Dataset():
                self._batch.add_dataset(self._as_dataset(event))
            case Artifact():
                self._log_artifact(segment, run_id, event)
            case ModelLogged(file=file, sha256=digest):
                self._batch.log(self._client, run_id)
                run = self._client.get_run(run_id)
                if run.data.tags.get(tags.LOGGED_MODEL) != digest:
                    self._clear_models(run)
                    self._log_model(run_id, segment.path_of(file), digest)

    def _log_model(self, run_id: str, path: Path, digest: str) -> None:
        try:
            self._store.project.log_model(self._store.uri, run_id, path)
        except UserError as error:  # the project's own code, for which nothing else is to wait
            self._client.set_tag(run_id, tags.UNSAVED_MODEL, shortened(str(error)))
        else:
            self._client.set_tag(run_id, tags.LOGGED_MODEL, digest)

    def _clear_models(self, run: Run) -> None:
        """Delete what was logged when delivery was killed before it could note that."""
        of_run = f"source_run_id = '{run.info.run_id}'"
        for model in self._client.search_logged_models([run.info.experiment_id], of_run):
            self._client.delete_logged_model(model.model_id)

    def _as_dataset(self, event: Dataset) -> DatasetInput:
        source = json.dumps({"uri": event.source})
        profile = json.dumps(event.profile)
        name = shortened(event.name)
        columns = self._store.project.columns
        schema = json.dumps({"mlflow_colspec": columns}) if columns else None
        entity = DatasetEntity(name, event.digest, "local", source, schema, profile)
        return DatasetInput(entity, [InputTag(tags.DATASET_CONTEXT, event.context)])

    def _log_artifact(self, segment: Segment, run_id: str, event: Artifact) -> None:
        path = segment.path_of(event.file)
        if event.names_runs:
            text = self._with_run_ids(run_id, path.read_text("utf-8"))
            self._client.log_text(run_id, text, f"{event.folder}/{path.name}".lstrip("/"))
        else:
            self._client.log_artifact(run_id, str(path), event.folder or None)
        if event.is_table:  # what log_table would note, which repeats would double
            run = self._run or self._client.get_run(run_id)
            self._note_table(run, f"{event.folder}/{path.name}".lstrip("/"))

    def _note_table(self, run: Run, path: str) -> None:
        table = {"path": path, "type": "table"}
        noted = parse_json(run.data.tags.get(tags.TABLES, "[]"))
        if table not in noted:
            run.data.tags[tags.TABLES] = json.dumps([*noted, table])
            self._batch.add_tags({tags.TABLES: run.data.tags[tags.TABLES]})

    def _close(self, progress: Progress, status: Status, time_ms: int) -> None:
        run = self._run or self._client.get_run(progress.run_id)
        stages = list(progress.known_stages)
        if status == "FINISHED" and self._last_stage in (
            *stages,
            *progress.new_stages,
            progress.stage,
        ):
            self._note_experiment(run)
        if progress.is_record:
            return
        if not progress.changed and progress.stage in ("", *stages) and run.info.status == status:
            return  # nothing was lacking
        if status == "FINISHED":
            stages += progress.new_stages
            stages += [progress.stage] if progress.stage not in ("", *stages) else []
        if stages:
            self._batch.add_tags({tags.STAGES: ",".join(stages)})
        self._batch.log(self._client, progress.run_id)
        self._client.set_terminated(progress.run_id, status, time_ms)

    def _note_experiment(self, run: Run) -> None:
        """Note that a DVC experiment's run is complete, so that nobody needs to ask MLflow."""
        name, digest = (run.data.tags.get(key) for key in (tags.DVC_EXPERIMENT, tags.CONFIGURATION))
        if name and digest:
            note = self._store.experiment_note(name, digest)
            with suppress(OSError):  # without it MLflow is asked once more
                note.parent.mkdir(exist_ok=True)
                note.touch()


def _create_database(store: Store) -> None:
    """Make a database in a file, whole or not at all: it takes MLflow many steps."""
    file = store.file
    if file is None or file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    MlflowClient(sqlite_uri(part)).search_experiments(max_results=1)
    part.rename(file)
