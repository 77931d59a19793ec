"""The curves of a training."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from neonym.drawing.canvas import MUTED, NETWORK, REAL, legend_above, new_axes, new_figure, style
from neonym.training.history import EpochRecord

ONE = "The weights of the best epoch on val were kept."
MANY = "{} networks one after the other, each with its best epoch; the model is their mean."


def training_curves(
    history: Sequence[EpochRecord], ngram_val_nll: float | None, members: int = 1
) -> Figure:
    """Nats per token after each epoch, with the n-gram baseline's level on val.

    The history of several members is that of one behind the other.
    """
    best = min(history, key=lambda record: record.val_nll)
    epochs = [record.epoch for record in history]
    with style():
        figure = new_figure(
            "Training and validation",
            f"Lower is better. {ONE if members == 1 else MANY.format(members)} Where train falls "
            "on while val rises, a network learns by heart.",
        )
        axes = new_axes(figure, "epoch", "nats per token")
        axes.plot(epochs, [record.train_nll for record in history], color=MUTED, label="train")
        axes.plot(epochs, [record.val_nll for record in history], color=NETWORK, label="val")
        whose = "best on val" if members == 1 else "best single network on val"
        label = f"{whose}, {best.val_nll:.3f} in epoch {best.epoch}"
        axes.plot(best.epoch, best.val_nll, "o", color=NETWORK, label=label)
        if ngram_val_nll is not None:
            label = f"n-gram on val, {ngram_val_nll:.3f}"
            axes.axhline(ngram_val_nll, color=REAL, linestyle="--", label=label)
        legend_above(axes)
    return figure
