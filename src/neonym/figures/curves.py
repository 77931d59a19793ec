"""The curves of a training."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neonym.drawing.canvas import (
    INK,
    MUTED,
    NETWORK,
    REAL,
    count_whole,
    legend_above,
    new_axes,
    new_figure,
    style,
)
from neonym.training.history import EpochRecord, by_member

KEPT = "The weights of the best epoch on val were kept."
MANY = "A pair of curves for each of {} networks, of which the weights of the best epoch were kept."
READ = "Where train falls on while val rises, a network learns by heart."


def training_curves(
    history: Sequence[EpochRecord],
    ngram_val_nll: float | None,
    mixture_val_nll: float | None = None,
) -> Figure:
    """Nats per token after each epoch, with the n-gram baseline's level on val.

    Parameters
    ----------
    history
        Of one network, or of several, whose curves are laid over one another.
    ngram_val_nll
        The baseline's level, if there is one.
    mixture_val_nll
        What a mixture of these networks reaches on val; None where the model is one network.
    """
    members = by_member(history)
    with style():
        figure = new_figure(
            "Training and validation",
            f"Lower is better. {KEPT if len(members) == 1 else MANY.format(len(members))} {READ}",
            legend_rows=1 if mixture_val_nll is None else 2,
        )
        axes = new_axes(figure, "epoch", "nats per token")
        count_whole(axes)
        for member in members:
            _draw(axes, member, is_first=member is members[0], is_only=len(members) == 1)
        best = min(
            (record for member in members for record in member), key=lambda each: each.val_nll
        )
        whose = "best on val" if mixture_val_nll is None else "best single network on val"
        label = f"{whose}, {best.val_nll:.3f} in epoch {best.epoch}"
        axes.plot(best.epoch, best.val_nll, "o", color=NETWORK, label=label)
        if mixture_val_nll is not None:
            label = f"mixture on val, {mixture_val_nll:.3f}"
            axes.axhline(mixture_val_nll, color=INK, linestyle="-.", label=label)
        if ngram_val_nll is not None:
            label = f"n-gram on val, {ngram_val_nll:.3f}"
            axes.axhline(ngram_val_nll, color=REAL, linestyle="--", label=label)
        legend_above(axes, columns=4 if mixture_val_nll is None else 3)
    return figure


def _draw(axes: Axes, member: Sequence[EpochRecord], *, is_first: bool, is_only: bool) -> None:
    epochs = [record.epoch for record in member]
    width = 1.5 if is_only else 0.9
    for name, colour in (("train", MUTED), ("val", NETWORK)):
        values = [getattr(record, f"{name}_nll") for record in member]
        label = name if is_first else None
        axes.plot(epochs, values, color=colour, linewidth=width, label=label)
