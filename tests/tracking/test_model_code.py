"""The code that goes along with a logged model is what serving it imports, and nothing else."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from promotable import write_model

from neonym import NameGenerator
from neonym.tracked.model_code import PACKAGE, SERVED, copy_code, needed
from neonym.tracked.model_logging import REQUIREMENTS
from repositories import git

SECRET = "-".join(["correct", "horse", "5"])
ALONE = """
import json, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in without:
            raise ModuleNotFoundError(name)

sys.path.insert(0, sys.argv[1])
without = json.loads(sys.argv[3])
sys.meta_path.insert(0, Missing())
from neonym.generation.generator import NameGenerator
from neonym.base.errors import UserError
generator = NameGenerator.load(sys.argv[2])
print(*generator.sample(3, seed=0), sep="\\n")
for wrong in ({"prefix": "é"}, {"temperature": -1.0}):
    try:
        generator.sample(1, **wrong)
    except UserError:
        continue
    raise AssertionError(wrong)
own = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "neonym"]
assert all(file.startswith(sys.argv[1]) for file in own), own
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed copy of what the model needs, and of some modules that it does not."""
    root = tmp_path_factory.mktemp("checkout")
    for name in (*needed(), "cli.py", "lab/git.py"):
        (root / "neonym" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, root / "neonym" / name)
    (root / ".gitignore").write_text("ignored.py\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Begin")
    return root / "neonym"


def copied(package: Path, folder: Path) -> dict[str, str]:
    copy = copy_code(folder, package)
    files = (path for path in copy.rglob("*") if path.is_file())
    return {path.relative_to(copy).as_posix(): path.read_text() for path in files}


def test_the_copy_alone_coins_names_with_what_the_model_says_it_requires(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.npz")
    without = sorted(packages_distributions().keys() - {*REQUIREMENTS, "neonym"})
    copy_code(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path), str(model), json.dumps(without)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == NameGenerator.load(model).sample(3, seed=0)


def test_what_is_needed_is_the_networks_side_of_the_package() -> None:
    folders = {Path(name).parts[0] for name in needed() if "/" in name}
    assert folders == {"base", "corpus", "generation", "models", "nn", "tracked"}
    assert {SERVED, "__init__.py", "tracked/__init__.py", "nn/cells/lstm.py"} <= needed()
    assert all(name.endswith(".py") for name in needed())


def test_without_git_nothing_needed_is_missing(tmp_path: Path) -> None:
    for name in needed():
        (tmp_path / "neonym" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, tmp_path / "neonym" / name)
    assert copied(tmp_path / "neonym", tmp_path / "copy").keys() == needed()


def test_nothing_is_copied_because_it_is_there(package: Path, tmp_path: Path) -> None:
    before = copied(package, tmp_path / "before")
    assert before.keys() == needed()
    strays = ("local_settings.py", ".env", "nn/notes.txt", "nn/ignored.py", "base/id_rsa")
    for stray in strays:
        (package / stray).write_text(f'PASSWORD = "{SECRET}"\n')
    try:
        assert copied(package, tmp_path / "after") == before
    finally:
        for stray in strays:
            (package / stray).unlink()


def test_a_module_with_a_secret_that_is_not_committed_goes_as_it_is_in_the_commit(
    package: Path, tmp_path: Path
) -> None:
    before = copied(package, tmp_path / "before")
    text = (package / "settings.py").read_text()
    try:
        (package / "settings.py").write_text(f'{text}STORE_PASSWORD = "{SECRET}"\n')
        assert copied(package, tmp_path / "after") == before
        (package / "settings.py").write_text(f"{text}MORE = 1\n")
        after = copied(package, tmp_path / "again")
        assert after == {**before, "settings.py": f"{text}MORE = 1\n"}
    finally:
        (package / "settings.py").write_text(text)


def test_a_new_module_goes_along_unless_it_holds_a_secret(package: Path, tmp_path: Path) -> None:
    lstm = (package / "nn/cells/lstm.py").read_text()
    try:
        (package / "nn/cells/lstm.py").write_text(f"import neonym.nn.cells.own\n{lstm}")
        (package / "nn/cells/own.py").write_text("A = 1\n")
        assert copied(package, tmp_path / "clean")["nn/cells/own.py"] == "A = 1\n"
        (package / "nn/cells/own.py").write_text(f'API_KEY = "{SECRET}"\n')
        assert "nn/cells/own.py" not in copied(package, tmp_path / "secret")
    finally:
        (package / "nn/cells/lstm.py").write_text(lstm)
        (package / "nn/cells/own.py").unlink()
