import errno
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.nn import CELLS, RecurrentNetwork, Shards, pack

SEQUENCES = [[1, 4], [5, 2, 3, 1, 1, 2, 4], [3, 3, 2, 5], [2], [4, 4, 1]]


def make(cell="lstm", **options):
    return RecurrentNetwork(6, cell, 4, 2, dtype="float64", seed=3, **options)


@pytest.mark.parametrize(
    ("cell", "output", "count"),
    [(cell, output, 2) for cell in CELLS for output in ("all", "last")]
    + [("lstm", "all", count) for count in (1, 3, 8)],
)
def test_shards_give_the_loss_and_gradients_of_the_whole_batch(cell, output, count):
    network = make(cell, trainable_initial_state=True, output=output)
    batch = network.pack(SEQUENCES)
    loss = network.forward_backward(batch)
    expected = network.gradients.copy()
    with Shards(network, count) as shards:
        assert shards.forward_backward(batch) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(network.gradients, expected, rtol=1e-9, atol=1e-14)


def test_the_same_shards_give_the_same_bytes():
    network = make(dropout=0.3, output_dropout=0.3)
    batch, results = pack(SEQUENCES * 20), []
    with Shards(network, 3) as shards:
        for _ in range(5):
            loss = shards.forward_backward(batch, np.random.default_rng(4))
            results.append((loss, network.gradients.tobytes()))
        other = shards.forward_backward(batch, np.random.default_rng(5))
    assert len(set(results)) == 1
    assert other != results[0][0]


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 9])
def test_any_number_of_processes_gives_the_same_bytes(processes):
    def gradients(processes):
        network, found = make(dropout=0.3, output_dropout=0.3), []
        with Shards(network, 5, processes) as shards:
            for step, names in enumerate((SEQUENCES * 20, SEQUENCES[:2], SEQUENCES[:1], SEQUENCES)):
                loss = shards.forward_backward(pack(names), np.random.default_rng(step))
                found.append((loss, network.gradients.tobytes()))
            return found, len(processes_of(shards))

    expected, started = gradients(None)
    assert started == 4
    assert gradients(processes) == (expected, min(processes, 5) - 1)


def test_parts_that_fill_the_pipe_wait_for_each_other():
    network = RecurrentNetwork(6, "rnn", 2)
    batch = pack(SEQUENCES * 4000)
    with Shards(network, 6, 1) as shards:
        expected = shards.forward_backward(batch), network.gradients.tobytes()
    with Shards(network, 6, 2) as shards:
        assert (shards.forward_backward(batch), network.gradients.tobytes()) == expected


@pytest.mark.parametrize("lacking", ["modules", "descriptors", "fork", "memory"])
def test_where_no_process_can_be_started_the_parts_are_computed_here_to_the_same_bytes(
    monkeypatch, lacking
):
    def gradients():
        network, found = make(dropout=0.3, output_dropout=0.3), []
        with Shards(network, 3) as shards:
            for step, names in enumerate((SEQUENCES * 20, SEQUENCES[:2], SEQUENCES[:1])):
                loss = shards.forward_backward(pack(names), np.random.default_rng(step))
                found.append((loss, network.gradients.tobytes()))
            return found, processes_of(shards)

    expected, processes = gradients()
    assert len(processes) == 2

    def refuse(*_, **__):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if lacking == "modules":  # as in a browser
        monkeypatch.setitem(sys.modules, "neonym.nn.shard_pool", None)
    elif lacking == "descriptors":
        monkeypatch.setattr(sys, "platform", "win32")
    elif lacking == "fork":
        monkeypatch.setattr(subprocess, "Popen", refuse)
    else:
        monkeypatch.setattr("neonym.nn.shard_pool.make_memory", refuse)
    assert gradients() == (expected, [])


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=9),
    st.integers(1, 4),
    st.sampled_from(["all", "last"]),
)
def test_split_deals_every_sequence_out_once(sequences, shards, output):
    parts = pack(sequences, output).split(shards)
    assert sorted(place for part in parts for place in part.order) == list(range(len(sequences)))
    for part in parts:
        again = pack([sequences[place] for place in part.order], output)
        for name in ("inputs", "targets", "batch_sizes"):
            np.testing.assert_array_equal(getattr(part, name), getattr(again, name))


def test_shards_refuse_a_number_that_is_not_positive_and_a_batch_that_does_not_fit():
    with pytest.raises(ValueError, match="count is 0, expected a positive integer"):
        Shards(make(), 0)
    with pytest.raises(ValueError, match="processes is 0, expected a positive integer"):
        Shards(make(), 2, 0)
    with pytest.raises(ValueError, match="shards is 0, expected a positive integer"):
        pack(SEQUENCES).split(0)
    with Shards(make(), 2) as shards, pytest.raises(ValueError, match="holds the token id 9"):
        shards.forward_backward(pack([[9]]))


@np.errstate(over="ignore", invalid="ignore")
def test_overflow_in_another_process_is_seen_in_the_loss(capfd):
    network = make()
    network.parameters *= 1e200
    with Shards(network, 2) as shards:
        loss = shards.forward_backward(pack(SEQUENCES))
    assert not loss < 1e6
    assert capfd.readouterr().err == ""


def processes_of(shards):
    return [other._process for other in shards._pool._started] if shards._pool else []


def test_processes_begin_where_there_is_a_part_for_them_and_end_with_close():
    with Shards(make(), 3) as shards:
        shards.forward_backward(pack([[1]]))
        assert processes_of(shards) == []
        shards.forward_backward(pack([[1], [2]]))
        shards.forward_backward(pack([[1], [3]]))
        first = processes_of(shards)
        assert len(first) == 1
        shards.forward_backward(pack(SEQUENCES))
        processes = processes_of(shards)
        assert processes[0] is first[0]
        assert [process.poll() for process in processes] == [None, None]
    assert [process.returncode for process in processes] == [0, 0]


def test_the_death_of_a_process_is_one_error():
    with Shards(make(), 2) as shards:
        shards.forward_backward(pack(SEQUENCES))
        processes_of(shards)[0].kill()
        with pytest.raises(RuntimeError, match="a shard's process ended with status -9"):
            shards.forward_backward(pack(SEQUENCES))


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a /dev/shm of its own")
def test_where_memory_for_sharing_is_small_a_file_is_shared():
    code = (
        "from neonym.nn import RecurrentNetwork, Shards, pack\n"
        "with Shards(RecurrentNetwork(6, 'lstm', 128), 2) as shards:\n"
        "    print(shards.forward_backward(pack([[1, 2], [3]])))\n"
    )
    small = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", small, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if any(done.stderr.startswith(program) for program in ("unshare:", "mount:")):
        pytest.skip(f"not permitted here: {done.stderr.strip()}")
    expected = RecurrentNetwork(6, "lstm", 128).loss(pack([[1, 2], [3]]))
    assert float(done.stdout) == pytest.approx(expected, rel=1e-5)


def test_processes_end_with_the_one_that_started_them():
    code = (
        "import os, signal\n"
        "from neonym.nn import RecurrentNetwork, Shards, pack\n"
        "shards = Shards(RecurrentNetwork(6, 'rnn', 4), 2)\n"
        "shards.forward_backward(pack([[1, 2], [3]]))\n"
        "print(shards._pool._started[0]._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The output ends when nobody has it open any more, the processes of the dead one included
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert int(done.stdout) > 0
