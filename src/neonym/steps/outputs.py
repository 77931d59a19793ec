"""Where the stages of one execution of the pipeline leave what they make."""

from dataclasses import dataclass, replace
from pathlib import Path

from neonym.settings import Paths


@dataclass(frozen=True)
class Outputs:
    """What the stages leave, and where."""

    processed: Path
    """Splits and vocabulary."""
    model: Path
    """The trained network."""
    checkpoint: Path
    """The state of a training that has not ended; DVC does not track it."""
    history: Path
    """The curves of training."""
    names: Path
    """The names drawn."""
    metrics: Path
    """All figures."""
    main_metrics: Path
    """The main ones, which DVC compares."""
    metrics_table: Path
    """The figures as a table to read."""
    names_table: Path
    """What each of the drawn names is."""
    pictures: Path
    """A folder of PNG files."""

    @classmethod
    def below(cls, folder: Path) -> "Outputs":
        """Those of the workspace, or of a job in whose folder they have the same places."""
        return cls(
            processed=folder / "data/processed",
            model=folder / "models/model.npz",
            checkpoint=folder / "models/checkpoint.npz",
            history=folder / "reports/history.csv",
            names=folder / "reports/names.csv",
            metrics=folder / "reports/metrics.json",
            main_metrics=folder / "reports/main_metrics.json",
            metrics_table=folder / "reports/metrics.md",
            names_table=folder / "reports/names_table.csv",
            pictures=folder / "reports/figures",
        )

    def reading_from(self, paths: Paths, *stages: str) -> "Outputs":
        """The same, but what earlier stages left is read where the configuration says."""
        given = {name: Path(path) for name, path in paths.model_dump().items()}
        return replace(self, **{name: given[name] for name in stages})
