"""The report as a table that a person can read: a line a figure, a column a source of names."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from neonym.base.nested import flatten, nest, value_at
from neonym.evaluation.list_metrics import LIST_METRICS

COLUMNS = ("model", "95%", "n-gram", "real names", "uniform")

# In the order of reading: can it predict, are its names names, are they new, are they alike.
FIGURES = {
    "test.nll": "nats a token on test (lower is better)",
    "val.nll": "nats a token on val",
    "train.nll": "nats a token on train",
    "test.bits_per_char": "bits a token on test",
    "test.perplexity": "perplexity on test",
    "minus_ngram.test.nll": "nats a token on test, model less n-gram, on the same names",
    "names.validity": "valid, of the names asked for",
    "names.well_formed": "valid names all of whose trigrams are known",
    "names.vun_1k": "valid, distinct and new, of 1,000 asked for",
    "names.uniqueness": "distinct, of the valid",
    "names.uniqueness_1k": "distinct, of 1,000 valid",
    "names.novelty": "new, of the distinct",
    "names.unseen": "in no split, of the distinct",
    "names.copied": "training names, of the valid",
    "names.near_copy": "one edit from a training name, of the new",
    "names.nearest_train_distance": "edits a letter to the nearest training name, median",
    "names.rediscovery": "test names coined",
    "names.snn": "similarity to the nearest test name",
    **{
        f"names.{metric}{suffix}": meaning
        for metric, listed in LIST_METRICS.items()
        for suffix, meaning in (("", listed.meaning), ("_1k", listed.meaning_1k))
    },
    "names.length_w1": "lengths unlike test's (tokens)",
    "names.vowel_ratio_w1": "shares of vowels unlike test's",
}
# Those by which runs are compared: what DVC and MLflow take for metrics
MAIN = (
    "test.nll",
    "val.nll",
    "train.nll",
    "minus_ngram.test.nll",
    "names.validity",
    "names.well_formed",
    "names.vun_1k",
    "names.uniqueness_1k",
    "names.novelty",
    "names.copied",
    "names.nearest_train_distance",
    "names.internal_diversity_1k",
)
BROKEN = "names.broken."
NOT_SHOWN = ("names.drawn", "names.valid", "names.distinct", "names.rediscovery_1k")


class Line(NamedTuple):
    """A figure of each source of names, as text; an em dash where there is none."""

    metric: str
    meaning: str
    cells: tuple[str, ...]


def check_known(metrics: Iterable[str]) -> None:
    """See that every metric of names has its line in the table.

    Raises
    ------
    LookupError
        For the first that has none.
    """
    for metric in metrics:
        if metric not in FIGURES and metric not in NOT_SHOWN and not metric.startswith(BROKEN):
            raise LookupError(f"{metric} has no meaning: add it to FIGURES in {__file__}")


def main_figures(report: Mapping[str, Any], *others: str) -> dict[str, Any]:
    """The main figures of a report, and others that are asked for, under the same names."""
    return nest({name: value_at(report, name) for name in dict.fromkeys((*MAIN, *others))})


def lines(report: Mapping[str, Any]) -> list[Line]:
    """The table of a report, as `evaluate` gives it or read from `reports/metrics.json`."""
    flat = flatten(report)
    broken = {
        metric: f"break the rule `{metric.removeprefix(BROKEN)}`, of the names asked for"
        for metric in flat
        if metric.startswith(BROKEN)
    }
    return [
        Line(
            metric,
            meaning,
            (
                _number(flat.get(metric)),
                _interval(flat, metric),
                *(
                    _number(flat.get(f"reference.{source}.{metric}"))
                    for source in ("ngram", "real", "uniform")
                ),
            ),
        )
        for metric, meaning in (FIGURES | broken).items()
    ]


def to_markdown(report: Mapping[str, Any]) -> str:
    """The table as Markdown."""
    rows = [("figure", "meaning", *COLUMNS), ("---", "---", *["---:"] * len(COLUMNS))]
    rows += [(f"`{line.metric}`", line.meaning, *line.cells) for line in lines(report)]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _number(value: float | None) -> str:
    return "—" if value is None or not math.isfinite(value) else f"{value:.3f}"


def _interval(flat: Mapping[str, Any], metric: str) -> str:
    low, high = (_number(flat.get(f"interval.{metric}.{bound}")) for bound in ("low", "high"))
    return "—" if low == "—" else f"{low} to {high}"
