"""The whole pipeline as one job in a folder of its own, and with `-m` a sweep of such jobs.

python pipelines/sweep.py model=lstm
python pipelines/sweep.py -m model=rnn,gru,lstm optimizer.lr=1e-3,3e-3 'seed=range(3)'
"""

import os
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from neonym.base.nested import value_at
from neonym.corpus.asked import check_asked
from neonym.corpus.processed import read_processed
from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.steps.evaluate_step import evaluate
from neonym.steps.outputs import Outputs
from neonym.steps.overview import print_results
from neonym.steps.preprocess_step import shared_folder
from neonym.steps.sample_step import explain_draws, sample
from neonym.tracked.evaluation_log import log_evaluation
from neonym.tracked.names_log import log_names
from neonym.tracked.training_log import train_tracked


def run(stage: Stage[Configuration]) -> float | None:
    """Preprocess, train, sample and evaluate; the optimized metric.

    Pictures and the MLflow model are left to single jobs: those of a sweep log their figures,
    names and the model's file.
    """
    configuration = stage.configuration
    PROJECT.check_metric(stage.name, configuration.sweep)
    single = configuration.sweep.id is None
    processed = shared_folder(configuration.data)
    check_asked(configuration, read_processed(processed))
    files = replace(Outputs.below(stage.results), processed=processed)
    with stage.tracked() as tracked:
        train_tracked(stage, tracked.for_stage("train"), processed, files, as_model=single)
        names = sample(configuration, files)
        if remark := explain_draws(names, configuration.sample.count):
            stage.say(f"sample: {remark}")
        log_names(tracked.for_stage("sample"), files)
        shared = None if single else stage.results.parent / "references"
        report = evaluate(configuration, files, with_pictures=single, shared=shared)
        chosen_by = configuration.sweep.optimized_metric
        log_evaluation(tracked.for_stage("evaluate"), files, chosen_by)
    if single:
        print_results(Path(os.path.relpath(stage.results)), Console(highlight=False))
    value: float | None = value_at(report, configuration.sweep.optimized_metric)
    return value


if __name__ == "__main__":
    main(PROJECT, "sweep", run)
