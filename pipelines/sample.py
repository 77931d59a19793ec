"""Draw names from the trained network into `reports/names.csv`.

python pipelines/sample.py sample.temperature=0.8 sample.prefix=tyr
python pipelines/sample.py sample.count=100 sample.novel=true sample.distinct=true
"""

from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.steps.outputs import Outputs
from neonym.steps.sample_step import explain_draws, sample
from neonym.tracked.names_log import log_names

SHOWN = 10


def run(stage: Stage[Configuration]) -> None:
    """Draw names, write them, and log them."""
    configuration, files = stage.configuration, Outputs.below(stage.results)
    if stage.by_hand:
        files = files.reading_from(configuration.paths, "processed", "model")
    names = sample(configuration, files)
    if remark := explain_draws(names, configuration.sample.count):
        stage.say(f"sample: {remark}")
    if stage.by_hand:
        stage.say(f"sample: {', '.join(names.names[:SHOWN])}, …")
    with stage.tracked(files.model) as tracked:
        log_names(tracked, files)


if __name__ == "__main__":
    main(PROJECT, "sample", run)
