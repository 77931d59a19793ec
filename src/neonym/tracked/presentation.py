"""How runs of names are presented: in MLflow's UI, and what their results may depend on."""

from neonym.lab.project import Charts
from neonym.tracked import SECTION

CHARTS = Charts(
    columns=(
        # nats of one list say nothing beside those of another
        "params.data.name",
        "metrics.best/val_nll",
        "metrics.test/nll",
        "metrics.names/validity",
        "metrics.names/copied",
        "metrics.names/vun_1k",
        "params.model.cell",
        "params.model.hidden_size",
        "params.optimizer.lr",
        "params.seed",
    ),
    curves={
        "train/nll and val/nll": ("train/nll", "val/nll"),
        "train/loss": ("train/loss",),
    },
    curves_title="Curves, nats per token",
    bars=(
        "best/val_nll",
        "test/nll",
        "names/validity",
        "names/novelty",
        "names/copied",
        "names/vun_1k",
    ),
    axes=("model.cell", "model.hidden_size", "optimizer.lr", "seed"),
    best="best/val_nll",
    # the last two are those of runs of earlier versions, which logged every figure
    sections=(
        SECTION,
        "train",
        "val",
        "test",
        "names",
        "best",
        "best_member",
        "minus_ngram",
        "interval",
        "reference",
    ),
)

PACKAGES = {
    "scipy": "intervals, distances between distributions and pictures",
    "rapidfuzz": "figures of nearest names and spelling distances",
}
