"""The figures of a model beside its references, as `reports/metrics.json` holds them.

Nested by metric name: `test.nll`, `names.novelty`; the same below `reference.ngram`,
`reference.real` and `reference.uniform`; intervals below `interval`, each with `low` and `high`.
`minus_ngram.test.nll` is the model's nll less the n-gram's on the same names.
"""

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from neonym.base.nested import flatten, nest
from neonym.base.threads import results_in_order
from neonym.base.types import Floats
from neonym.corpus.splits import PARTS
from neonym.evaluation import intervals
from neonym.evaluation.catalogue import check_known
from neonym.evaluation.coined import THOUSAND
from neonym.evaluation.intervals import Interval
from neonym.evaluation.measures import Drawn, Lists, Measures, measure, measure_real
from neonym.evaluation.nll import likelihood, token_counts
from neonym.evaluation.references import Reference

logger = logging.getLogger("neonym")


# Below this many test names a share moves by more than a hundredth with every name.
FEW_NAMES = 100


def evaluate(
    drawn: Drawn,
    nats: Mapping[str, Floats],
    lists: Lists,
    *,
    ngram: Reference,
    uniform: Reference,
    seed: int = 0,
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
    ngram, uniform
        What the model is read against.
    seed
        Of the intervals.

    Returns
    -------
    report
        Nested plain values; a figure that has no value is NaN.
    """
    for caution in cautions(drawn, lists):
        logger.warning(caution)
    tokens = {part: token_counts(getattr(lists, part), lists.vocabulary.unit) for part in PARTS}
    measured, of_ngram, of_uniform, of_real = _measure_all(
        [drawn, ngram.drawn, uniform.drawn], lists, seed
    )
    flat = {
        **_row(nats, tokens, measured),
        **{f"minus_ngram.{part}.nll": _difference(nats, ngram, tokens, part) for part in PARTS},
        **_intervals(nats, ngram, tokens, measured, seed),
        "reference.ngram.order": ngram.order,
    }
    rows = {
        "ngram": _row(ngram.nats, tokens, of_ngram),
        "uniform": _row(uniform.nats, tokens, of_uniform),
        "real": _row({}, tokens, of_real),
    }
    for name, row in rows.items():
        flat |= {f"reference.{name}.{metric}": value for metric, value in row.items()}
    return nest(flat)


def _measure_all(drawn: Sequence[Drawn], lists: Lists, seed: int) -> Iterator[Measures]:
    """The figures of all that were drawn, and of real names, at the same time."""
    tasks = [partial(measure, names, lists, seed) for names in drawn]
    tasks.append(partial(measure_real, lists, seed))
    return results_in_order(lambda place: tasks[place](), len(tasks))


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


def _row(
    nats: Mapping[str, Floats], tokens: Mapping[str, Any], measured: Measures
) -> dict[str, float]:
    row = {f"names.{metric}": value for metric, value in measured.values.items()}
    check_known(row)
    for part, values in nats.items():
        figures = likelihood(values, tokens[part])
        row |= {f"{part}.{figure}": value for figure, value in figures._asdict().items()}
    return row


def _difference(
    nats: Mapping[str, Floats], ngram: Reference, tokens: Mapping[str, Any], part: str
) -> float:
    return likelihood(nats[part] - ngram.nats[part], tokens[part]).nll


def _intervals(
    nats: Mapping[str, Floats],
    ngram: Reference,
    tokens: Mapping[str, Any],
    measured: Measures,
    seed: int,
) -> dict[str, float]:
    found = {f"names.{metric}": interval for metric, interval in measured.intervals.items()}
    for part in PARTS:
        for metric, values in (
            (f"{part}.nll", nats[part]),
            (f"minus_ngram.{part}.nll", nats[part] - ngram.nats[part]),
        ):
            random = np.random.default_rng([seed, *metric.encode()])
            found[metric] = intervals.of_ratio(values, tokens[part], random)
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
