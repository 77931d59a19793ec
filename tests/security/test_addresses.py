"""Passwords in addresses are never shown, whatever their characters."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym import experiment
from neonym.base.errors import UserError
from neonym.cli import complain
from neonym.lab.stage.console import Harmless, say, say_lines
from neonym.lab.tracking.addresses import hide_credentials, secrets_of, shown_address
from neonym.lab.tracking.redaction import redact_text
from neonym.lab.tracking.store import Store

SECRET = "-".join(["correct", "horse"])


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/prefix", "http://[::1]:5000/prefix"),
        ("sqlite:////srv/me@work/mlflow.db", "sqlite:////srv/me@work/mlflow.db"),
        ("file:///srv/mlruns", "file:///srv/mlruns"),
        (f"sqlite+pysqlcipher://:{SECRET}@//tmp/x.db", "sqlite+pysqlcipher:////tmp/x.db"),
        (f"sqlite:///x.db?password={SECRET}", "sqlite:///x.db?password="),
        ("mlruns", "mlruns"),
        ("https://user:pw@example.org/x", "https://example.org/x"),
        ("https://token@example.org", "https://example.org"),
        (f"http://u:a@{SECRET}@host", "http://host"),
        (f"http://u:a/{SECRET}@host", "http://[redacted]"),
        (f"http://u:a?{SECRET}@host", "http://[redacted]"),
        (f"http://u:a#{SECRET}@host/x", "http://[redacted]"),
        (f"http://u:a@b/{SECRET}@host/x", "http://[redacted]"),
        (f"http://u:{SECRET}", "http://[redacted]"),
        (f"u:{SECRET}@host", "[redacted]@host"),
        (f"http://host/a;token={SECRET}", "http://host/a"),
        (f"postgresql://host/db?password={SECRET}", "postgresql://host/db"),
        (f"postgresql://host/db?user=a&password=a&b/{SECRET}#1", "postgresql://host/db"),
        (f"postgresql://host:5432/db?password=a@{SECRET}", "postgresql://[redacted]"),
    ],
)
def test_of_an_address_is_shown_where_it_is(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        f"http://host:5000/{SECRET}:a@b",
        f"http://host:5000/a;token={SECRET}",
        f"http://host:5000/#access_token={SECRET}",
        f"https://host/?x=1&api_key={SECRET}",
    ],
)
def test_what_a_client_says_of_a_request_holds_no_secret(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    path = address.partition("://")[2].partition("/")[2]
    assert SECRET not in redact_text(f"Max retries exceeded with url: /{path}/api/2.0/mlflow")


HARD = st.text(alphabet="ab1:/?#@&=%[]' \"<>\\é", min_size=1, max_size=12)


@given(HARD, HARD)
def test_no_password_is_shown_whatever_its_characters(before: str, after: str) -> None:
    password = f"{before}{SECRET}{after}"
    for address in (f"http://u:{password}@host:1/x", f"postgresql://host/db?password={password}"):
        assert SECRET not in shown_address(address)
        assert shown_address(address).startswith(address.partition(":")[0])


@given(st.text(alphabet="ab1:/?#@&=%[]\\é", max_size=12), st.text(alphabet="a1:/?#@&=", max_size=9))
def test_none_is_shown_within_text(before: str, after: str) -> None:
    text = f"cannot reach http://u:{before}{SECRET}{after}@host/x, said the server"
    assert SECRET not in redact_text(text)
    assert redact_text(text).endswith("said the server")
    query = f"see postgresql://host/db?password={before}{SECRET}{after} now"
    assert SECRET not in redact_text(query)


@pytest.mark.parametrize(
    "address",
    [
        f"http://u:a b'{SECRET}\"<x>@host",
        f"sqlite+pysqlcipher://:{SECRET}@//tmp/x.db",
        f"http://u:%40{SECRET}@host",
        f"http://u:a@{SECRET}@host/",
        f"postgresql://host/db?password=a'{SECRET}&x=1",
    ],
)
def test_what_an_address_of_the_environment_holds_is_hidden_in_whatever_form_it_turns_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    for part in (address, address.rstrip("/"), f"{address}/api/2.0", *secrets_of(address)):
        assert SECRET not in redact_text(f"cannot reach {part}: away")
    assert SECRET not in Store.of_project(experiment.PROJECT, Path("/")).address


def test_a_short_password_is_hidden_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:p w@host")
    assert redact_text("no http://u:p w@host/x: p w") == "no http://host/x: p w"


def test_an_address_without_credentials_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://127.0.0.1:5000/", "https://example.org/a@b", "ssh://git@example.org/x"):
        monkeypatch.setenv("SOME_URL", address)
        assert hide_credentials(address) == address
        assert redact_text(f"see {address} there") == f"see {address} there"


def test_what_is_no_address_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in (
        f"http://u:{SECRET}@[x",
        f"http://u:{SECRET}＃@host",
        f"u:{SECRET}@host",
        f"127.0.0.1:5000/?password={SECRET}",
        f"ftp://u:{SECRET}@host",
    ):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(UserError, match=r"MLFLOW_TRACKING_URI (is no|begins)") as refused:
            Store.of_project(experiment.PROJECT, Path("/"))
        assert SECRET not in str(refused.value)


def test_the_terminal_shows_no_password_of_an_address_that_was_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed = f"data.path = https://me:a@{SECRET}/b@example.org/list does not exist"
    complain(typed)
    say(f"train: {typed}")
    say_lines(f"{typed}\nand more")
    record = logging.LogRecord("neonym", logging.WARNING, "", 0, typed, None, None)
    shown = [*capsys.readouterr().err.splitlines(), Harmless("%(message)s").format(record)]
    hidden = "data.path = https://[redacted] does not exist"
    assert shown == [f"neonym: {hidden}", f"train: {hidden}", hidden, "and more", hidden]
