"""Cross-validation: how well names are learned that every network but one has learned."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neonym import settings as conf
from neonym.base.errors import UserError
from neonym.base.streams import Purpose, generator, seed_sequence
from neonym.base.threads import processors
from neonym.base.types import Floats
from neonym.corpus.splits import deal_into_folds
from neonym.nn import TokenSequences
from neonym.training.descent import Arrays
from neonym.training.learner import Beginning, Learner


class Folds:
    """Networks that learn all names but their fold's, and are judged by these.

    With some dozens of names a split that is large enough to choose the epoch by leaves too few to
    learn from. So the epoch is chosen by the likelihood of every name under the network that has
    not learned it (Stone, 1974), and one more network learns them all.

    Parameters
    ----------
    ids
        All names; near-duplicates fall into one fold.
    vocabulary_size, configuration, beginning
        As for `Learner`; `train.folds` is how many there are.

    Raises
    ------
    UserError
        If there are fewer names than folds.
    """

    def __init__(
        self,
        ids: TokenSequences,
        vocabulary_size: int,
        configuration: conf.Settings,
        beginning: Beginning | None,
    ) -> None:
        count, seed = configuration.train.folds or 0, configuration.seed
        if len(ids) < count:
            raise UserError(f"train.folds is {count} and there are {len(ids)} names; lower it")
        written = ["".join(map(chr, name.tolist())) for name in ids]
        fold_of = deal_into_folds(written, count, generator(seed, Purpose.FOLDS))
        self._count = len(ids)
        self._tokens = len(ids.tokens) + len(ids)
        self._places = [np.flatnonzero(fold_of == fold) for fold in range(count)]
        self._held_out = [ids.take(places) for places in self._places]
        self.learners = [
            Learner(
                ids.take(np.flatnonzero(fold_of != fold)),
                vocabulary_size,
                configuration,
                _seed_of(seed, fold),
                beginning,
            )
            for fold in range(count)
        ]

    def run_epoch(self, number: int) -> Floats:
        """Let every network learn for an epoch; the nats of each name, (names,).

        Raises
        ------
        UserError
            If training of one diverged.
        """
        nats = np.empty(self._count)
        for learner, places, ids in zip(self.learners, self._places, self._held_out, strict=True):
            if not learner.took_all_steps:
                learner.run_epoch(number)
            with learner.weights_that_count() as network:
                nats[places] = network.negative_log_likelihood(ids, threads=processors())
        return nats

    def mean(self, nats: Floats) -> float:
        """Nats a token of all names."""
        return float(nats.sum()) / self._tokens

    def state_dict(self) -> tuple[list[dict[str, Any]], Arrays]:
        """Everything that later epochs depend on: plain values of each, arrays of all."""
        states = [learner.state_dict() for learner in self.learners]
        arrays = {
            f"fold{number}.{name}": array
            for number, (_, each) in enumerate(states)
            for name, array in each.items()
        }
        return [values for values, _ in states], arrays

    def load_state_dict(self, values: Sequence[dict[str, Any]], arrays: Arrays) -> None:
        """Continue from what `state_dict` gave; errors as of `Learner.load_state_dict`."""
        for number, (learner, own) in enumerate(zip(self.learners, values, strict=True)):
            prefix = f"fold{number}."
            learner.load_state_dict(
                own,
                {
                    name.removeprefix(prefix): array
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                },
            )


def _seed_of(seed: int, fold: int) -> int:
    return int(seed_sequence(seed, Purpose.FOLDS, fold).generate_state(1)[0])


def distinct(*parts: Sequence[NDArray[np.integer[Any]]]) -> tuple[TokenSequences, NDArray[np.intp]]:
    """Names of several parts, each once, and the place among them of each that was given."""
    given = [name for part in parts for name in part]
    places: dict[tuple[int, ...], int] = {}
    place_of = [places.setdefault(tuple(name.tolist()), len(places)) for name in given]
    return TokenSequences.of([np.array(name) for name in places]), np.array(place_of, dtype=np.intp)
