"""`neonym promote`: the champion is the best on the same validation names, unless forced."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from mlflow.tracking import MlflowClient
from promotable import deliver_run, run_of

from marked_project import mark
from neonym.base.errors import UserError
from neonym.cli import run as run_cli
from neonym.lab.lineage import registry
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.lineage.registry import Entry, promote, val_nll_of
from neonym.lab.tracking.store import Store

# of itself, when it loads what it needs to log a model
MLFLOW_WARNS = pytest.mark.filterwarnings("default::UserWarning")


def neonym(monkeypatch: pytest.MonkeyPatch, store: Store, *words: str) -> int:
    monkeypatch.chdir(mark(store.root))
    monkeypatch.setattr("sys.argv", ["neonym", *words])
    return run_cli()


def champion_run(store: Store) -> str:
    return str(MlflowClient(store.uri).get_model_version_by_alias("neonym", "champion").run_id)


def make_champion(store: Store, run_id: str, val_nll: str = "2.0", val_data: str = "d1") -> None:
    """Make a run the champion without the second that logging its model takes."""
    client = MlflowClient(store.uri)
    client.create_registered_model("neonym")
    noted = {"neonym.val_nll": val_nll, "neonym.val_data": val_data}
    version = client.create_model_version("neonym", str(store.artifacts), run_id, tags=noted)
    client.set_registered_model_alias("neonym", "champion", version.version)


@MLFLOW_WARNS
def test_the_first_run_of_a_sweep_becomes_champion_and_its_model_is_logged_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = deliver_run(store, "first", val_nll=1.75)
    before = run_of(store, "first")
    assert neonym(monkeypatch, store, "promote", run_id) == 0
    assert capsys.readouterr().out == (
        "champion before  none\n"
        f"champion now     version 1, run {run_id}, val nll 1.7500\n"
        "It loads as      models:/neonym@champion\n"
    )
    [output] = run_of(store, "first").outputs.model_outputs
    model = MlflowClient(store.uri).get_logged_model(output.model_id)
    assert model.experiment_id == before.info.experiment_id
    after = run_of(store, "first")
    assert (after.info.status, after.info.end_time) == (before.info.status, before.info.end_time)
    assert neonym(monkeypatch, store, "promote", run_id) == 0
    assert "champion already version 1" in capsys.readouterr().out
    assert promote(store, run_id, "other").after.version == "1"
    assert len(run_of(store, "first").outputs.model_outputs) == 1


def test_where_more_is_better_the_lower_is_refused(store: Store) -> None:
    better, worse = deliver_run(store, "a", val_nll=0.9), deliver_run(store, "b", val_nll=0.8)
    make_champion(store, better, val_nll="0.9")
    charts = replace(store.project.charts, highest_first=True)
    accuracy = Store(store.root, store.uri, replace(store.project, charts=charts))
    with pytest.raises(UserError, match=r"is worse than .*: val nll 0\.8000 against 0\.9000"):
        promote(accuracy, worse, "neonym")
    assert champion_run(store) == better


@MLFLOW_WARNS
def test_a_worse_run_is_refused_whatever_test_says_and_promoted_by_force(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    better, worse = deliver_run(store, "a", val_nll=1.5), deliver_run(store, "b", val_nll=1.6)
    make_champion(store, better, val_nll="1.5")
    assert neonym(monkeypatch, store, "promote", worse) == 2
    assert capsys.readouterr().err == (
        f"neonym: run {worse} is worse than the champion, version 1: "
        "val nll 1.6000 against 1.5000; --force promotes it nevertheless\n"
    )
    assert champion_run(store) == better
    assert neonym(monkeypatch, store, "promote", worse, "--force") == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"champion before  version 1, run {better}, val nll 1.5000",
        f"champion now     version 2, run {worse}, val nll 1.6000",
    ]
    back = promote(store, better, "neonym")
    assert back.after == Entry(better, 1.5, "d1", "1")


@pytest.mark.parametrize(
    ("val_nll", "val_data", "reason"),
    [
        (1.0, "d2", "was validated on other data; --name NAME gives it a place of its own"),
        (None, "d1", "has no figure of the validation data"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    store: Store, val_nll: float | None, val_data: str, reason: str
) -> None:
    make_champion(store, deliver_run(store, "a"))
    other = deliver_run(store, "b", val_nll=val_nll, val_data=val_data)
    with pytest.raises(UserError, match=reason):
        promote(store, other, "neonym")


def test_a_run_that_only_trained_is_compared_by_its_best_epoch(store: Store) -> None:
    make_champion(store, deliver_run(store, "a", val_nll=1.5), val_nll="1.5")
    trained = deliver_run(store, "b", val_nll=1.625, stage="train")
    assert val_nll_of(Recorded.find(store, trained)) == 1.625
    with pytest.raises(UserError, match=r"val nll 1\.6250 against 1\.5000"):
        promote(store, trained, "neonym")


def test_a_champion_that_somebody_else_registered_cannot_be_compared_with(store: Store) -> None:
    run_id = deliver_run(store, "a")
    make_champion(store, "0" * 32, val_nll="nan")
    with pytest.raises(UserError, match="was not registered by neonym"):
        promote(store, run_id, "neonym")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"status": "RUNNING"}, "is RUNNING; only a finished run has its model"),
        ({"status": "KILLED"}, "is KILLED; only a finished run has its model"),
        ({"kind": "sweep"}, "is a sweep; promote one of its jobs"),
        ({"with_file": False}, "has no model; promote one that trained a network"),
    ],
)
def test_runs_without_a_finished_model_are_refused(
    store: Store, options: dict[str, object], reason: str
) -> None:
    run_id = deliver_run(store, "a", **options)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=reason):
        promote(store, run_id, "neonym", force=True)
    assert MlflowClient(store.uri).search_registered_models() == []


def test_a_model_file_that_was_changed_in_the_store_is_refused(store: Store) -> None:
    run_id = deliver_run(store, "a")
    [file] = store.artifacts.rglob("model.npz")
    file.write_bytes(b"other")
    with pytest.raises(UserError, match="is not the file that the run logged"):
        promote(store, run_id, "neonym")
    file.unlink()
    with pytest.raises(UserError, match=r"has no models/model\.npz among its artifacts any more"):
        promote(store, run_id, "neonym")
    assert MlflowClient(store.uri).search_registered_models() == []


def test_deleted_and_foreign_and_unknown_runs_are_refused(store: Store) -> None:
    client = MlflowClient(store.uri)
    foreign = client.create_run("0").info.run_id
    deleted = deliver_run(store, "a")
    client.delete_run(deleted)
    for run_id, reason in [
        (foreign, "was not made by neonym"),
        (deleted, "was deleted"),
        ("0" * 32, "is not a run in sqlite:"),
        ("../x'", "is not a run in sqlite:"),
    ]:
        with pytest.raises(UserError, match=reason):
            promote(store, run_id, "neonym")


@pytest.mark.parametrize("name", ["a/b", "a:b", "", "a' or name = 'b", "..", "\x1b[31m"])
def test_names_that_no_model_can_have_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UserError, match="cannot name a model"):
        promote(store, "0" * 32, name)


def test_without_a_store_nothing_is_made(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.database.unlink()
    assert neonym(monkeypatch, store, "promote", "0" * 32) == 2
    assert capsys.readouterr().err == "neonym: nothing is tracked yet; run `dvc repro`\n"
    assert not store.database.exists()
    store.database.write_bytes(b"no database")
    assert neonym(monkeypatch, store, "promote", "0" * 32) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_server_that_is_away_is_told_in_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:pw@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert neonym(monkeypatch, store, "promote", "0" * 32) == 2
    said = capsys.readouterr().err
    assert said.startswith("neonym: MLflow at http://127.0.0.1:9 cannot be used: ")
    assert said.count("\n") == 1
    assert "pw@" not in said


def test_an_address_that_no_store_is_at_is_told_in_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = "sqlite+absent:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert neonym(monkeypatch, store, "promote", "0" * 32) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"neonym: MLflow at {uri} cannot be used: ")
    assert said.count("\n") == 1


def register(store: Store, run_id: str, val_nll: float, val_data: str = "d1") -> str:
    """A version of a run, as an earlier promotion left it; its number."""
    client = MlflowClient(store.uri)
    noted = {"neonym.val_nll": repr(val_nll), "neonym.val_data": val_data}
    version = client.create_model_version("neonym", str(store.artifacts), run_id, tags=noted)
    return str(version.version)


def test_of_promotions_at_the_same_time_the_better_model_stays(store: Store) -> None:
    make_champion(store, deliver_run(store, "a"))
    runs = {nll: deliver_run(store, f"run {nll}", val_nll=nll) for nll in (1.5, 1.75)}
    for nll, run_id in runs.items():
        register(store, run_id, nll)
    with ThreadPoolExecutor() as pool:
        for started in [pool.submit(promote, store, run_id, "neonym") for run_id in runs.values()]:
            if error := started.exception():
                assert "is worse than the champion" in str(error)
    assert champion_run(store) == runs[1.5]


def test_a_champion_that_changed_meanwhile_is_compared_with_before_the_change(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_champion(store, deliver_run(store, "a"))
    better, worse = (deliver_run(store, f"run {nll}", val_nll=nll) for nll in (1.5, 1.75))

    def meanwhile(*_: object) -> str:  # another machine promotes
        client = MlflowClient(store.uri)
        client.set_registered_model_alias("neonym", "champion", register(store, better, 1.5))
        return register(store, worse, 1.75)

    monkeypatch.setattr(registry, "_register", meanwhile)
    with pytest.raises(UserError, match=r"val nll 1\.7500 against 1\.5000"):
        promote(store, worse, "neonym")
    assert champion_run(store) == better


def test_models_whose_logging_was_killed_are_cleared_and_those_being_logged_stay(
    store: Store,
) -> None:
    client = MlflowClient(store.uri)
    make_champion(store, ended := deliver_run(store, "a"))
    running = deliver_run(store, "b", status="RUNNING")
    place = client.get_run(ended).info.experiment_id
    left, gone, logged = (
        client.create_logged_model(place, name="m", source_run_id=run_id).model_id
        for run_id in (ended, "0" * 32, running)
    )
    ready = client.create_logged_model(place, name="m", source_run_id=ended).model_id
    client.finalize_logged_model(ready, "READY")
    assert not promote(store, ended, "neonym").changed
    kept = {model.model_id for model in client.search_logged_models([place])}
    assert kept == {ready, logged}
    assert {left, gone}.isdisjoint(kept)


def test_a_run_is_named_by_a_beginning_an_experiment_of_dvc_or_latest(store: Store) -> None:
    first, second = deliver_run(store, "a"), deliver_run(store, "b")
    client = MlflowClient(store.uri)
    for run_id, name in ((first, "it's"), (first, "cafe"), (second, "warm")):
        client.set_tag(run_id, "neonym.dvc.experiment", name)
    differing = next(place for place in range(32) if first[place] != second[place])
    expected = {
        first[: differing + 1]: first,
        second[: differing + 1]: second,
        "cafe": first,
        "warm": second,
        "latest": second,
    }
    assert {word: Recorded.find(store, word).id for word in expected} == expected
    client.set_tag(first, "neonym.dvc.experiment", "it's")
    assert Recorded.find(store, "it's").id == first
    client.set_tag(second, "mlflow.parentRunId", first)  # jobs of sweeps are not meant
    assert Recorded.find(store, "latest").id == first


def test_a_beginning_of_several_ids_is_told_with_them(store: Store) -> None:
    runs: list[str] = []
    while len({run_id[0] for run_id in runs}) == len(runs):  # two begin with the same digit
        runs.append(deliver_run(store, f"{len(runs)}", with_file=False))
    digit = runs[-1][0]
    MlflowClient(store.uri).set_tag(runs[-1], "neonym.dvc.experiment", "")  # as of `dvc repro`
    with pytest.raises(UserError, match=f"{digit} begins the ids of 2 runs, {runs[-1][:8]}, "):
        Recorded.find(store, digit)
    for word in ("", "cold", "LATEST", runs[0].upper(), "a%", "_"):
        with pytest.raises(UserError, match="is not a run in sqlite:"):
            Recorded.find(store, word)


def test_runs_are_listed_the_latest_first_with_the_jobs_of_a_sweep_apart(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert neonym(monkeypatch, store, "runs") == 0
    assert capsys.readouterr().out == "no runs\n"
    first = deliver_run(store, "a\x1b[31m", stage="train", val_nll=1.75)
    sweep = deliver_run(store, "b", kind="sweep", with_file=False)
    job = deliver_run(store, "c", status="KILLED", val_nll=None)
    client = MlflowClient(store.uri)
    client.set_tag(job, "mlflow.parentRunId", sweep)
    client.set_tag(first, "mlflow.source.git.commit", "0123456789")
    client.set_tag(first, "neonym.git.dirty", "true")
    assert neonym(monkeypatch, store, "runs") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["run", "name", "kind", "status", "started", "code", "best/val_nll"]
    assert [line[:4] for line in lines[1:]] == [
        [sweep[:8], "b", "sweep", "FINISHED"],
        [first[:8], "a\\x1b[31m", "job", "FINISHED"],
    ]
    assert lines[2][-2:] == ["01234567+", "1.7500"]
    assert neonym(monkeypatch, store, "runs", "--sweep", sweep[:10], "--json") == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["run"], row["status"], row["best/val_nll"]) == (job, "KILLED", None)
    assert neonym(monkeypatch, store, "runs", "-n", "1") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
