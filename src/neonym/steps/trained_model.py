"""The trained model that sample and evaluate work on."""

import json
from pathlib import Path

from neonym.base.errors import UserError
from neonym.base.nested import flatten
from neonym.corpus.processed import Processed
from neonym.generation.generator import NameGenerator
from neonym.settings import LATER, Settings, training_settings

REMEDY = "train with this one first, or name its own model with paths.model"


def load_trained(
    path: Path, settings: Settings, processed: Processed | None = None
) -> NameGenerator:
    """The generator of a model file.

    Only what decides the model counts: what a list is called, or how names are drawn, does not.

    Parameters
    ----------
    path
        The model file.
    settings
        Those that it must be trained with. Of keys that the file does not know, because they came
        later, nothing is asked.
    processed
        The data that it must be trained on; None where only the model is read.

    Raises
    ------
    UserError
        If the model was trained with other settings, or on other data.
    """
    generator = NameGenerator.load(path)
    trained, asked = generator.metadata.get("configuration"), training_settings(settings)
    if not isinstance(trained, dict):
        raise UserError(f"{path} does not say what it was trained with; {REMEDY}")
    before, now = flatten(trained), flatten(asked)
    compared = [key for key in (*now, *sorted(LATER - now.keys())) if key in before]
    others = [key for key in compared if before[key] != now.get(key)]
    if others:
        key, more = others[0], f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        raise UserError(
            f"{path} was trained with another configuration: {key} is "
            f"{json.dumps(now.get(key))} and was {json.dumps(before[key])}{more}; {REMEDY}"
        )
    if processed and generator.metadata.get("data") not in (None, processed.summary["fingerprint"]):
        raise UserError(f"{path} was trained on other data than it is used with; {REMEDY}")
    return generator
