"""How the jobs of a sweep ended: each leaves a file in its folder, all that the end looks at.

So jobs may run in other processes or on other machines, and a sweep that was killed can go on.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from neonym.base.errors import UserError
from neonym.base.files import read_json, write_text
from neonym.lab.overrides import key_of

RESULT = "result.json"
ENDED = ("finished", "pruned")


@dataclass
class Result:
    """How a job ended."""

    status: str
    """finished or failed; or pruned, which is an end as good as finished."""
    value: float | None
    """The optimized metric; None where there is none."""
    overrides: list[str]
    configuration: str
    """The configuration's hash."""
    repetition_of: str
    """The same for all seeds of a configuration."""
    run_key: str = ""
    error: str = ""
    number: int = -1
    """The job's, which is the name of its folder."""

    @property
    def choices(self) -> dict[str, str]:
        """What the overrides say, by key."""
        return {key_of(word): word.partition("=")[2] for word in self.overrides}


def result_of(folder: Path) -> Path:
    """Where a job that works in this folder leaves its result."""
    return folder / RESULT


def read_result(path: Path) -> Result:
    """The result in a file.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        values = {**read_json(path), "number": int(path.parent.name)}
        return TypeAdapter(Result).validate_python(values)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = f"{path} cannot be read ({error.strerror})"
        raise UserError(f"{reason}; delete it, and the job runs again") from None
    except (ValueError, TypeError):
        raise UserError(f"{path} is damaged; delete it, and the job runs again") from None


def write_result(folder: Path, result: Result) -> None:
    """Leave a job's result in its folder."""
    write_text(result_of(folder), json.dumps(asdict(result), indent=2) + "\n")
