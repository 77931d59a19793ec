"""`neonym import`: a model of a file that was exported for PyTorch."""

from pathlib import Path

import click

from neonym.base.text import escape
from neonym.models.model_file import is_model, save_model


@click.command("import")
@click.argument("file", metavar="FILE.safetensors", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="The model file to write, usually .npz.",
)
@click.option("--force", is_flag=True, help="Replace what is there, whatever it is.")
def command(file: Path, output: Path, force: bool) -> None:
    """Make a model of what `neonym export MODEL -o FILE.safetensors` wrote.

    The weights may be others since: fine-tuned in PyTorch, say. A model that is there is replaced,
    anything else only with --force.
    """
    from neonym.commands.export import target_of  # noqa: PLC0415 (safetensors is read here alone)
    from neonym.export.safetensors_file import read_safetensors  # noqa: PLC0415

    target = target_of(output, is_model, force)
    model = read_safetensors(file)
    predictor = model.mixture or model.network
    save_model(target, predictor, model.vocabulary, model.metadata, model.known)
    click.echo(f"{escape(str(output))}: {output.stat().st_size:,} bytes")
