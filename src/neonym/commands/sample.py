"""`neonym sample`: coin names."""

import json
from pathlib import Path
from typing import Any

import click

from neonym.base.errors import UserError
from neonym.base.text import escape, escape_json
from neonym.corpus.reading import read_names
from neonym.generation.generator import NameGenerator, Names
from neonym.generation.scorer import DEFAULT_MODEL
from neonym.generation.wishes import Wishes
from neonym.lab.places import in_project
from neonym.models.choice import Choice

# What only matters where names are drawn.
OF_DRAWING = ("temperature", "seed", "top_k", "top_p", "distinct", "exclude")
WISHES = ("min_length", "ends_with", "contains", "matches", "like", "new")
TEXTS = ("prefix", "ends_with", "contains", "matches", "like")


@click.command("sample")
@click.option("-n", "--count", default=20, show_default=True, help="How many names.")
@click.option("--prefix", "--starts-with", help="What every name begins with.")
@click.option("--ends-with", help="What every name ends with.")
@click.option("--contains", help="What is found in every name.")
@click.option("--matches", metavar="REGEX", help="A regular expression found in every name.")
@click.option("--like", metavar="WORD", help="The nearest to this in spelling first.")
@click.option("--min-length", type=int, help="Letters of a name, at least.")
@click.option("--max-length", type=int, help="At most. With --raw names are cut there.")
@click.option("--new", is_flag=True, help="None of the names that the model learned from.")
@click.option(
    "--temperature",
    default=1.0,
    show_default=True,
    help="Below 1 safer, above 1 bolder, 0 always the most probable letter.",
)
@click.option(
    "--seed", default=0, show_default=True, help="Equal seeds, equal names; another, others."
)
@click.option("--top-k", type=int, help="Only the k most probable letters.")
@click.option("--top-p", type=float, help="Only the letters that make up this probability.")
@click.option("--distinct", is_flag=True, help="Each name only once.")
@click.option("--exclude", metavar="FILE|-", help="No name of this list, such as the known ones.")
@click.option("--column", metavar="NAME|N", help="The column of --exclude, if it is a table.")
@click.option("--separator", help="Of its columns; `line`: each line is a name. Else found.")
@click.option("--raw", is_flag=True, help="Empty names and spaces at their ends, too, as drawn.")
@click.option("--most-probable", is_flag=True, help="The most probable names; nothing is drawn.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=lambda: in_project(DEFAULT_MODEL),
    show_default=str(DEFAULT_MODEL),
    help="The model file.",
)
@click.option("--json", "as_json", is_flag=True, help="Names and log-probabilities as JSON.")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Coin names with a trained model.

    Prints one name a line. The first names are the same however many are asked for, and whatever is
    wished, together too, they come as often as the model itself gives them under that condition.
    """
    for name in TEXTS:
        if options[name] == "":
            raise UserError(f"--{name.replace('_', '-')} is empty; leave it out, or give letters")
    wishes = Wishes(
        ends_with=options["ends_with"] or "",
        contains=options["contains"] or "",
        matches=options["matches"] or "",
        like=options["like"] or "",
        min_length=options["min_length"],
        new=options["new"],
    )
    generator = NameGenerator.load(options["model"])
    if options["most_probable"]:
        names = _most_probable(context, generator, options, wishes)
    else:
        names = _draw(generator, options, wishes)
    names = names._replace(names=[generator.written(name) for name in names.names])
    _remark(names, options)
    if options["as_json"]:
        click.echo(_to_json(names, options))
    else:
        click.echo("".join(f"{escape(name)}\n" for name in names.names), nl=False)


def _draw(generator: NameGenerator, options: dict[str, Any], wishes: Wishes) -> Names:
    choice = Choice(options["temperature"], options["top_k"], options["top_p"])
    path = options["exclude"]
    layout = generator.layout(options["column"], options["separator"])
    exclude = read_names(path, layout) if path else []
    return generator.draw(
        options["count"],
        seed=options["seed"],
        choice=choice,
        prefix=options["prefix"] or "",
        max_length=options["max_length"],
        distinct=options["distinct"],
        exclude=[entry.text for entry in exclude],
        raw=options["raw"],
        wishes=wishes,
    )


def _most_probable(
    context: click.Context, generator: NameGenerator, options: dict[str, Any], wishes: Wishes
) -> Names:
    for name in OF_DRAWING:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise UserError(f"--most-probable draws nothing; leave out --{name.replace('_', '-')}")
    return generator.most_probable(
        options["count"],
        prefix=options["prefix"] or "",
        max_length=options["max_length"],
        raw=options["raw"],
        wishes=wishes,
    )


def _remark(names: Names, options: dict[str, Any]) -> None:
    """Say on standard error what the list of names does not show."""
    count, cut = len(names.names), int((~names.ended).sum())
    if count < options["count"]:
        click.echo(f"neonym: only {count} of {options['count']} names found", err=True)
    if names.met:
        share = 100 * names.fitting / names.draws
        click.echo(
            f"neonym: {names.draws} names drawn for {count}; {share:.3g}% are as wished", err=True
        )
    elif not options["most_probable"] and (
        options["distinct"] or options["exclude"] or names.draws > count
    ):
        click.echo(f"neonym: {names.draws} names drawn for {count}", err=True)
    if names.met and names.fitting < options["count"]:
        wish, met, of = min(names.met, key=lambda met: met.met / max(met.of, 1))
        click.echo(
            f"neonym: the hardest wish is {wish}: {met} of {of} meet it; loosen it", err=True
        )
    if cut:
        click.echo(f"neonym: {cut} of {count} names were cut off at the length cap", err=True)


def _to_json(names: Names, options: dict[str, Any]) -> str:
    drawn = {} if options["most_probable"] else {name: options[name] for name in OF_DRAWING}
    rows = zip(names.names, names.log_probs.tolist(), names.ended.tolist(), strict=True)
    values = {
        "model": str(options["model"]),
        "prefix": options["prefix"] or "",
        "max_length": options["max_length"],
        "raw": options["raw"],
        **{name: options[name] for name in WISHES},
        **drawn,
        "draws": names.draws,
        "fitting": names.fitting,
        "names": [{"name": n, "log_prob": nats, "ended": ended} for n, nats, ended in rows],
    }
    return escape_json(json.dumps(values, ensure_ascii=False))
