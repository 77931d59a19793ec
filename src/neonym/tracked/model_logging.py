"""Log a model file as an MLflow model: pyfunc "from code", nothing pickled."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import DatasetInput, Metric, Run
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from neonym.base.files import parse_json
from neonym.base.text import literal
from neonym.lab.tracking import tags
from neonym.tracked.model_code import SERVED, copy_code

# What served_model.py imports; stated, since finding it out takes MLflow five seconds
REQUIREMENTS = ("mlflow", "numpy", "pandas", "threadpoolctl")

# The figure of a split, by what it is used for
FIGURES_OF = {"training": "best/train_nll", "validation": "best/val_nll", "test": "test/nll"}
CURVE = "val/nll"  # tells at which step training ended
NO_NAME = re.compile(r"[^\w-]+")
MAX_NAME = 200
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "prefix")]),
    outputs=Schema([ColSpec(DataType.string, "prefix"), ColSpec(DataType.string, "name")]),
    params=ParamSchema(
        [
            ParamSpec("n", DataType.long, 1),
            ParamSpec("temperature", DataType.double, 1.0),
            ParamSpec("seed", DataType.long, 0),
        ]
    ),
)


def log_model(uri: str, run_id: str, file: Path) -> str:
    """Log the model in `file` to a run; the id that MLflow gives it.

    It has the list's name, the network's and the seed in its own, a description, and its figures
    with the data that they are of. The run's status and times stay as they are.
    """
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    run = client.get_run(run_id)
    # Otherwise it would be one of MLflow's Default, in the working directory
    mlflow.set_experiment(experiment_id=run.info.experiment_id)
    kept = (tags.SOURCE_NAME, tags.SOURCE_TYPE, tags.USER, tags.GIT_COMMIT)
    model = client.create_logged_model(
        run.info.experiment_id,
        name=model_name(run.data.params),
        source_run_id=run_id,
        tags={
            **{key: run.data.tags[key] for key in kept if key in run.data.tags},
            tags.NOTE: description(run),
        },
        params=run.data.params,
    )
    curve = client.get_metric_history(run_id, CURVE)
    end = max((point.step for point in curve), default=1)
    client.log_batch(run_id, metrics=list(_figures(client, run, model.model_id, end)))
    with TemporaryDirectory() as folder:
        code = copy_code(Path(folder))
        logged = Model.log(
            artifact_path=None,
            name=model.name,
            model_id=model.model_id,
            flavor=mlflow.pyfunc,
            flavor_name="pyfunc.ModelFromCode",
            run_id=run_id,
            python_model=str(code / SERVED),
            artifacts={"model": file.resolve().as_uri()},  # MLflow would unquote a path
            code_paths=[str(code)],
            signature=SIGNATURE,
            input_example=({"prefix": [""]}, {"n": 3, "temperature": 0.8, "seed": 0}),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            step=end,  # of which MLflow copies all figures, without their data
        )
    return str(logged.model_id)


def model_name(params: Mapping[str, str]) -> str:
    """What a model is called: its list, network and seed; `model` where a run tells none."""
    words = [params.get(key, "") for key in ("data.name", "model.cell", "model.hidden_size")]
    if "seed" in params:
        words.append(f"seed-{params['seed']}")
    return NO_NAME.sub("-", "-".join(filter(None, words)))[:MAX_NAME].strip("-") or "model"


def description(run: Run) -> str:
    """What a model is, Markdown, for who finds it without its run."""
    params = run.data.params
    names = {
        context: parse_json(used.dataset.profile or "{}").get("num_rows", 0)
        for used, context in _datasets(run)
    }
    lines = [
        f"Coins names like those of the list {literal(params.get('data.name', 'unknown'))}: "
        f"{literal(network_in_words(params))}, seed {literal(params.get('seed', 'unknown'))}."
    ]
    if names.get("training"):
        lines.append(
            f"Learnt from {names['training']:,} names, chosen by {names.get('validation', 0):,}."
        )
    lines.append(
        "Takes a `prefix`, and `n`, `temperature` and `seed` as parameters. "
        f"Made by run `{run.info.run_id}`."
    )
    return "\n\n".join(lines)


def network_in_words(params: Mapping[str, str]) -> str:
    """What coins the names: a network, or a mixture."""
    words = f"{params.get('model.cell', 'network')} of {params.get('model.hidden_size', '?')} units"
    members = params.get("train.members", "1")
    if members != "1":
        words = f"{members} networks, each {words}"
    mixed = params.get("train.ngram_max_order", "null") != "null"
    return f"{words}, mixed with an n-gram" if mixed else words


def _figures(client: MlflowClient, run: Run, model_id: str, end: int) -> Iterator[Metric]:
    """The run's figures of its splits, as the model's on these data; none at the end's step."""
    for used, context in _datasets(run):
        name = FIGURES_OF.get(context, "")
        if name in run.data.metrics:
            last = max(client.get_metric_history(run.info.run_id, name), key=_when)
            if last.step != end:
                yield Metric(
                    name,
                    last.value,
                    last.timestamp,
                    last.step,
                    model_id=model_id,
                    dataset_name=used.dataset.name,
                    dataset_digest=used.dataset.digest,
                    run_id=run.info.run_id,
                )


def _when(metric: Metric) -> tuple[int, int]:
    return metric.step, metric.timestamp


def _datasets(run: Run) -> Iterator[tuple[DatasetInput, str]]:
    """The data that a run used, and what for."""
    for used in run.inputs.dataset_inputs if run.inputs else ():
        for tag in used.tags:
            if tag.key == tags.DATASET_CONTEXT:
                yield used, str(tag.value)
