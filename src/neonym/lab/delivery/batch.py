"""What one run is given in few requests: each takes some milliseconds, whatever is in it."""

import math
from typing import NamedTuple

from mlflow.entities import DatasetInput, Metric, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.lab.delivery.limits import key as as_key
from neonym.lab.tracking.events import Metrics

# What MLflow takes in one request, of metrics and of tags
METRICS = 1000
TAGS = 100


class Batch:
    """Points, tags and datasets of one run, until they are logged."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._datasets: list[DatasetInput] = []

    def add_metrics(self, event: Metrics) -> None:
        """Points at one step."""
        if not self._parts or self._parts[-1].tags:
            self._parts.append(_Part([], {}))
        self._parts[-1].metrics.extend(
            Metric(as_key(key), math.nan if value is None else value, event.time_ms, event.step)
            for key, value in event.values.items()
        )

    def add_tags(self, values: dict[str, str]) -> None:
        """Tags; of one that is set twice the last value counts."""
        self._parts.append(_Part([], {as_key(key): value for key, value in values.items()}))

    def add_dataset(self, dataset: DatasetInput) -> None:
        """A dataset."""
        self._datasets.append(dataset)

    def log(self, client: MlflowClient, run_id: str) -> None:
        """Log what there is, and begin anew; where that fails, all of it still waits.

        Where MLflow refuses points or tags, those before them are logged.
        """
        together = _Part(
            [metric for part in self._parts for metric in part.metrics],
            {key: value for part in self._parts for key, value in part.tags.items()},
        )
        try:
            together.log(client, run_id)
        except MlflowException:  # perhaps of one of them
            for part in self._parts:
                part.log(client, run_id)
        if self._datasets:
            client.log_inputs(run_id, self._datasets)
        self._parts, self._datasets = [], []


class _Part(NamedTuple):
    """Points in a row, or tags that were set at once; or all of both."""

    metrics: list[Metric]
    tags: dict[str, str]

    def log(self, client: MlflowClient, run_id: str) -> None:
        """In one request where it can be."""
        marks = [RunTag(key, value) for key, value in self.tags.items()]
        metrics = list(self.metrics)
        while metrics or marks:
            room = METRICS - len(marks[:TAGS])
            client.log_batch(run_id, metrics=metrics[:room], tags=marks[:TAGS])
            metrics, marks = metrics[room:], marks[TAGS:]
