"""`neonym learn`: from a list to a model, and names on the screen."""

import json
import shlex
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from neonym.base.errors import UserError
from neonym.base.text import escape, escape_json
from neonym.commands.export import target_of
from neonym.corpus.capitals import capitalized
from neonym.corpus.reading import Corpus, summary_of, to_corpus
from neonym.corpus.source import STANDARD_INPUT, read_argument
from neonym.evaluation.edits import nearest
from neonym.generation.generator import NameGenerator
from neonym.generation.shown import shown_names
from neonym.models.known_names import contains
from neonym.models.model_file import is_model, load_model, save_model
from neonym.models.starting import base_model
from neonym.nn import RecurrentNetwork
from neonym.steps.learning import Plan, learn, plan, reading
from neonym.training.history import EpochRecord

ENDING = ".npz"
MOST_NAMES = 100_000
MOST_DRAWN = 100  # for each name that is wanted
SEEDS = 2**32
MOST_COLUMNS = 10_000
TEMPERATURE = 0.8  # of the names at the end: a little safer than the network by itself
Rows = list[tuple[str, str]]


@click.command("learn")
@click.argument("source", metavar="LIST|-")
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="The file to write; else the list's name with .npz, in this directory.",
)
@click.option("--column", metavar="NAME|N", help="The column of a table that holds the names.")
@click.option("--separator", help="Between its columns; `line`: each line is a name. Else found.")
@click.option("--comment", default="#", show_default=True, help="Lines that begin so are left out.")
@click.option("-n", "--count", default=20, show_default=True, help="How many names to coin.")
@click.option("--seed", default=0, show_default=True, help="Equal seeds, equal models and names.")
@click.option("--json", "as_json", is_flag=True, help="The names as JSON.")
@click.option("--force", is_flag=True, help="Replace what is there, whatever it is.")
def command(
    source: str,
    *,
    output: Path | None,
    column: str | None,
    separator: str | None,
    comment: str,
    count: int,
    seed: int,
    as_json: bool,
    force: bool,
) -> None:
    """Learn how the names in a list are built, and coin new ones.

    LIST is a text file with one name a line, or a table; some thirty names are enough. The model is
    one file, from which `neonym sample` coins more names and `neonym export` makes a page.
    """
    if not 1 <= count <= MOST_NAMES:
        raise UserError(
            f"--count is {count}; give 1 to {MOST_NAMES:,}, and have more from neonym sample"
        )
    if not 0 <= seed < SEEDS:
        raise UserError(f"--seed is {seed}; give 0 to {SEEDS - 1}")
    if column is not None and column.isdecimal() and not 1 <= int(column) <= MOST_COLUMNS:
        raise UserError(f"--column is {column}; give the name of a column, or its number from 1")
    if output is None:
        if source == STANDARD_INPUT:
            raise UserError("the list comes from standard input; name the model with -o MODEL")
        output = Path(Path(source).stem + ENDING)
    content = read_argument(source)
    if output.exists() and source != STANDARD_INPUT and output.samefile(source):
        raise UserError(f"{output} is the list itself; name another file with -o")
    target = target_of(output, is_model, force)
    settings = reading(
        path=str((output if source == STANDARD_INPUT else Path(source)).absolute()),
        column=int(column) if column is not None and column.isdecimal() else column,
        separator=separator,
        comment=comment or None,
    ).model_copy(update={"seed": seed})
    corpus = to_corpus(content, source, settings.data, prefix="--")
    chosen = plan(corpus, settings)
    with _Progress(Console(stderr=True), corpus, chosen) as progress:
        generator = learn(corpus, chosen, progress)
    save_model(target, generator.network, generator.vocabulary, generator.metadata, generator.known)
    coined = coin(generator, count, seed)
    places = nearest(coined.names, corpus.names).place.tolist()
    rows = [
        (generator.written(name), generator.written(corpus.names[place]))
        for name, place in zip(coined.names, places, strict=True)
    ]
    if as_json:
        click.echo(_to_json(rows, coined, output))
    else:
        _print(rows, coined, output)


class Coined(NamedTuple):
    """New names, and what became of all that were drawn.

    Attributes
    ----------
    names
        New ones, each once.
    drawn, known, of_base, again
        How many were drawn, and how many of these are of the list, of the base model's list only,
        and new but drawn before.
    """

    names: list[str]
    drawn: int
    known: int
    of_base: int
    again: int


def coin(generator: NameGenerator, count: int, seed: int) -> Coined:
    """Draw names until so many are new: neither of the list nor of the base model's.

    Parameters
    ----------
    generator
        Draws them.
    count
        How many new names.
    seed
        Equal seeds, equal names.
    """
    base = load_model(base_model()).known if "start" in generator.metadata else None
    drawn = 2 * count
    while True:
        names = generator.sample(drawn, seed=seed, temperature=TEMPERATURE)
        known = generator.is_known(names)
        of_base = ~known & (contains(base, names) if base is not None else False)
        fresh = np.flatnonzero(~known & ~of_base)
        new = list(dict.fromkeys(names[place] for place in fresh))
        if len(new) >= count or drawn >= MOST_DRAWN * count:
            break
        drawn *= 2
    # up to the last name that is shown
    end = names.index(new[count - 1]) + 1 if len(new) >= count else len(names)
    copied, borrowed = int(known[:end].sum()), int(of_base[:end].sum())
    shown = new[:count]
    return Coined(shown, end, copied, borrowed, end - copied - borrowed - len(shown))


class _Progress:
    """A bar, and names that the network coins so far."""

    def __init__(self, console: Console, corpus: Corpus, chosen: Plan) -> None:
        self._console, self._corpus, self._chosen = console, corpus, chosen
        self._bar = Progress(
            TextColumn("learning"),
            BarColumn(),
            TextColumn("round {task.fields[round]} of at most {task.total}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=chosen.settings.train.epochs, round=1)
        self._next = 1
        split, options = chosen.settings.data.split, chosen.settings.train
        learned = len(corpus.names) * (1 - split.val)
        # short lists, which have folds, take no time for a round
        self._steps = None if options.folds else learned / options.batch_size

    def __enter__(self) -> "_Progress":
        start = ", beginning with what is known of other names" if self._chosen.start else ""
        if self._corpus.dropped:
            self._say(summary_of(self._corpus))
        self._say(f"learning {len(self._corpus.names):,} names{start}")
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def _say(self, text: str) -> None:
        with suppress(OSError, SystemExit):  # nobody reads any more, but the model is wanted
            self._console.print(Text(escape(text)), soft_wrap=True)

    def on_step(self, step: int, loss: float, lr: float) -> None:
        """Move the bar on within a round, where one takes long."""
        if self._steps:
            self._bar.update(self._task, completed=step / self._steps)

    def on_epoch(self, record: EpochRecord) -> None:
        """Move the bar on."""
        self._bar.update(self._task, completed=record.epoch, round=record.epoch + 1)

    def on_weights(self, record: EpochRecord, network: RecurrentNetwork, is_last: bool) -> None:
        """Show names after rounds 1, 2, 4, 8 and so on."""
        if record.epoch < self._next:
            return
        self._next *= 2
        names = shown_names(
            network,
            self._corpus.vocabulary,
            seed=self._chosen.settings.seed,
            longest=2 * max(map(len, self._corpus.names)),
        )
        way = self._corpus.capitals
        written = ", ".join(capitalized(name, way) for name in names)
        self._say(f"round {record.epoch}: {written}")


def _to_json(rows: Rows, coined: Coined, output: Path) -> str:
    values = {
        "model": str(output),
        "names": [{"name": name, "nearest": near} for name, near in rows],
        **{key: value for key, value in coined._asdict().items() if key != "names"},
    }
    return escape_json(json.dumps(values, ensure_ascii=False))


def _print(rows: Rows, coined: Coined, output: Path) -> None:
    """The names, each with the nearest of the list, and what to do next."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("new name", overflow="fold")
    table.add_column("nearest of the list", overflow="fold", style="dim")
    for row in rows:
        table.add_row(*(Text(escape(cell)) for cell in row))
    if rows:
        Console().print(table)
    else:
        click.echo("no new name came; give more names to learn from", err=True)
    left_out = [
        f"{number} {what}"
        for number, what in (
            (coined.known, "of the list"),
            (coined.of_base, "existing elsewhere (places, people)"),
            (coined.again, "drawn twice"),
        )
        if number
    ]
    if left_out:
        click.echo(f"\n{coined.drawn} drawn; left out: {', '.join(left_out)}", err=True)
    file, page = (escape(shlex.quote(str(path))) for path in (output, output.with_suffix(".html")))
    click.echo(f"the model is {file} ({output.stat().st_size / 1e6:.1f} MB)", err=True)
    click.echo(
        f"more names: neonym sample --model {file} --new --temperature {TEMPERATURE} -n 50",
        err=True,
    )
    click.echo(f"a page that coins them: neonym export {file} -o {page}", err=True)
