import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neonym.evaluation.inspection import (
    Reading,
    expectations,
    features_of,
    followers,
    principal_plane,
    read_names,
)
from neonym.models.mixture import Mixture
from neonym.models.ngram import choose_order
from neonym.nn import RecurrentNetwork

NAMES = [np.array(name, dtype=np.int32) for name in ([1, 2, 3, 1], [3], [2, 2, 1])]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_nats_of_a_name_sum_to_its_likelihood(cell: str, layers: int) -> None:
    network = RecurrentNetwork(4, cell, 5, layers, dtype="float64")
    readings = read_names(network, NAMES)
    together = [reading.nats.sum() for reading in readings]
    assert np.allclose(together, network.negative_log_likelihood(NAMES), rtol=1e-12)
    assert [reading.nats.shape for reading in readings] == [(5,), (2,), (4,)]
    assert [reading.states.shape for reading in readings] == [(n, layers, 5) for n in (4, 1, 3)]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_states_are_those_behind_each_letter_whatever_is_read_beside_it(cell: str) -> None:
    network = RecurrentNetwork(4, cell, 5, 2, embedding_size=3, dtype="float64")
    [_, state] = network.step([0], network.initial_state(1))
    for place, token in enumerate(NAMES[2]):
        [_, state] = network.step([token], state)
        expected = np.stack([layer[0][0] for layer in state.layers])
        assert np.allclose(read_names(network, NAMES)[2].states[place], expected, rtol=1e-12)


def test_a_mixture_reads_with_all_and_shows_the_states_of_its_first_network() -> None:
    networks = [RecurrentNetwork(4, "gru", 5, dtype="float64", seed=seed) for seed in (0, 1)]
    mixture = Mixture(networks, choose_order(NAMES, NAMES, 4, 2), 0.25)
    readings, first = read_names(mixture, NAMES), read_names(networks[0], NAMES)
    together = [reading.nats.sum() for reading in readings]
    assert np.allclose(together, mixture.negative_log_likelihood(NAMES), rtol=1e-6)
    assert np.array_equal(readings[2].states, first[2].states)


def test_no_names_have_no_readings() -> None:
    assert read_names(RecurrentNetwork(4, "rnn", 5), []) == []


def test_features_count_letters_from_both_ends_and_tell_vowels() -> None:
    features = features_of(["rex", "io"], "aeiou")
    assert features["the position in the name"].tolist() == [0, 1, 2, 0, 1]
    assert features["the nearness of the end"].tolist() == [-3, -2, -1, -2, -1]
    assert features["vowels"].tolist() == [0, 1, 0, 1, 1]


def readings_of(units: np.ndarray) -> list[Reading]:
    """One name whose states are these, shape (tokens, layers, hidden)."""
    return [Reading(np.zeros(len(units) + 1), units)]


def test_the_follower_is_the_unit_with_the_highest_absolute_correlation() -> None:
    wanted = np.array([0.0, 1.0, 2.0, 3.0])
    noise = np.array([0.3, -0.9, 0.2, 0.1])
    states = np.stack([np.stack([noise, noise**2]), np.stack([-2 * wanted, wanted + noise])])
    [found] = followers(readings_of(states.transpose(2, 0, 1)), {"it": wanted})
    assert (found.what, found.layer, found.unit) == ("it", 1, 0)
    assert found.correlation == pytest.approx(-1)


def test_a_unit_stands_for_one_feature_and_the_next_best_for_the_other() -> None:
    wanted = np.array([0.0, 1.0, 2.0, 3.0])
    states = np.stack([wanted, wanted + np.array([0.5, 0, 0, 0])])[:, None].transpose(2, 1, 0)
    found = followers(readings_of(states), {"one": wanted, "other": -wanted, "third": wanted})
    assert [(each.what, each.unit) for each in found] == [("one", 0), ("other", 1)]


def test_what_never_changes_has_no_follower_and_a_dead_unit_follows_nothing() -> None:
    states = np.stack([np.zeros(3), np.array([1.0, 0, 1])])[:, None].transpose(2, 1, 0)
    changing = np.array([0.0, 1.0, 0.0])
    found = followers(readings_of(states), {"still": np.ones(3), "changing": changing})
    assert [(each.what, each.unit) for each in found] == [("changing", 1)]


def test_no_names_have_no_followers() -> None:
    assert followers([], features_of([], "aeiou")) == []


@given(arrays(np.float64, (6, 2, 3), elements=st.floats(-1, 1, width=16)))
def test_correlations_are_pearsons(states: np.ndarray) -> None:
    values = np.array([0.0, 3.0, 1.0, 1.0, 2.0, 5.0])
    [found] = followers(readings_of(states), {"it": values})
    unit = states[:, found.layer, found.unit]
    expected = np.corrcoef(unit, values)[0, 1] if np.ptp(unit) > 0 else 0
    assert found.correlation == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("mixed", [False, True])
def test_what_is_expected_after_a_token_is_what_the_network_predicts_there(mixed: bool) -> None:
    network = RecurrentNetwork(4, "gru", 5, embedding_size=3, dtype="float64")
    ngram = choose_order(NAMES, NAMES, 4, 2)
    model = Mixture([network], ngram, 0.4) if mixed else network
    found = expectations(model, np.array([3, 1]))
    for row, token in zip(found, (3, 1), strict=True):
        [after] = read_names(model, [np.array([token, 2], dtype=np.int32)])
        assert -2 * np.log(row[2]) == pytest.approx(after.nats[1])
    assert np.square(found).sum(axis=1) == pytest.approx([1, 1])


def test_the_plane_keeps_the_distances_of_vectors_that_lie_in_one() -> None:
    flat = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 2.0], [5.0, 5.0]])
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))
    plane = principal_plane(flat @ turn[:2] + 7)

    def distances(places: np.ndarray) -> np.ndarray:
        return np.linalg.norm(places[:, None] - places[None], axis=2)

    assert np.allclose(distances(plane.places), distances(flat))
    assert plane.shares.sum() == pytest.approx(1)
    assert plane.shares[0] > plane.shares[1]
    assert plane.places.var(axis=0)[0] > plane.places.var(axis=0)[1]


@given(arrays(np.float64, (5, 4), elements=st.floats(-10, 10, width=16)))
def test_an_axis_points_to_its_largest_value(vectors: np.ndarray) -> None:
    places = principal_plane(vectors).places
    assert (places.max(axis=0) >= -places.min(axis=0)).all()


def test_a_single_letter_lies_in_the_middle() -> None:
    plane = principal_plane(np.array([[1.0, 2.0, 3.0]]))
    assert plane.places.tolist() == [[0, 0]]
    assert plane.shares.tolist() == [0, 0]
