"""The report as a page that a stranger can read: where the figures are from, and what is rough."""

from collections.abc import Mapping
from typing import Any

from neonym.corpus.splits import PARTS
from neonym.evaluation.catalogue import to_markdown
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.report import cautions
from neonym.settings import Sample

READING = (
    "95% is the interval of the model's figure. The n-gram's names were drawn as often. Real names "
    "are those of train where a figure compares with test, and those of test where with train; "
    "uniform is every token equally likely. A dash: no such figure, or too few names for one.\n"
)

GROUPED = (
    "The split keeps names one edit apart together, so no test name is one edit from a training "
    "name: for that reason `names.near_copy` of real names is 0, and they lie farther from train.\n"
)


def to_page(
    report: Mapping[str, Any], drawn: Drawn, lists: Lists, *, grouped: bool, sample: Sample
) -> str:
    """A report as a page of Markdown.

    Parameters
    ----------
    report
        As `evaluate` gives it.
    drawn, lists
        What it is a report of.
    grouped
        Whether names one edit apart are on the same side of the split.
    sample
        How the names were drawn.
    """
    parts = [
        "# How good the names are\n",
        f"{_drawing(drawn, sample)} {_split(lists, grouped)}\n",
        to_markdown(report),
        READING,
    ]
    if grouped:
        parts.append(GROUPED)
    notes = "".join(f"- {caution}\n" for caution in cautions(drawn, lists))
    if notes:
        parts += ["Too little to judge by:\n", notes]
    return "\n".join(parts)


def _drawing(drawn: Drawn, sample: Sample) -> str:
    values = {"temperature": sample.temperature, "top_k": sample.top_k, "top_p": sample.top_p}
    options = [f"{name} {value:g}" for name, value in values.items() if value is not None]
    options += [name for name in ("prefix", "distinct", "novel") if getattr(sample, name)]
    return f"{len(drawn.names):,} names were drawn ({', '.join(options)})."


def _split(lists: Lists, grouped: bool) -> str:
    sizes = ", ".join(f"{len(getattr(lists, part)):,} in {part}" for part in PARTS)
    kind = "names one edit apart are on the same side" if grouped else "a plain split"
    if lists.train == lists.test:
        kind = "nothing is held out"
    return f"The list has {sizes}: {kind}."
