"""The notebooks of the course run from a clean kernel and print what is committed."""

import ast
import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import course
from run_notebooks import FOLDER, KERNEL, executed, notebooks, pictures_alt

NAMES = [path.name for path in notebooks()]
SECONDS = 90  # of a processor, that a notebook may take
MACHINE = re.compile(r"/(home|root|tmp|usr|work|opt)/|0x[0-9a-f]{6,}")


def read(name: str) -> Any:
    return nbformat.read(FOLDER / name, as_version=4)


def code_cells(name: str) -> list[Any]:
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def seen(output: Any) -> dict[str, Any]:
    """What a reader sees of an output; of a picture its description."""
    if output.output_type == "stream":
        return {output.name: output.text}
    texts = {kind: text for kind, text in output.get("data", {}).items() if "image" not in kind}
    return texts | {"pictures": pictures_alt(output)}


def processor_seconds() -> float:
    """What the processes took that this one started and that have ended: kernels, and theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def contrast(colour: str) -> float:
    """Against white (WCAG 2.1)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_clean_kernel_prints_what_is_committed(name: str, record_property: Any) -> None:
    start = processor_seconds()
    now = executed(FOLDER / name)
    seconds = processor_seconds() - start
    record_property("seconds", round(seconds, 1))
    cells = [cell for cell in now.cells if cell.cell_type == "code"]
    for cell, committed in zip(cells, code_cells(name), strict=True):
        there, here = map(seen, committed.outputs), map(seen, cell.outputs)
        assert list(here) == list(there), cell.source
    assert seconds < SECONDS


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_valid_and_says_nothing_of_the_machine_it_ran_on(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert notebook.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert not MACHINE.search(re.sub(r'"image/png": "[^"]*"', "", json.dumps(notebook)))
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"mystnb", "tags"}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_was_run_from_first_to_last_without_a_warning(name: str) -> None:
    cells = code_cells(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_described_for_code_hosts_and_for_the_site(name: str) -> None:
    for cell in code_cells(name):
        described = [alt for output in cell.outputs for alt in pictures_alt(output)]
        assert len(described) <= 1, "one picture a cell: the site takes one description a cell"
        for alt in described:
            assert len(alt) > 40
            assert cell.metadata["mystnb"]["image"]["alt"] == alt


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_opened_elsewhere_says_in_a_line_what_is_missing(
    name: str, tmp_path: Path
) -> None:
    first = code_cells(name)[0].source
    run = [sys.executable, "-c", first]
    elsewhere = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert elsewhere.returncode == 1
    (line,) = elsewhere.stderr.splitlines()
    assert "open this notebook in docs/course" in line
    bare = [sys.executable, "-S", "-c", first]  # without the environment's packages
    without = subprocess.run(bare, cwd=FOLDER, capture_output=True, text=True, check=False)
    (line,) = without.stderr.splitlines()
    assert "is not installed" in line
    assert "make setup" in line
    assert len(ast.parse(first).body) == 1, "nothing else runs before the set-up is known"


def test_colours_stand_out_from_the_paper() -> None:
    colours = (course.BLUE, course.ORANGE, course.GREEN, course.PURPLE, course.GREY, course.INK)
    assert min(map(contrast, colours)) >= 3
    assert len(set(colours)) == 6
