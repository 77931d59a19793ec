"""docs/own-pipeline.md, followed as it is written, with the wheel and nothing of the checkout."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from small_project import PROJECT, Project

from processes import delivery_pids, kill

PAGE = PROJECT / "docs/own-pipeline.md"
EXAMPLE = PROJECT / "examples/diabetes"
BUILT_FROM = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")


def blocks() -> list[tuple[str, str]]:
    """The kinds and the texts of the page's blocks."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_code_that_the_page_shows_is_the_examples() -> None:
    paths = [*sorted(EXAMPLE.rglob("*.py")), Path(__file__).with_name("tensorboard_listener.py")]
    code = "\n".join(path.read_text() for path in paths)
    shown = [text for kind, text in blocks() if kind == "python"]
    assert shown
    for text in shown:
        assert text in code


def test_every_file_of_the_example_has_its_place_on_the_page() -> None:
    named = re.findall(r"`([\w./]+)`", PAGE.read_text().partition("## What is where")[2])
    for path in EXAMPLE.rglob("*"):
        inside = path.relative_to(EXAMPLE)
        if path.is_file() and inside.parts[0] != "data" and "__pycache__" not in inside.parts:
            places = {str(inside), inside.name, *(f"{each}/" for each in inside.parents)}
            assert places & set(named), inside


def install_wheel(place: Path) -> Path:
    """An environment with the wheel, and of this one what the wheel needs; its programs."""
    source = place / "source"
    shutil.copytree(PROJECT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in BUILT_FROM:
        shutil.copyfile(PROJECT / name, source / name)
    environment = place / "environment"
    uv, wheels = [sys.executable, "-m", "uv"], place / "wheels"
    for command in (
        [
            *(*uv, "build", "--quiet", "--wheel", "--no-build-isolation"),
            *("-o", str(wheels), "--python", sys.executable, str(source)),
        ],
        [sys.executable, "-m", "venv", "--without-pip", str(environment)],
    ):
        subprocess.run(command, check=True, cwd=place)
    packages = environment / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    # a path, so that what lies there counts after the wheel, and its links to checkouts not at all
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = environment / "bin/python"
    install = [*uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python)]
    subprocess.run([*install, *map(str, wheels.glob("*.whl"))], check=True, cwd=place)
    return environment / "bin"


@pytest.mark.slow
def test_the_steps_of_the_page_end_in_a_tracked_swept_and_reproduced_run(tmp_path: Path) -> None:
    binaries = install_wheel(tmp_path)
    shutil.copytree(
        EXAMPLE,
        tmp_path / "neonym/examples/diabetes",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    engineer = Project(tmp_path)
    engineer.environment["PATH"] = f"{binaries}:{engineer.environment['PATH']}"
    for who in ("AUTHOR", "COMMITTER"):
        engineer.environment |= {f"GIT_{who}_NAME": "E", f"GIT_{who}_EMAIL": "e@example.org"}
    found = engineer.succeed("python", "-c", "import neonym, mlflow; print(neonym.__file__)")
    assert found.startswith(str(binaries.parent))

    said = ""
    for kind, text in blocks():
        if kind == "bash":
            place = tmp_path / "mine" if (tmp_path / "mine").exists() else tmp_path
            said = Project.succeed(engineer, "bash", "-euc", f"cd {place}\n{text}")
        elif kind == "text":
            for line in text.splitlines():
                assert as_seen(line).search(said), (line, said)
        elif kind == "diff":
            subprocess.run(["git", "apply", "-"], input=text.encode(), cwd=place, check=True)
    kill(delivery_pids(tmp_path / "mine"))
    assert "sweep: results are in outputs/sweep/" in said  # of the last block


def as_seen(line: str) -> re.Pattern[str]:
    """A line that the page shows, whatever ids, times, hashes and figures another has there."""
    differing = re.compile(r"(\b[0-9a-f]{8,40}\b|\d+(?:\.\d+)?|\s+)")
    parts = differing.split(line)  # those at odd places differ
    patterns = (
        re.escape(part) if place % 2 == 0 else r"\s+" if part.isspace() else "[0-9a-f.]+"
        for place, part in enumerate(parts)
    )
    return re.compile("".join(patterns))
