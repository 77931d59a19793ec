"""What a writer logs: one event a line, JSON, in the order in which it happened."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # what databases hold
Kind = Literal["workspace", "job", "sweep"]
Status = Literal["FINISHED", "FAILED", "KILLED"]


class UnreadableError(ValueError):
    """A segment holds something that no writer wrote."""


class Event(BaseModel):
    """A logged event.

    `for_stage` marks what another stage has logged already if it ran: it is delivered only to a run
    that lacks that stage (DVC skipped it, or took it from its run cache).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    for_stage: str | None = None


class Identity(BaseModel):
    """What makes two executions of stages parts of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    configuration: str
    model: str | None
    experiment: str | None
    """The DVC experiment's name; "" outside of one, None if any will do."""


class RunOpened(Event):
    """The first event: which run this is about, and what it has where it is new."""

    type: Literal["run"] = "run"
    kind: Kind
    key: str
    name: str
    stage: str = ""
    """The stage that a run gains when the writer ends well; "" for none."""
    time_ms: Int64
    experiment: str
    identity: Identity | None = None
    tags: dict[str, str] = {}
    params: dict[str, str] = {}
    parent_key: str | None = None
    """The sweep that a job belongs to."""


class Tags(Event):
    """Tags of the run; `run_id_of(KEY)` gives way to the MLflow id of the run with that key."""

    type: Literal["tags"] = "tags"
    values: dict[str, str]


class Metrics(Event):
    """Values at one step; None stands for not a number."""

    type: Literal["metrics"] = "metrics"
    time_ms: Int64
    step: Int64
    values: dict[str, float | None]


class Dataset(Event):
    """A split that the run used."""

    type: Literal["dataset"] = "dataset"
    name: str
    context: str
    digest: str
    source: str
    profile: dict[str, int]


class Artifact(Event):
    """A file, copied into the segment, and the folder of the run's artifacts that it belongs to.

    With `names_runs`, `run_id_of(KEY)` gives way to the MLflow id of the run with that key.
    """

    type: Literal["artifact"] = "artifact"
    file: str
    folder: str = ""
    is_table: bool = False
    names_runs: bool = False


class ModelLogged(Event):
    """A model file, copied into the segment, to be logged as an MLflow model."""

    type: Literal["model"] = "model"
    file: str
    sha256: str


class RunClosed(Event):
    """The last event of a writer that ended by itself."""

    type: Literal["end"] = "end"
    time_ms: Int64
    status: Status


AnyEvent = Annotated[
    RunOpened | Tags | Metrics | Dataset | Artifact | ModelLogged | RunClosed,
    Field(discriminator="type"),
]


def run_id_of(key: str) -> str:
    """What stands in a text for the MLflow id of a run that is not delivered yet."""
    return f"run_id_of({key})"


_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyEvent)


def parse(line: bytes) -> Event:
    """The event in a line.

    Raises
    ------
    UnreadableError
        If the line holds no event.
    """
    try:
        event: Event = _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise UnreadableError(f"not an event: {error.errors()[0]['msg']}") from None
    return event
