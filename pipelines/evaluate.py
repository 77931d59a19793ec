"""Judge the drawn names beside an n-gram, real names and chance: `reports/metrics.json`, figures.

python pipelines/evaluate.py evaluate.ngram_max_order=4
"""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from model import load_generator
from neonym import figures
from neonym.configuration import Configuration
from neonym.errors import UserError
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.references import ngram_reference, uniform_reference
from neonym.evaluation.report import PARTS, evaluate, to_json
from neonym.files import sha256_of_file, write_text
from neonym.generator import NameGenerator
from neonym.history import read_history
from neonym.processed import read_processed
from neonym.threads import one_blas_thread
from neonym.tracking.courier import wait_for_delivery
from neonym.tracking.run import open_run
from neonym.tracking.store import Store, project_root
from neonym.tracking.workspace import (
    Files,
    log_evaluation,
    log_stages_before_evaluate,
    run_name,
)
from neonym.vocabulary import tokens_of
from stage import Stage, main


def run_evaluation(stage: Stage) -> float | None:
    """Write metrics and figures, and see that the tracked run is complete."""
    configuration = stage.configuration
    files = files_of(stage)
    processed = read_processed(files.processed)
    lists = Lists(
        processed.train,
        processed.val,
        processed.test,
        processed.vocabulary,
        processed.summary["lowercase"],
        configuration.data.rules,
    )
    generator = load_generator(files.model, configuration)
    drawn = read_names(files.names)
    report = judge(generator, drawn, lists, configuration)
    write_text(files.metrics, to_json(report))
    for name, figure in draw_pictures(files.history, report, drawn, lists).items():
        figures.save_figure(figure, files.pictures / f"{name}.png")
    if configuration.tracking.enabled:
        track(stage, files)
    value: float = report["val"]["nll"]
    return value


def files_of(stage: Stage) -> Files:
    """The files to read and to write; by hand those to read are the workspace's."""
    files = Files.below(stage.results)
    if not stage.by_hand:
        return files
    paths = stage.configuration.paths
    return replace(
        files,
        processed=Path(paths.processed),
        model=Path(paths.model),
        history=Path(paths.history),
        names=Path(paths.names),
    )


def read_names(path: Path) -> Drawn:
    """The names that the sample stage wrote.

    Raises
    ------
    UserError
        If there is no such file, or it is not one that the stage writes.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["name"], row["ended"] == "true") for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the sample stage first") from None
    except (KeyError, UnicodeDecodeError, csv.Error):
        raise UserError(f"{path} is damaged; run the sample stage again") from None
    return Drawn([name for name, _ in rows], [ended for _, ended in rows])


@one_blas_thread()
def judge(
    generator: NameGenerator, drawn: Drawn, lists: Lists, configuration: Configuration
) -> dict[str, Any]:
    """The figures of the drawn names and of the model's likelihood, beside the references."""
    sample, seed = configuration.sample, configuration.seed
    count = len(drawn.names)
    max_length = sample.max_length or generator.max_length
    ngram = ngram_reference(
        lists,
        configuration.evaluate.ngram_max_order,
        count=count,
        max_length=max_length,
        seed=seed,
        prefix=generator.canonical(sample.prefix),
    )
    uniform = uniform_reference(lists, count=count, max_length=max_length, seed=seed)
    nats = {part: -generator.log_prob(getattr(lists, part)) for part in PARTS}
    return evaluate(drawn, nats, lists, ngram=ngram, uniform=uniform, seed=seed)


def draw_pictures(
    history: Path, report: dict[str, Any], drawn: Drawn, lists: Lists
) -> dict[str, Figure]:
    """The pictures by file name."""
    unit = lists.vocabulary.unit
    finished = [name for name, ended in zip(drawn.names, drawn.ended, strict=True) if ended]
    coined: list[Sequence[str]] = [tokens_of(name, unit) for name in finished]
    real: list[Sequence[str]] = [tokens_of(name, unit) for name in lists.test]
    ngram_val_nll = report["reference"]["ngram"]["val"]["nll"]
    return {
        "training": figures.training_curves(read_history(history), ngram_val_nll),
        "lengths": figures.length_distribution(
            [len(tokens) for tokens in coined], [len(tokens) for tokens in real]
        ),
        "tokens": figures.token_distribution(coined, real),
    }


def track(stage: Stage, files: Files) -> None:
    """Log the evaluation, and what the run lacks; wait until MLflow has it all."""
    configuration = stage.configuration
    store = Store.of_project(project_root(Path.cwd()))
    with open_run(
        store,
        configuration,
        kind="job" if stage.by_hand else "workspace",
        stage="evaluate",
        name=run_name(configuration),
        model_sha256=sha256_of_file(files.model),
    ) as run:
        log_stages_before_evaluate(run, files, configuration)
        log_evaluation(run, files, configuration)
    outcome = wait_for_delivery(store, configuration.tracking.wait_seconds, run.folder)
    if not outcome.delivered:
        stage.say(
            f"MLflow at {store.address} did not take everything ({outcome.message}). "
            "It waits in .neonym; `neonym sync` delivers it."
        )


if __name__ == "__main__":
    main("evaluate", run_evaluation)
