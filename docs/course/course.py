"""What the notebooks of the course share: the set-up, the list of names, and pictures."""

import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parents[1]
MISSING = [name for name in ("numpy", "matplotlib", "IPython", "neonym") if not find_spec(name)]
if MISSING:
    raise SystemExit(
        f"{', '.join(MISSING)} is not installed for {sys.executable}: run `make setup` in "
        f"{CHECKOUT} and choose .venv/bin/python as the notebook's kernel"
    )

# Told apart by those who do not see red or green, and by lightness; at least 3:1 against white.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#008060", "#882255", "#767676"
INK = "#222222"
DPI = 110


def read_names() -> list[str]:
    """The dinosaurs, each once, in the order of the list."""
    lines = (CHECKOUT / "data/raw/dinosaurs.csv").read_text(encoding="utf-8").split()
    return list(dict.fromkeys(line.lower() for line in lines))


def split_names() -> tuple[list[str], list[str], list[str]]:
    """The names to learn from (train), to choose by (val) and to report on (test).

    The same division as the project's own: shuffled, with names one edit apart on one side.
    """
    from neonym.corpus import splits  # noqa: PLC0415 - read_names does without
    from neonym.settings import Split  # noqa: PLC0415

    share = Split(hold_out=True, val=0.1, test=0.1, group_near_duplicates=True, seed=0)
    train, val, test, _ = splits.split_names(read_names(), share)
    return train, val, test


def new_figure(
    width: float = 7, height: float = 3, rows: int = 1, columns: int = 1
) -> tuple["Figure", Any]:
    """A figure and its axes, whatever matplotlib is configured to.

    Returns
    -------
    figure, axes
        As `matplotlib.pyplot.subplots` returns them: show the figure with `show`.
    """
    import matplotlib as mpl  # noqa: PLC0415 - half a second, and not every notebook draws first
    from cycler import cycler  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, GREY]),
            "legend.frameon": False,
            "text.color": INK,
        }
    )
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, columns)


def show(figure: "Figure", alt: str) -> None:
    """Put a figure below the cell, with what it shows in words for those who do not see it."""
    from IPython.display import Image, display  # noqa: PLC0415

    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    display(Image(buffer.getvalue(), format="png", alt=" ".join(alt.split())))
