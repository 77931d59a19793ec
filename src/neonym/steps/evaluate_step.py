"""From drawn names to figures, tables and pictures, beside an n-gram, real names and chance."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from neonym.base.beside import Handed, beside
from neonym.base.files import write_text
from neonym.base.threads import one_blas_thread
from neonym.base.types import Floats
from neonym.corpus.asked import check_asked
from neonym.corpus.processed import read_processed
from neonym.corpus.splits import PARTS
from neonym.evaluation.catalogue import main_figures
from neonym.evaluation.edits import Neighbours
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.nll import likelihood, token_counts
from neonym.evaluation.page import to_page
from neonym.evaluation.references import best_ngram
from neonym.evaluation.report import evaluate as judge
from neonym.evaluation.report import to_json
from neonym.evaluation.table import NameRow, names_table
from neonym.evaluation.table_file import write_names_table
from neonym.evaluation.temperature import Quality
from neonym.figures.evaluated import Evaluated
from neonym.figures.fresh_names import qualities
from neonym.generation.generator import NameGenerator
from neonym.generation.names_file import read_names
from neonym.settings import Settings
from neonym.steps.outputs import Outputs
from neonym.steps.train_step import HELD_OUT_NATS
from neonym.steps.trained_model import load_trained
from neonym.training.history import read_history


def evaluate(
    settings: Settings, files: Outputs, with_pictures: bool = True, shared: Path | None = None
) -> dict[str, Any]:
    """Judge what the stages before left, write it, and return the figures.

    Parameters
    ----------
    settings, files
        What was trained and drawn, and where it is.
    with_pictures
        Whether pictures are drawn too.
    shared
        A folder in which the jobs of a sweep find the figures that are the same for all of them.

    Raises
    ------
    UserError
        If what a stage before leaves is missing, damaged or made with other settings.
    """
    processed = read_processed(files.processed)
    check_asked(settings, processed)
    lists = Lists(
        processed.train,
        processed.val,
        processed.test,
        processed.vocabulary,
        processed.summary["lowercase"],
        settings.data.rules,
    )
    generator = load_trained(files.model, settings, processed)
    names, ended, log_probs = read_names(files.names)
    drawn = Drawn(names, ended)
    neighbours = lists.neighbours()  # of names that stand in the table, and are measured too
    table = _tabulate(drawn, log_probs, lists, settings.evaluate.table_rows, neighbours)
    grouped = bool(processed.summary["grouped"])

    handed = Handed()

    def draw() -> None:
        ngram = best_ngram(lists, settings.evaluate.ngram_max_order)
        nats = ngram.negative_log_likelihood(lists.vocabulary.encode_all(lists.val))
        level = likelihood(nats, token_counts(lists.val, lists.vocabulary.unit)).nll
        history = read_history(files.history)
        evaluated = Evaluated(
            generator,
            lists,
            drawn,
            table,
            history,
            level,
            settings,
            ngram,
            grouped,
            lambda: [Quality(*figures) for figures in handed.get()],
        )
        _draw_pictures(evaluated, files.pictures)

    with beside(draw) if with_pictures else nullcontext():
        if with_pictures:  # the names for one of them are drawn here, where there is less to do
            handed.put(_fresh_names(generator, lists, settings))
        report = _judge(generator, drawn, lists, settings, neighbours=neighbours, shared=shared)
        write_text(files.metrics, to_json(report))
        write_text(files.main_metrics, to_json(main_figures(report)))
        page = to_page(report, drawn, lists, grouped=grouped, sample=settings.sample)
        write_text(files.metrics_table, page)
        write_names_table(files.names_table, table)
    return report


@one_blas_thread()
@np.errstate(over="ignore", invalid="ignore")  # of a model that diverged
def _fresh_names(generator: NameGenerator, lists: Lists, settings: Settings) -> Sequence[Quality]:
    """What fresh names at each temperature are like."""
    ngram = best_ngram(lists, settings.evaluate.ngram_max_order)
    return qualities(generator, lists, settings, ngram)


@one_blas_thread()
def _judge(
    generator: NameGenerator,
    drawn: Drawn,
    lists: Lists,
    settings: Settings,
    *,
    neighbours: Neighbours,
    shared: Path | None,
) -> dict[str, Any]:
    """The figures of the drawn names and of the model's likelihood, beside the references."""
    nats = {part: -generator.log_prob(getattr(lists, part)) for part in PARTS}
    held_out = generator.metadata.get(HELD_OUT_NATS)
    if held_out is not None:  # the model itself has learned val
        nats["val"] = np.array(held_out)
    return judge(
        drawn,
        nats,
        lists,
        max_order=settings.evaluate.ngram_max_order,
        max_length=settings.sample.max_length or generator.max_length,
        prefix=generator.canonical(settings.sample.prefix),
        seed=settings.seed,
        neighbours=neighbours,
        shared=shared,
    )


def _tabulate(
    drawn: Drawn, log_probs: Floats, lists: Lists, most: int, neighbours: Neighbours
) -> list[NameRow]:
    """A row for each of the first distinct names; one that was cut off has no nats of its end."""
    written = lists.canonical(drawn.names)
    first = list({name: place for place, name in reversed(list(enumerate(written)))}.values())
    places = sorted(first)[:most]
    chosen = Drawn([written[place] for place in places], [drawn.ended[place] for place in places])
    nats = np.where(chosen.ended, -log_probs[places], np.nan)
    return names_table(chosen, lists, nats, neighbours)


@one_blas_thread()
@np.errstate(over="ignore", invalid="ignore")  # of a model that diverged
def _draw_pictures(evaluated: Evaluated, folder: Path) -> None:
    """Write all pictures."""
    # matplotlib: almost half a second, beside the figures and not before them
    from neonym.drawing.canvas import save_figure  # noqa: PLC0415
    from neonym.figures.pictures import pictures  # noqa: PLC0415

    for name, figure in pictures(evaluated):
        save_figure(figure, folder / f"{name}.png")
