"""The whole pipeline as one job in a folder of its own, and with `-m` a sweep of such jobs.

python pipelines/sweep.py model=lstm
python pipelines/sweep.py -m model=rnn,gru,lstm optimizer.lr=1e-3,3e-3 'seed=range(3)'
"""

from dataclasses import replace
from pathlib import Path

from evaluate import evaluate_files
from neonym.base.errors import UserError
from neonym.base.nested import value_at
from neonym.corpus.processed import read_processed
from neonym.evaluation.catalogue import FIGURES
from neonym.lab.stage.stage import Stage, main
from neonym.lab.tracking.run import open_run
from neonym.lab.tracking.store import Store, project_root
from neonym.steps.shared_data import processed_folder
from neonym.tracked.workspace import (
    Files,
    log_data,
    log_evaluation,
    log_names,
    log_trained,
    run_name,
)
from sample import sample_files
from train import judge_of, train_and_write


def run_pipeline(stage: Stage) -> float | None:
    """Preprocess, train, sample and evaluate; the optimized metric.

    Pictures and the MLflow model are left to single jobs: those of a sweep log their figures,
    names and the model's file.
    """
    configuration = stage.configuration
    metric = configuration.sweep.optimized_metric
    if metric not in FIGURES:
        known = ", ".join(FIGURES)
        raise UserError(
            f"sweep.optimized_metric = {metric}: there is no such figure; known: {known}"
        )
    single = configuration.sweep.id is None
    files = replace(Files.below(stage.results), processed=processed_folder(configuration))
    with open_run(
        Store.of_project(project_root(Path.cwd())),
        configuration,
        kind="job",
        name=stage.title or run_name(configuration),
        enabled=configuration.tracking.enabled,
    ) as run:
        stage.run_key = run.key
        training = run.for_stage("train")
        log_data(training, files.processed, configuration)
        processed = read_processed(files.processed)
        train_and_write(configuration, processed, files, training, judge_of(stage))
        log_trained(training, files, as_model=single)
        sample_files(stage, files)
        log_names(run.for_stage("sample"), files)
        report = evaluate_files(configuration, files, with_pictures=single)
        log_evaluation(run.for_stage("evaluate"), files, configuration)
    value: float | None = value_at(report, metric)
    return value


if __name__ == "__main__":
    main("sweep", run_pipeline)
