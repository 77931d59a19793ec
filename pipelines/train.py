"""Train the network on the training names; keep the weights that are best on the val names.

python pipelines/train.py model.hidden_size=256 optimizer.lr=0.001
python pipelines/train.py -m model.hidden_size=64,128 'seed=range(3)'
"""

from neonym.corpus.asked import check_asked
from neonym.corpus.processed import read_processed
from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.steps.outputs import Outputs
from neonym.steps.preprocess_step import shared_folder
from neonym.tracked.training_log import train_tracked


def run(stage: Stage[Configuration]) -> float:
    """Train, write model and curves, and return the best validation loss."""
    files = Outputs.below(stage.results)
    processed = files.processed
    if stage.by_hand:  # under DVC the stage before makes them
        processed = shared_folder(stage.configuration.data)
    check_asked(stage.configuration, read_processed(processed))
    with stage.tracked() as tracked:
        return train_tracked(stage, tracked, processed, files)


if __name__ == "__main__":
    main(PROJECT, "train", run)
