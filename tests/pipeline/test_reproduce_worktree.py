"""A temporary worktree: the run's code, nothing outside of it touched, nothing left of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neonym.base.errors import UserError
from neonym.lab.lineage.worktree import worktree
from repositories import begin, git

# Makes a worktree in the repository named, runs a command in it, and tells where
USER = """
import signal, sys
from pathlib import Path
from neonym.lab.lineage.worktree import worktree
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
with worktree(Path(sys.argv[1]), "HEAD") as place:
    with place.running(["sleep", "600"]) as process:
        print(place.project, process.pid, flush=True)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def repository(tmp_path: Path, temporary: Path) -> Iterator[Path]:
    """A repository of which nothing has changed in the end."""
    folder = tmp_path / "repository"
    begin(folder, {"code.py": "ONE = 1\n", "project/inner.py": "TWO = 2\n"})
    before = snapshot(folder)
    yield folder
    assert snapshot(folder) == before
    assert list(temporary.iterdir()) == []


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files of a repository, git's own too; of its index what it holds, not the times."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    # An edit that is undone in a later second gives its file another time in the index
    return files | {".git/index": git(folder, "ls-files", "--stage").encode()}


def edited(repository: Path, path: str, text: str) -> str:
    """The diff that an edit makes, which is undone."""
    before = (repository / path).read_bytes()
    (repository / path).write_text(text)
    diff = git(repository, "diff")
    (repository / path).write_bytes(before)
    return diff


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_commit_and_the_diff_are_there_and_then_gone(repository: Path) -> None:
    diff = edited(repository, "code.py", "ONE = 11\n")
    with worktree(repository, "HEAD", diff) as place:
        assert (place.project / "code.py").read_text() == "ONE = 11\n"
        assert (place.project / "project/inner.py").read_text() == "TWO = 2\n"


def test_a_project_within_a_repository_is_found_in_the_worktree(repository: Path) -> None:
    with worktree(repository / "project", "HEAD") as place:
        assert [path.name for path in place.project.iterdir()] == ["inner.py"]


def test_nothing_is_left_after_an_error(repository: Path) -> None:
    with pytest.raises(RuntimeError), worktree(repository, "HEAD"):
        raise RuntimeError


def test_nothing_is_left_where_the_diff_does_not_fit(repository: Path) -> None:
    diff = edited(repository, "code.py", "ONE = 11\n").replace("-ONE = 1", "-ONE = 7")
    with (
        pytest.raises(UserError, match="does not fit its commit"),
        worktree(repository, "HEAD", diff),
    ):
        pass


def test_nothing_is_left_where_there_is_no_such_commit(repository: Path) -> None:
    with pytest.raises(UserError, match="git worktree"), worktree(repository, "0" * 40):
        pass


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", ".git/hooks/pre-commit"])
def test_a_diff_never_reaches_out_of_the_worktree(repository: Path, name: str) -> None:
    diff = (
        f"diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n"
        "@@ -0,0 +1 @@\n+harm\n"
    )
    with (
        pytest.raises(UserError, match="does not fit its commit"),
        worktree(repository, "HEAD", diff),
    ):
        pass


MADE = "--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n"


@pytest.mark.parametrize(
    "mode", ["120000", "0120000", "00120000", "120000 ", "120000\t", "120000\r", "120777"]
)
def test_a_link_that_a_diff_makes_is_found_in_whatever_way_it_is_written(
    repository: Path, mode: str
) -> None:
    diff = f"diff --git a/link b/link\nnew file mode {mode}\n{MADE}"
    with (
        pytest.raises(UserError, match=r"makes a symbolic link, link,|does not fit its commit"),
        worktree(repository, "HEAD", diff) as place,
    ):
        assert not (place.project / "link").exists()
        raise AssertionError("it was taken")


def test_a_file_that_a_diff_turns_into_a_link_is_found(repository: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(repository, "clone", "-q", str(repository), str(copy))
    (copy / "code.py").unlink()
    (copy / "code.py").symlink_to("/etc/passwd")
    diff = git(copy, "diff", "--binary", "--full-index")
    with (
        pytest.raises(UserError, match=r"makes a symbolic link, code\.py,"),
        worktree(repository, "HEAD", diff),
    ):
        pass


def test_links_of_the_commit_stay_and_a_diff_leads_none_elsewhere(
    repository: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    git(repository, "clone", "-q", str(repository), str(copy))
    (copy / "link").symlink_to("code.py")
    git(copy, "add", "link")
    git(copy, "commit", "-q", "-m", "Link")
    (copy / "code.py").write_text("a = 3\n")
    with worktree(copy, "HEAD", git(copy, "diff", "--full-index")) as place:
        assert (place.project / "link").read_text() == "a = 3\n"
    (copy / "link").unlink()
    (copy / "link").symlink_to("/etc")
    with (
        pytest.raises(UserError, match="makes a symbolic link, link,"),
        worktree(copy, "HEAD", git(copy, "diff", "--full-index")),
    ):
        pass


def test_a_path_out_of_the_worktree_is_refused(repository: Path) -> None:
    with worktree(repository, "HEAD") as place, pytest.raises(UserError, match="leads out"):
        place.inside("../other")


def test_the_repositorys_hooks_do_not_run(repository: Path) -> None:
    hook = repository / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository}/ran\n")
    hook.chmod(0o755)
    with worktree(repository, "HEAD"):
        assert not (repository / "ran").exists()
    hook.unlink()


def test_other_worktrees_of_the_repository_stay(repository: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    git(repository, "worktree", "add", "-q", "--detach", str(own))
    with worktree(repository, "HEAD"):
        pass
    assert (own / "code.py").exists()
    assert str(own) in git(repository, "worktree", "list")
    git(repository, "worktree", "remove", str(own))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_nor_running_however_the_user_ends(
    repository: Path, temporary: Path, number: signal.Signals
) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(repository)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert user.stdout
    path, pid = user.stdout.readline().split()
    assert Path(path, "code.py").exists()
    os.kill(user.pid, number)
    user.wait(timeout=30)
    user.stdout.close()
    until(lambda: not Path(path).exists() and not (repository / ".git/worktrees").exists())
    until(lambda: not is_running(int(pid)))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_is_left_where_the_guard_died_too_goes_at_the_next_start(
    repository: Path, temporary: Path
) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(repository)], stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    place = Path(user.stdout.readline().split()[0])
    with worktree(repository, "HEAD"):  # while the other is used
        assert (place / "code.py").exists()
    children = Path(f"/proc/{user.pid}/task/{user.pid}/children").read_text().split()
    for pid in map(int, [*children, user.pid]):
        os.kill(pid, signal.SIGKILL)
    user.wait()
    user.stdout.close()
    assert str(place) in git(repository, "worktree", "list")
    with worktree(repository, "HEAD") as again:
        assert list(temporary.iterdir()) == [again.project]
    assert str(place) not in git(repository, "worktree", "list")
