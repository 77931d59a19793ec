"""What `neonym` and `neonym.nn` export says what it takes, gives and refuses."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from numpydoc.validate import validate

import neonym
from neonym import nn

EXPORTED = [f"neonym.{name}" for name in neonym.__all__] + [
    f"neonym.nn.{name}" for name in nn.__all__
]
ALWAYS = {
    "GL08",  # no docstring
    "PR02",  # describes a parameter that there is not
    "PR07",  # names a parameter and says nothing of it
    "RT03",  # names what comes back and says nothing of it
    "SS01",  # no summary
}
WHOLE = {"PR01", "RT01"}  # parameters, or what comes back, are left out
# Its options are RecurrentNetwork's, which explains them
EXPLAINED_THERE = {"neonym.nn.Architecture"}
REFUSALS = {"ValueError", "UserError", "TypeError", "RuntimeError"}


def found(name: str) -> Any:
    module = nn if name.startswith("neonym.nn.") else neonym
    return getattr(module, name.rpartition(".")[2])


def members(name: str) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class that no exported class above it explains."""
    exported = {found(each) for each in EXPORTED if inspect.isclass(found(each))} - {found(name)}
    ours = [owner for owner in found(name).__mro__ if owner.__module__.startswith("neonym.")]
    explained = {each for owner in ours if owner in exported for each in vars(owner)}
    for owner in ours:
        for each, defined in vars(owner).items():
            is_member = callable(defined) or isinstance(defined, property | classmethod)
            if is_member and not each.startswith("_") and each not in explained:
                yield f"{name}.{each}", getattr(found(name), each)


def wrong(name: str, codes: set[str]) -> list[str]:
    return [f"{name}: {said}" for code, said in validate(name)["errors"] if code in codes]


def takes_several(method: Callable[..., object]) -> bool:
    return len(set(inspect.signature(method).parameters) - {"self"}) > 1


def refuses(defined: Callable[..., object]) -> set[str]:
    """What its own code raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(defined))))
    calls = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
    return {one for call in calls if call for one in REFUSALS if ast.unparse(call).startswith(one)}


@pytest.mark.parametrize("name", [name for name in EXPORTED if callable(found(name))])
def test_what_is_exported_explains_itself(name: str) -> None:
    exported = found(name)
    mistakes = wrong(name, ALWAYS if name in EXPLAINED_THERE else ALWAYS | WHOLE)
    if not inspect.isclass(exported):
        assert refuses(exported) == set() or "Raises" in (exported.__doc__ or ""), name
    else:
        for each, member in members(name):
            is_whole = not isinstance(member, property) and takes_several(member)
            mistakes += wrong(each, ALWAYS | WHOLE if is_whole else ALWAYS)
            if not isinstance(member, property) and inspect.isroutine(member):
                said = inspect.getdoc(member) or ""
                mistakes += [
                    f"{each}: raises {one}" for one in refuses(member) if "aise" not in said
                ]
    assert mistakes == []


def test_what_is_exported_and_no_function_is_said_in_the_reference() -> None:
    from guides import PROJECT

    told = "".join(path.read_text() for path in (PROJECT / "docs/api").glob("*.md"))
    missing = [name for name in EXPORTED if name.rpartition(".")[2] not in told]
    assert missing == []
