"""Names that are shown while a network learns: at the terminal, and as a table of the run."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from neonym.base.files import parse_json, read_bytes, write_text
from neonym.base.text import literal
from neonym.corpus.vocabulary import Vocabulary
from neonym.generation.language_model import LanguageModel
from neonym.generation.shown import shown_names
from neonym.lab.tracking.run import Run
from neonym.training.history import EpochRecord

FILE, FOLDER = "names_while_training.md", "training"

logger = logging.getLogger("neonym")


class Shown(NamedTuple):
    """The names of an epoch, and its nats by which it is known again."""

    epoch: int
    val_nll: float
    names: list[str]


class ShownNames:
    """Shows names of some epochs: the first, each N-th, and the last of each network.

    Parameters
    ----------
    run
        Gets a table of all of them, anew each time, so that also a run that is killed has it.
    vocabulary
        The symbols of the network's token ids.
    every
        Epochs from one time to the next.
    seed
        The seed of the experiment.
    longest
        Tokens of a name, at most.
    notes
        A file that lasts as long as the checkpoint does: a training that goes on from there goes on
        with the table.
    """

    def __init__(
        self, run: Run, vocabulary: Vocabulary, *, every: int, seed: int, longest: int, notes: Path
    ) -> None:
        self._run, self._vocabulary = run, vocabulary
        self._every, self._seed, self._longest = every, seed, longest
        self._notes = notes
        self._before = list(_read(notes))
        self.rows: list[Shown] = []

    def on_epoch(self, record: EpochRecord) -> None:
        """Take over what was shown for an epoch before the training was resumed."""
        self.rows += [row for row in self._before if row[:2] == (record.epoch, record.val_nll)]

    def on_weights(self, record: EpochRecord, network: LanguageModel, is_last: bool) -> None:
        """Show names of an epoch that has just ended."""
        if not (is_last or record.epoch == 1 or record.epoch % self._every == 0):
            return
        names = shown_names(network, self._vocabulary, seed=self._seed, longest=self._longest)
        self.rows = [row for row in self.rows if row.epoch != record.epoch]
        self.rows.append(Shown(record.epoch, record.val_nll, names))
        logger.info("epoch %d: %s", record.epoch, ", ".join(names))
        write_text(self._notes, json.dumps(self.rows))
        self._run.text(FILE, table(self.rows), FOLDER)

    def forget(self) -> None:
        """Delete the notes of a training that has ended."""
        self._notes.unlink(missing_ok=True)


def table(rows: Iterable[Shown]) -> str:
    """The names by epoch, as a table in Markdown."""
    head = ["| epoch | nats per token of val | names |", "|---:|---:|---|"]
    lines = [
        f"| {row.epoch} | {row.val_nll:.3f} | {', '.join(map(literal, row.names))} |"
        for row in rows
    ]
    return "\n".join([*head, *lines, ""])


def _read(notes: Path) -> Iterable[Shown]:
    """What was shown before; nothing where that cannot be read: it decides nothing."""
    try:
        rows = parse_json(read_bytes(notes))
        return [Shown(epoch, nats, list(names)) for epoch, nats, names in rows]
    except (OSError, ValueError, TypeError):
        return []
