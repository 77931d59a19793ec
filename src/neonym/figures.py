"""Pictures of a training and of the names that came of it, each readable alone."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neonym.files import whole_file
from neonym.history import EpochRecord

NETWORK = "#1f6fb4"
REAL = "#d98c21"
MUTED = "#8a8a8a"
DPI = 120


def training_curves(history: Sequence[EpochRecord], ngram_val_nll: float | None) -> Figure:
    """Nats per token after each epoch, with the n-gram baseline's level on val."""
    figure, axes = _figure("Training and validation", "epoch", "nats per token")
    epochs = [record.epoch for record in history]
    axes.plot(epochs, [record.train_nll for record in history], color=MUTED, label="train")
    axes.plot(epochs, [record.val_nll for record in history], color=NETWORK, label="val")
    best = min(history, key=lambda record: record.val_nll)
    axes.plot(best.epoch, best.val_nll, "o", color=NETWORK)
    axes.annotate(
        f"best {best.val_nll:.3f} (epoch {best.epoch})",
        (best.epoch, best.val_nll),
        xytext=(0, -16),
        textcoords="offset points",
        ha="center",
        color=NETWORK,
    )
    if ngram_val_nll is not None:
        axes.axhline(
            ngram_val_nll, color=REAL, linestyle="--", label=f"n-gram on val, {ngram_val_nll:.3f}"
        )
    axes.legend(frameon=False)
    return figure


def length_distribution(coined: Sequence[int], real: Sequence[int]) -> Figure:
    """Shares of names by length in tokens, coined beside test names."""
    figure, axes = _figure("Lengths of names", "length in tokens", "share of names")
    longest = max([*coined, *real], default=0)
    lengths = range(longest + 1)
    for values, colour, label, shift in (
        (coined, NETWORK, "coined", -0.2),
        (real, REAL, "test", 0.2),
    ):
        counts = Counter(values)
        shares = [counts[length] / max(1, len(values)) for length in lengths]
        places = [length + shift for length in lengths]
        axes.bar(places, shares, width=0.4, color=colour, label=label)
    axes.legend(frameon=False)
    return figure


def token_distribution(
    coined: Sequence[Sequence[str]], real: Sequence[Sequence[str]], most: int = 40
) -> Figure:
    """Shares of the most frequent tokens, coined beside test names."""
    figure, axes = _figure("Frequencies of tokens", "token", "share of tokens")
    counts = [Counter(token for name in names for token in name) for names in (coined, real)]
    together = counts[0] + counts[1]
    tokens = sorted(token for token, _ in together.most_common(most))
    for count, colour, label, shift in (
        (counts[0], NETWORK, "coined", -0.2),
        (counts[1], REAL, "test", 0.2),
    ):
        total = max(1, count.total())
        shares = [count[token] / total for token in tokens]
        places = [place + shift for place in range(len(tokens))]
        axes.bar(places, shares, width=0.4, color=colour, label=label)
    axes.set_xticks(range(len(tokens)), [_visible(token) for token in tokens])
    axes.legend(frameon=False)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all; equal figures give equal bytes."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})


def _figure(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    # Without pyplot: no global state, no window, and half the time to import
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _visible(token: str) -> str:
    """A token as a label: a space shows, and `$` begins no formula."""
    return token.replace(" ", "␣").replace("$", r"\$")
