"""Secrets stay out of tracked parameters, tags, titles and diffs."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from filelock import FileLock

from neonym import experiment
from neonym.base.nested import flatten
from neonym.base.text import escape, literal
from neonym.lab.configuration import UNTRACKED_SECTIONS
from neonym.lab.sweeps.results import Result, write_result
from neonym.lab.sweeps.sweep_folder import Sweep
from neonym.lab.sweeps.sweep_report import summarize
from neonym.lab.sweeps.sweep_tracking import describe
from neonym.lab.tracking import tags
from neonym.lab.tracking.addresses import REDACTED
from neonym.lab.tracking.opening import open_job
from neonym.lab.tracking.redacted_diff import redact_diff
from neonym.lab.tracking.redaction import (
    hide_known,
    redact,
    redact_text,
)
from neonym.lab.tracking.secret_keys import is_secret_key
from neonym.lab.tracking.store import Store
from small_training import configuration as small_configuration

# Put together here, so that no scanner takes these for keys that work
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "a1B2" * 9
WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".abcdefgh"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "PASSWORD",
        "db.password",
        "dbPassword",
        "dbpassword",
        "MLFLOW_TRACKING_PASSWORD",
        "token",
        "hf_token",
        "authToken",
        "accesstoken",
        "client_secret",
        "api_key",
        "api-key",
        "apikey",
        "OPENAI_API_KEY",
        "aws_secret_access_key",
        "AWS_ACCESS_KEY_ID",
        "private_key",
        "credentials",
        "auth_tokens",
        "API_TOKENS",
        "Authorization",
        "auth",
        "http_auth",
        "session.auth",
        "proxyAuth",
    ],
)
def test_keys_that_are_called_like_secrets(key: str) -> None:
    assert is_secret_key(key)
    assert redact({key: "hunter2"}) == {key: REDACTED}


def test_what_neonym_tracks_itself_is_not_taken_for_secrets() -> None:
    names = [value for name, value in vars(tags).items() if name.isupper()]
    assert [name for name in names if is_secret_key(name)] == []
    values = small_configuration().model_dump(mode="json", exclude=set(UNTRACKED_SECTIONS))
    assert flatten(redact(values)) == flatten(values)


@pytest.mark.parametrize("key", ["password_file", "token_count", "max_tokens", "run_key", "tokens"])
def test_keys_that_only_sound_like_secrets(key: str) -> None:
    assert redact({key: "value"}) == {key: "value"}


def test_nested_values_are_redacted_and_numbers_too() -> None:
    values = {"a": {"password": "x y", "list": [{"token": 5}]}, "secret": None, "api_key": ""}
    assert redact(values) == {
        "a": {"password": REDACTED, "list": [{"token": REDACTED}]},
        "secret": None,
        "api_key": "",
    }
    assert redact({"credentials": {"user": "a"}}) == {"credentials": REDACTED}
    assert redact({"credentials.user": "a"}) == {"credentials.user": REDACTED}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@example.org/list", f"https://{REDACTED}@example.org/list"),
        ("https://token123@example.org/list", f"https://{REDACTED}@example.org/list"),
        ("postgresql://u:p%40ss@db:5432/runs", f"postgresql://{REDACTED}@db:5432/runs"),
        ("ssh://git@example.org/list", "ssh://git@example.org/list"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        (f"https://example.org/?a=1&token={WEB_TOKEN}&b=2", None),
        (f"key is {AWS}.", f"key is {REDACTED}."),
        (f"{GITHUB}", REDACTED),
        (f"x {WEB_TOKEN}", f"x {REDACTED}"),
        ("train model.token=abc seed=3", f"train model.token={REDACTED} seed=3"),
        ("run --password hunter2 now", f"run --password {REDACTED} now"),
        ("Authorization: Bearer abc def", f"Authorization: {REDACTED}"),
        ('{"password": "a \\" b", "n": 1}', f'{{"password": "{REDACTED}", "n": 1}}'),
        ("password=${oc.env:PASSWORD}", "password=${oc.env:PASSWORD}"),
        ("model=lstm seed=range(3)", "model=lstm seed=range(3)"),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
            f"a\n{REDACTED}\n{REDACTED}\n{REDACTED}\nb",
        ),
    ],
)
def test_secrets_within_text(text: str, shown: str | None) -> None:
    if shown is None:
        assert WEB_TOKEN not in redact_text(text)
    else:
        assert redact_text(text) == shown


def test_values_of_secret_environment_variables_are_found_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORE_PASSWORD", "correct horse")
    assert redact({"name": "a correct horse b"}) == {"name": f"a {REDACTED} b"}
    assert redact_diff("+a correct horse b") == (f"!+a {REDACTED} b", True)


def test_nothing_that_a_run_tells_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "correct_horse"
    monkeypatch.setenv("STORE_PASSWORD", hidden)
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{hidden}.txt").write_text("rex\n")
    store = Store(tmp_path, "sqlite:///nowhere.db", experiment.PROJECT)
    store.folder.mkdir(parents=True)
    told = small_configuration(
        data__name=hidden,
        data__path=f"{hidden}.txt",
        sample__prefix=hidden,
        tracking__experiment=f"of {hidden}",
    )
    with (
        FileLock(store.lock),  # nothing is delivered
        open_job(store, told, name=f"data.name={hidden}") as run,
    ):
        run.dataset(f"{told.data.name} train", "training", "0" * 64, told.data.path, 1)
        run.tags({"note": f"of {literal(hidden)}"})
        run.text("note.md", literal(hidden))
        run.table("names", ["name"], [[f'"{hidden}"']])
        run.artifact(tmp_path / f"{hidden}.txt", "data")
        assert run.folder is not None
    files = [path.read_text() for path in run.folder.rglob("*") if path.is_file()]
    files += [path.name for path in run.folder.rglob("*")]
    assert any(REDACTED in text for text in files)
    assert not any(form in text for form in (hidden, literal(hidden)) for text in files)


SECRETS = ["correct_horse_battery", 'quo"ted\\secret', "it's #1: a <b>", "ключ-от-всего"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_of_the_environment_is_found_in_whatever_way_it_is_escaped(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_PASSWORD", secret)
    forms = [secret, literal(secret), escape(secret), quote(secret, safe="")]
    forms += [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    forms += [yaml.safe_dump(secret, width=999, allow_unicode=True).strip().splitlines()[0]]
    for form in forms:
        assert REDACTED in redact_text(f"see {form} there"), form
        assert REDACTED in hide_known(f"see {form} there"), form


def test_what_is_shorter_than_the_shortest_is_not_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORE_PASSWORD", "seventy")
    assert redact_text("seventy names") == "seventy names"
    monkeypatch.setenv("STORE_PASSWORD", "eighteen")
    assert redact_text("eighteen names") == f"{REDACTED} names"


def test_what_a_sweep_tells_is_redacted_before_it_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "correct_horse_battery"
    monkeypatch.setenv("STORE_PASSWORD", hidden)
    words = [f"data.path={hidden}.csv", "model=rnn"]
    jobs = [Result("finished", 1.0, [*words, "seed=0"], "a", "a", "key")]
    jobs += [Result("finished", 2.0, [*words, "seed=1"], "b", "b", "key")]
    jobs += [Result("failed", None, words, "c", "c", "key", f"{hidden}.csv is gone")]
    for number, job in enumerate(jobs):
        write_result(tmp_path / str(number), job)
    report = summarize(Sweep(tmp_path, "0" * 32, "sweep", words), small_configuration())
    note = describe(report, "none")
    assert note.count("redacted") == 4
    assert "correct" not in note


def test_the_working_directory_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/srv/project")
    assert redact_text("/srv/project/x") == "/srv/project/x"
