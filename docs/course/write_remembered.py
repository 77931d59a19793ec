"""Learn the three networks of the page "What each letter remembers", and write it.

`python docs/course/write_remembered.py` writes `docs/course/remembered.html` from the files in
`docs/course/remembered/` and the engine of exported pages. The page is kept, since what is
learned differs in the last digits from machine to machine; a test holds that all of it but the
networks is what this writes.
"""

import base64
import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from course import split_names
from neonym.base.threads import one_blas_thread
from neonym.corpus.vocabulary import Vocabulary
from neonym.export.payload import payload
from neonym.models.model_file import Model
from neonym.nn import Adam, RecurrentNetwork

FOLDER = Path(__file__).resolve().parent / "remembered"
PAGE = FOLDER.with_suffix(".html")
CELLS = ("rnn", "gru", "lstm")
ENGINE = ("payload", "products", "cells", "network", "model", "recall")
HIDDEN, STEPS, BATCH, RATE = 32, 1500, 64, 0.01
VOCABULARY = Vocabulary(("", *"abcdefghijklmnopqrstuvwxyz"), "character")


def network(cell: str) -> RecurrentNetwork:
    """A network with random weights."""
    return RecurrentNetwork(
        len(VOCABULARY), cell, HIDDEN, forget_bias=1.0 if cell == "lstm" else None
    )


def learned(cell: str, names: list[str]) -> RecurrentNetwork:
    """The same after learning, by a rate that falls evenly to zero."""
    learning, rule, random = network(cell), Adam(), np.random.default_rng(0)
    numbers = [VOCABULARY.encode(name) for name in names]
    for step in range(STEPS):
        some = random.choice(len(numbers), BATCH, replace=False)
        learning.forward_backward(learning.pack([numbers[each] for each in some]))
        rule.step(learning.parameters, learning.gradients, RATE * (1 - step / STEPS))
    return learning


def stored(networks: dict[str, dict[str, RecurrentNetwork]]) -> str:
    """The networks as the page carries them, by cell and by "before" or "after"."""
    carried: dict[str, dict[str, dict[str, object]]] = {}
    for cell, moments in networks.items():
        for when, each in moments.items():
            model = Model(each, VOCABULARY, {"longest": 24, "lowercase": True}, None, None)
            header, content = payload(model, cell, None)
            text = base64.b64encode(content).decode()
            carried.setdefault(cell, {})[when] = {"header": header, "content": text}
    return json.dumps(carried, separators=(",", ":"))


def page(models: str) -> str:
    """The page around what `stored` gave."""
    engine = files("neonym.export").joinpath("page/engine")
    parts = {
        "STYLE": (FOLDER / "style.css").read_text(encoding="utf-8"),
        "MODELS": models,
        "ENGINE": "\n".join(engine.joinpath(f"{name}.js").read_text("utf-8") for name in ENGINE),
        "APP": (FOLDER / "app.js").read_text(encoding="utf-8"),
    }
    before, *rest = (FOLDER / "page.template").read_text(encoding="utf-8").split("{{")
    pieces = [before]
    for piece in rest:
        name, _, after = piece.partition("}}")
        pieces += [parts[name], after]
    return "".join(pieces)


def main() -> None:
    """Learn and write."""
    train, *_ = split_names()
    with one_blas_thread():
        networks = {c: {"before": network(c), "after": learned(c, train)} for c in CELLS}
    PAGE.write_text(page(stored(networks)), encoding="utf-8")


if __name__ == "__main__":
    main()
