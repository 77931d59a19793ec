"""The listener that docs/own-pipeline.md shows; TensorBoard is none of this project's packages."""

from pathlib import Path
from typing import Any

_writers: dict[str, Any] = {}


def tell_tensorboard(key: str, files: Path, event: Any) -> None:
    from tensorboard.summary import Writer

    if event.type == "metrics":
        if key not in _writers:
            _writers[key] = Writer(f".neonym/tensorboard/{key}")
        for name, value in event.values.items():
            if value is not None:  # no number
                _writers[key].add_scalar(name, value, event.step, wall_time=event.time_ms / 1000)
        _writers[key].flush()
