"""What pictures are made of; without what draws them, which takes long to import."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.table import NameRow
from neonym.evaluation.temperature import Quality
from neonym.generation.generator import NameGenerator
from neonym.models.ngram import WittenBell
from neonym.settings import Settings
from neonym.training.history import EpochRecord


class Evaluated(NamedTuple):
    """What pictures are made of."""

    generator: NameGenerator
    lists: Lists
    drawn: Drawn
    table: Sequence[NameRow]
    history: Sequence[EpochRecord]
    ngram_val_nll: float | None
    settings: Settings
    ngram: WittenBell | None
    grouped: bool
    """Whether names one edit apart are on the same side of the split."""
    qualities: Callable[[], Sequence[Quality]]
    """What fresh names at each of `evaluate.temperatures` are like: waits for it."""
