import math

from neonym.evaluation.catalogue import FIGURES, lines, to_markdown
from neonym.evaluation.measures import Drawn, measure

REPORT = {
    "test": {"nll": 1.5},
    "names": {"validity": 0.98765, "snn": math.nan, "broken": {"length": 0.0123}},
    "interval": {"names": {"validity": {"low": 0.97, "high": 0.9912}}},
    "reference": {
        "ngram": {"test": {"nll": 1.75}},
        "real": {"names": {"validity": 1}},
        "uniform": {"names": {"validity": None}},
    },
}


def test_a_line_has_the_model_its_interval_and_every_reference() -> None:
    cells = {line.metric: line.cells for line in lines(REPORT)}
    assert cells["names.validity"] == ("0.988", "0.970 to 0.991", "—", "1.000", "—")
    assert cells["test.nll"] == ("1.500", "—", "1.750", "—", "—")
    assert cells["names.snn"] == ("—",) * 5


def test_every_figure_of_names_in_the_table_is_one_that_is_measured(make_lists) -> None:
    measured = measure(Drawn(["rexo"], [True]), make_lists()).values
    shown = {metric.removeprefix("names.") for metric in FIGURES if metric.startswith("names.")}
    assert shown <= set(measured)
    counts = {"drawn", "valid", "distinct", "rediscovery_1k"}
    left_out = {metric for metric in measured if not metric.startswith("broken.")} - shown
    assert left_out == counts


def test_the_markdown_table_has_a_row_for_every_figure() -> None:
    text = to_markdown(REPORT).splitlines()
    assert len(text) == 2 + len(FIGURES) + 1
    assert text[-1].startswith("| `names.broken.length` | break the rule `length`, of")
    assert text[0].count("|") == text[1].count("|") == text[2].count("|")
    assert "| 1.500 | — | 1.750 | — | — |" in text[2]
