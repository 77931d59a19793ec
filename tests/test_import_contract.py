"""The house: who may know whom. docs/architecture.md draws it."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from keyword import iskeyword
from pathlib import Path

import grimp
import pytest

from neonym import lab
from neonym.base.missing import BROUGHT
from neonym.cli import ALONE

PROJECT = Path(__file__).resolve().parent.parent
CODE = ("src", "pipelines", "tests", "benchmarks", "examples")
EXAMPLE_LINES = 200  # of Python, scripts included

# From the top; each may import what stands in the lines below it, and nothing beside or above.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("experiment",),
    ("tracked",),
    ("steps",),
    ("figures",),
    ("export",),
    ("generation",),
    ("evaluation", "training"),
    ("models",),
    ("corpus",),
    ("settings",),
    ("defaults",),
    ("lab",),
    ("drawing",),
    ("base", "nn"),
)
LAB_LAYERS = (
    ("own",),
    ("sweeps", "lineage"),
    ("composing",),
    ("stage",),
    ("delivery",),
    ("tracking",),
    ("project",),
    ("configuration", "dvc_cache", "dvc_file", "git", "lockfile", "overrides", "places"),
)
USERS_OF_THE_LAB = {"cli", "commands", "experiment", "tracked"}

# Who may import what is heavy, or belongs to one side
ONLY = {
    "mlflow": ("neonym.lab.delivery", "neonym.lab.lineage", "neonym.tracked"),
    "hydra": ("neonym.lab.composing", "neonym.lab.sweeps"),
    "omegaconf": ("neonym.lab.composing", "neonym.lab.sweeps"),
    "optuna": ("neonym.lab.sweeps",),
    "dvc": ("neonym.commands.mend",),
    "click": ("neonym.cli", "neonym.commands"),
    "safetensors": ("neonym.export",),
    "matplotlib": ("neonym.drawing", "neonym.figures", "neonym.lab.sweeps.sweep_figures"),
    "detect_secrets": ("neonym.lab.tracking.redacted_diff",),
    "filelock": ("neonym.lab", "neonym.base.locks"),
    "yaml": ("neonym.lab",),
    "ruamel": ("neonym.lab",),
    "scipy": ("neonym.evaluation",),
    "pandas": ("neonym.tracked",),
    "torch": (),
    "jax": (),
}


DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", one)[0] for one in requirements}


INSTALLED = names_of(DECLARED["dependencies"])
BY_THE_EXTRA = names_of(DECLARED["optional-dependencies"]["pipeline"])


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "neonym",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


@pytest.fixture(scope="module")
def own(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """What each module of ours imports of ours."""
    modules = {name for name in graph.modules if name.split(".")[0] == "neonym"}
    return {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}


def part_of(module: str, depth: int) -> str:
    return ".".join(module.split(".")[depth : depth + 1])


def upward(own: dict[str, set[str]], layers: tuple[tuple[str, ...], ...], depth: int) -> list[str]:
    """The imports that do not lead down."""
    level = {name: height for height, names in enumerate(layers) for name in names}
    return [
        f"{importer} -> {imported}"
        for importer, many in own.items()
        for imported in many
        if (here := part_of(importer, depth)) != (there := part_of(imported, depth))
        if here in level and there and level[here] >= level.get(there, -1)
    ]


def test_every_package_imports_only_what_stands_below_it(own: dict[str, set[str]]) -> None:
    parts = {part_of(name, 1) for name in own} - {""}
    assert parts == {name for names in LAYERS for name in names}
    assert upward(own, LAYERS, 1) == []


def test_only_what_stands_above_the_names_knows_the_lab(own: dict[str, set[str]]) -> None:
    users = {
        part_of(name, 1) for name, many in own.items() if any("neonym.lab" in one for one in many)
    }
    assert users - {"lab"} <= USERS_OF_THE_LAB


def test_the_lab_knows_nothing_of_names(own: dict[str, set[str]]) -> None:
    known = {
        part_of(one, 1) for name, many in own.items() if part_of(name, 1) == "lab" for one in many
    }
    assert known <= {"lab", "base", "drawing"}
    told = {
        f"{path.name}: {node.value}"
        for path in (PROJECT / "src/neonym/lab").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(
            r"preprocess|train|sample|evaluate|(data|model|train|sample|evaluate)[./].+|"
            r".*(dinosaur|vocabulary|names\.csv|history\.csv|model\.npz).*",
            node.value,
        )
    }
    assert told == set()


def test_the_parts_of_the_lab_stand_on_each_other(own: dict[str, set[str]]) -> None:
    inside = {name: many for name, many in own.items() if part_of(name, 1) == "lab"}
    parts = {part_of(name, 2) for name in inside} - {""}
    assert parts == {name for names in LAB_LAYERS for name in names}
    within = {name: {one for one in many if "neonym.lab" in one} for name, many in inside.items()}
    assert upward(within, LAB_LAYERS, 2) == []


def test_there_are_no_circles(own: dict[str, set[str]]) -> None:
    TopologicalSorter(own).prepare()  # raises CycleError, which names the circle


def test_networks_import_numpy_and_nothing_else(graph: grimp.ImportGraph) -> None:
    networks = {"neonym.nn", *graph.find_descendants("neonym.nn")}
    imported = {
        name for module in networks for name in graph.find_modules_directly_imported_by(module)
    }
    assert "numpy" in imported
    others = {name.partition(".")[0] for name in imported - networks} - {"numpy"}
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize(("package", "allowed"), ONLY.items())
def test_who_imports_what_is_heavy(
    graph: grimp.ImportGraph, package: str, allowed: tuple[str, ...]
) -> None:
    importers = (
        set(graph.find_modules_that_directly_import(package)) if package in graph.modules else set()
    )
    assert {name for name in importers if not name.startswith(allowed)} == set()


def reached(graph: grimp.ImportGraph, modules: set[str]) -> set[str]:
    """What some modules import, whenever they do, and all that this imports."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            if name.startswith("neonym."):
                waiting.append(name.rpartition(".")[0])  # runs before it
            if name == "neonym.commands":  # what it imports late is for commands of projects
                continue
            waiting += graph.find_modules_directly_imported_by(name)
    return found


def installed_for(modules: set[str]) -> set[str]:
    """The packages that others' modules are from."""
    others = {name.partition(".")[0] for name in modules} - {"neonym"} - sys.stdlib_module_names
    return {BROUGHT.get(name, name) for name in others}


def test_what_needs_no_extra_imports_what_is_installed_without_one_and_all_of_it(
    graph: grimp.ImportGraph,
) -> None:
    commands = {f"neonym.commands.{name}" + "_" * iskeyword(name) for name in ALONE}
    needed = reached(graph, {"neonym.cli", "neonym.generation.generator", *commands})
    beyond = {
        f"{importer} -> {other}"
        for other in needed
        if installed_for({other}) - INSTALLED
        for importer in graph.find_modules_that_directly_import(other) & needed
    }
    assert beyond == set()
    assert installed_for(needed) == INSTALLED


def test_the_extra_brings_what_else_is_imported(graph: grimp.ImportGraph) -> None:
    own_to_others = {"voluptuous": "dvc", "sklearn": "optuna"}  # and installed with these
    of_others = {"scikit-learn", "ruamel.yaml.clib"}  # whose modules these import
    imported = installed_for(graph.modules) - own_to_others.keys()
    assert imported == INSTALLED | BY_THE_EXTRA - of_others
    assert set(BROUGHT.values()) == BY_THE_EXTRA - {"ruamel.yaml.clib"}
    assert set() == INSTALLED & BY_THE_EXTRA


def test_no_two_modules_have_one_name() -> None:
    places = defaultdict(list)
    for path in (PROJECT / "src").rglob("*.py"):
        if path.name != "__init__.py" and path.parent.name != "commands":
            places[path.stem].append(str(path.relative_to(PROJECT)))
    # a command's module has the command's name, which may be that of what it runs
    assert {name: many for name, many in places.items() if len(many) > 1} == {}


def files() -> list[Path]:
    return [path for folder in CODE for path in sorted((PROJECT / folder).rglob("*.py"))]


def test_nobody_touches_the_path_or_imports_a_script() -> None:
    scripts = {path.stem for path in (PROJECT / "pipelines").glob("*.py")}
    sets_it = PROJECT / "src/neonym/lab/project.py"  # once: the modules of somebody's own pipeline
    found = []
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.ImportFrom(module=str(module)) if module.split(".")[0] in scripts:
                    found.append(f"{path}:{node.lineno} imports {module}")
                case ast.Import(names=names) if scripts & {one.name for one in names}:
                    found.append(f"{path}:{node.lineno} imports a script")
                case ast.Attribute(value=ast.Attribute(attr="path"), attr="insert" | "append") if (
                    path != sets_it
                ):
                    found.append(f"{path}:{node.lineno} touches the path")
                case ast.Attribute(attr="syspath_prepend"):
                    found.append(f"{path}:{node.lineno} touches the path")
    assert found == []


def test_the_command_line_stays_as_it_was_typed() -> None:
    rewritten = [
        f"{path}:{node.lineno}"
        for path in files()
        if "tests" not in path.relative_to(PROJECT).parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if ast.unparse(node).startswith("sys.argv")
    ]
    assert rewritten == []


def test_scripts_are_thin() -> None:
    scripts = sorted((PROJECT / "pipelines").iterdir())
    stages = {"compose", "preprocess", "train", "sample", "evaluate", "sweep"}
    assert {path.stem for path in scripts if path.suffix == ".py"} == stages
    assert {path.name for path in scripts} - {"__pycache__"} == {f"{name}.py" for name in stages}
    assert sum(len(path.read_text().splitlines()) for path in scripts if path.is_file()) <= 350


EXAMPLES = sorted(path for path in (PROJECT / "examples").iterdir() if path.is_dir())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_needs_nothing_of_neonym_but_the_lab(example: Path) -> None:
    lines, imported = 0, set()
    for path in example.rglob("*.py"):
        text = path.read_text()
        lines += len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.ImportFrom(module=str(module), names=names) if module[:6] == "neonym":
                    imported |= {f"{module}.{one.name}" for one in names}
                case ast.Import(names=names):
                    imported |= {one.name for one in names if one.name[:6] == "neonym"}
    public = {f"neonym.lab.{name}" for name in lab.__all__}
    assert "neonym.lab.main" in imported <= {"neonym.lab", *public}
    assert lines <= EXAMPLE_LINES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_script_of_an_example_is_three_lines(example: Path) -> None:
    for path in (example / "pipelines").glob("*.py"):
        lines = [line for line in path.read_text().splitlines() if line]
        assert lines == [
            "from neonym.lab import main",
            'if __name__ == "__main__":',
            f'    main("{path.stem}")',
        ]


def test_an_import_that_comes_late_says_why() -> None:
    """Or stands in one block with one that does."""
    unexplained = []
    for path in (PROJECT / "src").rglob("*.py"):
        is_explained = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "noqa: PLC0415" in line:
                is_explained = is_explained or "PLC0415 (" in line
                if not is_explained:
                    unexplained.append(f"{path}:{number}")
            elif line.strip() and "import" not in line and line.strip() != ")":
                is_explained = line.lstrip().startswith("#")
    assert unexplained == []
