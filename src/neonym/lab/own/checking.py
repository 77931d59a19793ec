"""What a declaration of a pipeline is refused for, before anything runs."""

import inspect
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from neonym.base.errors import UserError
from neonym.base.mistakes import keys_of, nearest
from neonym.lab.configuration import Configuration, Sweep, Tracking
from neonym.lab.own.declared import COMPOSE, METRIC, WHOLE, Step, is_within

STEP = re.compile(r"[A-Za-z]\w*")
NEEDED = {"tracking": Tracking, "sweep": Sweep}
USES = ("training", "validation", "test")
"""What data are used for, as MLflow and the registry of models know it."""


def check_schema(schema: type[Configuration]) -> None:
    """See that a schema has the sections of the lab, and that the keys that it speaks of are there.

    Raises
    ------
    UserError
        If not.
    """
    called = getattr(schema, "__name__", str(schema))
    if not (isinstance(schema, type) and issubclass(schema, Configuration)):
        raise UserError(
            f"schema {called} has no seed, tracking and sweep, which the lab needs: make it a "
            "subclass of neonym.lab.Configuration"
        )
    for name, kind in NEEDED.items():
        annotation = schema.model_fields[name].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, kind)):
            raise UserError(
                f"schema {called}: its section {name} is not the lab's; make it a subclass of "
                f"neonym.lab.{kind.__name__}"
            )
    _check_known(schema, f"schema {called}: seeds", schema.seeds)
    _check_known(schema, f"schema {called}: of_execution", list(schema.of_execution))


def check_keys(schema: type[Configuration], keys: Sequence[str], raw: str, raw_key: str) -> None:
    """See that the keys by which runs are told apart, and raw data found, are the schema's.

    Raises
    ------
    UserError
        If not.
    """
    _check_is_list("keys", keys)
    _check_known(schema, "keys", keys)
    if raw_key:
        _check_known(schema, "raw_key", [raw_key])
    if raw_key and not raw:
        raise UserError(
            "`raw_key` needs `raw`, the folder of raw data, to which it is brought back"
        )


def _check_known(schema: type[Configuration], where: str, keys: Sequence[str]) -> None:
    known = set(keys_of(schema))
    for key in keys:
        section = key.rpartition(".")[0]
        # of a section that is a mapping only those who fill it know the keys
        is_open = section in known and not any(name.startswith(f"{section}.") for name in known)
        if key not in known and not is_open:
            raise UserError(f"{where}: the schema has no key {key}{nearest(key, sorted(known))}")


def check_steps(steps: Sequence[Step[Any]]) -> None:
    """See that steps do not contradict each other, or themselves.

    Raises
    ------
    UserError
        If they do.
    """
    names: set[str] = set()
    owner: dict[str, str] = {}
    returned: dict[str, str] = {}
    for step in steps:
        if step.name in names:
            raise UserError(f"step {step.name} stands twice; give one of them another name")
        names.add(step.name)
        _check_step(step)
        for path in (*step.outputs, *step.data.values()):
            _check_output(step, path, owner)
        for name in step.returns:
            if name in returned:
                raise UserError(
                    f"step {step.name} returns {name}, as {returned[name]} does; call it otherwise"
                )
        returned |= dict.fromkeys(step.returns, step.name)
    if sum(bool(step.model) for step in steps) != 1:
        raise UserError("one step has a `model`: the file by which results belong together")


def _check_step(step: Step[Any]) -> None:
    if step.name in (COMPOSE, WHOLE) or not STEP.fullmatch(step.name):
        raise UserError(
            f"step {step.name!r}: take letters, digits and _, and neither compose nor sweep"
        )
    if not _takes_one(step.function):
        raise UserError(
            f"step {step.name}: its function must be one of one argument, the Work: def "
            f"{step.name}(work)"
        )
    for field in ("makes", "returns", "files"):
        _check_is_list(f"step {step.name}: {field}", getattr(step, field))
    if not isinstance(step.data, Mapping) or not set(step.data) <= set(USES):
        raise UserError(
            f"step {step.name}: data says which file is for which of {', '.join(USES)}, as "
            '{"training": "data/train.csv"}'
        )
    if bool(step.metrics) != bool(step.returns):
        raise UserError(f"step {step.name}: `metrics` and `returns` go together")
    for name in step.returns:
        if not METRIC.fullmatch(name):
            raise UserError(
                f"step {step.name}: metric {name!r} is not written PART.FIGURE, as val.rmse"
            )


def _takes_one(function: Any) -> bool:
    """Whether something can be called with a single argument, as far as Python knows."""
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # of what is written in C it may not be known
        return True
    return True


def _check_is_list(where: str, value: Any) -> None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise UserError(f"{where} is a list; write [{value!r}]")


def _check_output(step: Step[Any], path: str, owner: dict[str, str]) -> None:
    """See that an output is in the project, and of one step alone; notes whose it is."""
    if path.startswith("/") or posixpath.normpath(path).split("/")[0] in ("..", "."):
        raise UserError(f"step {step.name}: {path} is not in the project's folder")
    for other, name in owner.items():
        if name == step.name:
            continue
        if path == other:
            raise UserError(f"step {step.name}: {path} is an output of {name} already")
        if is_within(path, [other]) or is_within(other, [path]):
            raise UserError(
                f"step {step.name}: {path} and {other} of {name} lie in each other; part them"
            )
    owner[path] = step.name


def reads_test(schema: type[Configuration], metric: str) -> bool:
    """Whether nothing may be chosen by a metric."""
    sweep: Any = schema.model_fields["sweep"].annotation
    return bool(sweep.reads_test.search(metric))
