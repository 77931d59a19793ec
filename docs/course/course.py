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


def draw_unrolled(inputs: str, targets: str) -> "Figure":
    """A recurrent network step by step: forward in solid arrows, back in dashed ones."""
    figure, axes = new_figure(7.5, 3.2)

    def arrow(start: tuple[float, float], end: tuple[float, float], back: bool = False) -> None:
        look = {"color": ORANGE, "linestyle": "--"} if back else {"color": BLUE}
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "linewidth": 1.4, **look})

    def text(x: float, y: float, content: str, **look: Any) -> None:
        axes.text(x, y, content, **{"ha": "center", "va": "center", "fontsize": 11, **look})

    box = {"boxstyle": "round,pad=0.5", "facecolor": "#eef4fa", "edgecolor": BLUE}
    for t, (symbol, target) in enumerate(zip(inputs, targets, strict=True)):
        x = 2 * t
        text(x, 2, f"$a^{{\\langle {t + 1} \\rangle}}$", bbox=box)
        text(x, 0.5, f"$x^{{\\langle {t + 1} \\rangle}}$ = {symbol}")
        text(x, 3.5, f"$\\hat y^{{\\langle {t + 1} \\rangle}}$ to be {target}")
        arrow((x - 0.08, 0.75), (x - 0.08, 1.6))
        arrow((x - 0.08, 2.4), (x - 0.08, 3.25))
        arrow((x + 0.12, 3.25), (x + 0.12, 2.4), back=True)
        arrow((x - 1.6, 2.1), (x - 0.45, 2.1))
        if t:
            arrow((x - 0.45, 1.88), (x - 1.6, 1.88), back=True)
    text(-2.05, 2.1, "$a^{\\langle 0 \\rangle}$ = 0")
    text(-0.6, 1.15, "$W_{ax}$", color=GREY)
    text(1, 2.45, "$W_{aa}$", color=GREY)
    text(-0.6, 2.85, "$W_{ya}$", color=GREY)
    axes.set(xlim=(-2.6, 2 * len(inputs) - 1.2), ylim=(0.2, 3.8))
    axes.axis("off")
    return figure
