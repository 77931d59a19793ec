"""Compose `conf/` into `params.yaml`, which every other stage reads.

python pipelines/compose.py model=rnn optimizer.lr=0.01    # shows what would be composed
"""

import os
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.files import md5_of, write_text
from neonym.lab.composing.composition import compose_text, refuse_resolvers_in_files
from neonym.lab.stage.lockfile import Lock
from neonym.lab.stage.stage import Stage, main
from neonym.settings import read_configuration

REFUSAL = (
    "params.yaml was changed by hand or left by an experiment that failed: put the change into "
    "conf/ (or `dvc exp run -S key=value`), or delete params.yaml; then run `dvc repro` again"
)


def compose(stage: Stage) -> None:
    """Write the composition of `conf/`, but never over a `params.yaml` that somebody else wrote."""
    if stage.by_hand:
        text = compose_text(stage.overrides)
        write_text(stage.output("params.yaml"), text)
        stage.say(text.rstrip())
        return
    params = Path("params.yaml")
    if composed_by_dvc():
        refuse_resolvers_in_files()
        read_configuration(params)
        return
    text = compose_text()
    if params.exists() and not (params.read_text(encoding="utf-8") == text or is_locked(params)):
        raise UserError(REFUSAL)
    write_text(params, text)


def composed_by_dvc() -> bool:
    """Whether `dvc exp run` composed `params.yaml` with its overrides before the pipeline."""
    return "DVC_EXP_NAME" in os.environ or "DVC_EXP_BASELINE_REV" in os.environ


def is_locked(params: Path) -> bool:
    """Whether `dvc.lock` knows this very `params.yaml` as the last one that was composed."""
    try:
        return Lock(Path("dvc.lock")).md5("compose", "params.yaml") == md5_of(params)
    except UserError:
        return False


if __name__ == "__main__":
    main("compose", compose)
