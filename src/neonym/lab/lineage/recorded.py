"""A run as its MLflow store holds it, read and never changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from neonym.base.errors import UserError
from neonym.base.files import parse_json, sha256_of_file
from neonym.base.nested import flatten, value_at
from neonym.lab.configuration import parse_values
from neonym.lab.lineage.lookup import connect, find_run, latest, search, unusable
from neonym.lab.tracking import tags
from neonym.lab.tracking.addresses import REDACTED
from neonym.lab.tracking.store import Store

CONFIGURATION = "configuration.yaml"
DIFF = "code/uncommitted.diff"
ENVIRONMENT = "environment"
RAW = "data"

Answer = TypeVar("Answer")


@dataclass
class Recorded:
    """A run of neonym.

    Attributes
    ----------
    store
        Where it is.
    run
        What MLflow says of it.
    """

    store: Store
    run: Run
    _client: MlflowClient = field(repr=False)

    @classmethod
    def find(cls, store: Store, word: str) -> "Recorded":
        """The run that a word means, see `find_run`.

        Raises
        ------
        UserError
            If the store cannot be used, or has no such run of ours.
        """
        return cls(store, find_run(store, word), connect(store))

    @classmethod
    def with_tags(cls, store: Store, wanted: dict[str, str]) -> "list[Recorded]":
        """The runs that have certain tags, in any experiment, the latest first.

        Raises
        ------
        UserError
            If the store cannot be used.
        """
        client = connect(store)
        conditions = " and ".join(f"tags.`{key}` = '{value}'" for key, value in wanted.items())
        try:
            return [cls(store, run, client) for run in search(client, conditions)]
        except (MlflowException, OSError) as error:
            raise unusable(store, error) from None

    @classmethod
    def latest(cls, store: Store, most: int) -> "list[Recorded]":
        """The latest runs of neonym, without the jobs of sweeps.

        Raises
        ------
        UserError
            If the store cannot be used.
        """
        client = connect(store)
        try:
            return [cls(store, run, client) for run in islice(latest(client), most)]
        except (MlflowException, OSError) as error:
            raise unusable(store, error) from None

    @property
    def id(self) -> str:
        """MLflow's id."""
        return str(self.run.info.run_id)

    @property
    def kind(self) -> str:
        """What the run is: `workspace`, `job` or `sweep`."""
        return self.tag(tags.KIND)

    @property
    def stages(self) -> list[str]:
        """The stages whose results it holds."""
        return [stage for stage in self.tag(tags.STAGES).split(",") if stage]

    def tag(self, name: str) -> str:
        """A tag's text; "" where there is none."""
        return str(self.run.data.tags.get(name, ""))

    @cached_property
    def splits(self) -> dict[str, str]:
        """The digests of the splits that the run used, by what they were used for."""
        inputs = self.run.inputs.dataset_inputs if self.run.inputs else []
        return {
            str(tag.value): str(used.dataset.digest)
            for used in inputs
            for tag in used.tags
            if tag.key == tags.DATASET_CONTEXT
        }

    @cached_property
    def configuration(self) -> dict[str, Any] | None:
        """The configuration as plain values; None where it is not recorded or not readable."""
        try:
            values = parse_values(self.text(CONFIGURATION) or "", CONFIGURATION)
        except UserError:
            return None
        project = self.store.project
        whole = _has_sections(values, ("tracking",)) and (
            not project.raw_key or isinstance(value_at(values, project.raw_key), str)
        )
        return values if whole else None

    @property
    def redacted_keys(self) -> list[str]:
        """The keys of the configuration whose values were left out as secrets."""
        values = flatten(self.configuration or {})
        return [key for key, value in values.items() if REDACTED in str(value)]

    @cached_property
    def diff(self) -> str:
        """How the checkout differed from its commit, as far as it was recorded."""
        return self.text(DIFF) or ""

    @cached_property
    def environments(self) -> dict[str, dict[str, Any]]:
        """What each stage computed with; only of those that computed, and told."""
        found: dict[str, dict[str, Any]] = {}
        for path in self.artifacts:
            if PurePosixPath(path).parent == PurePosixPath(ENVIRONMENT):
                try:
                    values = parse_json(self.text(path) or "")
                except ValueError:
                    continue
                if _has_sections(values, ("blas", "packages")):
                    found[PurePosixPath(path).stem] = values
        return found

    @cached_property
    def artifacts(self) -> list[str]:
        """The paths of all of the run's files."""
        return sorted(self._query(lambda: self._files("")))

    def _files(self, folder: str) -> list[str]:
        found: list[str] = []
        for entry in self._client.list_artifacts(self.id, folder or None):
            found += self._files(entry.path) if entry.is_dir else [str(entry.path)]
        return found

    def text(self, path: str) -> str | None:
        """What stands in one of the run's files; None where there is no such text."""
        with TemporaryDirectory() as folder:
            file = self.download(path, Path(folder))
            try:
                return file.read_bytes().decode("utf-8") if file else None
            except UnicodeDecodeError:
                return None

    def digest(self, path: str) -> str | None:
        """The sha256 of one of the run's files; None where it cannot be had."""
        with TemporaryDirectory() as folder:
            file = self.download(path, Path(folder))
            return sha256_of_file(file) if file else None

    def download(self, path: str, folder: Path) -> Path | None:
        """One of the run's files, brought into a folder if it is elsewhere; None if it is gone."""
        if path not in self.artifacts:
            return None
        try:
            file = self._local(path)
            if file is None:
                file = Path(self._client.download_artifacts(self.id, path, str(folder)))
        except (MlflowException, OSError):
            return None
        return file if file.is_file() else None

    def _local(self, path: str) -> Path | None:
        """One of the run's files where MLflow has it on this machine, whatever it is called."""
        parts = urlsplit(str(self.run.info.artifact_uri))
        file = Path(unquote(parts.path)) / path
        return file if parts.scheme == "file" and file.is_file() else None

    def curve(self, metric: str) -> dict[int, float]:
        """A metric's values by step; the latest where a step was logged again."""
        points = self._query(lambda: self._client.get_metric_history(self.id, metric))
        points.sort(key=lambda point: point.timestamp)
        return {int(point.step): float(point.value) for point in points}

    def parent(self) -> "Recorded | None":
        """The run of the sweep that this job belongs to; None where there is none."""
        found = self.tag(tags.PARENT)
        try:
            return Recorded.find(self.store, found) if found else None
        except UserError:
            return None

    def children(self) -> "list[Recorded]":
        """The jobs of this sweep."""
        return Recorded.with_tags(self.store, {tags.PARENT: self.id})

    def _query(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except (MlflowException, OSError) as error:
            raise unusable(self.store, error) from None


def _has_sections(values: Any, names: tuple[str, ...]) -> bool:
    """Whether values are what neonym recorded, not what somebody else put there."""
    return isinstance(values, dict) and all(isinstance(values.get(name), dict) for name in names)
