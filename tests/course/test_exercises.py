"""The exercises of the course fail while they are blank and pass with the given solutions."""

import ast
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

PROJECT = Path(__file__).resolve().parents[2]
EXERCISES = PROJECT / "docs/course/exercises"
MODULES = sorted(
    path.name for path in EXERCISES.glob("*.py") if not path.name.startswith(("test_", "conftest"))
)


def tried(report: Path, *options: str) -> dict[str, str]:
    """What each test of the exercises failed with, as a learner would run them; "" if it passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", *options]
    subprocess.run(
        [*command, f"--junitxml={report}", EXERCISES], cwd=PROJECT, check=False, timeout=300
    )
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - written here
        failed = [child.get("message", "") for child in case if child.tag in ("failure", "error")]
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = "".join(failed)
    return outcomes


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]


def is_blank(function: ast.FunctionDef) -> bool:
    _, *body = function.body
    return ast.unparse(body) == f"raise NotImplementedError('write {function.name}')"


@pytest.mark.slow
def test_each_test_of_an_exercise_fails_on_the_blank_and_passes_on_the_solution(
    tmp_path: Path,
) -> None:
    blank = tried(tmp_path / "blank.xml")
    solved = tried(tmp_path / "solved.xml", "--solutions")
    assert blank
    assert blank.keys() == solved.keys()
    unfounded = {n: why for n, why in blank.items() if not why.startswith("NotImplementedError")}
    assert not unfounded
    assert not {name: why for name, why in solved.items() if why}


@pytest.mark.parametrize("module", MODULES)
def test_a_solution_fills_the_blanks_and_changes_nothing_else(module: str) -> None:
    blanks, solutions = functions(EXERCISES / module), functions(EXERCISES / "solutions" / module)
    given = {function.name: function for function in solutions}
    assert any(is_blank(function) for function in blanks)
    for blank in blanks:
        solution = given[blank.name]
        assert ast.get_docstring(blank), blank.name
        assert ast.get_docstring(solution) == ast.get_docstring(blank)
        assert ast.unparse(solution.args) == ast.unparse(blank.args)
        if not is_blank(blank):
            assert ast.unparse(solution) == ast.unparse(blank)


@pytest.mark.parametrize("module", MODULES)
def test_every_exercise_has_tests(module: str) -> None:
    tests = (EXERCISES / f"test_{module}").read_text()
    for function in functions(EXERCISES / module):
        if is_blank(function):
            assert f"exercise.{function.name}(" in tests
