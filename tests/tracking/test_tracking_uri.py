"""One address for all spellings of a store, and a line with the remedy for what is none."""

from pathlib import Path

import pytest

from neonym.base.errors import UserError
from neonym.lab.tracking.tracking_uri import read_tracking_uri, sqlite_file, sqlite_uri

ROOT = Path("/project")
SERVER = "name a server as http://127.0.0.1:5000, or a database as sqlite:///runs.db"


@pytest.mark.parametrize(
    ("address", "spellings"),
    [
        (
            "http://127.0.0.1:5077",
            ["http://127.0.0.1:5077/", "HTTP://127.0.0.1:5077//", " http://127.0.0.1:5077\n"],
        ),
        ("http://runs.org", ["http://RUNS.org:80/", "http://runs.org:80", "http://runs.org/#/e/1"]),
        ("https://runs.org/ml", ["https://Runs.Org:443/ml/", "https://runs.org/ml"]),
        ("https://runs.org:80", ["https://runs.org:80/"]),
        ("http://Me:Pass@runs.org", ["http://Me:Pass@RUNS.org:80/"]),
        ("http://[::1]:5000", ["http://[::1]:5000/"]),
        ("postgresql://me:P@db/Runs", ["postgresql://me:P@DB:5432/Runs"]),
        ("postgresql://me:P/W#@DB/Runs", ["postgresql://me:P/W#@DB/Runs"]),
        ("http://me:1/x@RUNS", ["http://me:1/x@RUNS"]),
        ("mysql+pymysql://db/Runs", ["mysql+pymysql://db:3306/Runs", "MySQL+pymysql://db/Runs"]),
        ("sqlite:////project/mlflow.db", ["sqlite:///mlflow.db", "sqlite:///./a/../mlflow.db"]),
        ("sqlite:////x/a b.db", ["sqlite:////x/a%20b.db", "sqlite+pysqlite:////x//a b.db"]),
        ("sqlite:////x/r.db?timeout=9", ["sqlite:////x/r.db?timeout=9"]),
        ("databricks", ["databricks"]),
    ],
)
def test_equal_addresses_are_one(address: str, spellings: list[str]) -> None:
    assert {read_tracking_uri(each, ROOT) for each in [address, *spellings]} == {address}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("127.0.0.1:5077", "=127.0.0.1:5077 has no scheme; write http://127.0.0.1:5077"),
        ("localhost:5077/", "=localhost:5077/ has no scheme; write http://localhost:5077/"),
        ("file:///tmp/runs", f" names a folder, where MLflow tracks no more; {SERVER}"),
        ("file:/tmp/runs", f" is no address of a server or a database; {SERVER}"),
        ("mlruns", f" is no address of a server or a database; {SERVER}"),
        ("./mlruns", f" is no address of a server or a database; {SERVER}"),
        ("/tmp/runs", f" is no address of a server or a database; {SERVER}"),  # noqa: S108
        ("me:sesame@runs:80", f" is no address of a server or a database; {SERVER}"),
        ("ftp://runs.org", f" begins with ftp://, which MLflow cannot; {SERVER}"),
        ("postgres://db/runs", " begins with postgres://; write postgresql://"),
        ("http://", f" names no server; {SERVER}"),
        ("http://:5000", f" names no server; {SERVER}"),
        ("sqlite://", " names no file of a database; write sqlite:///runs.db"),
        ("sqlite:///", " names no file of a database; write sqlite:///runs.db"),
        ("sqlite:///:memory:", " names no file of a database; write sqlite:///runs.db"),
    ],
)
def test_what_mlflow_cannot_track_to_is_refused_with_the_remedy(given: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        read_tracking_uri(given, ROOT)
    assert str(refused.value) == f"MLFLOW_TRACKING_URI{said}"


@pytest.mark.parametrize("given", ["http://me:sesame/x@runs", "http://me:sesame@[runs"])
def test_a_password_that_breaks_the_address_is_not_shown(given: str) -> None:
    with pytest.raises(UserError, match="host and port cannot be told") as refused:
        read_tracking_uri(given, ROOT)
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("name", ["plain", "p%41c", "e%2Ff", "c#d", "a?b", "a b", "ü", "a@b:c"])
def test_a_path_is_quoted_where_it_becomes_an_address_and_comes_back_as_it_was(name: str) -> None:
    path = Path("/checkouts", name, "mlflow.db")
    uri = sqlite_uri(path)
    assert sqlite_file(uri) == path
    assert read_tracking_uri(uri, ROOT) == uri
    assert not {"?", "#"} & set(uri)
