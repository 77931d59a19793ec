import threading

import numpy as np
import pytest

from neonym.nn import CELLS, RecurrentNetwork
from neonym.nn.at_once import WORTH_A_THREAD, both


def fail(words):
    raise ValueError(words)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("embedding_size", [None, 12])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_threads_changes_no_bit_of_a_step(
    monkeypatch, cell, bias, embedding_size, layers
):
    monkeypatch.setattr("neonym.nn.at_once.WORTH_A_THREAD", 0)
    random = np.random.default_rng(0)
    sequences = [random.integers(1, 9, size=random.integers(1, 9)) for _ in range(40)]
    results = []
    for threads in (1, 2, 8):
        network = RecurrentNetwork(
            *(9, cell, 48, layers, embedding_size, bias),
            dropout=0.3 if layers > 1 else 0.0,
            input_dropout=0.2,
            output_dropout=0.4,
        )
        assert network.threads == 1
        network.threads = threads
        loss = network.forward_backward(network.pack(sequences), np.random.default_rng(1))
        results.append((loss, network.gradients.tobytes()))
    assert results == [results[0]] * 3


@pytest.mark.parametrize(
    ("threads", "multiplications", "seen"),
    [(1, WORTH_A_THREAD, 1), (2, WORTH_A_THREAD - 1, 1), (2, WORTH_A_THREAD, 2)],
)
def test_a_thread_is_started_where_it_is_allowed_and_worth_it(threads, multiplications, seen):
    names = []
    both(
        lambda: names.append(threading.current_thread()),
        lambda: names.append(threading.current_thread()),
        multiplications,
        threads,
    )
    assert len(names) == 2
    assert len(set(names)) == seen


def test_what_numpy_is_told_to_ignore_is_ignored_in_both():
    largest = np.full(3, 3e38, dtype=np.float32)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        both(lambda: None, lambda: largest * 10, WORTH_A_THREAD, 2)
    with np.errstate(over="ignore"):
        both(lambda: largest * 10, lambda: largest * 10, WORTH_A_THREAD, 2)


def test_what_either_raises_is_raised_and_the_other_runs_to_its_end():
    done = []
    with pytest.raises(ValueError, match="second"):
        both(lambda: done.append(1), lambda: fail("second"), WORTH_A_THREAD, 2)
    with pytest.raises(ValueError, match="first"):
        both(lambda: fail("first"), lambda: done.append(2), WORTH_A_THREAD, 2)
    assert done == [1, 2]


def test_where_no_thread_can_be_started_both_run_in_turn(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    done = []
    both(lambda: done.append(1), lambda: done.append(2), WORTH_A_THREAD, 2)
    assert done == [1, 2]
