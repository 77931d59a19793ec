"""Which letters of a name a network did not expect."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from neonym.drawing.canvas import INK, MUTED, new_figure, style
from neonym.drawing.lettering import lettering_for
from neonym.evaluation.inspection import Reading
from neonym.figures.heatmap import Row, draw_cells

END = "end"


class Example(NamedTuple):
    """A name that the pictures look at.

    Attributes
    ----------
    kind
        Where it comes from: `test`, `coined`.
    tokens
        Its letters, or words.
    reading
        What the network did along it.
    """

    kind: str
    tokens: Sequence[str]
    reading: Reading


def letter_surprisal(examples: Sequence[Example], noun: str = "letter") -> Figure:
    """The nats of each letter (or word) of names, and of their ends."""
    lettering = lettering_for([*(token for example in examples for token in example.tokens), END])
    highest = max((float(example.reading.nats.max()) for example in examples), default=1.0)
    colours = ScalarMappable(Normalize(0, highest), colormaps["Blues"])
    rows = [Row([*example.tokens, END], example.reading.nats) for example in examples]
    with style(lettering.families):
        figure = new_figure(
            f"Surprise at each {noun}",
            f"Nats: the darker, the less the network expected the {noun} after those before it, "
            "and at last the end. To the left where the name is from, and its mean.",
            height=1.5 + 0.42 * max(1, len(rows)),
        )
        figure.subplots_adjust(left=0.15, right=0.9, bottom=0.25 / figure.get_figheight())
        axes = figure.add_subplot()
        draw_cells(axes, rows, colours, lettering)
        for y, example in enumerate(examples):
            mean = float(np.mean(example.reading.nats))
            axes.text(-0.7, y, f"{example.kind} {mean:.2f}", ha="right", va="center", color=MUTED)
        bar = figure.colorbar(colours, cax=figure.add_axes((0.93, 0.15, 0.012, 0.5)))
        bar.ax.tick_params(labelsize=8, color=INK)
        bar.ax.set_title("nats", size=8)
        bar.outline.set_visible(False)
    return figure
