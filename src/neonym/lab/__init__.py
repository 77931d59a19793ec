"""The machinery of experiments, for a pipeline of one's own.

What an engineer writes is a schema (a subclass of `Configuration`), functions that are given a
`Work` and go from files to files, and a `pipeline` of `Step` that says what each leaves; a script
is `main("STEP")`. docs/own-pipeline.md leads through it, `examples/diabetes` is one.

What stands here is what others may rely on; the modules below may change.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from neonym.base.missing import telling_missing

if TYPE_CHECKING:
    from neonym.base.errors import PrunedError, UserError
    from neonym.base.section import FileName, Fraction, Section, Seed
    from neonym.lab.configuration import Configuration, Sweep, Tracking
    from neonym.lab.own.declared import Pipeline, Step
    from neonym.lab.own.declaring import pipeline
    from neonym.lab.own.running import main
    from neonym.lab.own.work import Work

__all__ = [
    "Configuration",
    "FileName",
    "Fraction",
    "Pipeline",
    "PrunedError",
    "Section",
    "Seed",
    "Step",
    "Sweep",
    "Tracking",
    "UserError",
    "Work",
    "main",
    "pipeline",
]

_PLACES = {
    "neonym.base.errors": ("PrunedError", "UserError"),
    "neonym.base.section": ("FileName", "Fraction", "Section", "Seed"),
    "neonym.lab.configuration": ("Configuration", "Sweep", "Tracking"),
    "neonym.lab.own.declared": ("Pipeline", "Step"),
    "neonym.lab.own.declaring": ("pipeline",),
    "neonym.lab.own.running": ("main",),
    "neonym.lab.own.work": ("Work",),
}


def __getattr__(name: str) -> object:
    # So that who needs one module of the lab does not import the others
    for module, names in _PLACES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Scripts import what the extra `pipeline` brings before they can catch anything
sys.excepthook = telling_missing(sys.excepthook)
