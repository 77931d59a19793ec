"""The figures of a model beside its references, as `reports/metrics.json` holds them.

Nested by metric name: `test.nll`, `names.novelty`; the same below `reference.ngram`,
`reference.real` and `reference.uniform`; intervals below `interval`, each with `low` and `high`.
`minus_ngram.test.nll` is the model's nll less the n-gram's on the same names.
"""

import json
import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from neonym.base.nested import flatten, nest
from neonym.base.threads import results_in_order
from neonym.base.types import Floats
from neonym.corpus.splits import PARTS
from neonym.evaluation import intervals
from neonym.evaluation.catalogue import check_known
from neonym.evaluation.coined import THOUSAND
from neonym.evaluation.edits import Neighbours
from neonym.evaluation.intervals import Interval
from neonym.evaluation.measured import Measured
from neonym.evaluation.measures import Drawn, Lists, measure
from neonym.evaluation.nll import likelihood, token_counts
from neonym.evaluation.references import measured_ngram, measured_real, measured_uniform

logger = logging.getLogger("neonym")


# Below this many test names a share moves by more than a hundredth with every name.
FEW_NAMES = 100


def evaluate(
    drawn: Drawn,
    nats: Mapping[str, Floats],
    lists: Lists,
    *,
    max_order: int,
    max_length: int,
    prefix: str = "",
    seed: int = 0,
    neighbours: Neighbours | None = None,
    shared: Path | None = None,
) -> dict[str, Any]:
    """All figures of a model, its intervals and its references.

    Parameters
    ----------
    drawn
        The names drawn from the model.
    nats
        For `train`, `val` and `test` the nats of each whole name under the model, the end
        included, in the order of `lists`.
    lists
        The corpus.
    max_order, max_length, prefix
        Of the n-gram that the model is read against; the tokens after which names are cut off, and
        what they all begin with.
    seed
        Of the references and the intervals.
    neighbours
        Among the training names, where the drawn names have been looked for already.
    shared
        A folder in which others who judge by the same lists and seed find the references' figures.

    Returns
    -------
    report
        Nested plain values; a figure that has no value is NaN.
    """
    for caution in cautions(drawn, lists):
        logger.warning(caution)
    tokens = {part: token_counts(getattr(lists, part), lists.vocabulary.unit) for part in PARTS}
    count = len(drawn.names)
    drawing: dict[str, Any] = {"count": count, "max_length": max_length, "seed": seed}
    tasks: list[Callable[[], Measured]] = [
        lambda: Measured(measure(drawn, lists, seed, neighbours), dict(nats), 0),
        partial(measured_ngram, lists, max_order, prefix=prefix, folder=shared, **drawing),
        partial(measured_uniform, lists, folder=shared, **drawing),
        partial(measured_real, lists, seed, folder=shared),
    ]
    model, ngram, uniform, real = results_in_order(lambda task: task(), tasks)
    flat = {
        **_row(model, tokens),
        **{f"minus_ngram.{part}.nll": _difference(nats, ngram, tokens, part) for part in PARTS},
        **_intervals(model, ngram, tokens, seed),
        "reference.ngram.order": ngram.order,
    }
    for name, reference in (("ngram", ngram), ("uniform", uniform), ("real", real)):
        row = _row(reference, tokens)
        flat |= {f"reference.{name}.{metric}": value for metric, value in row.items()}
    return nest(flat)


def cautions(drawn: Drawn, lists: Lists) -> list[str]:
    """What there is too little of to judge by; nothing where there is enough."""
    found = []
    if len(lists.test) < FEW_NAMES:
        found.append(
            f"test has {len(lists.test)} names: too few to judge by; figures against test are rough"
        )
    if len(lists.val) < FEW_NAMES:
        found.append(
            f"val has {len(lists.val)} names: too few to choose by; the n-gram's order, and the "
            "epoch that is kept where no train.folds choose it, owe much to chance"
        )
    if len(drawn.names) < THOUSAND:
        found.append(
            f"{len(drawn.names)} names were drawn: figures per 1,000 names stay empty; raise "
            "sample.count"
        )
    return found


def _row(measured: Measured, tokens: Mapping[str, Any]) -> dict[str, float]:
    row = {f"names.{metric}": value for metric, value in measured.measures.values.items()}
    check_known(row)
    for part, values in measured.nats.items():
        figures = likelihood(values, tokens[part])
        row |= {f"{part}.{figure}": value for figure, value in figures._asdict().items()}
    return row


def _difference(
    nats: Mapping[str, Floats], ngram: Measured, tokens: Mapping[str, Any], part: str
) -> float:
    return likelihood(nats[part] - ngram.nats[part], tokens[part]).nll


def _intervals(
    model: Measured, ngram: Measured, tokens: Mapping[str, Any], seed: int
) -> dict[str, float]:
    found = {f"names.{metric}": interval for metric, interval in model.measures.intervals.items()}
    nats = model.nats
    for part in PARTS:
        for metric, values in (
            (f"{part}.nll", nats[part]),
            (f"minus_ngram.{part}.nll", nats[part] - ngram.nats[part]),
        ):
            found[metric] = intervals.of_ratio(values, tokens[part], (seed, *metric.encode()))
    return {
        f"interval.{metric}.{bound}": value
        for metric, interval in found.items()
        for bound, value in zip(Interval._fields, interval, strict=True)
    }


def to_json(report: Mapping[str, Any]) -> str:
    """The report as JSON, the same text for the same figures; what is not finite is null."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in flatten(report).items()
    }
    return json.dumps(nest(finite), indent=2, sort_keys=True, allow_nan=False) + "\n"
