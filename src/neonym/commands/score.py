"""`neonym score`: how probable names are under a model."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from neonym.base.errors import UserError
from neonym.base.text import escape, escape_json
from neonym.corpus.columns import Entry
from neonym.corpus.reading import read_names
from neonym.corpus.vocabulary import UnknownSymbolError, describe, tokens_of
from neonym.generation.generator import NameGenerator
from neonym.generation.scorer import DEFAULT_MODEL
from neonym.lab.places import in_project


class Score(NamedTuple):
    """How probable some names are: nats, over letters and the ends of names."""

    nats: float
    tokens: int

    @property
    def nats_per_char(self) -> float:
        """Mean surprise of a letter or end."""
        return self.nats / self.tokens

    @property
    def bits_per_char(self) -> float:
        """The same in bits."""
        return self.nats_per_char / math.log(2)

    @property
    def perplexity(self) -> float:
        """Among how many equally probable letters one would be as surprised."""
        return float(np.exp(self.nats_per_char))

    def to_json(self) -> dict[str, Any]:
        """All figures, under their names."""
        return {
            "nats": self.nats,
            "tokens": self.tokens,
            "nats_per_char": self.nats_per_char,
            "bits_per_char": self.bits_per_char,
            "perplexity": self.perplexity,
        }


class Unknown(NamedTuple):
    """A name that the model cannot read: where, and at which letter or word."""

    line: int
    column: int
    symbol: str
    name: str


@click.command("score")
@click.argument("file", metavar="FILE|-")
@click.option("--per-name", is_flag=True, help="A line for each name instead of the whole.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=lambda: in_project(DEFAULT_MODEL),
    show_default=str(DEFAULT_MODEL),
    help="The model file.",
)
@click.option("--column", metavar="NAME|N", help="The column of a table that holds the names.")
@click.option("--separator", help="Between its columns; `line`: each line is a name. Else found.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def command(
    file: str,
    *,
    per_name: bool,
    model: Path,
    column: str | None,
    separator: str | None,
    as_json: bool,
) -> int:
    """Say how probable the names in a file are: one a line, or in a column of a table.

    Prints nats and bits per letter (the end of a name counts as one) and the perplexity; with
    --per-name these three and the name, separated by tabs, for each name. Names with letters that
    the model does not know are told, left out, and make the exit status 2.
    """
    generator = NameGenerator.load(model)
    known, unknown = _separate(generator, read_names(file, generator.layout(column, separator)))
    for place in unknown:
        click.echo(f"neonym: {escape(_explain(place, file))}", err=True)
    if not known:
        raise UserError(f"no name in {file} can be scored; the model knows other letters")
    scores = _score(generator, known)
    total = Score(sum(score.nats for score in scores), sum(score.tokens for score in scores))
    if as_json:
        names = [line.text for line in known]
        click.echo(_to_json(total, names, scores if per_name else None, unknown))
    elif per_name:
        click.echo("".join(map(_row, scores, known)), nl=False)
    else:
        click.echo(_table(total, len(known)), nl=False)
    return 2 if unknown else 0


def _separate(generator: NameGenerator, lines: list[Entry]) -> tuple[list[Entry], list[Unknown]]:
    """The lines that the model can read, and what is unknown of the others."""
    known, unknown = [], []
    for line in lines:
        try:
            generator.vocabulary.encode(generator.canonical(line.text))
            known.append(line)
        except UnknownSymbolError as error:
            column = _column(line.text, error, generator.vocabulary.unit)
            unknown.append(Unknown(line.line, column, error.symbol, line.text))
    return known, unknown


def _column(text: str, error: UnknownSymbolError, unit: str) -> int:
    """Where the unknown letter or word begins in the line, counted from 1."""
    words = text.split()
    if unit == "character":
        return len(text) - len(text.lstrip()) + error.position
    column = 0
    for word in words[: error.position]:
        column = text.index(word, column) + len(word)
    return column - len(words[error.position - 1]) + 1


def _explain(place: Unknown, file: str) -> str:
    return (
        f"{file}:{place.line}:{place.column}: {describe(place.symbol)} is unknown to the model; "
        f"{place.name.strip()!r} is left out"
    )


def _score(generator: NameGenerator, lines: list[Entry]) -> list[Score]:
    names = [line.text for line in lines]
    unit = generator.vocabulary.unit
    tokens = [len(tokens_of(generator.canonical(name), unit)) + 1 for name in names]
    return list(map(Score, (-generator.log_prob(names)).tolist(), tokens))


def _row(score: Score, line: Entry) -> str:
    name = escape(line.text.strip())
    return f"{score.nats_per_char:.4f}\t{score.bits_per_char:.4f}\t{score.perplexity:.3f}\t{name}\n"


def _table(score: Score, names: int) -> str:
    return (
        f"names       {names}\n"
        f"tokens      {score.tokens}\n"
        f"nats/char   {score.nats_per_char:.4f}\n"
        f"bits/char   {score.bits_per_char:.4f}\n"
        f"perplexity  {score.perplexity:.3f}\n"
    )


def _to_json(
    total: Score, names: list[str], scores: list[Score] | None, unknown: list[Unknown]
) -> str:
    values: dict[str, Any] = {"names": len(names), **total.to_json()}
    if scores is not None:
        rows = zip(names, scores, strict=True)
        values["per_name"] = [{"name": name.strip(), **score.to_json()} for name, score in rows]
    values["unknown"] = [place._asdict() for place in unknown]
    return escape_json(json.dumps(values, ensure_ascii=False))
