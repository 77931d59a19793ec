"""What runs are called: list, network, seed, and what differs from the default."""

import json
from pathlib import Path
from typing import Any

from neonym.base.nested import flatten
from neonym.defaults import DEFAULT_LIST, DEFAULTS, OF_OTHER_LISTS
from neonym.settings import Settings

LONGEST = 200  # characters; a DVC experiment's name comes behind

# Said by every name, or no part of a result
ELSEWHERE = frozenset(
    {
        "seed",
        "data.name",
        "model.cell",
        "model.hidden_size",
        "model.num_layers",
        "train.resume",
        "train.show_names_every",
    }
)
ANY_LIST = "list"  # what conf/data/list.yaml calls all of them


def run_name(settings: Settings) -> str:
    """What a run is called: `dinosaurs lstm 192 seed 0 sample.temperature=0.8`."""
    model = settings.model
    layers = f"x{model.num_layers}" if model.num_layers > 1 else ""
    network = f"{model.cell} {model.hidden_size}{layers} seed {settings.seed}"
    name = " ".join([list_name(settings), network, *differences(settings)])
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def list_name(settings: Settings) -> str:
    """What the list is called; by its file where the configuration has no name of its own."""
    name = settings.data.name
    return Path(settings.data.path).stem if name == ANY_LIST else name


def differences(settings: Settings) -> list[str]:
    """What is not the default, as overrides; what tells of the list last, where names are cut."""
    data = settings.data
    told = ELSEWHERE if data.name == DEFAULT_LIST else ELSEWHERE | {"data.path"}
    expected = DEFAULTS if data.name == DEFAULT_LIST else OF_OTHER_LISTS
    values = flatten(settings.section_dict(*Settings.model_fields))
    keys = sorted(values, key=lambda key: key.startswith("data."))
    return [
        f"{key}={_as_text(values[key])}"
        for key in keys
        if key not in told and (key not in expected or values[key] != expected[key])
    ]


def _as_text(value: Any) -> str:
    is_plain = isinstance(value, str) and value.isprintable() and value and " " not in value
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)
