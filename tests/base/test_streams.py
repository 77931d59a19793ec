import numpy as np

from neonym.base.streams import Purpose, generator, seed_sequence


def first(purpose, *which, seed=0):
    return generator(seed, purpose, *which).integers(2**63)


def test_streams_of_different_purpose_seed_or_epoch_differ():
    numbers = [first(purpose, epoch) for purpose in Purpose for epoch in range(3)]
    numbers += [first(Purpose.DROPOUT, seed=1), first(Purpose.DROPOUT)]
    assert len(set(numbers)) == len(numbers)


def test_a_stream_begins_anew_each_time():
    assert first(Purpose.SHUFFLING, 7) == first(Purpose.SHUFFLING, 7)


def test_purposes_are_the_children_numpy_spawns():
    for purpose, child in zip(Purpose, np.random.SeedSequence(5).spawn(len(Purpose)), strict=True):
        ours = seed_sequence(5, purpose)
        np.testing.assert_array_equal(ours.generate_state(4), child.generate_state(4))
