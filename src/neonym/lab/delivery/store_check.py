"""Whether the project's own MLflow database can be used as it is, without importing MLflow."""

import os
import re
import shlex
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from neonym.base.errors import UserError
from neonym.lab.tracking.store import Store

REVISION = re.compile(r'^revision = ["\'](\w+)', re.MULTILINE)
DOWN_REVISION = re.compile(r'^down_revision = ["\'](\w+)', re.MULTILINE)


def check_usable(store: Store) -> None:
    """See that something was tracked, and that the store can be used as it is.

    Raises
    ------
    UserError
        If not.
    """
    if store.is_own and not store.database.exists():
        raise UserError("nothing is tracked yet; run `dvc repro`")
    if reason := explain_unusable(store):
        raise UserError(reason)


def shorten_patience() -> None:
    """Have MLflow give up soon: its own defaults hang for four minutes on a server that is away."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")


def explain_unusable(store: Store) -> str:
    """Why the project's own store cannot be used, with the remedy; "" if it can."""
    if not store.is_own or not store.database.exists():
        return ""
    try:
        # for writing: what a killed delivery left half done is rolled back as it is opened
        with closing(sqlite3.connect(f"{store.database.as_uri()}?mode=rw", uri=True)) as database:
            revisions = _column(database, "SELECT version_num FROM alembic_version")
            locations = _column(database, "SELECT artifact_location FROM experiments")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return ""  # by another program, which may end
        return f"{store.database} cannot be opened ({error}); check who may read and write it"
    except sqlite3.Error as error:
        return f"{store.database} cannot be read ({error}); move it away to begin with an empty one"
    if not os.access(store.database, os.W_OK) or not os.access(store.root, os.W_OK):
        return f"{store.database} and its folder cannot be written; check who may write there"
    return _explain_version(store, revisions) or _explain_move(store, locations)


def _explain_version(store: Store, revisions: list[str]) -> str:
    known, head = _known_revisions()
    if not revisions or not known or revisions[0] == head:
        return ""
    if revisions[0] in known:
        return (
            f"{store.database} was written by an older MLflow; save a copy of it, then run "
            f"`mlflow db upgrade {shlex.quote(store.uri)}`"
        )
    return (
        f"{store.database} was written by a newer MLflow than the one installed here; "
        "use that version, or move the file away to begin with an empty one"
    )


def _explain_move(store: Store, locations: list[str]) -> str:
    expected = store.artifacts.resolve()
    for location in locations:
        path = Path(unquote(urlsplit(location).path))
        if path.name == expected.name and path != expected and path.is_absolute():
            return (
                f"{store.database} keeps its artifacts in {path}: the checkout was moved or "
                f"copied. Move it back, or move mlflow.db and mlartifacts away to begin anew"
            )
    return ""


def _known_revisions() -> tuple[set[str], str]:
    """The revisions of its database that the installed MLflow knows, and the latest of them.

    Read from its migration scripts: each names the revision before it, and none names the latest.
    """
    package = find_spec("mlflow")
    if package is None or package.origin is None:
        return set(), ""
    folder = Path(package.origin).parent / "store" / "db_migrations" / "versions"
    scripts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    known = {match[1] for text in scripts if (match := REVISION.search(text))}
    earlier = {match[1] for text in scripts if (match := DOWN_REVISION.search(text))}
    latest = known - earlier
    return known, latest.pop() if len(latest) == 1 else ""


def _column(database: sqlite3.Connection, query: str) -> list[str]:
    return [str(row[0]) for row in database.execute(query)]
