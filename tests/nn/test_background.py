import gc
import signal
import threading
from queue import SimpleQueue
from threading import Timer
from time import monotonic, sleep

import numpy as np
import pytest

from neonym.nn import CELLS, RecurrentNetwork
from neonym.nn.background import WORTH_A_THREAD, Background


def background_of(threads):
    background = Background()
    background.threads = threads
    return background


def fail(words):
    raise ValueError(words)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("embedding_size", [None, 12])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_threads_changes_no_bit_of_a_step(
    monkeypatch, cell, bias, embedding_size, layers
):
    monkeypatch.setattr("neonym.nn.background.WORTH_A_THREAD", 0)
    random = np.random.default_rng(0)
    sequences = [random.integers(1, 9, size=random.integers(1, 9)) for _ in range(80)]
    results = []
    for threads in (1, 2, 8):
        network = RecurrentNetwork(
            *(9, cell, 48, layers, embedding_size, bias),
            dropout=0.3 if layers > 1 else 0.0,
            input_dropout=0.2,
            output_dropout=0.4,
            trainable_initial_state=True,
        )
        assert network.threads == 1
        network.threads = threads
        for _ in range(3):
            loss = network.forward_backward(network.pack(sequences), np.random.default_rng(1))
            results.append((loss, network.gradients.tobytes()))
    assert results == [results[0]] * 9


@pytest.mark.parametrize(
    ("threads", "multiplications", "is_elsewhere"),
    [(1, WORTH_A_THREAD, False), (2, WORTH_A_THREAD - 1, False), (2, WORTH_A_THREAD, True)],
)
def test_a_thread_works_where_it_is_allowed_and_worth_it(threads, multiplications, is_elsewhere):
    workers = []
    with background_of(threads) as background:
        background.do(lambda: workers.append(threading.current_thread()), multiplications)
        deadline = monotonic() + 10
        while not workers and monotonic() < deadline:
            sleep(0.001)  # whoever waits would do it
    assert (workers[0] is not threading.current_thread()) == is_elsewhere


def test_everything_begun_is_done_once_and_ended_where_the_batch_ends():
    done = []
    with background_of(2) as background:
        for number in range(1000):
            background.begin(lambda number=number: done.append(number))
    assert sorted(done) == list(range(1000))


def test_who_waits_does_what_the_thread_has_not_come_to():
    here, is_held = [], threading.Event()
    with background_of(2) as background:
        background.begin(is_held.wait)  # the thread, or nobody, has this one
        while not background._queue.empty():
            sleep(0.001)
        tasks = [
            background.begin(lambda: here.append(threading.current_thread())) for _ in range(3)
        ]
        background.wait(tasks[1])
        assert here == [threading.current_thread()] * 2
        is_held.set()


def test_what_numpy_is_told_to_raise_or_ignore_holds_in_the_thread():
    largest = np.full(3, 3e38, dtype=np.float32)
    with (
        np.errstate(over="raise"),
        pytest.raises(FloatingPointError),
        background_of(2) as background,
    ):
        background.begin(lambda: largest * 10)
        sleep(0.05)
    with np.errstate(over="ignore"), background_of(2) as background:
        background.begin(lambda: largest * 10)
        sleep(0.05)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_error_is_raised_and_nothing_is_done_after_it(threads):
    done = []
    with pytest.raises(ValueError, match="first"), background_of(threads) as background:
        background.begin(lambda: fail("first"))
        background.begin(lambda: fail("second"))
    with pytest.raises(ValueError, match="here"), background:
        background.begin(lambda: fail("there"))
        background.begin(lambda: (sleep(0.02), done.append(1)))
        fail("here")
    after_error = list(done)
    with background:
        background.begin(lambda: done.append(2))
    assert done == [*after_error, 2]


class InterruptedQueue(SimpleQueue):
    """Ctrl-C comes when a task was taken, and before it runs."""

    def get_nowait(self):
        super().get_nowait()
        raise KeyboardInterrupt


@pytest.mark.parametrize("threads", [1, 2])
def test_no_task_is_waited_for_that_ctrl_c_has_kept_from_running(threads):
    done, background = [], background_of(threads)

    def interrupted():
        background._queue = InterruptedQueue()
        is_held = threading.Event()
        with pytest.raises(KeyboardInterrupt), background:
            if threads == 2:  # the thread has this one
                background.begin(is_held.wait)
                while not background._queue.empty():
                    sleep(0.001)
                Timer(0.05, is_held.set).start()
            background.begin(lambda: None)
        assert is_held.is_set() or threads == 1
        with background:
            background.begin(lambda: done.append(1))

    batch = threading.Thread(target=interrupted, daemon=True)  # so that the test ends
    batch.start()
    batch.join(timeout=10)
    assert done == [1]


def test_after_ctrl_c_in_the_middle_of_a_wait_nothing_is_being_done():
    def interrupt(number, frame):
        raise KeyboardInterrupt

    done, before = [], signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), background_of(2) as background:
            background.begin(lambda: (sleep(0.2), done.append(1)))
            while not background._queue.empty():
                sleep(0.001)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert done == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_where_no_thread_can_be_started_who_waits_does_it_all(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    done = []
    with background_of(2) as background:
        background.begin(lambda: done.append(1))
        background.begin(lambda: done.append(2))
    assert done == [1, 2]
    assert background.threads == 1


def test_the_thread_ends_with_its_network():
    before = set(threading.enumerate())
    backgrounds = [background_of(2) for _ in range(3)]
    for background in backgrounds:
        with background:
            background.begin(lambda: None)
    started = set(threading.enumerate()) - before
    assert len(started) == 3
    del background, backgrounds
    gc.collect()
    for thread in started:
        thread.join(timeout=10)
        assert not thread.is_alive()
