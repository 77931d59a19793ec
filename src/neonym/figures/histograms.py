"""Coined names beside test names: their lengths, their tokens, their distance to training names."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neonym.base.types import Floats
from neonym.drawing.canvas import NETWORK, REAL, legend_above, new_axes, new_figure, style
from neonym.drawing.lettering import lettering_for, shortened

MOST_LENGTHS = 60
MOST_TOKENS = 40
DISTANCE_BIN = 0.05


def length_distribution(coined: Sequence[int], real: Sequence[int], noun: str = "letter") -> Figure:
    """Shares of names by length in letters (or words), coined beside test names."""
    longest = max([*coined, *real], default=0)
    width = (
        longest // MOST_LENGTHS + 1
    )  # of a bar; long sentences have too many lengths for one each
    places = range(0, longest + 1, width)
    ours, theirs = (
        shares([length - length % width for length in lengths], places)
        for lengths in (coined, real)
    )
    of_many = "" if width == 1 else f" {width} lengths a bar."
    with style():
        figure = new_figure(
            "Lengths of names",
            "Bars of equal height: names are as long as real ones. Names that were cut off at the "
            f"cap are left out.{of_many}",
        )
        axes = new_axes(figure, f"length in {noun}s", "share of names")
        labels = (f"coined, {len(coined):,} names", f"test, {len(real):,} names")
        _bars_beside(axes, places, (ours, theirs), labels)
    return figure


def token_distribution(
    coined: Sequence[Sequence[str]],
    real: Sequence[Sequence[str]],
    noun: str = "letter",
    most: int = MOST_TOKENS,
) -> Figure:
    """Shares of the most frequent letters (or words), coined beside test names."""
    counts = [Counter(token for name in names for token in name) for names in (coined, real)]
    common = (counts[0] + counts[1]).most_common()
    tokens = sorted(token for token, _ in common[:most])
    lettering = lettering_for(tokens)
    kept = "" if len(common) <= most else f" The {most} most frequent of {len(common):,}."
    with style(lettering.families):
        figure = new_figure(
            f"Frequencies of {noun}s",
            f"Bars of equal height: {noun}s are as frequent as in real names.{kept}",
        )
        axes = new_axes(figure, noun, f"share of {noun}s")
        labels = [
            f"{name}, {count.total():,} {noun}s"
            for name, count in zip(SOURCES, counts, strict=True)
        ]
        ours, theirs = (shares(count, tokens) for count in counts)
        _bars_beside(axes, range(len(tokens)), (ours, theirs), (labels[0], labels[1]))
        shown = [shortened(lettering.show(token), 12) for token in tokens]
        upright = max(map(len, shown), default=1) <= 2
        axes.set_xticks(
            range(len(tokens)), shown, rotation=0 if upright else 90, size=10 if upright else 7
        )
        if not upright:
            figure.subplots_adjust(bottom=0.25)
    return figure


def nearest_distances(coined: Floats, real: Floats, grouped: bool = False) -> Figure:
    """How far names are from the nearest training name, coined ones beside test names.

    Parameters
    ----------
    coined, real
        Normalised Levenshtein distances, 0 to 1, one a distinct name.
    grouped
        Whether the split keeps test names from being one edit from a training name.
    """
    near = (
        " One edit from one no test name lies, since the split keeps such pairs together."
        if grouped
        else ""
    )
    steps = range(round(1 / DISTANCE_BIN) + 1)
    binned = [
        np.rint(distances / DISTANCE_BIN).astype(int).tolist() for distances in (coined, real)
    ]
    last = max((max(values, default=0) for values in binned), default=0)
    with style():
        figure = new_figure(
            "Distance to the nearest training name",
            "Is it copying? Then coined names lie left of test names, which the network never saw. "
            f"At 0 they are training names.{near}",
        )
        axes = new_axes(figure, "edits a letter to the nearest training name", "share of names")
        _bars_beside(
            axes,
            range(last + 1),
            (shares(binned[0], steps)[: last + 1], shares(binned[1], steps)[: last + 1]),
            (_with_median("coined", coined), _with_median("test", real)),
        )
        axes.set_xticks(range(last + 1), [f"{step * DISTANCE_BIN:.2f}" for step in range(last + 1)])
        axes.tick_params(axis="x", labelsize=8)
    return figure


SOURCES = ("coined", "test")


def shares(values: Iterable[object], kinds: Iterable[object]) -> list[float]:
    """The share of all values that each kind has; zeros where there are no values."""
    count = values if isinstance(values, Counter) else Counter(values)
    total = max(1, count.total())
    return [count[kind] / total for kind in kinds]


def _with_median(source: str, distances: Floats) -> str:
    median = f", median {np.median(distances):.2f}" if distances.size else ""
    return f"{source}, {distances.size:,} names{median}"


def _bars_beside(
    axes: Axes,
    places: range,
    heights: tuple[Sequence[float], Sequence[float]],
    labels: tuple[str, str],
) -> None:
    for values, colour, label, side in zip(
        heights, (NETWORK, REAL), labels, (-0.2, 0.2), strict=True
    ):
        middles = [place + side * places.step for place in places]
        axes.bar(middles, values, width=0.4 * places.step, color=colour, label=label)
    legend_above(axes)
