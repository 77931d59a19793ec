"""Runs that can be promoted, delivered to a real MLflow store as stages deliver theirs."""

from functools import cache
from pathlib import Path

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from neonym.base.files import sha256_of_file
from neonym.corpus.vocabulary import Vocabulary
from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.events import (
    Artifact,
    Dataset,
    Kind,
    Metrics,
    ModelLogged,
    RunOpened,
    Tags,
)
from neonym.lab.tracking.spool import Segment, SegmentWriter
from neonym.lab.tracking.store import Store
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork

PARAMS = {"data.name": "rivers", "model.cell": "lstm", "model.hidden_size": "8", "seed": "3"}
VOCABULARY = Vocabulary.from_names(["abcdefghijklmnopqrstuvwxyz"], "character")


def write_model(path: Path, seed: int = 0) -> Path:
    """A small network with random weights."""
    network = RecurrentNetwork(len(VOCABULARY), hidden_size=8, seed=seed)
    save_model(path, network, VOCABULARY, {"longest": 12, "lowercase": True})
    return path


def deliver_run(
    store: Store,
    key: str,
    *,
    val_nll: float | None = 2.0,
    val_data: str = "d1",
    kind: Kind = "job",
    status: str = "FINISHED",
    as_model: bool = False,
    with_file: bool = True,
    stage: str = "evaluate",
) -> str:
    """Deliver a run as one that went through the whole pipeline; its id in MLflow."""
    writer = SegmentWriter(
        store.segments,
        RunOpened(
            kind=kind,
            key=key,
            name=key,
            stage=stage,
            time_ms=1_700_000_000_000,
            experiment="names",
            tags={
                tags.CONFIGURATION: "c",
                tags.CHECKOUT: "here",
                tags.SOURCE_NAME: "pipelines/train.py",
            },
            params=PARAMS,
        ),
    )
    if with_file:
        file = write_model(store.root / f"{key}.npz", seed=len(key))
        digest = sha256_of_file(file)
        writer.write(Tags(values={tags.MODEL: digest}))
        writer.write(Artifact(file=writer.copy_in(file, "model.npz"), folder="models"))
    if val_nll is not None:
        figure = "val/nll" if stage == "evaluate" else "best/val_nll"
        writer.write(Metrics(time_ms=1_700_000_000_001, step=9, values={figure: val_nll}))
        # Test says the contrary, and nobody may look at it
        writer.write(Metrics(time_ms=1_700_000_000_001, step=9, values={"test/nll": -val_nll}))
    for context, data, rows in (
        ("training", "t", 80),
        ("validation", val_data, 10),
        ("test", "e", 10),
    ):
        profile = {"num_rows": rows}
        writer.write(
            Dataset(name=context, context=context, digest=data, source="x", profile=profile)
        )
    if as_model:
        writer.write(ModelLogged(file=writer.copy_in(file, "model.npz"), sha256=digest))
    if status == "RUNNING":
        Replay(store).deliver(Segment(writer.folder))
        writer.abandon()
    else:
        writer.close(status)  # type: ignore[arg-type]
        Replay(store).deliver(Segment(writer.folder))
    return run_of(store, key).info.run_id


def run_of(store: Store, key: str) -> Run:
    client = client_of(store.uri)
    ids = [found.experiment_id for found in client.search_experiments()]
    [run] = client.search_runs(ids, f"tags.`{tags.RUN_KEY}` = '{key}'")
    return run


@cache
def client_of(uri: str) -> MlflowClient:
    return MlflowClient(uri)
