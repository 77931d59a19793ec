"""A training run small enough for tests."""

from neonym.corpus.vocabulary import Vocabulary
from neonym.experiment import Configuration
from neonym.training.loop import train

NAMES = """
tyrannosaurus stegosaurus allosaurus brachiosaurus triceratops diplodocus velociraptor iguanodon
ankylosaurus apatosaurus spinosaurus baryonyx carnotaurus oviraptor utahraptor
""".split()  # noqa: SIM905 - as a list they would be a line each
VAL_NAMES = ["ceratosaurus", "protoceratops", "conchoraptor"]
VOCABULARY = Vocabulary.from_names(NAMES, "character")


def configuration(**changes: object) -> Configuration:
    """The small configuration with some keys changed: `train__epochs=3`, `seed=1`."""
    values = {
        "seed": 0,
        "data": {
            "name": "small",
            "path": "names.txt",
            "column": None,
            "comment": None,
            "lowercase": True,
            "alphabet": None,
            "unit": "character",
            "max_length": 100,
            "split": {
                "hold_out": True,
                "val": 0.1,
                "test": 0.1,
                "group_near_duplicates": False,
                "seed": 0,
            },
            "rules": {"at_least_one_of": {}, "max_repeat": None},
        },
        "model": {
            "cell": "rnn",
            "nonlinearity": "tanh",
            "hidden_size": 12,
            "num_layers": 1,
            "embedding_size": None,
            "bias": True,
            "input_dropout": 0.1,
            "dropout": 0.0,
            "output_dropout": 0.1,
            "trainable_initial_state": False,
            "initialization": "uniform",
            "initialization_scale": None,
            "orthogonal_recurrent": False,
            "forget_bias": None,
        },
        "optimizer": {"name": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        "schedule": {"name": "constant"},
        "train": {
            "epochs": 3,
            "max_steps": None,
            "batch_size": 4,
            "reduction": "mean",
            "shards": 1,
            "clip_norm": 5.0,
            "clip_value": None,
            "patience": None,
            "ema_decay": None,
            "truncate": None,
            "carry_state": False,
            "loss_smoothing": 0.9,
            "loss_start": None,
            "dtype": "float32",
            "members": 1,
            "ngram_max_order": None,
            "resume": False,
        },
        "sample": {
            "count": 10,
            "temperature": 1.0,
            "top_k": None,
            "top_p": None,
            "prefix": "",
            "max_length": None,
            "distinct": False,
            "novel": False,
        },
        "evaluate": {
            "ngram_max_order": 4,
            "table_rows": 100,
            "temperatures": [0.5, 1.0],
            "temperature_names": 20,
            "examples": [],
        },
        "sweep": {
            "id": None,
            "resume": False,
            "fail_fast": False,
            "optimized_metric": "val.nll",
            "direction": "minimize",
            "job": None,
            "search": "grid",
            "trials": None,
            "seed": 0,
            "at_once": None,
            "pruner": None,
        },
        "tracking": {
            "enabled": False,
            "experiment": "tests",
            "log_every_steps": 1,
            "wait_seconds": 0.0,
        },
        "paths": {"processed": "p", "model": "m", "history": "h", "names": "n"},
    }
    for key, value in changes.items():
        *parents, last = key.split("__")
        section = values
        for parent in parents:
            section = section[parent]
        section[last] = value
    return Configuration.validated(values, "test")


def run(configuration, names=NAMES, val_names=VAL_NAMES, **options):
    """Train on these names."""
    ids, val_ids = (VOCABULARY.encode_all(part) for part in (names, val_names))
    return train(ids, val_ids, len(VOCABULARY), configuration, **options)
