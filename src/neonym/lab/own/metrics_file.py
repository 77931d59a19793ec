"""The metrics that a step returns, held against what it promised, and their file."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import write_text
from neonym.base.nested import flatten, nest
from neonym.lab.own.declared import Step


def write_metrics(step: Step[Any], returned: Any, path: Path) -> dict[str, float | None]:
    """Write what a step returned as JSON; the metrics under dotted names.

    Raises
    ------
    UserError
        If it lacks a metric that was promised, or has another, or one that is no number.
    """
    if not isinstance(returned, Mapping):
        raise UserError(
            f"step {step.name} returns no metrics, and promises {', '.join(step.returns)}"
        )
    given = flatten(returned)
    for name in step.returns:
        if name not in given:
            raise UserError(f"step {step.name} returns no {name}, which is among its `returns`")
    for name in given:
        if name not in step.returns:
            raise UserError(f"step {step.name} returns {name}; name it among its `returns`")
    metrics = {name: _number(step, name, given[name]) for name in step.returns}
    text = json.dumps(nest(metrics), indent=2, ensure_ascii=False)
    write_text(path, text + "\n")
    return metrics


def _number(step: Step[Any], name: str, value: Any) -> float | None:
    """A metric as JSON holds it; None for what is not a number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UserError(
            f"step {step.name} returns {name} = {value!r}, which is no number"
        ) from None
    return number if math.isfinite(number) else None
