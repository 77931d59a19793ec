"""Where the values of a swept key lie on an axis."""

import math
from collections.abc import Sequence

LOG_FROM = 5.0  # ratio of the largest value to the smallest from which an axis is logarithmic
TICKS = 8  # values that have a tick each


class Scale:
    """Where the values of a key lie on an axis: as numbers, or one beside the other."""

    def __init__(self, values: Sequence[str]) -> None:
        distinct = list(dict.fromkeys(values))
        numbers = [number_of(value) for value in distinct]
        self.is_numeric = len(distinct) > 1 and not any(map(math.isnan, numbers))
        if self.is_numeric:
            self._places = dict(zip(distinct, numbers, strict=True))
        else:
            distinct.sort()
            self._places = {value: float(place) for place, value in enumerate(distinct)}
        low, high = min(self._places.values()), max(self._places.values())
        self.is_log = self.is_numeric and low > 0 and high / low >= LOG_FROM

    def place(self, value: str) -> float:
        """Where a value lies, in the axis's own units."""
        return self._places[value]

    def share(self, value: str) -> float:
        """The same between 0 for the first and 1 for the last value."""
        low, high = min(self._places.values()), max(self._places.values())
        here = self.place(value)
        if self.is_log:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return (here - low) / (high - low) if high > low else 0.5

    @property
    def round_places(self) -> list[float]:
        """Round numbers on a logarithmic axis."""
        low, high = min(self._places.values()), max(self._places.values())
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if high / low < 100 else (1,)
        places = [step * 10.0**power for power in powers for step in steps]
        return [place for place in places if low <= place <= high]

    @property
    def ticks(self) -> list[str]:
        """The values to be written at the axis."""
        ordered = sorted(self._places, key=self.place)
        if len(ordered) <= TICKS:
            return ordered
        return [ordered[0], ordered[-1]] if self.is_numeric else ordered[:TICKS]


def number_of(value: str) -> float:
    """A value as a number; NaN where it is none."""
    try:
        return float(value)
    except ValueError:
        return math.nan
