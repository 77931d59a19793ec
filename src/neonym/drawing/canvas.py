"""What all pictures share: their style, their frame and how they are saved."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neonym.base.files import whole_file

NETWORK = "#1f6fb4"
REAL = "#c46a00"
MUTED = "#767676"
INK = "#222222"
DPI = 120
WIDTH = 8.0  # inches
COMPRESSION = 3  # a twentieth larger than with 6, and faster
LINE = 118  # characters of explanation that fit into the width
BASE_FONT = "DejaVu Sans"  # comes with matplotlib


@contextmanager
def style(families: Sequence[str] = (BASE_FONT,)) -> Iterator[None]:
    """Make what is drawn in the block look the same whatever matplotlib is configured to.

    Names are data: a `$` in one begins no formula.

    Parameters
    ----------
    families
        Fonts; a letter comes from the first that has it.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": list(families),
                "text.parse_math": False,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.titlelocation": "left",
                "axes.edgecolor": MUTED,
                "legend.frameon": False,
                "text.color": INK,
            }
        )
        yield


def new_figure(title: str, how_to_read: str, height: float = 4.5, legend_rows: int = 1) -> Figure:
    """An empty figure with a title and, below it in a line or two, how to read it.

    Between them and the axes there is room for a legend of so many rows.
    """
    lines = textwrap.wrap(how_to_read, LINE)
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    figure.text(0.02, 1 - 0.12 / height, title, size=13, va="top")
    figure.text(0.02, 1 - 0.42 / height, "\n".join(lines), size=9, color=MUTED, va="top")
    figure.subplots_adjust(
        left=0.1,
        right=0.97,
        top=1 - (0.45 + 0.16 * len(lines) + 0.2 * legend_rows) / height,
        bottom=0.55 / height,
    )
    return figure


def new_axes(figure: Figure, x_label: str, y_label: str) -> Axes:
    """The only axes of a figure."""
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return axes


def count_whole(axes: Axes) -> None:
    """Mark whole numbers alone on the x axis, which counts something."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def legend_above(axes: Axes, columns: int = 4) -> None:
    """The legend in a row between the title and the axes, where it hides nothing."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=columns,
        borderaxespad=0.1,
        columnspacing=1.5,
        fontsize=9,
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all; equal figures give equal bytes."""
    with whole_file(path) as temporary, style():
        figure.savefig(
            temporary,
            format="png",
            dpi=DPI,
            metadata={"Software": None},
            pil_kwargs={"compress_level": COMPRESSION},
        )
