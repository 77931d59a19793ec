"""Random streams by purpose: one seed gives every number, and no purpose disturbs another.

A stream is named by its purpose and, where something repeats, by which time it is (the epoch, the
block of names). So nothing has to remember how far a generator has run: epoch 7 shuffles the same
way after a resume as without one.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What the random numbers are for; the values are part of every result and never change."""

    INITIALISATION = 0
    SHUFFLING = 1
    DROPOUT = 2
    SAMPLING = 3
    MEMBER = 4
    FOLDS = 5
    SHOWN_NAMES = 6


def seed_sequence(seed: int, purpose: Purpose, *which: int) -> np.random.SeedSequence:
    """The seed of one stream.

    Parameters
    ----------
    seed
        The seed of the whole experiment, at least 0.
    purpose
        What the numbers are for.
    which
        Which one of the purpose's streams: an epoch, a block; each is independent of the others.
    """
    return np.random.SeedSequence(seed, spawn_key=(int(purpose), *which))


def generator(seed: int, purpose: Purpose, *which: int) -> np.random.Generator:
    """A fresh generator at the beginning of one stream; see `seed_sequence`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, purpose, *which)))
