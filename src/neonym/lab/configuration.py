"""The lab's part of a configuration: how runs are tracked and swept, and what decides a result.

A project's schema is a subclass of `Configuration` that adds the sections of its own.
"""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import Field, field_validator, model_validator

from neonym.base.errors import UserError
from neonym.base.files import read_bytes
from neonym.base.nested import put_at, sha256_of
from neonym.base.section import GrownSection, Section, Seed, spelt

# Where results go, how they are tracked and swept are not part of what was run.
UNTRACKED_SECTIONS = frozenset({"tracking", "sweep", "hydra", "paths"})
MAKE_ANEW = "delete it and run `dvc repro`"


class Tracking(GrownSection):
    """What is sent to MLflow and how long to wait for it; never part of a result."""

    later: ClassVar[frozenset[str]] = frozenset({"run_name", "note", "tags", "profile"})

    enabled: bool
    experiment: Annotated[str, spelt(r"[^\x00-\x1f]+", "a name in one line", 500)]
    log_every_steps: Annotated[int, Field(ge=1)]
    wait_seconds: Annotated[float, Field(ge=0)]
    run_name: Annotated[str, spelt(r"[^\x00-\x1f]+", "a name in one line", 250)] | None = None
    """What runs are called, jobs of a sweep apart; None: by overrides or the configuration."""
    note: str | None = None
    """Markdown that stands before a run's description."""
    tags: dict[str, str] | None = None
    """Tags of all runs beside the lab's own."""
    profile: bool | None = None
    """Whether to write where a stage's time goes."""


class Sweep(GrownSection):
    """What holds for all jobs of a sweep."""

    later: ClassVar[frozenset[str]] = frozenset({"together"})
    reads_test: ClassVar[re.Pattern[str]] = re.compile(r"(^|\.)test\.")
    """Metrics by which nothing may be chosen."""
    pruned_by: ClassVar[str] = ""
    """The one metric, to be minimized, whose curve a pruner can follow; "" where there is none."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None
    job: Annotated[int, Field(ge=0)] | None
    resume: bool
    fail_fast: bool
    optimized_metric: Annotated[str, spelt(r"\w+(\.\w+)+", "the name of a figure, with dots", 200)]
    direction: Literal["minimize", "maximize"]
    search: Literal["grid", "random", "tpe"]
    trials: Annotated[int, Field(ge=1, le=100_000)] | None
    seed: Seed
    at_once: Annotated[int, Field(ge=1)] | None
    pruner: Literal["median", "halving"] | None
    together: Annotated[list[str], Field(min_length=2)] | None = None
    """Keys of a grid whose values go together: the first with the first, and so on."""

    @model_validator(mode="after")
    def _search_with_trials(self) -> "Sweep":
        if self.search == "grid" and (self.trials or self.at_once or self.pruner):
            raise ValueError("trials, at_once and pruner are for search: random or tpe, not a grid")
        if self.search != "grid" and self.trials is None:
            raise ValueError(f"search: {self.search} needs to know how many trials to make")
        if self.search != "grid" and self.together:
            raise ValueError("together is for a grid, not for search: random or tpe")
        if self.pruner and (self.optimized_metric, self.direction) != (self.pruned_by, "minimize"):
            raise ValueError(
                f"a pruner goes by {self.pruned_by}, so only that can be optimized with one"
            )
        return self

    @field_validator("optimized_metric")
    @classmethod
    def _never_choose_by_test(cls, value: str) -> str:
        if cls.reads_test.search(value):
            raise ValueError("nothing is chosen by looking at test; take a figure of val")
        return value


class Configuration(Section):
    """What the lab needs of a configuration, as `params.yaml` holds it; a project adds its own."""

    seeds: ClassVar[tuple[str, ...]] = ("seed",)
    """The keys in which repetitions of a configuration differ."""
    of_execution: ClassVar[dict[str, Any]] = {}
    """Keys outside of the untracked sections that do not decide a result, and their defaults."""
    resumed_by: ClassVar[str] = ""
    """The one of them that lets an execution go on from where another was cut short."""

    seed: Seed
    tracking: Tracking
    sweep: Sweep


Schema = TypeVar("Schema", bound=Configuration)


def configuration_hash(configuration: Configuration) -> str:
    """The sha256 of everything in a configuration that decides a result."""
    return sha256_of(_deciding_values(configuration))


def seedless_hash(configuration: Configuration) -> str:
    """The same for all seeds, those of splits too: tells repetitions from other configurations."""
    values = _deciding_values(configuration)
    for key in configuration.seeds:
        put_at(values, key, 0)
    return sha256_of(values)


def _deciding_values(configuration: Configuration) -> dict[str, Any]:
    values = configuration.model_dump(mode="json", exclude=set(UNTRACKED_SECTIONS))
    for key in configuration.of_execution:
        section, _, name = key.rpartition(".")
        values[section].pop(name, None)  # keys that came later may be left out
    return values


def read_configuration(path: Path, schema: type[Schema]) -> Schema:
    """The configuration in a YAML file such as `params.yaml`.

    Raises
    ------
    UserError
        If the file is missing, is not YAML, or does not pass the schema.
    """
    try:
        text = read_bytes(path).decode()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes it") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check its rights") from None
    except ValueError as error:
        raise UserError(f"{path} is not valid YAML ({error}); {MAKE_ANEW}") from None
    try:
        values = parse_values(text, str(path))
    except UserError as error:
        raise UserError(f"{error}; {MAKE_ANEW}") from None
    return schema.validated(values, str(path))


def parse_values(text: str, source: str) -> dict[str, Any]:
    """The plain values in the YAML text of a configuration, called by its source in errors.

    Raises
    ------
    UserError
        If it is not YAML, or no configuration.
    """
    try:
        values = yaml.safe_load(text)
    # The parser leaves numbers and dates of its own kind, and depth, to Python
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{source} is not valid YAML ({reason})") from None
    if not isinstance(values, dict):
        raise UserError(f"{source} holds no configuration")
    return values
