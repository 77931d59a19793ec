"""`neonym export`: a model as a page that coins names, or for PyTorch."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from neonym.base.errors import UserError
from neonym.base.text import escape
from neonym.corpus.reading import read_names
from neonym.generation.generator import NameGenerator
from neonym.models.model_file import Model, load_model

PAGE, TENSORS = ".html", ".safetensors"
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@click.command("export")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE.html|FILE.safetensors",
    type=click.Path(path_type=Path),
    help="What to write; its ending says which.",
)
@click.option("--title", help="What the page is called; else as the list that was learned from.")
@click.option(
    "--with-list",
    metavar="LIST",
    help="Put the known names into the page, which then shows the nearest to each.",
)
@click.option("--column", metavar="NAME|N", help="The column of LIST, if it is a table.")
@click.option("--force", is_flag=True, help="Replace what is there, whatever it is.")
def command(model: Path, output: Path, force: bool, **for_pages: str | None) -> None:
    """Make one file of a model to pass on.

    FILE.html is a page that coins names in any browser, without a network. FILE.safetensors is for
    PyTorch; `neonym import` makes a model of it again. An earlier export of the same kind is
    replaced, anything else only with --force.
    """
    ending = output.suffix.lower()
    if ending not in (PAGE, TENSORS):
        raise UserError(f"{output} ends in neither {PAGE} nor {TENSORS}; name one of these with -o")
    title, with_list, column = (for_pages[name] for name in ("title", "with_list", "column"))
    if ending == TENSORS and any(value is not None for value in for_pages.values()):
        raise UserError(f"--title and --with-list are for pages; leave them out, or name a {PAGE}")
    if column is not None and not with_list:
        raise UserError("--column is of the list that --with-list names; leave it out")
    loaded = load_model(model)
    if ending == PAGE:
        from neonym.export.html import is_page, write_page  # noqa: PLC0415 (only where it is asked)

        target = target_of(output, is_page, force)
        listed = listed_names(with_list, column, loaded) if with_list else None
        write_page(target, loaded, title or _title_of(loaded, model), listed)
    else:
        from neonym.export.safetensors_file import (  # noqa: PLC0415 (only where it is asked)
            is_export,
            write_safetensors,
        )

        write_safetensors(target_of(output, is_export, force), loaded)
    click.echo(f"{escape(str(output))}: {output.stat().st_size:,} bytes")


def target_of(path: Path, is_ours: Callable[[Path], bool], force: bool) -> Path:
    """The file to write where `path` is named: what it leads to, if that is a link.

    A link to a file that nobody may write, as DVC keeps its own, is itself the file to write.

    Raises
    ------
    UserError
        If nothing can stand there, or somebody's file does.
    """
    target = path
    if path.is_symlink():
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise UserError(f"{path} leads to itself; name a file with -o")
        if target.is_file() and not target.stat().st_mode & WRITABLE:
            target = path
    if not target.parent.is_dir():
        raise UserError(f"{target.parent} is no directory; make it first, or name another with -o")
    if path.is_dir():
        raise UserError(f"{path} is a directory; name a file with -o")
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no ordinary file; name another with -o")
    if not os.access(target.parent, os.W_OK):
        raise UserError(f"{target.parent} cannot be written to; name a file elsewhere with -o")
    if path.exists() and not force and not (path.is_file() and is_ours(path)):
        raise UserError(
            f"{path} is there and is no earlier one of this kind; name another file, "
            "or replace it with --force"
        )
    return target


def _title_of(model: Model, path: Path) -> str:
    """What the list is called that was learned from, else what the file is."""
    data = _data_of(model)
    return str(data.get("name", path.stem)) if data.get("name") != "list" else _stem_of(data, path)


def _stem_of(data: dict[str, Any], path: Path) -> str:
    return Path(str(data.get("path", path))).stem


def _data_of(model: Model) -> dict[str, Any]:
    """How the list was read that was learned from, as far as the model says."""
    configuration = model.metadata.get("configuration")
    data = configuration.get("data") if isinstance(configuration, dict) else None
    return data if isinstance(data, dict) else {}


def listed_names(source: str, column: str | None, model: Model) -> list[str]:
    """The names of a list, each once, read as the one that was learned from."""
    generator = NameGenerator(*model)
    entries = read_names(source, generator.layout(column, None))
    return list(dict.fromkeys(generator.canonical(entry.text) for entry in entries))
