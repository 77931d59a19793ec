"""Names as rows of coloured letters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

from neonym.drawing.lettering import Lettering, shortened

MOST_CELLS = 30
LETTERS_ACROSS = 58  # letters of 11 points that have room in the width of a picture
DARK = 0.55  # luminance below which letters are white


class Row(NamedTuple):
    """A name: what stands in each cell, and the value that colours it."""

    tokens: Sequence[str]
    values: npt.NDArray[np.floating]


def draw_cells(
    axes: Axes, rows: Sequence[Row], colours: ScalarMappable, lettering: Lettering
) -> None:
    """Draw names below one another, each token in a cell; at most 30 of a name.

    Parameters
    ----------
    axes
        Are left without frame and ticks.
    rows
        From above to below.
    colours
        Turns values into colours.
    lettering
        For the tokens of all rows.
    """
    shown = [[lettering.show(token) for token in row.tokens[:MOST_CELLS]] for row in rows]
    width = max(map(len, shown), default=1)
    values = np.full((len(rows), width), np.nan)
    for line, row in zip(values, rows, strict=True):
        line[: min(width, len(row.values))] = row.values[:width]
    painted = colours.to_rgba(np.ma.masked_invalid(values))
    if rows:
        axes.imshow(painted, aspect="auto", interpolation="nearest")
    longest = max((len(token) for tokens in shown for token in tokens), default=1)
    across = max(width, 16 if longest <= 3 else 8)
    room = LETTERS_ACROSS / across
    for y, tokens in enumerate(shown):
        for x, token in enumerate(tokens):
            is_dark = painted[y, x, :3] @ (0.2126, 0.7152, 0.0722) < DARK
            text, size = fitted(token, room)
            axes.text(
                x, y, text, ha="center", va="center", size=size, color="w" if is_dark else "k"
            )
    axes.set(xticks=[], yticks=[], xlim=(-0.5, across - 0.5))
    axes.spines[:].set_visible(False)


def fitted(token: str, room: float) -> tuple[str, float]:
    """A token cut, and the size of its letters, so that it keeps to a cell.

    Parameters
    ----------
    token
        As it is drawn.
    room
        How many letters of 11 points have room.
    """
    size = min(11.0, max(5.0, 11.0 * room / max(1, len(token))))
    return shortened(token, max(2, int(room * 11.0 / size + 1e-6))), size
