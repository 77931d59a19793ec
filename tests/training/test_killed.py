import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from small_training import configuration, run

TRAIN = """
import sys
from pathlib import Path
from neonym.training.loop import TrainingListener
from small_training import configuration, run

class Listener(TrainingListener):
    def on_step(self, *step):
        if self.epochs >= 5:
            print("ready", flush=True)

    def on_epoch(self, record):
        self.epochs = record.epoch

    epochs = 0

run(configuration(train__epochs=400), listener=Listener(), checkpoint=Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_a_checkpoint_that_gives_the_same_bits(tmp_path):
    path = tmp_path / "checkpoint.npz"
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(path)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    resumed = run(configuration(train__epochs=400, train__resume=True), checkpoint=path)
    whole = run(configuration(train__epochs=400))
    assert resumed.history == whole.history
    np.testing.assert_array_equal(resumed.network.parameters, whole.network.parameters)
