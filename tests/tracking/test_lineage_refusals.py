"""A run that cannot be reproduced is refused with the reason, before anything is started."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.base.files import sha256_of_file
from neonym.lab.delivery.replay import Replay
from neonym.lab.lineage.chain import chain_of
from neonym.lab.lineage.recorded import CONFIGURATION, DIFF, RAW, Recorded
from neonym.lab.lineage.refusal import explain_refusal
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import Artifact, RunOpened, Status, Tags
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.lab.tracking.store import Store
from repositories import begin
from small_training import configuration

LIST_NAME = "list.txt"


@pytest.fixture
def commit(store: Store) -> str:
    """The commit of a repository around the store, with a list."""
    return begin(store.root, {LIST_NAME: "rex\ntops\n"})


def values(path: str = LIST_NAME) -> dict[str, Any]:
    found = configuration().model_dump(mode="json")
    found["data"]["path"] = path
    return found


def track(
    store: Store,
    commit: str,
    status: Status | None = "FINISHED",
    files: dict[str, str] | None = None,
    **changed: str,
) -> Recorded:
    """A run as a job tracks it, with other tags and files."""
    own = {
        tags.GIT_COMMIT: commit,
        tags.GIT_DIRTY: "false",
        tags.GIT_DIFF: "",
        tags.RAW: sha256_of_file(store.root / LIST_NAME),
    }
    named = {getattr(tags, name): value for name, value in changed.items()}
    opened = RunOpened(
        kind="job",
        key="k",
        name="run",
        stage="train",
        time_ms=1_700_000_000_000,
        experiment="names",
        tags=own | named,
    )
    writer = SegmentWriter(store.segments, opened)
    for path, text in ({CONFIGURATION: yaml.safe_dump(values())} | (files or {})).items():
        folder, _, name = path.rpartition("/")
        writer.write(Artifact(file=writer.write_in(name, text), folder=folder))
    writer.write(Tags(values={tags.MODEL: "0" * 64}))
    if status:
        writer.close(status)
    else:
        writer.abandon()
    Replay(store).deliver(Segment(writer.folder))
    [run] = MlflowClient(store.uri).search_runs(
        [found.experiment_id for found in MlflowClient(store.uri).search_experiments()]
    )
    return Recorded.find(store, run.info.run_id)


def test_a_finished_run_of_a_commit_can_be_had_again(store: Store, commit: str) -> None:
    recorded = track(store, commit)
    assert explain_refusal(recorded, store.root) == ""
    chain = chain_of(recorded, store.root)
    assert chain["reproduce"]["command"] == f"neonym reproduce {recorded.id}"
    assert chain["code"]["subject"] == "Begin"
    assert json.loads(json.dumps(chain)) == chain


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"GIT_COMMIT": "unknown"}, "its commit is unknown"),
        ({"GIT_COMMIT": "0" * 40}, "its commit 000000000000 is not in this repository"),
        ({"GIT_COMMIT": "--output=/tmp/x"}, "is no commit's hash"),
        ({"GIT_DIRTY": "true", "GIT_DIFF": "cut off"}, "cut off at 1,000,000 bytes"),
        ({"GIT_DIRTY": "true", "GIT_DIFF": "redacted"}, "secrets were left out"),
        ({"GIT_DIRTY": "true", "GIT_DIFF": "not text"}, "it is not UTF-8"),
        ({"GIT_DIRTY": "true", "GIT_DIFF": ""}, "does not tell whether the diff is whole"),
        ({"RAW": "1" * 64}, "its list list.txt is gone or changed"),
        ({"RAW": "1" * 64, "RAW_KEPT": "nowhere"}, "larger than the 10,000,000 bytes"),
    ],
)
def test_what_a_run_lacks_is_the_reason(
    store: Store, commit: str, changed: dict[str, str], reason: str
) -> None:
    assert reason in explain_refusal(track(store, commit, **changed), store.root)


@pytest.mark.parametrize(
    ("status", "reason"), [("FAILED", "ended as FAILED"), (None, "ended as KILLED")]
)
def test_a_run_that_did_not_finish_is_refused(
    store: Store, commit: str, status: Status | None, reason: str
) -> None:
    assert reason in explain_refusal(track(store, commit, status), store.root)


def test_a_diff_with_marks_of_redaction_is_refused_whatever_its_tag_says(
    store: Store, commit: str
) -> None:
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n!+TOKEN = [redacted]\n"
    recorded = track(store, commit, files={DIFF: diff}, GIT_DIRTY="true", GIT_DIFF="whole")
    assert "secrets were left out" in explain_refusal(recorded, store.root)


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2]", "a: [", "data: {}", "\x00", "data: names.txt", "a: 2001-99-99", "[" * 5000],
    ids=["none", "list", "half", "other", "nul", "text", "date", "depth"],
)
def test_a_configuration_that_is_none_is_the_reason(store: Store, commit: str, text: str) -> None:
    recorded = track(store, commit, files={CONFIGURATION: text})
    assert "its configuration is not among its artifacts" in explain_refusal(recorded, store.root)


def test_a_run_of_no_known_stage_is_refused(store: Store, commit: str) -> None:
    recorded = track(store, commit)
    MlflowClient(store.uri).set_tag(recorded.id, tags.STAGES, "baking")
    again = Recorded.find(store, recorded.id)
    assert "the results of no stage" in explain_refusal(again, store.root)


def test_an_environment_that_somebody_else_wrote_is_left_out(store: Store, commit: str) -> None:
    files = {f"environment/{name}.json": text for name, text in STRANGE.items()}
    assert track(store, commit, files=files).environments == {
        "train": {"blas": {}, "packages": {"numpy": "2"}}
    }


STRANGE = {
    "train": '{"blas": {}, "packages": {"numpy": "2"}}',
    "sample": "[]",
    "evaluate": "{",
    "other": '{"blas": "mkl", "packages": []}',
}


def test_a_redacted_configuration_is_refused_with_the_key(store: Store, commit: str) -> None:
    hidden = values()
    hidden["sample"]["prefix"] = "[redacted]"
    recorded = track(store, commit, files={CONFIGURATION: yaml.safe_dump(hidden)})
    assert "(sample.prefix)" in explain_refusal(recorded, store.root)


def test_a_repository_without_history_is_said_so(store: Store, tmp_path: Path) -> None:
    (store.root / LIST_NAME).write_text("rex\n")
    recorded = track(store, "a" * 40)
    assert "has no git history" in explain_refusal(recorded, store.root)


def test_a_list_of_ones_own_among_the_artifacts_is_enough(store: Store, commit: str) -> None:
    own = yaml.safe_dump(values("/gone/mine.txt"))
    given = {CONFIGURATION: own, f"{RAW}/mine.txt": "rex\ntops\n"}
    assert explain_refusal(track(store, commit, files=given), store.root) == ""


def test_a_list_among_the_artifacts_that_was_altered_is_not(store: Store, commit: str) -> None:
    own = yaml.safe_dump(values("/gone/mine.txt"))
    given = {CONFIGURATION: own, f"{RAW}/mine.txt": "rex\naltered\n"}
    reason = explain_refusal(track(store, commit, files=given), store.root)
    assert "its list /gone/mine.txt is gone or changed" in reason


def test_a_run_of_another_store_is_not_found(store: Store, commit: str) -> None:
    track(store, commit)
    with pytest.raises(UserError, match="is not a run in"):
        Recorded.find(store, "0" * 32)


def test_a_run_that_neonym_did_not_make_is_refused(store: Store) -> None:
    foreign = MlflowClient(store.uri).create_run("0")
    with pytest.raises(UserError, match="was not made by neonym"):
        Recorded.find(store, foreign.info.run_id)
