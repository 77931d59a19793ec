"""What single hidden units follow along a name."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from neonym.drawing.canvas import new_figure, style
from neonym.drawing.lettering import lettering_for
from neonym.evaluation.inspection import Follower
from neonym.figures.heatmap import Row, draw_cells
from neonym.figures.surprisal import Example


def hidden_units(
    units: Sequence[Follower], examples: Sequence[Example], noun: str = "letter", whose: str = ""
) -> Figure:
    """The states of some hidden units after each letter (or word) of names, a panel a unit.

    `whose` ends the title where the units are those of one network among others.
    """
    lettering = lettering_for(token for example in examples for token in example.tokens)
    largest = max(
        (float(abs(_states(example, unit)).max()) for unit in units for example in examples),
        default=1.0,
    )
    colours = ScalarMappable(Normalize(-largest, largest), colormaps["RdBu_r"])
    panels = max(1, len(units))
    with style(lettering.families):
        figure = new_figure(
            f"What single hidden units{whose} follow",
            f"The state of a unit after each {noun}: red positive, blue negative. Of all units it "
            "has the highest absolute correlation with what it follows, over training names.",
            height=1.35 + panels * (0.4 + 0.26 * len(examples)),
        )
        inch = 1 / figure.get_figheight()
        top = figure.subplotpars.top - 0.15 * inch  # the first panel's title goes above it
        figure.subplots_adjust(left=0.02, right=0.9, top=top, bottom=0.15 * inch, hspace=0.25)
        for number, unit in enumerate(units):
            axes = figure.add_subplot(panels, 1, number + 1)
            rows = [Row(example.tokens, _states(example, unit)) for example in examples]
            draw_cells(axes, rows, colours, lettering)
            axes.set_title(describe(unit), size=10)
        bar = figure.colorbar(colours, cax=figure.add_axes((0.93, 0.15, 0.012, 0.5)))
        bar.ax.tick_params(labelsize=8)
        bar.ax.set_title("state", size=8)
        bar.outline.set_visible(False)
    return figure


def describe(unit: Follower) -> str:
    """Which unit it is, what it follows and how closely; layers and units count from 1."""
    return (
        f"layer {unit.layer + 1}, unit {unit.unit + 1} follows {unit.what} "
        f"(correlation {unit.correlation:+.2f})"
    )


def _states(example: Example, unit: Follower) -> npt.NDArray[np.floating]:
    return example.reading.states[:, unit.layer, unit.unit]
