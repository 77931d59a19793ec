"""What the temperature trades: names that are new and various against names like real ones."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neonym.drawing.canvas import INK, MUTED, NETWORK, REAL, legend_above, new_figure, style
from neonym.evaluation.temperature import Quality

LINES = {
    "validity": ("valid, of all", NETWORK, "o"),
    "uniqueness": ("distinct, of the valid", "#882255", "s"),
    "novelty": ("new, of the distinct", "#117733", "^"),
    "diversity": ("dissimilarity of the distinct", MUTED, "D"),
    "well_formed": ("all trigrams known, of the valid", INK, "v"),
}
NATS = {"ngram_nll": ("valid names", INK, "v")}
READ = (
    "Distinct, new and dissimilar rise with any noise, even where names get worse; whether they "
    "are like real ones (dashed: those of test), known trigrams and the n-gram of the list tell."
)


def quality_against_temperature(
    qualities: Sequence[Quality],
    count: int,
    chosen: float | None = None,
    real: Quality | None = None,
) -> Figure:
    """Figures of names drawn at several temperatures, beside those of real names.

    Parameters
    ----------
    qualities
        One a temperature.
    count
        How many names were drawn at each.
    chosen
        The temperature of `reports/names.csv`, which is marked.
    real
        The same figures of real names, as far as they mean something; the others are NaN.
    """
    marked = " Dotted: the temperature of reports/names.csv." if chosen is not None else ""
    with style():
        figure = new_figure(
            "What the temperature trades",
            f"{count:,} names drawn at each temperature. {READ}{marked}",
            height=7.0,
            legend_rows=2,
        )
        shares, nats = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.subplots_adjust(hspace=0.22)
        for axes, lines in ((shares, LINES), (nats, NATS)):
            _draw(axes, lines, qualities, real)
            if chosen is not None:
                axes.axvline(chosen, color=MUTED, linestyle=":")
        shares.set_ylim(0, 1.03)
        shares.set_ylabel("share, or 1 - similarity")
        legend_above(shares, columns=3)
        nats.set(xlabel="temperature", ylabel="nats per token")
        nats.set_title(
            "Under the n-gram of the list: low is predictable, high is unlike the list", size=10
        )
        nats.legend(frameon=False, fontsize=9)
    return figure


def _draw(
    axes: Axes,
    lines: dict[str, tuple[str, str, str]],
    qualities: Sequence[Quality],
    real: Quality | None,
) -> None:
    temperatures = [quality.temperature for quality in qualities]
    for field, (label, colour, marker) in lines.items():
        values = [getattr(quality, field) for quality in qualities]
        axes.plot(temperatures, values, color=colour, marker=marker, markersize=5, label=label)
        level = math.nan if real is None else getattr(real, field)
        if math.isfinite(level):
            axes.axhline(level, color=REAL, linestyle="--", label=f"real names, {level:.2f}")
