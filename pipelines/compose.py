"""Compose `conf/` into `params.yaml`, which every other stage reads.

python pipelines/compose.py model=rnn optimizer.lr=0.01    # shows what would be composed
"""

from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.composing.params_file import compose
from neonym.lab.stage.execution import Stage


def run(stage: Stage[Configuration]) -> None:
    """Write the composition of `conf/`."""
    compose(stage)


if __name__ == "__main__":
    main(PROJECT, "compose", run)
