"""Judge the drawn names beside an n-gram, real names and chance: metrics, tables, pictures.

python pipelines/evaluate.py evaluate.ngram_max_order=4
"""

from rich.console import Console

from neonym.experiment import PROJECT, Configuration
from neonym.lab.composing.entry import main
from neonym.lab.stage.execution import Stage
from neonym.steps.evaluate_step import evaluate
from neonym.steps.outputs import Outputs
from neonym.steps.overview import metrics_table
from neonym.tracked.evaluation_log import log_evaluation, log_stages_before


def run(stage: Stage[Configuration]) -> float:
    """Write metrics and figures, and see that the tracked run is complete."""
    configuration, files = stage.configuration, Outputs.below(stage.results)
    if stage.by_hand:
        files = files.reading_from(configuration.paths, "processed", "model", "history", "names")
    report = evaluate(configuration, files)
    if stage.by_hand:
        Console(highlight=False).print(metrics_table(report))
    with stage.tracked(files.model) as tracked:
        log_stages_before(tracked, files, configuration.data)
        log_evaluation(tracked, files, configuration.sweep.optimized_metric)
    stage.wait_for_delivery(tracked)
    value: float = report["val"]["nll"]
    return value


if __name__ == "__main__":
    main(PROJECT, "evaluate", run)
