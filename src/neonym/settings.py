"""The schema of the configuration: every key, its type and its range.

`conf/` holds the values; this file says which values make sense. Nothing runs before a
configuration has passed it.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from neonym.base.errors import UserError
from neonym.base.mistakes import explain

Fraction = Annotated[float, Field(gt=0, lt=1)]
DropoutRate = Annotated[float, Field(ge=0, lt=1)]


def leaves_project(path: str) -> bool:
    """Whether a path leads out of the project without saying so by being absolute."""
    return posixpath.normpath(path).split("/")[0] == ".."


def _stay_in_project(path: str) -> str:
    if leaves_project(path):
        raise ValueError("leads out of the project; where that is meant, write the absolute path")
    return path


FileName = Annotated[str, Field(pattern=r"^[^\x00]+$"), AfterValidator(_stay_in_project)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A part of the configuration: immutable, no key beyond those named, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Split(Section):
    """How names are divided into train, val and test."""

    hold_out: bool
    val: Fraction
    test: Fraction
    group_near_duplicates: bool
    seed: Seed

    @model_validator(mode="after")
    def _leave_names_to_train_on(self) -> "Split":
        if self.val + self.test >= 1:
            raise ValueError("val and test together must be less than 1")
        return self


class Rules(Section):
    """What a valid name must obey beyond its alphabet and length."""

    at_least_one_of: dict[str, Annotated[str, Field(min_length=1)]]
    max_repeat: Annotated[int, Field(ge=1)] | None


class Data(Section):
    """The list of names and how it is read."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    path: FileName
    column: str | None
    comment: Annotated[str, Field(min_length=1)] | None
    lowercase: bool
    alphabet: Annotated[str, Field(min_length=1)] | None
    unit: Literal["character", "word"]
    max_length: Annotated[int, Field(ge=1, le=10_000)]
    split: Split
    rules: Rules


class Model(Section):
    """The recurrent network."""

    cell: Literal["rnn", "gru", "lstm"]
    nonlinearity: Literal["tanh", "relu"]
    hidden_size: Annotated[int, Field(ge=1, le=8192)]
    num_layers: Annotated[int, Field(ge=1, le=16)]
    embedding_size: Annotated[int, Field(ge=1, le=8192)] | None
    bias: Literal["single"] | bool
    input_dropout: DropoutRate
    dropout: DropoutRate
    output_dropout: DropoutRate
    trainable_initial_state: bool
    initialization: Literal["uniform", "normal"]
    initialization_scale: Annotated[float, Field(gt=0)] | None
    orthogonal_recurrent: bool
    forget_bias: float | None

    @model_validator(mode="after")
    def _make_sense_together(self) -> "Model":
        if self.dropout > 0 and self.num_layers == 1:
            raise ValueError("dropout acts between layers and num_layers is 1; set output_dropout")
        if self.forget_bias is not None and not (self.cell == "lstm" and self.bias):
            raise ValueError("only an lstm with biases has a forget_bias; set it to null")
        return self


class Sgd(Section):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    lr: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    nesterov: bool

    @model_validator(mode="after")
    def _have_momentum_to_look_ahead_with(self) -> "Sgd":
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class Adagrad(Section):
    """Adagrad (Duchi et al., 2011)."""

    name: Literal["adagrad"]
    lr: Annotated[float, Field(gt=0)]
    eps: Annotated[float, Field(gt=0)]


class RmsProp(Section):
    """RMSprop (Hinton, 2012)."""

    name: Literal["rmsprop"]
    lr: Annotated[float, Field(gt=0)]
    decay: Annotated[float, Field(ge=0, lt=1)]
    eps: Annotated[float, Field(gt=0)]


class Adam(Section):
    """Adam (Kingma and Ba, 2015)."""

    name: Literal["adam"]
    lr: Annotated[float, Field(gt=0)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    eps: Annotated[float, Field(gt=0)]


class AdamW(Section):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    name: Literal["adamw"]
    lr: Annotated[float, Field(gt=0)]
    beta1: Annotated[float, Field(ge=0, lt=1)]
    beta2: Annotated[float, Field(ge=0, lt=1)]
    eps: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]


Optimizer = Annotated[Sgd | Adagrad | RmsProp | Adam | AdamW, Field(discriminator="name")]


class Constant(Section):
    """The learning rate stays what it is."""

    name: Literal["constant"]


class Step(Section):
    """The learning rate drops by a factor every so many epochs."""

    name: Literal["step"]
    every: Annotated[int, Field(ge=1)]
    factor: Fraction


class Cosine(Section):
    """Linear warm-up, then cosine decay to a share of the learning rate (Loshchilov, 2017)."""

    name: Literal["cosine"]
    warm_up: Annotated[float, Field(ge=0, lt=1)]
    final: Annotated[float, Field(ge=0, le=1)]


class OneCycle(Section):
    """Linear warm-up to the learning rate, then cosine decay towards zero (Smith, 2018)."""

    name: Literal["one_cycle"]
    warm_up: Fraction


Schedule = Annotated[Constant | Step | Cosine | OneCycle, Field(discriminator="name")]


class Train(Section):
    """The training loop."""

    epochs: Annotated[int, Field(ge=1)]
    max_steps: Annotated[int, Field(ge=1)] | None
    batch_size: Annotated[int, Field(ge=1)]
    reduction: Literal["mean", "sum"]
    shards: Annotated[int, Field(ge=1, le=64)]
    clip_norm: Annotated[float, Field(gt=0)] | None
    clip_value: Annotated[float, Field(gt=0)] | None
    patience: Annotated[int, Field(ge=1)] | None
    ema_decay: Fraction | None
    truncate: Annotated[int, Field(ge=1)] | None
    carry_state: bool
    loss_smoothing: Annotated[float, Field(ge=0, lt=1)]
    loss_start: Annotated[float, Field(ge=0)] | None
    dtype: Literal["float32", "float64"]
    members: Annotated[int, Field(ge=1, le=64)]
    ngram_max_order: Annotated[int, Field(ge=1, le=8)] | None
    resume: bool

    @model_validator(mode="after")
    def _shard_only_whole_names(self) -> "Train":
        if self.shards > 1 and (self.carry_state or self.truncate is not None):
            raise ValueError("shards above 1 need carry_state: false and truncate: null")
        return self


class Sample(Section):
    """How names are drawn."""

    count: Annotated[int, Field(ge=1, le=10_000_000)]
    temperature: Annotated[float, Field(ge=0)]
    top_k: Annotated[int, Field(ge=1)] | None
    top_p: Annotated[float, Field(gt=0, le=1)] | None
    prefix: str
    max_length: Annotated[int, Field(ge=1)] | None
    distinct: bool
    novel: bool


class Evaluate(Section):
    """How the drawn names are judged."""

    ngram_max_order: Annotated[int, Field(ge=1, le=8)]
    table_rows: Annotated[int, Field(ge=0, le=1_000_000)]
    temperatures: list[Annotated[float, Field(ge=0, le=10)]]
    temperature_names: Annotated[int, Field(ge=1, le=100_000)]
    examples: list[Annotated[str, Field(min_length=1)]]


class Tracking(Section):
    """What is sent to MLflow and how long to wait for it; never part of a result."""

    enabled: bool
    experiment: Annotated[str, Field(min_length=1)]
    log_every_steps: Annotated[int, Field(ge=1)]
    wait_seconds: Annotated[float, Field(ge=0)]


# Figures that no choice may read: those of test, and of names against test
READS_TEST = re.compile(
    r"(^|\.)test\.|^reference\.|"
    r"names\.(unseen|rediscovery|snn|\w+_cosine|\w+_w1|\w+_js)"
)


class Sweep(Section):
    """What holds for all jobs of a sweep."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None
    job: Annotated[int, Field(ge=0)] | None
    resume: bool
    fail_fast: bool
    optimized_metric: Annotated[str, Field(pattern=r"^\w+(\.\w+)+$")]
    direction: Literal["minimize", "maximize"]
    search: Literal["grid", "random", "tpe"]
    trials: Annotated[int, Field(ge=1, le=100_000)] | None
    seed: Seed
    at_once: Annotated[int, Field(ge=1)] | None
    pruner: Literal["median", "halving"] | None

    @model_validator(mode="after")
    def _search_with_trials(self) -> "Sweep":
        if self.search == "grid" and (self.trials or self.at_once or self.pruner):
            raise ValueError("trials, at_once and pruner are for search: random or tpe, not a grid")
        if self.search != "grid" and self.trials is None:
            raise ValueError(f"search: {self.search} needs to know how many trials to make")
        if self.pruner and (self.optimized_metric, self.direction) != ("val.nll", "minimize"):
            raise ValueError("a pruner goes by val.nll, so only that can be optimized with one")
        return self

    @field_validator("optimized_metric")
    @classmethod
    def _never_choose_by_test(cls, value: str) -> str:
        if READS_TEST.search(value):
            raise ValueError("nothing is chosen by looking at test; take a figure of val")
        return value


class Paths(Section):
    """Where a script that is run by hand finds the results of the stages before it."""

    processed: FileName
    model: FileName
    history: FileName
    names: FileName


class Configuration(Section):
    """The whole configuration, as `params.yaml` holds it."""

    seed: Seed
    data: Data
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    train: Train
    sample: Sample
    evaluate: Evaluate
    tracking: Tracking
    sweep: Sweep
    paths: Paths

    def section_dict(self, *names: str) -> dict[str, Any]:
        """The named top-level parts as plain values."""
        return self.model_dump(mode="json", include=set(names))


# Where results go, how they are tracked and whether a run was resumed are not part of what was run.
UNTRACKED_SECTIONS = frozenset({"tracking", "sweep", "hydra", "paths"})


def sha256_of(value: object) -> str:
    """The sha256 of a plain value's canonical JSON, as hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def configuration_hash(configuration: Configuration) -> str:
    """The sha256 of everything in a configuration that decides a result."""
    return sha256_of(_deciding_values(configuration))


SEEDS = ("seed", "data.split.seed")  # in which repetitions of a configuration differ


def seedless_hash(configuration: Configuration) -> str:
    """The same for all seeds, those of splits too: tells repetitions from other configurations."""
    values = _deciding_values(configuration)
    values["seed"] = values["data"]["split"]["seed"] = 0
    return sha256_of(values)


def _deciding_values(configuration: Configuration) -> dict[str, Any]:
    values = configuration.model_dump(mode="json", exclude=set(UNTRACKED_SECTIONS))
    values["train"].pop("resume", None)
    return values


def training_configuration(configuration: Configuration) -> dict[str, Any]:
    """The part of a configuration that decides the model, as plain values."""
    values = configuration.section_dict("data", "model", "optimizer", "schedule", "train", "seed")
    values["data"].pop("rules")
    values["train"].pop("resume", None)
    return values


def validate(values: Mapping[str, Any], source: str) -> Configuration:
    """The configuration of these values.

    Parameters
    ----------
    values
        Nested plain values, as composed or read.
    source
        Where they come from, for the message.

    Raises
    ------
    UserError
        For an unknown key, a wrong type or a value out of range: the first of them, with the key,
        the value and what is allowed.
    """
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        raise UserError(explain(error, Configuration, values, source)) from None


def read_configuration(path: Path) -> Configuration:
    """The configuration in a YAML file such as `params.yaml`.

    Raises
    ------
    UserError
        If the file is missing, is not YAML, or does not pass the schema.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes it") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check its rights") from None
    # The parser leaves numbers and dates of its own kind, and depth, to Python
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{path} is not valid YAML ({reason}); delete it and run `dvc repro`"
        ) from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no configuration; delete it and run `dvc repro`")
    return validate(values, str(path))
