"""The formats that neonym reads: a sound file of each, how it is read, and what it then holds.

`hold` returns everything that a reader takes from a file, in a form that can be compared.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from damage import Random, altered_json, altered_value, damaged

from neonym.base.archive import read_archive, write_archive
from neonym.corpus.processed import read_processed
from neonym.experiment import Configuration
from neonym.generation.generator import NameGenerator
from neonym.generation.names_file import read_names
from neonym.lab.configuration import read_configuration
from neonym.lab.lockfile import Lock
from neonym.lab.own.curves_file import read_curves, write_curves
from neonym.lab.own.step_log import read_metrics
from neonym.lab.sweeps.results import read_result
from neonym.lab.sweeps.sweep_folder import Sweep
from neonym.lab.tracking.events import Artifact, Metrics, RunOpened, Tags
from neonym.lab.tracking.spool import EVENTS, Segment, SegmentWriter
from neonym.models.mixture import Mixture
from neonym.models.model_file import save_model
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from neonym.steps.preprocess_step import preprocess
from neonym.training.checkpoints import load_checkpoint, run_identity
from neonym.training.history import read_history
from neonym.training.loop import train
from small_training import NAMES, VAL_NAMES, VOCABULARY, configuration

PROJECT = Path(__file__).resolve().parents[2]
Alter = Callable[[bytes, Random], bytes]


def anything(before: Any, now: Any) -> bool:
    return True


@dataclass(frozen=True)
class Format:
    """A format: how a sound file is made in a folder, and how it is read there.

    `may_hold` says whether a file that was altered and not refused may hold what it does, given
    what it held before. Where it has no checksum, a changed value may be one that somebody meant.
    """

    make: Callable[[Path], Path]
    hold: Callable[[Path], Any]
    may_hold: Callable[[Any, Any], bool] = lambda before, now: bool(before == now)
    alter: Alter = damaged


def array_bytes(network: RecurrentNetwork) -> bytes:
    return network.parameters.tobytes()


def make_model(folder: Path) -> Path:
    network = RecurrentNetwork(len(VOCABULARY), "lstm", 5, embedding_size=4, seed=1)
    metadata = {"longest": 15, "lowercase": True, "configuration": {"seed": 1}}
    save_model(folder / "model.npz", network, VOCABULARY, metadata)
    return folder / "model.npz"


def make_mixture(folder: Path) -> Path:
    networks = [RecurrentNetwork(len(VOCABULARY), "rnn", 3, seed=seed) for seed in range(2)]
    ngram = fit(VOCABULARY.encode_all(NAMES), len(VOCABULARY), 3)
    metadata = {"longest": 15, "lowercase": True}
    mixture = Mixture(networks, ngram, 0.25)
    save_model(folder / "model.npz", mixture, VOCABULARY, metadata, NAMES)
    return folder / "model.npz"


def hold_model(path: Path) -> Any:
    generator = NameGenerator.load(path)
    predictor = generator.predictor
    if generator.known is not None:
        assert generator.is_known(NAMES[:1]).dtype == bool
    with np.errstate(all="ignore"):
        names = generator.sample(2)
    if isinstance(predictor, Mixture):
        assert predictor.ngram is not None
        weights = [array_bytes(network) for network in predictor.networks]
        ngram = predictor.ngram.order, predictor.ngram.levels[0].followers.tobytes()
        return weights, ngram, predictor.ngram_weight, generator.vocabulary, generator.metadata
    network = generator.network
    return array_bytes(network), network.options, generator.vocabulary, generator.metadata, names


def forged(content: bytes, random: Random) -> bytes:
    """An archive of which a value is another, with the checksum that fits."""
    path = Path("forged.npz")
    path.write_bytes(content)
    arrays, document = read_archive(path, "", "")
    if random.random() < 0.3:
        name = sorted(arrays)[random.integers(len(arrays))]
        if random.random() < 0.5:
            del arrays[name]
        else:
            arrays[name] = _altered_array(arrays[name], random)
    else:
        document = altered_value(document, random)
    try:
        write_archive(path, arrays, document)
    except UnicodeEncodeError:  # no file can hold that
        return b""
    return path.read_bytes()


def _altered_array(array: np.ndarray[Any, Any], random: Random) -> np.ndarray[Any, Any]:
    changes: list[Callable[[], np.ndarray[Any, Any]]] = [
        lambda: array.astype(np.float64),
        lambda: array.astype(np.uint8),
        lambda: np.zeros(()),
        lambda: np.zeros((0, 4)),
        lambda: np.full_like(array, 127),
        lambda: (array * 0 + np.finfo(np.float32).max).astype(array.dtype),
        lambda: (array * np.float32("nan")).astype(np.float32),
        lambda: array.reshape(-1),
        lambda: np.append(array, array),
    ]
    with np.errstate(all="ignore"):
        return changes[random.integers(len(changes))]()


RESUMED = {"train__epochs": 2, "train__resume": True, "model__hidden_size": 3}
TRAIN_IDS, VAL_IDS = (VOCABULARY.encode_all(part) for part in (NAMES, VAL_NAMES))
IDENTITY = run_identity(configuration(**RESUMED), len(VOCABULARY), TRAIN_IDS, VAL_IDS)


def resume(path: Path) -> Any:
    result = train(TRAIN_IDS, VAL_IDS, len(VOCABULARY), configuration(**RESUMED), checkpoint=path)
    return array_bytes(result.network), result.history


def make_checkpoint(folder: Path) -> Path:
    resume(folder / "checkpoint.npz")
    return folder / "checkpoint.npz"


def hold_checkpoint(path: Path) -> Any:
    before = path.read_bytes()
    resume(path)
    path.write_bytes(before)
    checkpoint = load_checkpoint(path, IDENTITY)
    assert checkpoint is not None
    history, values, arrays = checkpoint
    return history, values, {name: array.tobytes() for name, array in arrays.items()}


def make_params(folder: Path) -> Path:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(configuration().model_dump(mode="json"), sort_keys=False))
    return path


@cache
def sound_values(content: bytes) -> Any:
    return yaml.safe_load(content)


def altered_yaml(content: bytes, random: Random) -> bytes:
    values = altered_value(sound_values(content), random)
    try:
        return bytes(yaml.dump(values, Dumper=yaml.CSafeDumper, encoding="utf-8"))
    except UnicodeEncodeError:  # half a character, which only the slow one writes
        return yaml.safe_dump(values).encode(errors="surrogatepass")


def make_segment(folder: Path) -> Path:
    writer = SegmentWriter(
        folder / "segments",
        RunOpened(
            kind="job",
            key="0" * 32,
            name="run",
            time_ms=1_700_000_000_000,
            experiment="names",
            tags={"a": "b"},
            params={"seed": "0"},
        ),
    )
    writer.write(Metrics(time_ms=1_700_000_000_001, step=1, values={"train/loss": 0.5, "x": None}))
    writer.write(Artifact(file=writer.write_in("n.json", "{}"), is_table=True, names_runs=True))
    writer.write(Tags(values={"mlflow.note.content": "| a | b |"}))
    writer.close("FINISHED")
    return writer.folder / EVENTS


def hold_segment(path: Path) -> Any:
    segment = Segment(path.parent)
    events = [event for event, _ in segment.events_from(0)]
    return events, [
        segment.path_of(event.file).read_bytes() for event in events if isinstance(event, Artifact)
    ]


def is_beginning(before: Any, now: Any) -> bool:
    """A writer that was killed leaves a beginning."""
    return all(then[: len(later)] == later for then, later in zip(before, now, strict=True))


LOCK = {
    "schema": "2.0",
    "stages": {
        "train": {
            "cmd": "python train.py",
            "deps": [{"path": "data", "md5": "0" * 32, "size": 3}],
            "params": {"params.yaml": {"seed": 0, "model": {"cell": "rnn"}, "lr": 1e-08}},
            "outs": [{"path": "models/model.npz", "md5": "1" * 32, "size": 3}],
        }
    },
}


def make_lock(folder: Path) -> Path:
    path = folder / "dvc.lock"
    path.write_text(yaml.safe_dump(LOCK))
    return path


def hold_lock(path: Path) -> Any:
    lock = Lock(path)
    return lock.params("train"), lock.md5("train", "models/model.npz")


PROCESSED = ("train.txt", "val.txt", "test.txt", "vocabulary.json", "corpus.json")


def make_processed(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        names = folder / "names.txt"
        names.write_text("\n".join([*NAMES, *VAL_NAMES, "stygimoloch", "dracorex"]))
        preprocess(configuration(data__path=str(names)).data, folder / "processed")
        return folder / "processed" / name

    return make


def hold_processed(path: Path) -> Any:
    return read_processed(path.parent)


def make_history(folder: Path) -> Path:
    path = folder / "history.csv"
    path.write_text(
        "epoch,step,lr,train_loss,train_nll,val_nll,grad_norm\n1,4,0.1,3.1,3.0,3.2,1.5\n"
    )
    return path


def make_names(folder: Path) -> Path:
    path = folder / "names.csv"
    path.write_text('name,ended,log_prob\nrex,true,-3.5\n"t,rex",false,-4.25\n')
    return path


def hold_names(path: Path) -> Any:
    names, ended, log_probs = read_names(path)
    return names, ended, log_probs.tolist()


def hold_params(path: Path) -> Any:
    return read_configuration(path, Configuration)


def make_sweep(folder: Path) -> Path:
    Sweep(folder, "0" * 32, "train", ["seed=0,1"]).write()
    return folder / "sweep.json"


def hold_sweep(path: Path) -> Any:
    return Sweep.read(path.parent)


def make_result(folder: Path) -> Path:
    path = folder / "3" / "result.json"
    path.parent.mkdir()
    values = ["finished", 2.5, ["seed=0"], "0" * 64, "1" * 64, "2" * 32, ""]
    names = ["status", "value", "overrides", "configuration", "repetition_of", "run_key", "error"]
    path.write_text(json.dumps(dict(zip(names, values, strict=True))))
    return path


def hold_result(path: Path) -> Any:
    return read_result(path)


def make_curves(folder: Path) -> Path:
    path = folder / "curves.csv"
    write_curves(path, [(1, {"train/loss": 0.5, "val/loss": 0.25}), (2, {"train/loss": 0.125})])
    return path


def make_metrics(folder: Path) -> Path:
    path = folder / "metrics.json"
    path.write_text('{"val": {"loss": 0.5, "r2": null}, "test": {"loss": 1e-3}}')
    return path


FORMATS = {
    "model": Format(make_model, hold_model),
    "mixture": Format(make_mixture, hold_model),
    "forged model": Format(make_model, hold_model, anything, alter=forged),
    "forged mixture": Format(make_mixture, hold_model, anything, alter=forged),
    "checkpoint": Format(make_checkpoint, hold_checkpoint),
    "forged checkpoint": Format(make_checkpoint, hold_checkpoint, anything, alter=forged),
    **{f"processed {name}": Format(make_processed(name), hold_processed) for name in PROCESSED},
    "params": Format(make_params, hold_params, anything),
    "altered params": Format(make_params, hold_params, anything, alter=altered_yaml),
    "spool": Format(make_segment, hold_segment, is_beginning),
    "lock": Format(make_lock, hold_lock, anything),
    "altered lock": Format(make_lock, hold_lock, anything, alter=altered_yaml),
    "history": Format(make_history, read_history, anything),
    "names": Format(make_names, hold_names, anything),
    "curves": Format(make_curves, read_curves, anything),
    "metrics": Format(make_metrics, read_metrics, anything),
    "altered metrics": Format(make_metrics, read_metrics, anything, alter=altered_json),
    "sweep": Format(make_sweep, hold_sweep, anything),
    "altered sweep": Format(make_sweep, hold_sweep, anything, alter=altered_json),
    "result": Format(make_result, hold_result, anything),
    "altered result": Format(make_result, hold_result, anything, alter=altered_json),
}
