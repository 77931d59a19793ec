"""Run notebooks of the course in clean kernels, and keep what they print.

`python docs/course/run_notebooks.py [NOTEBOOK …]`, without names all of them. Tests hold what is
kept against what a clean kernel prints, so nothing may be in it that differs from run to run.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parent
PATIENCE = 600  # seconds for a cell, on a machine that has much else to do
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebooks() -> list[Path]:
    """The notebooks in the order of the course."""
    return sorted(FOLDER.glob("[0-9]-*.ipynb"))


def executed(path: Path) -> Any:
    """A notebook with what its cells print now; raises nbclient's errors if one fails."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    with TemporaryDirectory() as sockets:  # files, and no ports that others could open
        client = NotebookClient(
            notebook,
            config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"}),
            kernel_name="python3",
            resources=place,
            timeout=PATIENCE,
            coalesce_streams=True,
        )
        # Threads that wait for each other cost more than such small products give them to do
        client.execute(env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    return tidied(notebook)


def tidied(notebook: Any) -> Any:
    """The notebook without times and versions, and with each picture's description for the site."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        for passing in ("execution", "collapsed", "scrolled"):
            cell.metadata.pop(passing, None)
        for output in cell.get("outputs", []):
            for alt in pictures_alt(output):
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return notebook


def pictures_alt(output: Any) -> list[str]:
    """The description of the picture in an output, "" where it has none; no picture, none."""
    kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
    return [output.metadata.get(kind, {}).get("alt", "") for kind in kinds]


def main(names: Sequence[str]) -> None:
    """Run and rewrite the named notebooks."""
    for path in map(Path, names) if names else notebooks():
        start = time.perf_counter()
        notebook = executed(path)
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
