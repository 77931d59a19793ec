"""Which of the swept keys matter: fANOVA (Hutter et al., 2014), by Optuna, on finished jobs."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

LOG_FROM = 5.0  # ratio of the largest value to the smallest from which a key counts in powers
LEAST = 10  # jobs; of fewer the shares are mere chance


def importance_of(
    values: Sequence[Mapping[str, str]], metric: Sequence[float]
) -> dict[str, float] | str:
    """The share of the metric's variation that each key explains.

    Parameters
    ----------
    values
        What each key was, for each job.
    metric
        What came of it.

    Returns
    -------
    shares
        Of each key, the largest first, together 1; or a word why there are none.
    """
    keys = list(values[0]) if values else []
    if len(keys) < 2:
        return "fewer than two keys were swept"
    if len(metric) < LEAST:
        return f"{LEAST} finished jobs are needed and there are {len(metric)}"
    if len(set(metric)) == 1:
        return "all jobs came to the same"
    return _shares(values, metric)


def _shares(values: Sequence[Mapping[str, str]], metric: Sequence[float]) -> dict[str, float]:
    import optuna  # noqa: PLC0415 (with scikit-learn seconds, at the end of a sweep alone)
    from optuna.importance import (  # noqa: PLC0415
        FanovaImportanceEvaluator,
        get_param_importances,
    )
    from optuna.trial import create_trial  # noqa: PLC0415 (as above)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    columns = {key: _column([each[key] for each in values]) for key in values[0]}
    distributions = {key: distribution for key, (distribution, _) in columns.items()}
    for row, value in enumerate(metric):
        params = {key: places[row] for key, (_, places) in columns.items()}
        study.add_trial(create_trial(params=params, distributions=distributions, value=value))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn's about its own future
        shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {key: float(share) for key, share in shares.items()}


def _column(values: Sequence[str]) -> tuple["BaseDistribution", list[str | float]]:
    """A key's values as Optuna takes them: numbers as numbers."""
    from optuna.distributions import (  # noqa: PLC0415 (as above)
        CategoricalDistribution,
        FloatDistribution,
    )

    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = []
    if not numbers or not all(map(math.isfinite, numbers)) or len(set(numbers)) < 2:
        return CategoricalDistribution(sorted(set(values))), list(values)
    low, high = min(numbers), max(numbers)
    is_log = low > 0 and high / low >= LOG_FROM
    return FloatDistribution(low, high, log=is_log), list(numbers)
