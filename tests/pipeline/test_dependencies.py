"""Each stage depends on what can change the bytes that it writes, and on nothing else."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from small_project import PROJECT, Project

STAGES = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
MOST = 12
# Nothing there may change a result; of packages only their files count
NO_DEPENDENCIES = (
    "src/neonym/lab",
    "src/neonym/tracked",
    "src/neonym/experiment.py",
    "src/neonym/defaults.py",
    "src/neonym/export",
)

# Runs a stage's script as DVC does, then prints the project's files that it imported
IMPORTS = """
import json, pathlib, runpy, sys
script = pathlib.Path("pipelines", sys.argv[1] + ".py")
runpy.run_path(str(script), run_name="__main__")
here = pathlib.Path.cwd()
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
paths = [pathlib.Path(file).resolve() for file in files if file]
inside = {str(path.relative_to(here)) for path in paths if path.is_relative_to(here)}
print("imported", json.dumps(sorted({str(script), *inside})))
"""


def unlisted(stage: str, files: set[str]) -> set[str]:
    """The files that are none of a stage's dependencies, and that could change what it writes."""
    listed = [*STAGES[stage]["deps"], *NO_DEPENDENCIES]
    return {
        file
        for file in files
        if Path(file).name != "__init__.py"
        if not any(Path(file).is_relative_to(place) for place in listed)
    }


@cache
def file_of(module: str) -> Path | None:
    for path in (Path("src", *module.split(".")), Path("src", *module.split("."), "__init__")):
        if (PROJECT / path).with_suffix(".py").is_file():
            return path.with_suffix(".py")
    return None


def imports_of(path: Path) -> Iterator[Path]:
    """What a file imports when it is imported; a step also what it imports later."""
    tree = ast.parse((PROJECT / path).read_text())
    waits = str(path).startswith(NO_DEPENDENCIES)
    nodes = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]
    for node in nodes[:1] if waits else nodes:
        for found in node.body:
            if isinstance(found, ast.ImportFrom) and found.module:
                names = [found.module, *(f"{found.module}.{one.name}" for one in found.names)]
                yield from filter(None, map(file_of, names))


def closure(script: Path) -> set[str]:
    """All files of the project that a script imports."""
    found, waiting = set(), [script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imports_of(path)
    return set(map(str, found))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_few_dependencies_and_all_that_it_imports_is_among_them(stage: str) -> None:
    assert len(STAGES[stage]["deps"]) <= MOST
    assert unlisted(stage, closure(Path(f"pipelines/{stage}.py"))) == set()


def test_what_a_package_says_of_itself_is_no_code() -> None:
    """So no stage need depend on it; but for the networks, which stages use as a whole."""
    for path in (PROJECT / "src/neonym").rglob("__init__.py"):
        inside = path.relative_to(PROJECT / "src/neonym")
        if inside.parts[0] not in ("nn", "lab", "tracked", "commands", "__init__.py"):
            body = ast.parse(path.read_text()).body
            assert all(isinstance(node, ast.Expr) for node in body), inside


@pytest.mark.slow
def test_all_that_a_stage_imports_when_it_runs_is_among_its_dependencies(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    for stage in STAGES:
        printed = project.succeed("python", "-c", IMPORTS, stage, PYTHONPATH="src", DVC_STAGE=stage)
        [line] = [text for text in printed.splitlines() if text.startswith("imported ")]
        assert unlisted(stage, set(json.loads(line.removeprefix("imported ")))) == set(), stage


@pytest.mark.slow
def test_how_runs_are_tracked_reruns_nothing_and_changes_no_byte(project_that_ran: Project) -> None:
    project = project_that_ran
    before = outputs(project)
    places = [project.root / place for place in NO_DEPENDENCIES]
    for place in places:
        for file in [place] if place.is_file() else place.rglob("*.py"):
            file.write_text(file.read_text() + "\n# another line\n")
    assert project.repro() == []
    project.succeed("dvc", "repro", "--force")
    assert outputs(project) == before


def outputs(project: Project) -> dict[str, list[object]]:
    """The digests of all that the stages made."""
    locked = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
    return {name: stage["outs"] for name, stage in locked.items()}


def test_training_depends_on_all_its_keys_but_how_it_is_executed() -> None:
    listed = STAGES["train"]["params"]
    keys = yaml.safe_load((PROJECT / "conf/train/default.yaml").read_text())
    expected = {f"train.{key}" for key in keys.keys() - {"resume", "show_names_every"}}
    assert {key for key in listed if key.startswith("train")} == expected
