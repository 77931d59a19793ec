"""What is built for others to install: wheel and source, and the wheel alone in an environment."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from neonym import NameGenerator
from neonym.cli import ALONE, cli
from neonym.models.starting import base_model
from repositories import git

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).with_name("uv")
MOST_BYTES = 150e6
NAMES = ["allier", "aude", "cher", "corrèze", "drôme", "isère", "loire", "oise", "yonne"]
# Arguments with which a command of projects gets to what it needs
GIVEN = {
    "compare": ["."],
    "lineage": ["dvc.lock"],
    "promote": ["0"],
    "reproduce": ["0"],
    "resume-sweep": ["."],
}


def run(*command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    return set(git(PROJECT, "ls-files").splitlines())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, tracked: set[str]) -> Path:
    """The folder with the source distribution, and the wheel that is built of it."""
    folder = tmp_path_factory.mktemp("built")
    for name in tracked:
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, folder / "checkout" / name)
    options = ("--no-build-isolation", "--python", sys.executable, "-o", folder / "dist")
    done = run(UV, "build", *options, "checkout", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """An environment with the wheel and what it needs, of the locked versions."""
    folder = tmp_path_factory.mktemp("light") / "environment"
    [wheel] = built.glob("*.whl")
    lock = PROJECT / "requirements.lock"
    for arguments in (
        ("venv", "--python", sys.executable, folder),
        ("pip", "install", "--python", folder, "--compile-bytecode", "-c", lock, wheel),
    ):
        done = run(UV, *arguments, cwd=built)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_wheel_holds_all_that_is_in_src_and_nothing_else(
    built: Path, tracked: set[str]
) -> None:
    [wheel] = built.glob("*.whl")
    found = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    about = {name for name in found if ".dist-info/" in name}
    code = {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
    assert found - about == code
    assert {name.partition("/")[2] for name in about} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "top_level.txt",
        "licenses/LICENSE",
        "licenses/NOTICE",
    }


def test_on_a_package_index_links_and_pictures_of_the_page_lead_to_the_repository(
    built: Path,
) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        [about] = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_string(opened.read(about).decode())
    assert metadata["Description-Content-Type"] == "text/markdown"
    shown = metadata.get_payload()
    links = re.findall(r"\]\(([^)]+)\)", shown)
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", shown)
    page = r"https://github\.com/neonym/neonym/(blob|raw)/main/(.+)"
    own = [found for url in links if (found := re.fullmatch(page, url))]
    assert {url.partition(":")[0] for url in links} == {"https"}
    assert {found[2] for found in own} > {"docs/images/page.png", "docs/export.md", "CHANGELOG.md"}
    for found in own:
        assert (PROJECT / found[2]).is_file()
        assert (found[1] == "raw") == (found[0] in pictures) == found[2].endswith(".png")
    back = re.sub(page.removesuffix("(.+)"), "", shown)
    assert back.strip() == (PROJECT / "README.md").read_text().strip()


def test_the_source_distribution_holds_what_the_wheel_is_built_of_and_nothing_else(
    built: Path, tracked: set[str]
) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        found = {one.name.partition("/")[2] for one in opened.getmembers() if one.isfile()}
    made = {name for name in found if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    about = {"LICENSE", "MANIFEST.in", "NOTICE", "README.md", "pyproject.toml", "setup.py"}
    assert found - made == {name for name in tracked if name.startswith("src/")} | about


def test_what_is_installed_is_small(environment: Path) -> None:
    [packages] = environment.glob("lib/python*/site-packages")
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    print(f"installed: {size / 1e6:.0f} MB")
    assert size < MOST_BYTES


def test_it_learns_coins_scores_exports_and_imports_in_an_empty_folder(
    environment: Path, tmp_path: Path
) -> None:
    def neonym(*arguments: str) -> str:
        done = run(environment / "bin/neonym", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (tmp_path / "rivers.txt").write_text("\n".join(NAMES))
    names = json.loads(neonym("learn", "rivers.txt", "-n", "3", "--json"))["names"]
    assert len(names) == 3
    coined = neonym("sample", "-n", "5", "--model", "rivers.npz", "--new", "--like", "loire")
    same = NameGenerator.load(tmp_path / "rivers.npz").sample(5, seed=0, new=True, like="loire")
    assert coined.splitlines() == same
    score = neonym("score", "--model", "rivers.npz", "rivers.txt")
    assert score.startswith(f"names       {len(NAMES)}\n")
    neonym("export", "rivers.npz", "-o", "rivers.html")
    assert (tmp_path / "rivers.html").read_text().startswith("<!doctype html>")
    neonym("export", "rivers.npz", "-o", "rivers.safetensors")
    neonym("import", "rivers.safetensors", "-o", "again.npz")
    again = neonym("sample", "-n", "5", "--model", "again.npz", "--new", "--like", "loire")
    assert again == coined
    base = neonym("sample", "-n", "5", "--model", str(base_model()))
    assert base.splitlines() == NameGenerator.load(base_model()).sample(5, seed=0)


def test_what_needs_the_pipeline_says_so_in_one_line(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / "bin/neonym", "--help", cwd=tmp_path).stdout
    names = cli.list_commands(None)
    assert all(f"\n  {name} " in listed for name in names)
    for name in set(names) - {*ALONE, "mend"}:
        done = run(environment / "bin/neonym", name, *GIVEN.get(name, ()), cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(
            rf"neonym: {name} needs what is not installed \([\w.-]+\); "
            r'install it with: pip install "neonym\[pipeline\]"\n',
            done.stderr,
        )
