"""What runs are called: list, network, seed, and what differs from the default."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neonym.base.nested import flatten
from neonym.settings import Settings

LONGEST = 200  # characters; a DVC experiment's name comes behind

# conf/ as neonym brings it, without what every name tells: a conf/ that was edited is another
# default, and its runs would be called as those of before.
DEFAULT_LIST = "dinosaurs"
DEFAULTS: Mapping[str, Any] = {
    "data.path": "data/raw/dinosaurs.csv",
    "data.column": None,
    "data.comment": "#",
    "data.lowercase": True,
    "data.alphabet": "abcdefghijklmnopqrstuvwxyz",
    "data.unit": "character",
    "data.max_length": 64,
    "data.split.hold_out": True,
    "data.split.val": 0.1,
    "data.split.test": 0.1,
    "data.split.group_near_duplicates": True,
    "data.split.seed": 0,
    "data.rules.at_least_one_of.vowel": "aeiouy",
    "data.rules.at_least_one_of.consonant": "bcdfghjklmnpqrstvwxz",
    "data.rules.max_repeat": 2,
    "model.nonlinearity": "tanh",
    "model.embedding_size": 256,
    "model.bias": True,
    "model.input_dropout": 0.5,
    "model.dropout": 0.0,
    "model.output_dropout": 0.6,
    "model.trainable_initial_state": False,
    "model.initialization": "uniform",
    "model.initialization_scale": None,
    "model.orthogonal_recurrent": False,
    "model.forget_bias": None,
    "optimizer.name": "adamw",
    "optimizer.lr": 0.007,
    "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.999,
    "optimizer.eps": 1e-08,
    "optimizer.weight_decay": 0.1,
    "schedule.name": "one_cycle",
    "schedule.warm_up": 0.2,
    "train.epochs": 40,
    "train.max_steps": None,
    "train.batch_size": 64,
    "train.reduction": "mean",
    "train.shards": 1,
    "train.clip_norm": 5.0,
    "train.clip_value": None,
    "train.patience": 15,
    "train.ema_decay": None,
    "train.truncate": None,
    "train.carry_state": False,
    "train.loss_smoothing": 0.95,
    "train.loss_start": None,
    "train.dtype": "float32",
    "train.members": 1,
    "train.ngram_max_order": None,
    "sample.count": 10000,
    "sample.temperature": 1.0,
    "sample.top_k": None,
    "sample.top_p": None,
    "sample.prefix": "",
    "sample.max_length": None,
    "sample.distinct": False,
    "sample.novel": False,
    "evaluate.ngram_max_order": 8,
    "evaluate.table_rows": 10000,
    "evaluate.temperatures": [0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5],
    "evaluate.temperature_names": 1000,
    "evaluate.examples": [],
}
# Those of conf/data/list.yaml, to which other lists are compared
OF_OTHER_LISTS: Mapping[str, Any] = {
    **{key: value for key, value in DEFAULTS.items() if not key.startswith("data.rules.")},
    "data.alphabet": None,
    "data.rules.at_least_one_of": {},
    "data.rules.max_repeat": None,
}
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
