"""Git repositories for tests, whatever repository or user the environment names."""

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """What git prints in a folder; it must succeed."""
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@x.org", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    )
    return done.stdout


def begin(folder: Path, files: dict[str, str]) -> str:
    """Make a repository with these files in its first commit; the commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q")
    git(folder, "add", *files)
    git(folder, "commit", "-q", "-m", "Begin")
    return git(folder, "rev-parse", "HEAD").strip()
