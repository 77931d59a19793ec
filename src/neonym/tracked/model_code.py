"""The code that goes along with a logged model: the modules that serving it imports, no others.

Beside them in the package may lie what is nobody's business: settings of one's own, keys, notes.
So nothing is copied because it is there. A module that is not committed as it stands is copied
where nothing in it looks like a secret; else the committed one is.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from neonym.lab.git import git_bytes
from neonym.lab.tracking.redacted_diff import holds_secret

PACKAGE = Path(__file__).resolve().parent.parent
SERVED = "tracked/served_model.py"


def copy_code(folder: Path, package: Path = PACKAGE) -> Path:
    """Copy the package into a folder, as far as the served model needs it; the copy.

    Parameters
    ----------
    folder
        Where to.
    package
        From where.
    """
    target = folder / package.name
    committed = _as_committed(package)
    for name in sorted(needed(package)):
        present = (package / name).read_bytes()
        content: bytes | None = present
        if name not in committed and holds_secret(name, present.decode("utf-8", "replace")):
            content = git_bytes(package, "cat-file", "blob", f"HEAD:./{name}")
        if content is not None:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)
    return target


def needed(package: Path = PACKAGE) -> set[str]:
    """The files of the package that the served model imports, whenever it does, and itself."""
    found: set[str] = set()
    left = [SERVED]
    while left:
        name = left.pop()
        if name in found or not (package / name).is_file():
            continue
        found.add(name)
        left += [f"{parent}/__init__.py" for parent in Path(name).parents]
        for module in _imported(ast.parse((package / name).read_bytes())):
            root, *path = module.split(".")
            if root == package.name:
                left += [f"{'/'.join(path)}.py", "/".join([*path, "__init__.py"])]
    return {Path(name).as_posix() for name in found}


def _imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that code imports, those that may be a module's or something in it too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{name.name}" for name in names)


def _as_committed(package: Path) -> set[str]:
    """The files that are as in the commit."""
    known = git_bytes(package, "ls-files", "-z")
    changed = git_bytes(package, "diff", "HEAD", "--name-only", "--relative", "-z", "--", ".")
    if known is None or changed is None:
        return set()
    return set(known.decode().split("\0")) - set(changed.decode().split("\0"))
