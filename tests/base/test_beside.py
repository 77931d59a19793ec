"""What is done in a process of its own: seen to its end, with its mistakes, and ended in time."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from neonym.base import beside as module
from neonym.base.beside import Handed, beside
from neonym.base.errors import UserError


@pytest.fixture
def forks(monkeypatch):
    """As in a process without other threads, which that of a test worker has."""
    monkeypatch.setattr(module, "processors", lambda: 2)
    monkeypatch.setattr(module, "_can_fork", lambda: True)


def refuse():
    raise UserError("evaluate.examples: no such letter")


@pytest.mark.usefixtures("forks")
def test_it_is_done_in_another_process_while_the_body_runs(tmp_path):
    def write():
        while not (tmp_path / "asks").exists():
            time.sleep(0.01)
        (tmp_path / "pid").write_text(str(os.getpid()))

    with beside(write):
        (tmp_path / "asks").touch()
    assert int((tmp_path / "pid").read_text()) != os.getpid()


@pytest.mark.parametrize("processors", [1, 2])
def test_the_body_hands_a_value_over(monkeypatch, tmp_path, processors):
    monkeypatch.setattr(module, "processors", lambda: processors)
    monkeypatch.setattr(module, "_can_fork", lambda: True)
    handed, value = Handed(), [[0.1, float("inf")], {"names": "ä" * 1000}]
    with beside(lambda: (tmp_path / "got").write_text(repr(handed.get()))):
        handed.put(value)
    assert (tmp_path / "got").read_text() == repr(value)


@pytest.mark.parametrize("lacking", ["processors", "forks"])
def test_without_a_second_processor_or_a_safe_fork_it_is_done_after_the_body(monkeypatch, lacking):
    monkeypatch.setattr(module, "processors", lambda: 1 if lacking == "processors" else 2)
    monkeypatch.setattr(module, "_can_fork", lambda: lacking != "forks")
    done = []
    with beside(lambda: done.append("function")):
        done.append("body")
    assert done == ["body", "function"]


def test_a_process_with_other_threads_is_not_forked():
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        assert not module._can_fork()
    finally:
        ends.set()
        thread.join()


@pytest.mark.usefixtures("forks")
def test_a_mistake_of_the_users_reaches_the_caller_as_it_is():
    with pytest.raises(UserError, match=r"^evaluate\.examples: no such letter$"), beside(refuse):
        pass


@pytest.mark.usefixtures("forks")
def test_any_other_error_is_printed_and_raised(capfd):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="status 1"), beside(fail):
        pass
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.usefixtures("forks")
def test_a_process_that_is_killed_is_an_error():
    with (
        pytest.raises(RuntimeError, match=f"status -{int(signal.SIGKILL)}"),
        beside(lambda: os.kill(os.getpid(), signal.SIGKILL)),
    ):
        pass


@pytest.mark.usefixtures("forks")
def test_it_ends_where_the_body_fails(tmp_path):
    def wait():
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(60)

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError), beside(wait):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        raise ZeroDivisionError
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


KILLED = """
import os, signal, sys, time
from neonym.base import beside as module
module.processors = lambda: 2
def wait():
    print(os.getpid(), flush=True)
    time.sleep(60)
with module.beside(wait):
    sys.stdin.read(1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_a_process_that_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        pid = int(process.stdout.readline())
        process.stdin.write(b"x")
        process.stdin.flush()
        # its end of standard output closes with its own end
        assert process.stdout.read() == b""
    assert process.returncode == -signal.SIGKILL
    assert pid != process.pid
