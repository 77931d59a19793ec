"""Starting delivery: the process is meant to outlive the one that starts it."""

import os
import signal
import subprocess
import sys

from neonym.lab.tracking.store import Store

START = """
from pathlib import Path
from neonym import experiment
from neonym.lab.tracking import courier
from neonym.lab.tracking.store import Store
store = Store.of_project(experiment.PROJECT, Path.cwd())
courier.ensure_delivery(store)
print(courier._started[store.folder].pid)
"""


def test_a_process_that_leaves_delivery_behind_ends_without_a_warning(store: Store) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", START],
        cwd=store.root,
        capture_output=True,
        text=True,
        check=True,
    )
    pid = int(done.stdout)
    os.kill(pid, 0)  # it lives
    os.kill(pid, signal.SIGKILL)
    assert done.stderr == ""
