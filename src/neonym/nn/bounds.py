"""The range of a number, written into its type: `Annotated[float, Bounds(ge=0, lt=1)]`."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """What a number is greater than, at least, less than, and at most; None sets no bound."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    def check(self, name: str, value: float) -> None:
        """Raise ValueError unless the value is within all bounds; NaN is within none."""
        holds = {
            f"{name} > {self.gt}": self.gt is None or value > self.gt,
            f"{name} >= {self.ge}": self.ge is None or value >= self.ge,
            f"{name} < {self.lt}": self.lt is None or value < self.lt,
            f"{name} <= {self.le}": self.le is None or value <= self.le,
        }
        for expected, is_true in holds.items():
            if not is_true:
                raise ValueError(f"{name} is {value}, expected {expected}")
