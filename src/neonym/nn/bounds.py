"""The range of a number, written into its type: `Annotated[float, Bounds(ge=0, lt=1)]`."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """The bounds of a number; None sets none.

    Parameters
    ----------
    gt, ge, lt, le : float, optional
        What it is greater than, at least, less than, and at most.
    """

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    def check(self, name: str, value: float) -> None:
        """See that a value is within all bounds; NaN is within none.

        Parameters
        ----------
        name : str
            What it is called where it is wrong.
        value : float
            What is checked.

        Raises
        ------
        ValueError
            If it is not.
        """
        holds = {
            f"{name} > {self.gt}": self.gt is None or value > self.gt,
            f"{name} >= {self.ge}": self.ge is None or value >= self.ge,
            f"{name} < {self.lt}": self.lt is None or value < self.lt,
            f"{name} <= {self.le}": self.le is None or value <= self.le,
        }
        for expected, is_true in holds.items():
            if not is_true:
                raise ValueError(f"{name} is {value}, expected {expected}")
