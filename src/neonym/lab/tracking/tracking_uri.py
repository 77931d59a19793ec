"""Addresses of MLflow's stores: one for all spellings of a store, and one line for what is none."""

import os
import re
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from neonym.base.errors import UserError

TRACKING_URI = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
# The same to MLflow, except that it makes no folder that is called like the quoted path
QUOTED_SQLITE = "sqlite+pysqlite:///"
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
REMEDY = "name a server as http://127.0.0.1:5000, or a database as sqlite:///runs.db"

_FILE = re.compile(r"sqlite(\+pysqlite)?:///(?P<path>[^?]*)(?P<query>\?.*)?", re.DOTALL)
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d+(/[\w./-]*)?")  # and nothing that may be secret


def sqlite_uri(path: Path) -> str:
    """The address of a database in a file, whatever its folders are called."""
    quoted = re.sub("[%?#]", lambda match: quote(match[0]), str(path))
    return f"{SQLITE if quoted == str(path) else QUOTED_SQLITE}{quoted}"


def sqlite_file(uri: str) -> Path | None:
    """The file of a database that an address names; None where it names something else."""
    match = _FILE.fullmatch(uri)
    if match is None or match["path"] in ("", ":memory:") or match["path"].startswith("file:"):
        return None
    return Path(unquote(match["path"]))


def read_tracking_uri(given: str, root: Path) -> str:
    """The address of the store that is named, the same for all spellings of it.

    Parameters
    ----------
    given
        What `MLFLOW_TRACKING_URI` holds.
    root
        The project's folder, from which the path of a database is taken.

    Raises
    ------
    UserError
        If MLflow could not track there, with the remedy; the address is not in the message, which
        may hold a password.
    """
    given = given.strip()
    scheme, colon, rest = given.partition("://")
    kind = scheme.lower().partition("+")[0]
    if not colon:
        if _is_plugins(given.partition(":")[0]):
            return given
        if _HOST_AND_PORT.fullmatch(given):
            raise UserError(f"{TRACKING_URI}={given} has no scheme; write http://{given}")
        raise UserError(f"{TRACKING_URI} is no address of a server or a database; {REMEDY}")
    if kind == "sqlite":
        return _read_sqlite(f"{scheme.lower()}://{rest}", root)
    if kind in PORTS:
        return _read_server(scheme.lower(), rest, kind)
    if kind == "file":
        raise UserError(f"{TRACKING_URI} names a folder, where MLflow tracks no more; {REMEDY}")
    if kind == "postgres":
        raise UserError(f"{TRACKING_URI} begins with {scheme}://; write postgresql://")
    if not _is_plugins(scheme):
        raise UserError(f"{TRACKING_URI} begins with {scheme}://, which MLflow cannot; {REMEDY}")
    return given


def _read_sqlite(given: str, root: Path) -> str:
    match = _FILE.fullmatch(given)
    driver = given.partition("://")[0].partition("+")[2]
    if driver not in ("", "pysqlite") or (match and match["path"].startswith("file:")):
        return given  # SQLAlchemy knows what to make of it
    path = sqlite_file(given)
    if match is None or path is None:
        raise UserError(f"{TRACKING_URI} names no file of a database; write sqlite:///runs.db")
    return sqlite_uri(Path(os.path.normpath(root / path))) + (match["query"] or "")


def _read_server(scheme: str, rest: str, kind: str) -> str:
    given = f"{scheme}://{rest}"
    is_http = kind in ("http", "https")
    try:
        parts = urlsplit(given)
        host, port = parts.hostname, parts.port
    except ValueError:
        if not is_http:  # in a database's password there may be more
            return given
        raise UserError(
            f"{TRACKING_URI} is no address: host and port cannot be told from it (in a password "
            "/ is written %2F, # %23, ? %3F and @ %40)"
        ) from None
    if is_http and not host:
        raise UserError(f"{TRACKING_URI} names no server; {REMEDY}")
    if "@" in given.removeprefix(f"{scheme}://{parts.netloc}"):
        return given  # in a password, or not: who knows
    at = "" if port in (None, PORTS[kind]) else f":{port}"
    parts = parts._replace(netloc=_authority(parts.netloc, host, at))
    # Behind # is a page of MLflow's UI, of which a server hears nothing
    return urlunsplit(
        parts._replace(path=parts.path.rstrip("/"), fragment="") if is_http else parts
    )


def _authority(netloc: str, host: str | None, port: str) -> str:
    user, at, _ = netloc.rpartition("@")
    name = host or ""
    return f"{user}{at}{f'[{name}]' if ':' in name else name}{port}"


def _is_plugins(scheme: str) -> bool:
    """Whether the scheme is Databricks', or one that a plugin of MLflow's registers."""
    found = {entry.name for entry in entry_points(group="mlflow.tracking_store")}
    return scheme in {"databricks", "databricks-uc", "uc", *found}
