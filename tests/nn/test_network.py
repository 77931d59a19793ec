import copy
import json
import math
import pickle

import numpy as np
import pytest
import reference_network
from hypothesis import given, settings
from hypothesis import strategies as st

from neonym.nn import CELLS, RecurrentNetwork, pack
from neonym.nn.cells import RnnCell
from neonym.nn.likelihood import _blocks
from neonym.nn.memory import Workspace
from neonym.nn.products import multiply

SEQUENCES = [[1, 4, 2, 3], [5], [3, 3], [2, 1, 5, 4]]


def make(cell="lstm", dtype="float64", **options):
    return RecurrentNetwork(6, cell, hidden_size=4, dtype=dtype, seed=7, **options)


def sequence_nats(network, sequence):
    """Nats of each target of one sequence, from the plain reference."""
    probabilities = reference_network.softmax(reference_network.logits(network, sequence).T).T
    return -np.log(probabilities[range(len(sequence) + 1), [*sequence, 0]])


@pytest.mark.parametrize("cell", CELLS)
def test_likelihood_is_the_sum_over_the_tokens_and_the_end(cell):
    network = make(cell, num_layers=2)
    expected = [sequence_nats(network, sequence).sum() for sequence in SEQUENCES]
    nats = network.negative_log_likelihood(SEQUENCES)
    assert nats.dtype == np.float64
    np.testing.assert_allclose(nats, expected, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=6), max_size=8), st.randoms())
def test_likelihood_does_not_depend_on_the_order(sequences, random):
    network = make("gru", dtype="float32")
    shuffled = random.sample(range(len(sequences)), len(sequences))
    nats = network.negative_log_likelihood(sequences)
    again = network.negative_log_likelihood([sequences[place] for place in shuffled])
    np.testing.assert_allclose(again, nats[shuffled], rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), min_size=1, max_size=12),
    st.sampled_from(["all", "last"]),
    st.sampled_from(
        [
            (1024, 1 << 18, 63, 1024),
            (2, 1 << 18, 63, 1024),
            (1024, 9, 63, 1024),
            (1024, 1 << 18, 3, 1024),
            (1024, 1 << 18, 63, 3),
        ]
    ),
)
def test_shared_prefixes_change_no_likelihood(sequences, output, limits):
    network = make("lstm", num_layers=2, output=output)
    expected = [network.token_nats(pack([sequence], output)).sum() for sequence in sequences]
    names = ("SEQUENCES_AT_ONCE", "NUMBERS_AT_ONCE", "KEY_BITS", "NODES_AT_ONCE")
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in zip(names, limits, strict=True):
            patch.setattr(f"neonym.nn.likelihood.{name}", limit)
        nats = network.negative_log_likelihood(sequences)
    np.testing.assert_allclose(nats, expected, rtol=1e-12)


@pytest.mark.parametrize("can_start", [True, False])
def test_the_number_of_threads_changes_no_bit_of_a_likelihood(monkeypatch, can_start):
    def refuse(pool, function, *arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("neonym.nn.likelihood.SEQUENCES_AT_ONCE", 4)
    monkeypatch.setattr("neonym.nn.network.WORTH_THREADS", 0)
    network, generator = make("lstm", dtype="float32"), np.random.default_rng(0)
    sequences = [generator.integers(1, 5, size=generator.integers(1, 9)) for _ in range(50)]
    expected = network.negative_log_likelihood(sequences).tobytes()
    if not can_start:  # as in a browser
        monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)
    for threads in (2, 3, 64):
        assert network.negative_log_likelihood(sequences, threads).tobytes() == expected


def test_each_distinct_prefix_is_computed_once(monkeypatch):
    network, fed = make("rnn"), []
    step_from = network.step_from

    def count(tokens, state, rows):
        fed.append(len(tokens))
        return step_from(tokens, state, rows)

    monkeypatch.setattr(network, "step_from", count)
    network.negative_log_likelihood([[1, 2, 3], [1, 2], [4], [1, 2, 3], [1, 2, 5]])
    assert fed == [1, 2, 1, 2]  # nothing; 1, 4; 1 2; 1 2 3, 1 2 5


@pytest.mark.parametrize(
    ("count", "sizes"), [(511, [511]), (1001, [501, 500]), (10_000, [2500] * 4)]
)
def test_a_list_of_some_length_is_cut_for_two_threads(count, sizes):
    blocks = list(_blocks(np.arange(count), np.full(count, 9)))
    assert [len(block) for block in blocks] == sizes
    assert np.concatenate(blocks).tolist() == list(range(count))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("rows", [[0, 0, 0, 2, 2], [0, 1, 2]])
def test_a_step_from_some_rows_is_that_of_the_states_taken(cell, rows):
    network, rows = make(cell, num_layers=2), np.array(rows)
    tokens = np.array([3, 1, 4, 1, 5])[: len(rows)]
    _, state = network.step([1, 2, 3], network.initial_state(3))
    expected, after = network.step(tokens, state.take(rows))
    outputs, found = network.step_from(tokens, state, rows)
    np.testing.assert_allclose(network.logits(outputs), expected, rtol=1e-12)
    for layer, other in zip(found.layers, after.layers, strict=True):
        np.testing.assert_allclose(layer, other, rtol=1e-12)


def test_rows_that_are_taken_several_times_are_multiplied_once(monkeypatch):
    network, multiplied = make("gru"), []
    _, state = network.step([1, 2, 3], network.initial_state(3))

    def count(rows, weights, out):
        multiplied.append(len(rows))
        multiply(rows, weights, out)

    for module in ("stepping", "products"):
        monkeypatch.setattr(f"neonym.nn.{module}.multiply", count)
    network.step_from(np.array([3, 1, 4, 1, 5]), state, np.array([0, 0, 0, 2, 2]))
    assert multiplied == [2]


def test_likelihood_of_no_sequences_is_empty():
    assert make().negative_log_likelihood([]).shape == (0,)


def test_with_output_last_the_likelihood_is_that_of_the_last_token():
    network = make("lstm", output="last")
    expected = [sequence_nats(network, sequence)[-2] for sequence in SEQUENCES]
    np.testing.assert_allclose(network.negative_log_likelihood(SEQUENCES), expected, rtol=1e-12)


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_give_the_logits_of_the_whole_sequence(cell, initial):
    network = make(cell, num_layers=2, embedding_size=3, trainable_initial_state=initial)
    network.parameters += np.random.default_rng(0).normal(size=network.parameters.shape) / 4
    expected = reference_network.logits(network, [1, 4, 2, 3])
    state = network.initial_state(2)
    for row, token in enumerate([0, 1, 4, 2, 3]):
        logits, state = network.step(np.array([token, 0]), state)
        np.testing.assert_allclose(logits[0], expected[row], rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_keeps_the_rows_that_are_taken(cell):
    network = make(cell, num_layers=2)
    _, state = network.step([1, 2, 3], network.initial_state(3))
    both, _ = network.step([4, 4, 4], state)
    kept, _ = network.step([4, 4], state.take([2, 0]))
    np.testing.assert_allclose(kept, both[[2, 0]], rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_leaves_the_state_before_as_it_was(cell):
    network = make(cell)
    _, state = network.step([1], network.initial_state(1))
    first, _ = network.step([2], state)
    again, _ = network.step([2], state)
    np.testing.assert_array_equal(first, again)


def test_state_dict_has_the_names_and_shapes_of_pytorch():
    network = make("lstm", num_layers=2, embedding_size=3)
    assert {name: array.shape for name, array in network.state_dict().items()} == {
        "embedding.weight": (6, 3),
        "rnn.weight_ih_l0": (16, 3),
        "rnn.weight_hh_l0": (16, 4),
        "rnn.bias_ih_l0": (16,),
        "rnn.bias_hh_l0": (16,),
        "rnn.weight_ih_l1": (16, 4),
        "rnn.weight_hh_l1": (16, 4),
        "rnn.bias_ih_l1": (16,),
        "rnn.bias_hh_l1": (16,),
        "head.weight": (6, 4),
        "head.bias": (6,),
    }


def test_biases_and_initial_states_exist_only_where_asked_for():
    names = {bias: set(make("gru", bias=bias).state_dict()) for bias in (True, "single", False)}
    matrices = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "head.weight"}
    assert names[False] == matrices
    assert names["single"] == matrices | {"rnn.bias_ih_l0", "head.bias"}
    assert names[True] == names["single"] | {"rnn.bias_hh_l0"}
    learned = set(make("lstm", trainable_initial_state=True).state_dict())
    assert learned - set(make("lstm").state_dict()) == {"rnn.h0_l0", "rnn.c0_l0"}


def test_a_loaded_state_gives_the_same_network():
    network, other = make(), RecurrentNetwork(6, "lstm", 4, dtype="float64", seed=8)
    assert not np.array_equal(network.parameters, other.parameters)
    other.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(network.parameters, other.parameters)


def test_state_dict_and_gradients_are_copies():
    network = make()
    before = network.parameters.copy()
    network.state_dict()["head.bias"][:] = 9
    _, gradients = network.loss_and_gradients(SEQUENCES)
    kept = network.gradients.copy()
    gradients["head.bias"][:] = 9
    np.testing.assert_array_equal(network.parameters, before)
    np.testing.assert_array_equal(network.gradients, kept)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))]
)
def test_the_parameters_of_a_copy_are_those_it_computes_with(duplicate):
    network = make()
    other, before = duplicate(network), network.loss_and_gradients(SEQUENCES)[0]
    assert other.loss_and_gradients(SEQUENCES)[0] == before
    other.parameters[:] = 0
    assert other.loss_and_gradients(SEQUENCES)[0] == pytest.approx(math.log(6))
    assert network.loss_and_gradients(SEQUENCES)[0] == before


def test_options_rebuild_the_network_after_json():
    network = make("gru", num_layers=2, bias="single", dropout=0.1, trainable_initial_state=True)
    again = RecurrentNetwork(**json.loads(json.dumps(network.options)), seed=7)
    np.testing.assert_array_equal(network.parameters, again.parameters)
    assert again.options == network.options


def test_the_seed_alone_decides_the_initial_parameters():
    same = RecurrentNetwork(6, "lstm", 4, seed=np.random.SeedSequence(7), dtype="float64")
    np.testing.assert_array_equal(make().parameters, same.parameters)
    np.testing.assert_array_equal(
        make(dtype="float32").parameters, make().parameters.astype(np.float32)
    )


def test_initial_parameters_are_uniform_as_in_pytorch():
    network = RecurrentNetwork(27, "lstm", 100, seed=0, dtype="float64")
    assert np.abs(network.parameters).max() <= 0.1
    assert network.parameters.std() == pytest.approx(0.1 / math.sqrt(3), rel=0.01)
    assert network.parameters.mean() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_agrees_with_float64(cell):
    network, double = make(cell, dtype="float32"), make(cell)
    double.load_state_dict(network.state_dict())
    loss, gradients = network.loss_and_gradients(SEQUENCES)
    expected_loss, expected = double.loss_and_gradients(SEQUENCES)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, expected[name], atol=1e-6)


def test_normal_initial_parameters_have_the_scale_and_no_biases():
    network = RecurrentNetwork(
        27, "rnn", 50, initialization="normal", initialization_scale=0.01, dtype="float64"
    )
    state = network.state_dict()
    assert not state["rnn.bias_ih_l0"].any() and not state["head.bias"].any()
    assert state["rnn.weight_hh_l0"].std() == pytest.approx(0.01, rel=0.05)
    assert state["rnn.weight_ih_l0"].std() == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("cell", CELLS)
def test_orthogonal_recurrent_matrices_are_orthogonal_gate_by_gate(cell):
    network = make(cell, num_layers=2, orthogonal_recurrent=True)
    for name in ("rnn.weight_hh_l0", "rnn.weight_hh_l1"):
        for gate in network.state_dict()[name].reshape(-1, 4, 4):
            np.testing.assert_allclose(gate @ gate.T, np.eye(4), atol=1e-12)


def test_the_forget_bias_is_what_the_forget_gate_starts_with():
    for bias in (True, "single"):
        state = make("lstm", num_layers=2, bias=bias, forget_bias=1.5).state_dict()
        plain = make("lstm", num_layers=2, bias=bias).state_dict()
        for layer in (0, 1):
            total = state[f"rnn.bias_ih_l{layer}"] + state.get(f"rnn.bias_hh_l{layer}", 0)
            before = plain[f"rnn.bias_ih_l{layer}"] + plain.get(f"rnn.bias_hh_l{layer}", 0)
            assert total[4:8].tolist() == [1.5] * 4
            np.testing.assert_array_equal(
                np.delete(total, range(4, 8)), np.delete(before, range(4, 8))
            )


def test_dropout_is_on_only_with_a_generator_and_decided_by_it():
    network = make("lstm", num_layers=2, dropout=0.5)
    batch = pack(SEQUENCES)
    losses = [network.forward_backward(batch, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert network.forward_backward(batch) == network.loss_and_gradients(SEQUENCES)[0]


@pytest.mark.parametrize("place", ["input_dropout", "dropout", "output_dropout"])
def test_dropout_of_each_place_keeps_the_mean_of_what_it_drops(place):
    linear = make("rnn", num_layers=2, nonlinearity="relu", **{place: 0.3})
    linear.parameters[:] = np.abs(linear.parameters)  # relu of positive sums is linear
    batch = pack(SEQUENCES)
    generator = np.random.default_rng(0)
    forward = linear._propagation.forward
    initial = linear._propagation.initial_layers(len(SEQUENCES))

    def logits(generator):
        return forward(batch.plain, initial, generator, Workspace("float64"))[0]

    mean = np.mean([logits(generator) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(mean, logits(None), rtol=0.05)


def test_a_cell_is_a_class_and_a_line_in_the_registry(monkeypatch):
    class Other(RnnCell):
        pass

    with pytest.raises(ValueError, match="cell is 'other'"):
        make("other")
    monkeypatch.setitem(CELLS, "other", Other)
    assert type(make("other").cell) is Other


def test_dropout_between_layers_of_one_layer_warns():
    with pytest.warns(UserWarning, match="dropout is 0.3, but it acts between layers"):
        make(dropout=0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "elman"}, "cell is 'elman', expected one of 'rnn', 'gru', 'lstm', .*registers"),
        ({"hidden_size": 0}, "hidden_size is 0, expected a positive integer"),
        ({"num_layers": 1.0}, "num_layers is 1.0, expected a positive integer"),
        ({"vocabulary_size": True}, "vocabulary_size is True, expected a positive integer"),
        ({"embedding_size": -1}, "embedding_size is -1, expected a positive integer"),
        ({"bias": "double"}, "bias is 'double', expected one of True, 'single', False"),
        ({"bias": 1}, "bias is 1, expected one of True, 'single', False"),
        ({"bias": np.True_}, "bias is np.True_, expected one of True, 'single', False"),
        ({"dtype": "float16"}, "dtype is 'float16', expected one of 'float32', 'float64'"),
        ({"dtype": np.dtype("float32")}, "dtype is dtype.'float32'., expected one of 'float32'"),
        ({"input_dropout": 1.0}, "input_dropout is 1.0, expected a float, 0 <= input_dropout < 1"),
        ({"output_dropout": "0.5"}, "output_dropout is '0.5', expected a float, 0 <= output_d"),
        ({"dropout": None}, "dropout is None, expected a float, 0 <= dropout < 1"),
        ({"nonlinearity": "selu"}, "nonlinearity is 'selu', expected one of 'tanh', 'relu'"),
        (
            {"initialization": "zero"},
            "initialization is 'zero', expected one of 'uniform', 'normal'",
        ),
        ({"initialization_scale": 0.0}, "initialization_scale is 0.0, expected a positive number"),
        ({"initialization_scale": "1"}, "initialization_scale is '1', expected a positive number"),
        ({"forget_bias": math.nan}, "forget_bias is nan, expected a finite number or None"),
        ({"forget_bias": "1"}, "forget_bias is '1', expected a finite number or None"),
        ({"cell": "gru", "forget_bias": 1.0}, "forget_bias is 1.0, but only an lstm with biases"),
        ({"bias": False, "forget_bias": 1.0}, "forget_bias is 1.0, but only an lstm with biases"),
        ({"output": "first"}, "output is 'first', expected one of 'all', 'last'"),
    ],
)
def test_an_option_that_makes_no_sense_is_named_with_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        RecurrentNetwork(**{"vocabulary_size": 6, **options})


@pytest.mark.parametrize("token", [6, -1])
def test_ids_outside_the_vocabulary_are_refused(token):
    message = f"holds the token id {token}, expected 0 to 5"
    network = make()
    with pytest.raises(ValueError, match="batch.inputs " + message):
        network.loss_and_gradients([[1, token]])
    with pytest.raises(ValueError, match="sequences " + message):
        network.negative_log_likelihood([[1, token]])
    with pytest.raises(ValueError, match="tokens " + message):
        network.step([token], network.initial_state(1))
    with pytest.raises(ValueError, match="batch.targets " + message):
        make(output="last").loss_and_gradients([[1, token]])


def test_tokens_that_are_not_integers_are_refused():
    network = make()
    with pytest.raises(TypeError, match="tokens has dtype float64, expected integers"):
        network.step([1.0], network.initial_state(1))


def test_tokens_for_another_batch_size_are_refused():
    network = make()
    with pytest.raises(ValueError, match=r"tokens has shape \(3,\), expected \(2,\)"):
        network.step([1, 2, 3], network.initial_state(2))


@pytest.mark.parametrize(
    ("other", "widths"),
    [
        (make(num_layers=2), r"\[\[4, 4\], \[4, 4\]\]"),
        (make("gru"), r"\[\[4\]\]"),
        (RecurrentNetwork(6, "lstm", 5, dtype="float64"), r"\[\[5, 5\]\]"),
    ],
)
def test_the_state_of_another_network_is_refused(other, widths):
    network, state = make(), other.initial_state(1)
    message = rf"state has the widths {widths}, expected \[\[4, 4\]\]"
    with pytest.raises(ValueError, match=message):
        network.step([1], state)
    with pytest.raises(ValueError, match=message):
        network.forward_backward_from(state, pack([[1]]))


def test_a_state_of_fewer_sequences_than_the_batch_is_refused():
    network = make()
    with pytest.raises(ValueError, match="state has 1 rows, expected one for each of 2 sequences"):
        network.forward_backward_from(network.initial_state(1), pack([[1], [2]]))


def test_a_batch_packed_for_another_output_is_refused():
    with pytest.raises(ValueError, match='packed for output "last", expected "all"'):
        make().forward_backward(pack(SEQUENCES, "last"))


def broken(name, change):
    state = make().state_dict()
    state[name] = change(state.get(name))
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, r"state lacks \['head.bias', .*\] and has the unknown \[\]"),
        (broken("other", lambda _: np.ones(1)), r"lacks \[\] and has the unknown \['other'\]"),
        (broken("head.bias", lambda b: b[:-1]), r"head.bias has shape \(5,\), expected \(6,\)"),
        (broken("head.bias", lambda b: b * np.nan), "head.bias holds NaN or infinity"),
        (broken("head.bias", lambda b: b + 1e300), "head.bias holds .* what float32 cannot hold"),
        (broken("head.bias", lambda b: b.astype(str)), "head.bias has dtype <U.*expected numbers"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state, message):
    network = RecurrentNetwork(6, "lstm", 4, seed=8)
    before = network.parameters.copy()
    with pytest.raises(ValueError, match=message):
        network.load_state_dict(state)
    np.testing.assert_array_equal(network.parameters, before)
