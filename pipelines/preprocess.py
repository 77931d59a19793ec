"""Read the list of names, split it, and write `data/processed/`.

python pipelines/preprocess.py data=list data.path=data/raw/my_names.txt
"""

from pathlib import Path

from neonym.base.errors import UserError
from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.steps.preprocess_step import preprocess


def run(stage: Stage[Configuration]) -> None:
    """Write splits, vocabulary, and what became of every line."""
    data = stage.configuration.data
    if not stage.by_hand and not Path(data.path).resolve().is_relative_to(
        Path(PROJECT.raw).resolve()
    ):
        raise UserError(
            f"data.path = {data.path}: DVC tracks the lists in {PROJECT.raw}; put it there, "
            "or run the scripts by hand"
        )
    preprocess(data, stage.output("data/processed"))


if __name__ == "__main__":
    main(PROJECT, "preprocess", run)
