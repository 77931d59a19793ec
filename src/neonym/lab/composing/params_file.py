"""`params.yaml`: the composition of `conf/`, which every stage but the first reads."""

import os
from pathlib import Path
from typing import Any

from neonym.base.errors import UserError
from neonym.base.files import md5_of, write_text
from neonym.lab.composing import composition
from neonym.lab.configuration import read_configuration
from neonym.lab.stage.execution import Stage

PARAMS = Path("params.yaml")
REFUSAL = (
    "params.yaml was changed by hand or left by an experiment that failed: put the change into "
    "conf/ (or `dvc exp run -S key=value`), or delete params.yaml; then run `dvc repro` again"
)


def compose(stage: Stage[Any]) -> None:
    """Write the composition of `conf/`, but never over a `params.yaml` that somebody else wrote.

    Raises
    ------
    UserError
        If `conf/` is wrong, or `params.yaml` is another's.
    """
    # `dvc exp run` composed it with its overrides before the pipeline
    by_dvc = "DVC_EXP_NAME" in os.environ or "DVC_EXP_BASELINE_REV" in os.environ
    conf, schema = Path("conf").resolve(), stage.project.schema

    if stage.by_hand:
        text = composition.compose_text(conf, schema, stage.overrides)
        write_text(stage.output(str(PARAMS)), text)
        stage.say(text.rstrip())
    elif by_dvc:
        composition.refuse_resolvers_in_files(conf)
        if read_configuration(PARAMS, schema).sweep.search != "grid":
            raise UserError("DVC runs one job; a sweep is python pipelines/sweep.py -m sweep=NAME")
    else:
        text = composition.compose_text(conf, schema)
        if PARAMS.exists() and not (PARAMS.read_text("utf-8") == text or _is_locked()):
            raise UserError(REFUSAL)
        write_text(PARAMS, text)


def _is_locked() -> bool:
    """Whether `dvc.lock` knows this very `params.yaml` as the last one that was composed."""
    from neonym.lab.lockfile import Lock  # noqa: PLC0415 (imports ruamel, for this rare case)

    try:
        return Lock(Path("dvc.lock")).md5("compose", str(PARAMS)) == md5_of(PARAMS)
    except UserError:
        return False
