"""What stages and jobs log through: quick, never waiting for MLflow, never failing with it."""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neonym.lab.tracking.events import Artifact, Dataset, Event, Metrics, ModelLogged, Tags
from neonym.lab.tracking.redaction import hide_known, redact, redact_text
from neonym.lab.tracking.spool import SegmentWriter, now_ms
from neonym.lab.tracking.tags import NOTE

logger = logging.getLogger(__name__)

Listener = Callable[[str, Path, Event], None]
"""Is given the key of a run, the folder of its files, and what was logged, without secrets."""


def tell(listener: Listener, key: str, folder: Path, event: Event) -> None:
    """Tell a listener of an event; where it fails, the stage goes on and says so."""
    try:
        listener(key, folder, event)
    except Exception as error:  # of the project's own, whatever it raises
        logger.warning("the pipeline's listener failed (%s: %s)", type(error).__name__, error)


class Run:
    """Logs one execution of a stage or job into the spool; without a writer it logs nothing."""

    def __init__(
        self,
        writer: SegmentWriter | None,
        for_stage: str | None = None,
        key: str = "",
        note: str | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._writer = writer
        self._for_stage = for_stage
        self.key = key
        """Tells this run from all others before MLflow has given it an id."""
        self._note = note
        self._listener = listener

    def for_stage(self, stage: str) -> "Run":
        """The same run, for what that stage has logged itself if it ran."""
        return Run(self._writer, stage, self.key, self._note, self._listener)

    @property
    def folder(self) -> Path | None:
        """The segment that is written."""
        return self._writer.folder if self._writer else None

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags; before a description stands what the configuration notes."""
        if self._note and NOTE in values:
            values = {**values, NOTE: f"{self._note}\n\n{values[NOTE]}"}
        self._write(Tags(values=redact(values), for_stage=self._for_stage))

    def metrics(self, values: Mapping[str, float | None], step: int) -> None:
        """Log values at a step."""
        finite = {key: _number(value) for key, value in values.items()}
        self._write(Metrics(time_ms=now_ms(), step=step, values=finite, for_stage=self._for_stage))

    def dataset(self, name: str, context: str, sha256: str, source: str, rows: int) -> None:
        """Log a split; MLflow shows the first 36 characters of its sha256 as the digest."""
        self._write(
            Dataset(
                name=redact_text(name),
                context=context,
                digest=sha256[:36],
                source=redact_text(source),
                profile={"num_rows": rows},
                for_stage=self._for_stage,
            )
        )

    def artifact(self, path: Path, folder: str = "") -> None:
        """Log a file as it is now."""
        if self._writer:
            # MLflow does not find again what is called like parts of an address
            name = re.sub(r"[%?#\\]", "_", redact_text(path.name))
            file = self._writer.copy_in(path, name)
            self._write(Artifact(file=file, folder=folder, for_stage=self._for_stage))

    def text(self, name: str, text: str, folder: str = "") -> None:
        """Log text as a file."""
        if self._writer:
            file = self._writer.write_in(name, hide_known(text))
            self._write(Artifact(file=file, folder=folder, for_stage=self._for_stage))

    def table(
        self, name: str, columns: list[str], rows: list[list[Any]], names_runs: bool = False
    ) -> None:
        """Log rows as a table that MLflow's UI shows; see `Artifact` for `names_runs`."""
        if self._writer:
            text = json.dumps({"columns": columns, "data": rows}, ensure_ascii=False)
            file = self._writer.write_in(f"{name}.json", hide_known(text))
            self._write(
                Artifact(file=file, is_table=True, names_runs=names_runs, for_stage=self._for_stage)
            )

    def model(self, path: Path, sha256: str) -> None:
        """Log a model file as an MLflow model."""
        if self._writer:
            file = self._writer.copy_in(path)
            self._write(ModelLogged(file=file, sha256=sha256, for_stage=self._for_stage))

    def _write(self, event: Event) -> None:
        if self._writer:
            self._writer.write(event)
            if self._listener:
                tell(self._listener, self.key, self._writer.folder, event)


def _number(value: float | None) -> float | None:
    """None for what JSON cannot hold."""
    return value if value is not None and math.isfinite(value) else None
