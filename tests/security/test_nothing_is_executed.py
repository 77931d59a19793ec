"""No file that is read can make Python run anything: no pickle, no eval, no yaml.load."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    "yaml": {"load", "load_all", "full_load", "full_load_all", "unsafe_load", "Loader"},
    "os": {"system", "popen"},
    "joblib": {"load", "dump"},
    "torch": {"load"},
}


def sources() -> list[Path]:
    folders = ("src", "pipelines", "benchmarks")
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def offences(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if _root(name.name) in FORBIDDEN_MODULES)
            case ast.ImportFrom(module=str(module)) if _root(module) in FORBIDDEN_MODULES:
                yield module
            case ast.ImportFrom(module=str(module), names=names):
                forbidden = FORBIDDEN_ATTRIBUTES.get(module, set())
                yield from (f"{module}.{name.name}" for name in names if name.name in forbidden)
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_NAMES:
                yield name
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if (
                attribute in FORBIDDEN_ATTRIBUTES.get(name, ())
            ):
                yield f"{name}.{attribute}"
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=value)) if value:
                yield "allow_pickle"
            case ast.keyword(arg="shell", value=ast.Constant(value=value)) if value:
                yield "shell=True"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="load")):
                if not any(word.arg == "allow_pickle" for word in node.keywords):
                    yield "np.load without allow_pickle=False"


def _root(module: str) -> str:
    return module.partition(".")[0]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_source_unpickles_or_evaluates(path: Path) -> None:
    assert list(offences(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from yaml import load",
        "from joblib import load",
        "eval('1')",
        "yaml.load(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
    ],
)
def test_the_search_finds(source: str) -> None:
    assert list(offences(ast.parse(source)))
