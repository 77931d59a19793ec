"""The schema of the configuration: what `conf/` may say."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from neonym import lab


class Data(lab.Section):  # which table, and how it is split
    path: lab.FileName
    val: lab.Fraction
    test: lab.Fraction
    seed: lab.Seed


class Ridge(lab.Section):
    name: Literal["ridge"]
    alpha: PositiveFloat


class Forest(lab.Section):
    name: Literal["forest"]
    rounds: PositiveInt
    max_depth: PositiveInt | None


class Boosting(lab.Section):
    name: Literal["boosting"]
    rounds: PositiveInt
    learning_rate: PositiveFloat
    max_depth: PositiveInt


class Sweep(lab.Sweep):
    pruned_by: ClassVar[str] = "val.rmse"


class Settings(lab.Configuration):  # which adds seed and tracking
    seeds: ClassVar[tuple[str, ...]] = ("seed", "data.seed")
    data: Data
    model: Annotated[Ridge | Forest | Boosting, Field(discriminator="name")]
    sweep: Sweep
