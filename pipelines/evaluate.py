"""Judge the drawn names beside an n-gram, real names and chance: metrics, tables, pictures.

python pipelines/evaluate.py evaluate.ngram_max_order=4
"""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file, write_text
from neonym.base.spreadsheet import exact
from neonym.base.threads import one_blas_thread
from neonym.corpus.processed import read_processed
from neonym.drawing.canvas import save_figure
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.page import to_page
from neonym.evaluation.references import ngram_reference, uniform_reference
from neonym.evaluation.report import PARTS, evaluate, to_json
from neonym.evaluation.table import NameRow, names_table
from neonym.evaluation.table_file import write_names_table
from neonym.figures.pictures import Evaluated, pictures
from neonym.generation.generator import NameGenerator
from neonym.generation.trained import load_generator
from neonym.lab.stage.stage import Stage, main
from neonym.lab.tracking.courier import wait_for_delivery
from neonym.lab.tracking.run import open_run
from neonym.lab.tracking.store import Store, project_root
from neonym.settings import Configuration
from neonym.tracked.workspace import Files, log_evaluation, log_stages_before_evaluate, run_name
from neonym.training.history import read_history

Floats = npt.NDArray[np.float64]


def run_evaluation(stage: Stage) -> float | None:
    """Write metrics and figures, and see that the tracked run is complete."""
    configuration = stage.configuration
    files = files_of(stage)
    report = evaluate_files(configuration, files)
    if configuration.tracking.enabled:
        track(stage, files)
    value: float = report["val"]["nll"]
    return value


def evaluate_files(
    configuration: Configuration, files: Files, with_pictures: bool = True
) -> dict[str, Any]:
    """Judge what the stages before left, write it, and return the report."""
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
    drawn, log_probs = read_names(files.names)
    report = judge(generator, drawn, lists, configuration)
    table = tabulate(drawn, log_probs, lists, configuration.evaluate.table_rows)
    write_text(files.metrics, to_json(report))
    grouped = processed.summary["grouped"]
    page = to_page(report, drawn, lists, grouped=grouped, sample=configuration.sample)
    write_text(files.metrics_table, page)
    write_names_table(files.names_table, table)
    if with_pictures:
        level = report["reference"]["ngram"]["val"]["nll"]
        history = read_history(files.history)
        evaluated = Evaluated(generator, lists, drawn, table, history, level, configuration)
        draw_pictures(evaluated, files.pictures)
    return report


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


def read_names(path: Path) -> tuple[Drawn, Floats]:
    """The names that the sample stage wrote, and their log-probabilities, nats.

    Raises
    ------
    UserError
        If there is no such file, or it is not one that the stage writes.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names, ended = (
            [exact(row["name"]) for row in rows],
            [row["ended"] == "true" for row in rows],
        )
        log_probs = np.array([float(row["log_prob"]) for row in rows])
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the sample stage first") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError(f"{path} is damaged; run the sample stage again") from None
    return Drawn(names, ended), log_probs


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


def tabulate(drawn: Drawn, log_probs: Floats, lists: Lists, most: int) -> list[NameRow]:
    """A row for each of the first distinct names; one that was cut off has no nats of its end."""
    written = lists.canonical(drawn.names)
    first = list({name: place for place, name in reversed(list(enumerate(written)))}.values())
    places = sorted(first)[:most]
    chosen = Drawn([written[place] for place in places], [drawn.ended[place] for place in places])
    nats = np.where(chosen.ended, -log_probs[places], np.nan)
    return names_table(chosen, lists, nats)


@one_blas_thread()
def draw_pictures(evaluated: Evaluated, folder: Path) -> None:
    """Write all pictures."""
    for name, figure in pictures(evaluated):
        save_figure(figure, folder / f"{name}.png")


def track(stage: Stage, files: Files) -> None:
    """Log the evaluation, and what the run lacks; wait until MLflow has it all."""
    configuration = stage.configuration
    store = Store.of_project(project_root(Path.cwd()))
    with open_run(
        store,
        configuration,
        kind="job" if stage.by_hand else "workspace",
        stage="evaluate",
        name=stage.title or run_name(configuration),
        model_sha256=sha256_of_file(files.model),
    ) as run:
        stage.run_key = run.key
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
