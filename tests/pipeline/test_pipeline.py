"""What `dvc repro` runs, makes and tracks, with the real DVC, Hydra and MLflow."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from small_project import Project

from neonym.corpus.processed import SEAL, seal
from neonym.lab.tracking import tags
from neonym.models.model_file import load_model
from warm import Warm

OUTPUTS = (
    "params.yaml",
    "data/processed/train.txt",
    "data/processed/val.txt",
    "data/processed/test.txt",
    "data/processed/vocabulary.json",
    "data/processed/corpus.json",
    "data/processed/dropped.csv",
    "models/model.npz",
    "reports/history.csv",
    "reports/names.csv",
    "reports/metrics.json",
    "reports/main_metrics.json",
    "reports/metrics.md",
    "reports/names_table.csv",
)
STAGES = ["compose", "preprocess", "train", "sample", "evaluate"]


def digests(project: Project) -> dict[str, str]:
    """The sha256 of every output and picture, and of `dvc.lock`."""
    pictures = sorted((project.root / "reports/figures").glob("*.png"))
    paths = [project.root / path for path in (*OUTPUTS, "dvc.lock")]
    return {
        str(path.relative_to(project.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (*paths, *pictures)
    }


def finished(project: Project) -> list[dict[str, object]]:
    """What tells the finished runs of the workspace apart."""
    project.succeed("neonym", "sync")
    return [
        {
            "hidden": run.data.params["model.hidden_size"],
            "epochs": run.data.params["train.epochs"],
            "temperature": run.data.params["sample.temperature"],
            "experiment": run.data.tags[tags.DVC_EXPERIMENT],
            "stages": run.data.tags[tags.STAGES],
        }
        for run in project.runs()
        if run.info.status == "FINISHED"
    ]


def test_repro_makes_everything_once_and_tracks_one_run(project: Project) -> None:
    (project.root / "mlflow.db").unlink()  # which delivery makes
    assert project.repro() == STAGES
    assert all((project.root / path).is_file() for path in OUTPUTS)
    assert not (project.root / "outputs").exists()
    said = project.succeed("neonym", "sync", "--summary").splitlines()
    assert said[0].startswith("MLflow is up to date: ")
    assert said[1].startswith("How good the names are")
    [run] = project.runs()
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    model = (project.root / "models/model.npz").read_bytes()
    assert run.info.status == "FINISHED"
    assert run.data.tags[tags.MODEL] == hashlib.sha256(model).hexdigest()
    assert run.data.tags[tags.STAGES] == "train,sample,evaluate"
    assert run.data.params["model.hidden_size"] == "8"
    assert run.data.metrics["test/nll"] == metrics["test"]["nll"]
    assert run.data.metrics["val/nll"] == metrics["val"]["nll"]
    assert run.data.metrics["names/validity"] == metrics["names"]["validity"]
    assert len(run.inputs.dataset_inputs) == 3
    before = digests(project)
    assert project.repro() == []
    project.succeed("neonym", "sync")
    assert digests(project) == before
    assert [again.info.run_id for again in project.runs()] == [run.info.run_id]
    assert project.succeed("dvc", "status").strip() == "Data and pipelines are up to date."
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = project.run("neonym", "sync", "--wait", "0", "--summary", **nowhere)
    assert done.returncode == 1, "not delivered"
    assert "How good the names are" in done.stdout


@pytest.mark.slow
def test_repro_from_nothing_gives_the_same_bytes_whatever_the_number_of_blas_threads(
    project_that_ran: Project,
) -> None:
    project = project_that_ran  # with as many as there are processors
    project.environment["OPENBLAS_NUM_THREADS"] = "1"
    before = digests(project)
    for path in (".dvc/cache", ".dvc/tmp", "models", "data/processed", "reports"):
        shutil.rmtree(project.root / path)
    (project.root / "dvc.lock").unlink()
    (project.root / "params.yaml").unlink()
    assert project.repro() == STAGES
    assert digests(project) == before


@pytest.mark.slow
def test_an_edit_reruns_exactly_the_stages_that_use_the_key(project_that_ran: Project) -> None:
    project = project_that_ran
    project.edit("conf/sample/default.yaml", "temperature", "0.5")
    assert project.repro() == ["compose", "sample", "evaluate"]
    assert [run["temperature"] for run in finished(project)] == ["0.5", "1.0"]
    project.edit("conf/optimizer/sgd.yaml", "lr", "0.2")  # not the chosen optimizer
    assert project.repro() == ["compose"]
    assert len(finished(project)) == 2
    project.edit("conf/tracking/default.yaml", "log_every_steps", "3")
    assert project.repro() == ["compose"]
    assert len(finished(project)) == 2


@pytest.mark.slow
def test_what_comes_from_the_run_cache_and_what_a_deleted_store_had_has_its_run(
    descent: Project,
) -> None:
    descent.repro()
    descent.edit("conf/train/default.yaml", "degree", "2")
    descent.repro()
    descent.edit("conf/train/default.yaml", "degree", "3")
    assert descent.repro() == ["compose", "judge"]  # whose metrics are in git, not in the cache
    assert [run.data.params["train.degree"] for run in tracked(descent)] == ["2", "3"]

    _, first = descent.runs()
    assert told(descent) == {point for run in descent.runs() for point in points(descent, run)}
    descent.stop_delivery()
    (descent.root / "mlflow.db").unlink()
    shutil.rmtree(descent.root / "mlartifacts")
    descent.succeed("neonym", "sync")
    # by another name, since MLflow keeps the deleted file open
    copy = shutil.copyfile(descent.root / "mlflow.db", descent.root / "again.db")
    client = MlflowClient(f"sqlite:///{copy}")
    ids = [found.experiment_id for found in client.search_experiments()]
    [again] = client.search_runs(ids)
    assert again.data.metrics == first.data.metrics
    assert again.data.params == first.data.params


def told(descent: Project) -> set[tuple[str, int, float]]:
    """What the second tracker was told."""
    files = (descent.root / ".neonym/second").glob("*.jsonl")
    return {tuple(json.loads(line)) for file in files for line in file.read_text().splitlines()}


def points(descent: Project, run: Run) -> list[tuple[str, int, float]]:
    """What MLflow has of a run's curves and figures."""
    client = MlflowClient(f"sqlite:///{descent.root / 'mlflow.db'}")
    histories = [client.get_metric_history(run.info.run_id, name) for name in run.data.metrics]
    return [(point.key, point.step, point.value) for found in histories for point in found]


def tracked(descent: Project) -> list[Run]:
    """The finished runs of the workspace, which stand for all of its stages."""
    descent.succeed("neonym", "sync")
    runs = [run for run in descent.runs() if run.info.status == "FINISHED"]
    assert {run.data.tags[tags.STAGES] for run in runs} == {"fit,judge"}
    return runs


def all_of(run: Run) -> str:
    """All that MLflow says of a run; as text, in which two that are no numbers are equal."""
    return repr((dict(run.info), run.data.to_dictionary()))


@pytest.mark.slow
def test_other_code_makes_another_run_that_stands_alone_and_leaves_the_one_before(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    project.succeed("neonym", "sync")
    [before] = project.runs()
    assert before.data.tags[tags.GIT_DIRTY] == "false"
    code = project.root / "src/neonym/evaluation/validity.py"
    text = code.read_text()
    changed = text.replace("        return broken\n", "        return [*broken, ALPHABET]\n")
    assert changed != text
    code.write_text(changed)
    (project.root / "my_names.txt").write_text("Garonne\n")
    assert project.repro() == ["evaluate"]
    project.succeed("neonym", "sync")
    second, first = project.runs()
    assert all_of(first) == all_of(before)
    assert second.data.tags[tags.EARLIER] == first.info.run_id
    assert second.data.tags[tags.GIT_DIRTY] == "true"
    assert second.data.params == first.data.params
    assert second.data.metrics.keys() == first.data.metrics.keys()
    assert second.data.metrics["names/validity"] == 0 < first.data.metrics["names/validity"]
    assert len(second.inputs.dataset_inputs) == 3
    code.write_text(text)  # DVC has kept what that gave
    assert project.repro() == ["evaluate"]  # whose metrics are in git, not in the cache
    project.succeed("neonym", "sync")
    assert len(project.runs()) == 2
    assert f"by run {first.info.run_id}\n" in project.succeed("neonym", "lineage", "dvc.lock")


@pytest.mark.slow
def test_an_experiment_trains_what_it_says_and_its_run_has_its_name_also_from_the_queue(
    descent: Project,
) -> None:
    descent.repro()
    descent.commit("Run")
    wide = ("-n", "wide", "-S", "train.degree=5", "-S", "debug=profile")
    said = descent.succeed("dvc", "exp", "run", "--temp", *wide)
    assert "fit: where its time went is in" in said
    assert "(fit)" in (descent.root / ".neonym/profile/fit.txt").read_text()
    descent.succeed("dvc", "exp", "run", "--queue", "-S", "train.epochs=10,20")
    descent.succeed("dvc", "queue", "start", "-j", "2")
    descent.succeed("dvc", "queue", "logs", "-f", _first_task(descent))
    descent.succeed("dvc", "exp", "run", "--run-all")
    runs = {run.data.tags[tags.DVC_EXPERIMENT]: run.data.params for run in tracked(descent)}
    trained = {name: (run["train.degree"], run["train.epochs"]) for name, run in runs.items()}
    assert trained.pop("") == ("3", "40")
    assert trained.pop("wide") == ("5", "40")
    assert sorted(trained.values()) == [("3", "10"), ("3", "20")]
    assert '"wide"' in descent.succeed("dvc", "exp", "show", "--json", "--no-pager")


def _first_task(descent: Project) -> str:
    lines = descent.succeed("dvc", "queue", "status").splitlines()
    return lines[1].split()[0]


@pytest.mark.slow
def test_a_script_run_by_hand_leaves_the_workspace_alone(project_that_ran: Project) -> None:
    project = project_that_ran
    before = digests(project)
    done = project.succeed("python", "pipelines/train.py", "model.hidden_size=5", PYTHONPATH="src")
    assert "train: results are in outputs/train/" in done
    [model] = (project.root / "outputs").rglob("model.npz")
    assert digests(project) == before
    assert project.succeed("dvc", "status").strip() == "Data and pipelines are up to date."
    done = project.succeed(
        "python",
        "pipelines/sample.py",
        "model.hidden_size=5",
        f"paths.model={model}",
        "sample.count=7",
        PYTHONPATH="src",
    )
    [names] = (project.root / "outputs").rglob("names.csv")
    assert len(names.read_text().splitlines()) == 8


@pytest.mark.slow
def test_data_of_its_own_are_processed_beside_those_of_the_workspace(
    project_that_ran: Project,
) -> None:
    project = project_that_ran
    (project.root / "mine.txt").write_text("\n".join(f"{a}{b}o" for a in "kmst" for b in "aeiou"))
    project.succeed(
        "python",
        "pipelines/train.py",
        "data=list",
        "data.path=mine.txt",
        "data.split.group_near_duplicates=false",
        PYTHONPATH="src",
    )
    [train] = (project.root / ".neonym/data").rglob("train.txt")
    assert set("".join(train.read_text().split())) <= set("kmstaeiou")


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_said_and_stops_nothing(descent: Project) -> None:
    done = descent.run("dvc", "repro", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("`neonym sync` delivers it") == 1
    assert (descent.root / "reports/metrics.json").exists()
    done = descent.run("neonym", "sync", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 1
    waiting = list((descent.root / ".neonym/spool").glob("*/segments/[0-9]*"))
    assert len(waiting) >= 2


@pytest.mark.slow
def test_a_copy_without_git_runs_and_says_that_the_commit_is_unknown(descent: Project) -> None:
    shutil.rmtree(descent.root / ".git")
    (descent.root / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    descent.repro()
    [run] = tracked(descent)
    assert run.data.tags[tags.GIT_COMMIT] == "unknown"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "is empty"),
        (b"caf\xe9\n", "line 1"),
        (b"\n\n# nothing\n", "no line can be used"),
        (b"abc\nabd\n", "names"),
    ],
    ids=["empty", "not UTF-8", "nothing left", "too few"],
)
def test_a_list_that_cannot_be_used_is_one_line_and_leaves_nothing(
    project: Project, warm: Warm, content: bytes, line: str
) -> None:
    (project.root / "mine.txt").write_bytes(content)
    words = ("data=list", "data.path=mine.txt")
    done = project.run_warm(warm, "python", "pipelines/preprocess.py", *words)
    assert done.returncode == 2
    said = [text for text in done.stdout.splitlines() if not text.startswith(("INFO", "WARNING"))]
    assert len(said) == 1, done.stdout
    assert line in said[0]
    assert not list(Path(project.root / "outputs").rglob("processed"))


def _seal_again(folder: Path) -> None:
    path = folder / "corpus.json"
    summary = json.loads(path.read_text())
    del summary[SEAL]
    path.unlink()
    path.write_text(json.dumps(summary | {SEAL: seal(folder, summary)}))


def _chosen(root: Path) -> tuple[bytes, dict[str, Any], bytes]:
    """What training chose: the weights, what it says of them, and the curves.

    That a model knows the names of test again, by their hashes, is not choosing.
    """
    model = load_model(root / "models/model.npz")
    history = (root / "reports/history.csv").read_bytes()
    return model.network.parameters.tobytes(), model.metadata, history


@pytest.mark.slow
def test_nothing_is_chosen_by_looking_at_test(project_that_ran: Project) -> None:
    project = project_that_ran
    before = json.loads((project.root / "reports/metrics.json").read_text())
    chosen_before = _chosen(project.root)
    poisoned = project.root / "data/processed/test.txt"
    count = len(poisoned.read_text().split())
    poisoned.chmod(0o644)  # DVC protects what is in its cache
    poisoned.unlink()
    poisoned.write_text("".join(f"zzz{'q' * (i % 9)}\n" for i in range(count)))
    _seal_again(project.root / "data/processed")
    for stage in ("train", "sample", "evaluate"):
        project.succeed("python", f"pipelines/{stage}.py", PYTHONPATH="src", DVC_STAGE=stage)
    after = json.loads((project.root / "reports/metrics.json").read_text())
    assert _chosen(project.root) == chosen_before
    assert after["val"] == before["val"]
    assert after["reference"]["ngram"]["order"] == before["reference"]["ngram"]["order"]
    assert after["test"]["nll"] > before["test"]["nll"] + 0.5
