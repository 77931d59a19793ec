"""What is recorded of the code and the list: enough to have both again, or said that it is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from neonym.base.files import md5_of
from neonym.lab.tracking import checkout as lineage
from neonym.lab.tracking.checkout import read_checkout, where_kept
from repositories import begin, git


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    begin(folder, {"src/code.py": "ONE = 1\n", "list.txt": "rex\n"})
    return folder


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    found = read_checkout(checkout)
    assert (found.commit, found.dirty, found.diff, found.state) == (
        git(checkout, "rev-parse", "HEAD").strip(),
        False,
        "",
        "",
    )


MADE = ("eval/metrics.json", "eval/[a].csv", "curves", "src/made.json")
"""What the stages of a project make, wherever that is; committed, as metrics are."""


def test_what_stages_make_does_not_make_a_checkout_dirty_wherever_it_is(checkout: Path) -> None:
    for name in (*MADE[:2], "curves/one.csv", "eval/by_hand.md", "eval/a.csv", "mlflow.db"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("1")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Keep results")
    clean = read_checkout(checkout, MADE)
    for name in (*MADE[:2], "curves/one.csv", "src/made.json", "mlflow.db"):
        (checkout / name).write_text("2")
    assert read_checkout(checkout, MADE) == clean
    assert read_checkout(checkout).dirty
    for name in ("eval/by_hand.md", "eval/a.csv"):  # no output, whatever it is called
        (checkout / name).write_text("2")
        assert read_checkout(checkout, MADE).dirty
        git(checkout, "checkout", "-q", name)


def test_the_diff_makes_the_checkout_from_its_commit_again(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "config", "color.ui", "always")
    git(checkout, "config", "diff.noprefix", "true")
    git(checkout, "config", "diff.context", "0")
    git(checkout, "config", "diff.relative", "true")
    git(checkout, "config", "status.showUntrackedFiles", "no")
    (checkout / "src/code.py").write_text("ONE = 1\nTWO = 2  # zwei, δύο\n")
    (checkout / "src/new.py").write_text("no line end")
    (checkout / "src/picture.bin").write_bytes(bytes(range(256)))
    (checkout / "pipelines").mkdir()
    (checkout / "pipelines/with space.py").write_text("SPACE = ' '\n")
    (checkout / "pyproject.toml").write_text('[tool.neonym]\nproject = "code"\n')
    (checkout / "list.txt").unlink()
    before = git(checkout, "status", "--porcelain")
    found = read_checkout(checkout)
    assert (found.dirty, found.state) == (True, "whole")
    assert git(checkout, "status", "--porcelain") == before  # nothing was added to its index
    again = tmp_path / "again"
    git(checkout, "worktree", "add", "-q", "--detach", str(again), found.commit)
    git(again, "apply", "--whitespace=nowarn", given=found.diff)
    (again / ".git").unlink()
    (again / "list.txt").unlink()  # a list is kept otherwise
    assert files(again) == files(checkout)


def test_a_new_file_makes_a_checkout_dirty_whatever_gits_settings(checkout: Path) -> None:
    git(checkout, "config", "status.showUntrackedFiles", "no")
    (checkout / "src/new.py").write_text("ONE = 11\n")
    assert "+ONE = 11" in read_checkout(checkout).diff


def test_a_checkout_that_git_cannot_read_is_not_said_to_be_clean(checkout: Path) -> None:
    (checkout / ".git/index").write_bytes(b"damaged")
    found = read_checkout(checkout)
    assert (found.dirty, found.state, found.diff) == (True, "", "")


def test_it_is_the_checkout_of_the_folder_that_is_read_whatever_the_environment_names(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(checkout, "rev-parse", "HEAD").strip()
    begin(tmp_path / "other", {"theirs.txt": "rex\n"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    assert read_checkout(checkout).commit == commit


@pytest.mark.parametrize("name", ["diary.txt", "my_names.txt", "data/raw/mine.csv", "docs/a.md"])
def test_new_files_that_are_no_code_say_nothing_of_what_was_run(checkout: Path, name: str) -> None:
    clean = read_checkout(checkout)
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("nobody's business\n")
    assert read_checkout(checkout) == clean
    assert not clean.dirty


@pytest.mark.parametrize(
    "name", ["src/a/new.py", "conf/data/new.yaml", "pipelines/new.py", "dvc.yaml", "list.txt"]
)
def test_new_code_and_changes_of_what_git_knows_make_a_checkout_dirty_and_another(
    checkout: Path, name: str
) -> None:
    found = [read_checkout(checkout)]
    for text in ("one\n", "two\n"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
        found.append(read_checkout(checkout))
    assert [each.dirty for each in found] == [False, True, True]
    assert len({each.digest for each in found}) == 3
    git(checkout, "add", name)
    git(checkout, "commit", "-q", "-m", "Change")
    found.append(read_checkout(checkout))
    assert not found[-1].dirty
    assert len({each.digest for each in found}) == 4


def test_code_that_git_does_not_tell_of_is_told_apart_by_its_files(tmp_path: Path) -> None:
    found = set()
    for text in ("ONE = 1\n", "ONE = 2\n", "ONE = 1\n"):
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src/code.py").write_text(text)
        found.add(read_checkout(tmp_path).digest)
    assert len(found) == 2


def test_what_stages_write_themselves_does_not_make_a_checkout_dirty(checkout: Path) -> None:
    (checkout / "reports").mkdir()
    for name in ("dvc.lock", "params.yaml", "reports/metrics.json"):
        (checkout / name).write_text("changed\n")
    assert not read_checkout(checkout).dirty


def test_so_it_is_where_the_project_is_a_folder_of_a_repository(tmp_path: Path) -> None:
    begin(tmp_path, {"project/dvc.lock": "", "project/conf/a.yaml": "", "dvc.lock": ""})
    (tmp_path / "project/dvc.lock").write_text("changed\n")
    assert not read_checkout(tmp_path / "project").dirty
    (tmp_path / "dvc.lock").write_text("another's\n")
    found = read_checkout(tmp_path / "project")
    assert (found.dirty, found.diff, found.state) == (True, "", "whole")


@pytest.mark.parametrize("name", ["src/code.py", "src/new.py"])
def test_a_diff_that_is_too_long_is_said_to_be_cut_off(
    checkout: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MAX_DIFF_BYTES", 1000)
    (checkout / name).write_text("X = 1\n" * 1000)
    found = read_checkout(checkout)
    assert found.state == "cut off"
    assert len(found.diff) <= 1000


def test_what_finds_secrets_is_not_loaded_where_nothing_differs(checkout: Path) -> None:
    program = (
        "import sys, pathlib; from neonym.lab.tracking.checkout import read_checkout\n"
        "print(read_checkout(pathlib.Path()).dirty, 'detect_secrets' in sys.modules)"
    )
    printed = []
    for text in ("ONE = 1\n", "ONE = 2\n"):
        (checkout / "src/code.py").write_text(text)
        command = [sys.executable, "-c", program]
        printed.append(subprocess.check_output(command, cwd=checkout, text=True).split())
    assert printed == [["False", "False"], ["True", "True"]]


def test_data_and_prose_are_left_out_of_the_diff_and_said_so(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(checkout, "config", "diff.relative", "true")
    for name in ("README.md", "src/notes.md", "conf/towns.csv"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("begun\n")
        git(checkout, "add", name)
    git(checkout, "commit", "-q", "-m", "Prose")
    for name in ("README.md", "src/notes.md", "conf/towns.csv", "list.txt"):
        (checkout / name).write_text("nobody's business\n")
    (checkout / "src/code.py").write_text("ONE = 2\n")
    found = read_checkout(checkout)
    assert found.state == "whole"
    assert found.diff.splitlines()[:6] == [
        "# Not needed to run the code again, and left out of this diff:",
        *(f"#   {name}" for name in ("README.md", "list.txt", "conf/towns.csv", "src/notes.md")),
        "diff --git a/src/code.py b/src/code.py",
    ]
    assert "business" not in found.diff
    git(checkout, "worktree", "add", "-q", "--detach", str(tmp_path / "again"), found.commit)
    git(tmp_path / "again", "apply", given=found.diff)
    assert (tmp_path / "again/src/code.py").read_text() == "ONE = 2\n"
    monkeypatch.setattr(lineage, "SHOWN_NAMES", 1)
    assert read_checkout(checkout).diff.splitlines()[2] == "#   3 more"


def test_a_value_is_left_out_whose_key_is_far_above_the_change(checkout: Path) -> None:
    lines = ["store:", "  password: |", *(f"    line {number}" for number in range(20)), "a: 1"]
    (checkout / "conf").mkdir(exist_ok=True)
    (checkout / "conf/store.yaml").write_text("\n".join(lines))
    git(checkout, "add", "conf/store.yaml")
    git(checkout, "commit", "-q", "-m", "Store")
    lines[12] = "    correct horse"
    (checkout / "conf/store.yaml").write_text("\n".join(lines))
    found = read_checkout(checkout)
    assert found.state == "redacted"
    assert "correct horse" not in found.diff
    assert "line 9" not in found.diff


def test_a_secret_in_a_diff_is_left_out_and_said_so(checkout: Path) -> None:
    (checkout / "src/code.py").write_text('PASSWORD = "correct horse"\n')
    found = read_checkout(checkout)
    assert found.state == "redacted"
    assert "correct horse" not in found.diff


def test_a_diff_that_is_no_text_is_said_so(checkout: Path) -> None:
    (checkout / "src/code.py").write_bytes(b"ONE = '\xe9'\n")
    assert read_checkout(checkout).state == "not text"


def test_outside_of_a_checkout_the_commit_is_unknown(tmp_path: Path) -> None:
    found = read_checkout(tmp_path)
    assert (found.commit, found.dirty, found.state) == ("unknown", False, "")


def test_an_archive_unpacked_in_another_repository_is_not_of_its_commit(checkout: Path) -> None:
    unpacked = checkout / "downloads/neonym"
    unpacked.mkdir(parents=True)
    (unpacked / "dvc.yaml").write_text("stages: {}\n")
    assert read_checkout(unpacked).commit == "unknown"


def test_a_list_that_is_committed_is_kept_in_git(checkout: Path) -> None:
    assert where_kept(Path("list.txt"), checkout, checkout) == "git"


def test_a_list_in_another_repository_is_kept_with_the_run(checkout: Path, tmp_path: Path) -> None:
    begin(tmp_path / "other", {"theirs.txt": "rex\n"})
    assert where_kept(tmp_path / "other/theirs.txt", checkout, checkout) == "artifact"


def test_a_list_that_is_not_as_committed_is_kept_with_the_run(checkout: Path) -> None:
    (checkout / "list.txt").write_text("rex\ntops\n")
    (checkout / "other.txt").write_text("rex\n")
    assert where_kept(Path("list.txt"), checkout, checkout) == "artifact"
    assert where_kept(Path("other.txt"), checkout, checkout) == "artifact"


def test_a_list_in_dvcs_cache_is_kept_there(checkout: Path) -> None:
    (checkout / "own.txt").write_text("mine\n")
    md5 = md5_of(checkout / "own.txt")
    (checkout / ".dvc/cache/files/md5" / md5[:2]).mkdir(parents=True)
    (checkout / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).write_text("mine\n")
    assert where_kept(Path("own.txt"), checkout, checkout) == "DVC's cache"


def test_a_list_that_is_too_large_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MAX_RAW_BYTES", 10)
    (tmp_path / "large.txt").write_text("x" * 11)
    assert where_kept(Path("large.txt"), tmp_path, tmp_path) == "nowhere"
