"""What the temperature trades: quality against boldness."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from neonym.drawing.canvas import MUTED, NETWORK, REAL, legend_above, new_axes, new_figure, style
from neonym.evaluation.temperature import Quality

LINES = {
    "validity": ("valid, of all", NETWORK, "o"),
    "uniqueness": ("distinct, of the valid", "#7b4fa3", "s"),
    "novelty": ("new, of the distinct", REAL, "^"),
    "diversity": ("dissimilarity of the distinct", "#3a8f5c", "D"),
}


def quality_against_temperature(
    qualities: Sequence[Quality], count: int, chosen: float | None = None
) -> Figure:
    """Validity, uniqueness, novelty and diversity of names drawn at several temperatures.

    Parameters
    ----------
    qualities
        One a temperature.
    count
        How many names were drawn at each.
    chosen
        The temperature of `reports/names.csv`, which is marked.
    """
    temperatures = [quality.temperature for quality in qualities]
    with style():
        figure = new_figure(
            "Quality against temperature",
            f"{count:,} names drawn at each temperature. Low is safe and repeats itself, high is "
            "bold and breaks rules; best is where all four are near 1."
            + (" Dotted: the temperature of reports/names.csv." if chosen is not None else ""),
        )
        axes = new_axes(figure, "temperature", "share, or 1 - similarity")
        for field, (label, colour, marker) in LINES.items():
            values = [getattr(quality, field) for quality in qualities]
            axes.plot(temperatures, values, color=colour, marker=marker, label=label)
        if chosen is not None:
            axes.axvline(chosen, color=MUTED, linestyle=":")
        axes.set_ylim(0, 1.03)
        legend_above(axes)
    return figure
