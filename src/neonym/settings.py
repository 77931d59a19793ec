"""The schema of what concerns names: every key of the configuration, its type and its range.

`conf/` holds the values; this file says which values make sense. How runs are tracked and swept is
the lab's to say (`neonym.lab.configuration`); `neonym.experiment` puts both together.
"""

import inspect
import re
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union, get_args, get_type_hints

import numpy as np
from pydantic import (
    AfterValidator,
    Field,
    create_model,
    model_validator,
)

from neonym.base.nested import flatten
from neonym.base.section import FileName, Fraction, GrownSection, Section, Seed, spelt
from neonym.nn import CELLS, OPTIMIZERS

DropoutRate = Annotated[float, Field(ge=0, lt=1)]

if TYPE_CHECKING:
    CellName = str
else:  # what is registered is known when the program runs
    CellName = Literal[tuple(CELLS)]


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


def _separates_columns(separator: str) -> str:
    if separator not in SEPARATING_WORDS and re.fullmatch(r'[^\w\s"]|\t', separator) is None:
        raise ValueError("write one sign such as ; or |, or tab; line for a list without columns")
    return separator


SEPARATING_WORDS = ("tab", "line")
Separator = Annotated[str, AfterValidator(_separates_columns)]


# Rules become names of metrics and parameters, in which MLflow takes few signs
RuleName = Annotated[str, spelt(r"\w+([ -]\w+)*", "words of letters, digits, _ and -", 50)]


class Rules(Section):
    """What a valid name must obey beyond its alphabet and length."""

    at_least_one_of: dict[RuleName, Annotated[str, Field(min_length=1)]]
    max_repeat: Annotated[int, Field(ge=1)] | None


class Data(GrownSection):
    """The list of names and how it is read."""

    later: ClassVar[frozenset[str]] = frozenset({"separator"})

    name: Annotated[str, spelt(r"[\w.-]+", "letters, digits, and the signs . _ -", 100)]
    path: FileName
    column: str | Annotated[int, Field(ge=1, le=10_000)] | None
    separator: Separator | None = None
    comment: Annotated[str, Field(min_length=1)] | None
    lowercase: bool
    alphabet: Annotated[str, Field(min_length=1)] | None
    unit: Literal["character", "word"]
    max_length: Annotated[int, Field(ge=1, le=10_000)]
    split: Split
    rules: Rules

    @model_validator(mode="after")
    def _have_columns(self) -> "Data":
        if self.separator == "line" and self.column is not None:
            raise ValueError("separator: line has no columns; set column to null")
        return self


class Model(Section):
    """The recurrent network."""

    cell: CellName
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
        has_forget_bias = "forget_bias" in inspect.signature(CELLS[self.cell]).parameters
        if self.forget_bias is not None and not (has_forget_bias and self.bias):
            raise ValueError("only an lstm with biases has a forget_bias; set it to null")
        return self


class OptimizerSection(Section):
    """How weights follow gradients: a rule of `neonym.nn.OPTIMIZERS` and its hyperparameters."""

    name: str
    lr: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _make_sense_to_the_rule(self) -> "OptimizerSection":
        rule = OPTIMIZERS[self.name](**self.model_dump(exclude={"name", "lr"}))
        rule.check_rate(self.lr)
        return self


def _schema_of(name: str, rule: type) -> type[OptimizerSection]:
    """The keys that an optimizer has, with the ranges that its constructor states."""
    hints = get_type_hints(rule, include_extras=True)
    fields: dict[str, Any] = {
        key: (_ranged(hints[key]), ...) for key in inspect.signature(rule).parameters
    }
    named: dict[str, Any] = {"name": (Literal[name], ...)}
    return create_model(rule.__name__, __base__=OptimizerSection, **named, **fields)


def _ranged(hint: Any) -> Any:
    """A hyperparameter's type, with its `Bounds` in pydantic's terms."""
    limits = [Field(**bounds._asdict()) for bounds in getattr(hint, "__metadata__", ())]
    return Annotated[(get_args(hint)[0], *limits)] if limits else hint


if TYPE_CHECKING:
    Optimizer = OptimizerSection
else:  # what is registered is known when the program runs
    Optimizer = Annotated[
        Union[tuple(_schema_of(*each) for each in OPTIMIZERS.items())],  # noqa: UP007
        Field(discriminator="name"),
    ]


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


class Train(GrownSection):
    """The training loop."""

    later: ClassVar[frozenset[str]] = frozenset({"start_from", "folds", "show_names_every"})

    start_from: FileName | None = None
    folds: Annotated[int, Field(ge=2, le=20)] | None = None
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
    show_names_every: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _shard_only_whole_names(self) -> "Train":
        if self.shards > 1 and (self.carry_state or self.truncate is not None):
            raise ValueError("shards above 1 need carry_state: false and truncate: null")
        return self

    @model_validator(mode="after")
    def _mix_only_with_names_held_out(self) -> "Train":
        if self.folds and (self.members > 1 or self.ngram_max_order is not None):
            raise ValueError("folds need members: 1 and ngram_max_order: null")
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
    temperatures: Annotated[list[Annotated[float, Field(ge=0, le=10)]], Field(max_length=100)]
    temperature_names: Annotated[int, Field(ge=1, le=100_000)]
    examples: list[Annotated[str, Field(min_length=1)]]


class Paths(Section):
    """Where a script that is run by hand finds the results of the stages before it."""

    processed: FileName
    model: FileName
    history: FileName
    names: FileName


# What a list is called, where it lies and what makes a name valid do not change what is read of it
NOT_READ = frozenset({"name", "path", "rules"})


NO_ARRAYS = frozenset({"train.loss_start", "train.loss_smoothing", "train.ema_decay"})


# Keys whose null is what was done before they came, and is not recorded
LATER = frozenset(
    f"{section}.{key}"
    for section, keys in (("data", Data.later), ("train", Train.later))
    for key in keys
)


class Settings(Section):
    """All that decides what names come of a list."""

    seed: Seed
    data: Data
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    train: Train
    sample: Sample
    evaluate: Evaluate

    @model_validator(mode="after")
    def _can_be_written_in_the_dtype(self) -> "Settings":
        dtype = self.train.dtype
        tiny, most = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max)
        for key, value in flatten(self.section_dict("model", "optimizer", "train")).items():
            # squares of gradients vanish earlier, and eps stands beside their root
            least = sqrt(tiny) if key == "optimizer.eps" else tiny
            if not isinstance(value, float) or value == 0 or key in NO_ARRAYS:
                continue
            if not least <= abs(value) <= most:
                small = abs(value) < least
                bound = f"at least {least:.2g}" if small else f"at most {most:.2g}"
                other = "" if dtype == "float64" else ", or train.dtype=float64"
                raise ValueError(f"{key} = {value:g} is lost in {dtype}: {bound}{other}")
        return self

    def section_dict(self, *names: str) -> dict[str, Any]:
        """The named top-level parts as plain values."""
        return self.model_dump(mode="json", include=set(names))


def reading_settings(data: Data) -> dict[str, Any]:
    """What decides the processed data beside the list's content, as plain values."""
    return data.model_dump(mode="json", exclude=set(NOT_READ))


def training_settings(settings: Settings) -> dict[str, Any]:
    """What decides the model, the content of the list aside, as plain values.

    It is what the stage train depends on, directly or by its data, and so what tells whether a
    model, a checkpoint or the folder of processed data belongs to a configuration.
    """
    values = settings.section_dict("model", "optimizer", "schedule", "train", "seed")
    for key in ("resume", "show_names_every"):
        values["train"].pop(key, None)
    return {"data": reading_settings(settings.data), **values}
