"""How a network sees the letters: after which of them it expects nearly the same."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from neonym.base.types import Floats
from neonym.drawing.canvas import MUTED, NETWORK, REAL, new_axes, new_figure, style
from neonym.drawing.lettering import lettering_for, shortened
from neonym.evaluation.inspection import Plane

# Of the width of the map; letters moved farther than this have a line to where they belong
BARELY = 0.03
MOST_OF_IT = 0.5  # of the variance; a plane that shows less is no map of what is near


def token_map(
    tokens: Sequence[str],
    plane: Plane,
    vowels: str,
    noun: str,
) -> Figure:
    """Tokens in the plane in which they lie farthest apart, and how much of it all that shows.

    Parameters
    ----------
    tokens
        In the order of the plane's places.
    plane
        Where they lie.
    vowels
        Letters that have another colour.
    noun
        What a token is: "letter" or "word".
    """
    lettering = lettering_for(tokens)
    shown = [shortened(lettering.show(token), 16) for token in tokens]
    has_vowels = any(token in vowels for token in tokens)
    with style(lettering.families):
        figure = new_figure(
            f"{noun.capitalize()}s by what the network expects after them",
            how_to_read(plane, noun) + (" Vowels are orange." if has_vowels else ""),
            height=5.0,
        )
        x_share, y_share = plane.shares
        axes = new_axes(
            figure,
            f"first component, {x_share:.0%} of the variance",
            f"second component, {y_share:.0%} of the variance",
        )
        span = np.maximum(np.ptp(plane.places, axis=0), 1e-9)
        middle = plane.places.min(axis=0) + span / 2
        scaled = (plane.places - middle) / span  # -0.5 to 0.5
        sizes = np.array([(0.01 + 0.019 * len(text), 0.06) for text in shown]).reshape(-1, 2)
        labels = moved_apart(scaled, sizes)
        for token, text, place, label in zip(tokens, shown, scaled, labels, strict=True):
            if np.abs(place - label).max() > BARELY:
                axes.plot(*np.stack([place, label]).T, color=MUTED, linewidth=0.8, zorder=1)
                axes.plot(*place, ".", color=MUTED, markersize=4, zorder=1)
            x, y = label
            colour = REAL if token in vowels else NETWORK
            axes.text(x, y, text, ha="center", va="center", color=colour, size=13)
        side = 0.52 + sizes[:, 0].max(initial=0) / 2
        axes.set(xlim=(-side, side), ylim=(-0.56, 0.56), xticks=[], yticks=[])
    return figure


def how_to_read(plane: Plane, noun: str) -> str:
    """What nearness in the map means, and how far it can be trusted."""
    said = (
        f"Near one another lie {noun}s after which it expects nearly the same, where a name begins "
        f"with them. The two axes show {float(plane.shares.sum()):.0%} of how these expectations "
        "differ"
    )
    if float(plane.shares.sum()) >= MOST_OF_IT:
        return f"{said}."
    return f"{said}, too little to trust: what lies together here may be far apart."


def moved_apart(places: Floats, sizes: Floats, rounds: int = 200) -> Floats:
    """Centres near the places for boxes that then do not overlap, where there is room.

    Parameters
    ----------
    places
        Shape (boxes, 2).
    sizes
        Width and height of each box; the same shape.
    rounds
        How often overlapping boxes are pushed apart.
    """
    centres = places
    reach = (sizes[:, None] + sizes[None, :]) / 2
    order = np.arange(len(places))
    for _ in range(rounds):
        gaps = centres[:, None] - centres[None, :]
        overlaps = reach - np.abs(gaps)
        touching = np.all(overlaps > 1e-6, axis=2) & (order[:, None] != order)
        if not touching.any():
            break
        # Along the side where less is needed; boxes at the same place part in their order.
        sideways = overlaps[..., 0] < overlaps[..., 1]
        direction = np.where(gaps != 0, np.sign(gaps), np.sign(order[:, None] - order)[..., None])
        along = np.stack([sideways, ~sideways], axis=2) & touching[..., None]
        centres = centres + (np.where(along, overlaps * direction, 0) * 0.3).sum(axis=1)
    return centres
