"""The keys that a sweep varies, and their values, as Hydra's override syntax gives them."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep, Sweep

from neonym.base.errors import UserError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

TAGS = frozenset({"log", "int"})
GOLDEN = (math.sqrt(5) - 1) / 2
DIGITS = 4  # of a number drawn from an interval: as many as matter, and as can be read


@dataclass(frozen=True)
class Axis:
    """A key of the command line or of a preset, and what it is to be."""

    key: str
    words: tuple[str, ...]
    """The override for each of its values; none where they cannot be counted."""
    swept: Sweep | None
    """How the values were written; None for a key that does not vary."""
    of_hydra: bool = False
    """Whether the key is Hydra's own."""

    @property
    def name(self) -> str:
        """The key without the signs that say how it is set."""
        return self.key.lstrip("+~")

    @property
    def first(self) -> str:
        """The override for its first value."""
        return self.words[0] if self.words else self.probes[0]

    @property
    def probes(self) -> tuple[str, ...]:
        """The overrides for the ends of an interval, and for a value between them."""
        if not isinstance(self.swept, IntervalSweep):
            return ()
        low, high = _bounds(self.key, self.swept)
        between = low + GOLDEN * (high - low)  # hardly an integer
        return tuple(map(self.word, (low, high, int(between) if self.is_int else between)))

    @property
    def is_int(self) -> bool:
        """Whether an interval is of integers alone."""
        swept = self.swept
        return isinstance(swept, IntervalSweep) and (
            "int" in swept.tags or isinstance(swept.start, int)
        )

    @property
    def size(self) -> float:
        """How many values there are."""
        return len(self.words) if self.words else math.inf

    def word(self, value: str | float) -> str:
        """The override for a value that a search drew."""
        if isinstance(value, float) and isinstance(self.swept, IntervalSweep):
            low, high = _bounds(self.key, self.swept)
            value = min(max(float(f"{value:.{DIGITS}g}"), low), high)
        return f"{self.key}={_tidy(value)}"


def axis_of(override: Override) -> Axis:
    """What an override asks for.

    Raises
    ------
    UserError
        If it has no value at all.
    """
    key, line, of_hydra = (
        override.get_key_element(),
        str(override.input_line),
        override.is_hydra_override(),
    )
    if not override.is_sweep_override():
        return Axis(key, (line,), None, of_hydra)
    written = override.value()
    swept = written if isinstance(written, Sweep) else ChoiceSweep()
    if isinstance(swept, IntervalSweep):
        return Axis(key, (), swept, of_hydra)
    try:
        values = list(override.sweep_string_iterator())
    except ValueError as error:  # of a range without a step
        raise UserError(f"{line}: {error}") from None
    if isinstance(swept, RangeSweep):
        values = [_tidy(float(value) if "." in value else value) for value in values]
    if not values:
        raise UserError(f"{line} has no value, so there is nothing to run")
    return Axis(key, tuple(f"{key}={value}" for value in values), swept, of_hydra)


def space_size(axes: Sequence[Axis]) -> float:
    """How many configurations there are."""
    return math.prod(axis.size for axis in axes)


def distribution_of(axis: Axis, seeds: Collection[str]) -> "BaseDistribution":
    """A swept key in Optuna's terms.

    Parameters
    ----------
    axis
        The key and its values.
    seeds
        Keys that no search may vary.

    Raises
    ------
    UserError
        If a search over it makes no sense.
    """
    from optuna import distributions as of  # noqa: PLC0415 (half a second, for searches alone)

    tags = _checked_tags(axis, seeds)
    if isinstance(axis.swept, IntervalSweep):
        low, high = _bounds(axis.key, axis.swept)
        if axis.is_int:
            return of.IntDistribution(math.ceil(low), math.floor(high), log="log" in tags)
        return of.FloatDistribution(low, high, log="log" in tags)
    values = [word.partition("=")[2] for word in axis.words]
    if not isinstance(axis.swept, RangeSweep):
        return of.CategoricalDistribution(values)
    numbers, step = sorted(map(float, values)), abs(axis.swept.step)
    if isinstance(axis.swept.step, int) and isinstance(axis.swept.start, int):
        return of.IntDistribution(int(numbers[0]), int(numbers[-1]), "log" in tags, int(step))
    return of.FloatDistribution(numbers[0], numbers[-1], step=float(step))


def _checked_tags(axis: Axis, seeds: Collection[str]) -> set[str]:
    if axis.name in seeds:
        raise UserError(
            f"{axis.key} is no hyperparameter, a search would take the luckiest: search with one "
            "seed, then sweep the seeds of the best"
        )
    tags = set(axis.swept.tags) if axis.swept else set()
    if tags - TAGS:
        raise UserError(f"{axis.key}: tag {min(tags - TAGS)} means nothing; known: int, log")
    counted = isinstance(axis.swept, RangeSweep) and axis.swept.step == 1
    if "log" in tags and not (counted or isinstance(axis.swept, IntervalSweep)):
        raise UserError(f"{axis.key}: tag log is for an interval, or a range with step 1")
    if "log" in tags and counted and float(axis.words[0].partition("=")[2]) <= 0:
        raise UserError(f"{axis.key}: tag log needs a range above 0")
    return tags


def _bounds(key: str, interval: IntervalSweep) -> tuple[float, float]:
    low, high = interval.start, interval.end
    if low is None or high is None or not low < high or math.isinf(high - low):
        raise UserError(f"{key}: interval({low},{high}) is empty; write the lower end first")
    if "log" in interval.tags and low <= 0:
        raise UserError(f"{key}: tag log needs an interval above 0, and {low:g} is not")
    return low, high


def _tidy(value: str | float) -> str:
    """Without the digits that come of adding binary fractions."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
