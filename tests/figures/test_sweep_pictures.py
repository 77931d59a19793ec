"""Pictures of a sweep show every job where it belongs, whatever was swept."""

from pathlib import Path

import numpy as np
import pytest

from neonym.drawing.canvas import MUTED, REAL, save_figure
from neonym.lab.sweeps.sweep_figures import (
    Scale,
    Shown,
    Trial,
    importances,
    learning_curves,
    objective_by_key,
    parallel_coordinates,
)

CURVE = ((1, 3.0), (2, 2.0), (3, 1.8))


def trial(value: float | None, **values: object) -> Trial:
    texts = {key: str(each) for key, each in values.items()}
    return Trial(texts, value, CURVE)


GRID = [
    trial(2.0, lr=0.001, cell="rnn"),
    trial(1.5, lr=0.01, cell="rnn"),
    trial(1.9, lr=0.001, cell="gru"),
    trial(1.7, lr=0.01, cell="gru"),
]


@pytest.mark.parametrize(
    ("values", "places", "is_log"),
    [
        (["64", "128", "96"], [0.0, 1.0, 0.5], False),
        (["0.001", "0.1", "0.01"], [0.0, 1.0, 0.5], True),
        (["0", "0.5", "1"], [0.0, 0.5, 1.0], False),
        (["rnn", "gru", "lstm"], [1.0, 0.0, 0.5], False),
        (["null", "5"], [1.0, 0.0], False),
        (["only"], [0.5], False),
    ],
)
def test_numbers_lie_where_they_are_and_words_beside_each_other(
    values: list[str], places: list[float], is_log: bool
) -> None:
    scale = Scale(values)
    assert [scale.share(value) for value in values] == pytest.approx(places)
    assert scale.is_log == is_log


def test_ticks_of_a_logarithmic_axis_are_round_numbers_within_it() -> None:
    assert Scale(["0.0012", "0.02"]).round_places == pytest.approx([0.002, 0.005, 0.01, 0.02])


@pytest.mark.parametrize(("direction", "best"), [("minimize", 1.5), ("maximize", 2.0)])
def test_each_panel_has_a_point_a_job_and_marks_the_best(direction: str, best: float) -> None:
    figure = objective_by_key(Shown(GRID, "val.nll", direction))
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [panel.get_xlabel() for panel in panels] == ["lr", "cell"]
    for panel in panels:
        points, marked = panel.collections
        assert sorted(points.get_offsets()[:, 1]) == [1.5, 1.7, 1.9, 2.0]
        assert marked.get_offsets()[0, 1] == best
    assert panels[0].get_xscale() == "log"


def test_bars_are_the_means_of_the_jobs_with_a_value() -> None:
    panel = objective_by_key(Shown(GRID, "val.nll", "minimize")).axes[1]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["gru", "rnn"]
    means = {line.get_xdata()[0]: line.get_ydata()[0] for line in panel.lines}
    assert means == pytest.approx({0.0: 1.8, 1.0: 1.75})


def test_curves_of_pruned_jobs_end_in_a_cross_and_the_best_stands_out() -> None:
    pruned = Trial({"lr": "9", "cell": "rnn"}, None, CURVE[:2])
    figure = learning_curves(Shown([*GRID, pruned], "val.nll", "minimize", curve="val.rmse"))
    assert figure.axes[0].get_ylabel() == "val.rmse"
    assert figure.texts[1].get_text().startswith("val.rmse as each job went on; lower is better.")
    lines = figure.axes[0].lines
    crosses = [line for line in lines if line.get_marker() == "x"]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in crosses] == [(2, 2.0)]
    assert crosses[0].get_color() == MUTED
    [best] = [line for line in lines if line.get_color() == REAL]
    assert best.get_label() == "best: lr=0.01 cell=rnn, val.nll 1.5"
    assert len(lines) == 2 + len(GRID) + 1


def test_a_job_is_a_line_through_its_values_to_its_metric() -> None:
    axes = parallel_coordinates(Shown(GRID, "val.nll", "minimize")).axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    best = max(lines, key=lambda line: line.get_linewidth())
    assert list(best.get_ydata()) == pytest.approx([1.0, 1.0, 0.0])
    assert sorted(line.get_ydata()[-1] for line in lines) == pytest.approx([0, 0.4, 0.8, 1])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["lr", "cell", "val.nll"]


def test_shares_are_written_beside_their_bars_the_largest_above() -> None:
    axes = importances({"lr": 0.7, "cell": 0.3}, "val.nll", 12).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.3, 0.7]
    assert {text.get_text() for text in axes.texts} == {"0.30", "0.70"}


NUMBERS = np.random.default_rng(0).uniform(size=(200, 3))
ODD = {
    "one job": [trial(1.0, seed=0)],
    "one value of two keys": [trial(1.0, a=1, b="x"), trial(1.0, a=2, b="x")],
    "equal results": [trial(1.0, seed=seed) for seed in range(4)],
    "200 jobs": [trial(c, a=a, b=int(9 * b)) for a, b, c in NUMBERS.tolist()],
    "many keys": [trial(a + 1, **{f"key.{i}": a * i for i in range(10)}) for a in range(5)],
    "long words": [trial(a, key="word" * 30 + str(a)) for a in (1.0, 2.0)],
    "formulas": [trial(a, key=f"$x_{a}$") for a in (1.0, 2.0)],
    "any script": [
        trial(1.0, prefix=text) for text in ("あ", "🦖", "\u202e", "\x07", "\u0301", "")
    ],
    "worst is far away": [trial(a, seed=a) for a in (1.0, 1.1, 1e6)],
    "all but one pruned": [trial(1.0, lr=1), *[trial(None, lr=lr) for lr in range(2, 9)]],
}


@pytest.mark.parametrize("jobs", ODD.values(), ids=ODD)
def test_any_sweep_can_be_drawn(jobs: list[Trial], tmp_path: Path) -> None:
    shown = Shown(jobs, "val.nll", "minimize")
    for draw in (objective_by_key, learning_curves, parallel_coordinates):
        save_figure(draw(shown), tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 5_000
