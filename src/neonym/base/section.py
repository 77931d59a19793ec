"""What schemas of configuration are made of: sections that take no unknown key and convert nothing.

A section is validated from nested plain values; what is wrong with them is told in one line.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from neonym.base.errors import UserError
from neonym.base.mistakes import explain


def leaves_project(path: str) -> bool:
    """Whether a path leads out of the project without saying so by being absolute."""
    return posixpath.normpath(path).split("/")[0] == ".."


def _stay_in_project(path: str) -> str:
    if leaves_project(path):
        raise ValueError("leads out of the project; where that is meant, write the absolute path")
    return path


def spelt(pattern: str, allowed: str, longest: int) -> AfterValidator:
    """A check that a text is spelt as others take it: by a pattern, and no longer than so much."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"input should be {allowed}")
        if len(text) > longest:
            raise ValueError(f"input should have {longest} letters at most, and has {len(text)}")
        return text

    return AfterValidator(check)


LONGEST_PATH = 4096  # characters; no more go to the operating system
_NAMED = spelt(r"[^\x00]+", "the name of a file", LONGEST_PATH)
FileName = Annotated[str, _NAMED, AfterValidator(_stay_in_project)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A part of the configuration: immutable, no key beyond those named, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def validated(cls, values: Mapping[str, Any], source: str) -> Self:
        """The section of these values.

        Parameters
        ----------
        values
            Nested plain values, as composed or read.
        source
            Where they come from, for the message.

        Raises
        ------
        UserError
            For an unknown key, a wrong type or a value out of range: the first of them, with the
            key, the value and what is allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UserError(explain(error, cls, values, source)) from None


class GrownSection(Section):
    """A section with keys that came later, whose null means what was done before they came.

    A null of theirs is not written, so what was recorded before the key stays equal.
    """

    later: ClassVar[frozenset[str]]

    @model_serializer(mode="wrap")
    def _as_before_the_later_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = write(self)
        return {
            key: value
            for key, value in values.items()
            if value is not None or key not in self.later
        }
