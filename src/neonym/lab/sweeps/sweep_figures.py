"""What a sweep found, in pictures: the metric against each key, curves, combinations of values."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from neonym.drawing.canvas import (
    MUTED,
    NETWORK,
    REAL,
    count_whole,
    legend_above,
    new_axes,
    new_figure,
    style,
)
from neonym.drawing.lettering import Lettering, lettering_for, shortened
from neonym.lab.sweeps.scale import TICKS, Scale
from neonym.lab.sweeps.telling_apart import Apart, told_apart

MOST_COLUMNS = 3  # of panels
LABEL = 14  # characters of a value
TITLE = 60  # characters of a job's overrides
# Only its part that is darker than 3 to 1 against white
COLOURS = ListedColormap(colormaps["viridis"](np.linspace(0, 0.55, 256)))


@dataclass(frozen=True)
class Trial:
    """A job as the pictures show it."""

    values: Mapping[str, str]
    """What each swept key was."""
    value: float | None
    """The metric; None for a job that was pruned."""
    curve: Sequence[tuple[int, float]] = ()
    """Epochs and nats per token on val."""

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return " ".join(f"{key}={value}" for key, value in self.values.items())


@dataclass(frozen=True)
class Shown:
    """A sweep as the pictures show it."""

    trials: Sequence[Trial]
    metric: str
    direction: Literal["minimize", "maximize"]
    seeds: Collection[str] = ()
    """Keys in which repetitions of a configuration differ."""
    curve: str = ""
    """The metric whose curves these are."""

    @property
    def finished(self) -> list[Trial]:
        """Jobs with a value, the best last, so that it is drawn on top."""
        sign = 1 if self.direction == "maximize" else -1
        ended = [trial for trial in self.trials if trial.value is not None]
        return sorted(ended, key=lambda trial: sign * (trial.value or 0.0))

    @property
    def better(self) -> str:
        """Which way is better, in words."""
        return "higher" if self.direction == "maximize" else "lower"

    @cached_property
    def lettering(self) -> Lettering:
        """How what was asked for can be drawn."""
        return lettering_for([*self.keys, *(trial.name for trial in self.trials)])

    def text(self, text: str, most: int) -> str:
        """A text as it can be drawn, with at most so many characters of it."""
        return " ".join(map(self.lettering.show, shortened(text, most).split(" ")))

    @property
    def keys(self) -> list[str]:
        """What was swept."""
        return list(self.trials[0].values) if self.trials else []


def objective_by_key(shown: Shown) -> Figure:
    """The metric against each swept key, a panel each."""
    columns = 2 if len(shown.keys) == 4 else min(MOST_COLUMNS, len(shown.keys))
    rows = math.ceil(len(shown.keys) / columns)
    with style(shown.lettering.families):
        figure = new_figure(
            f"{shown.metric} by hyperparameter",
            f"{shown.better.capitalize()} is better. A point is a finished job, orange the best; "
            "a bar is the mean of the jobs with that value. In each panel all other keys vary too.",
            height=1.1 + 2.5 * rows,
        )
        figure.subplots_adjust(hspace=0.45, wspace=0.12)
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for number, (panel, key) in enumerate(zip(panels, shown.keys, strict=False)):
            _draw_panel(panel, key, shown)
            panel.set_ylabel(shown.metric if number % columns == 0 else "")
        for panel in panels[len(shown.keys) :]:
            panel.set_visible(False)
    return figure


def _draw_panel(panel: Axes, key: str, shown: Shown) -> None:
    finished = shown.finished
    scale = Scale([trial.values[key] for trial in finished])
    places = np.array([scale.place(trial.values[key]) for trial in finished])
    values = np.array([trial.value for trial in finished], dtype=float)
    if scale.is_log:
        panel.set_xscale("log")
        panel.set_xticks(scale.round_places, [f"{place:g}" for place in scale.round_places])
        panel.minorticks_off()
    panel.scatter(places, values, s=16, color=NETWORK, alpha=0.8, linewidths=0)
    panel.scatter(places[-1], values[-1], s=40, color=REAL, zorder=3)
    distinct = np.unique(places)
    if len(distinct) <= TICKS:
        for place in distinct:
            here = values[places == place]
            if len(here) > 1:
                panel.plot(place, here.mean(), "_", markersize=20, color=MUTED, zorder=2)
        labels = [shown.text(value, LABEL) for value in scale.ticks]
        panel.set_xticks([scale.place(value) for value in scale.ticks], labels)
        panel.minorticks_off()
        panel.margins(x=0.2)
    panel.tick_params(labelsize=8)
    panel.set_xlabel(key, size=9)


def learning_curves(shown: Shown) -> Figure:
    """The curves on val of all jobs, one over the other, told apart by what was swept."""
    finished = [trial for trial in shown.finished if trial.curve]
    pruned = [trial for trial in shown.trials if trial.value is None and trial.curve]
    values = [trial.values for trial in finished]
    apart = told_apart(values, [trial.value for trial in finished], shown.seeds)
    rows = 1 + (0 if apart.is_graded or not apart.keys else len(apart.looks))
    with style(shown.lettering.families):
        figure = new_figure(
            "Learning curves of the jobs",
            f"{shown.curve} as each job went on; lower is better. "
            + (f"Grey ends in a cross: {len(pruned)} jobs that were pruned. " if pruned else "")
            + _what_colours_mean(apart, shown),
            height=4.3 + 0.2 * rows,
            legend_rows=rows,
        )
        axes = new_axes(figure, "point of the curve", shown.curve)
        count_whole(axes)
        for trial in pruned:
            axes.plot(*_points(trial), color=MUTED, linewidth=0.8)
            axes.plot(*trial.curve[-1], "x", color=MUTED, markersize=4)
        _draw_curves(axes, finished, apart, shown)
        if finished:
            best = finished[-1]
            name = f"{shown.text(best.name, TITLE)}, " if best.values else ""
            label = f"best: {name}{shown.metric} {best.value:.4g}"
            axes.plot(*_points(best), color=REAL, linewidth=2.2, label=label)
            legend_above(axes, columns=1)
        _look_at_the_ends(axes, finished or pruned)
    return figure


def _what_colours_mean(apart: Apart, shown: Shown) -> str:
    if not apart.keys:
        return ""
    keys = ", ".join(shown.text(key, TITLE) for key in apart.keys)
    others = [key for key in shown.keys if key not in (*apart.keys, *shown.seeds)]
    return f"Told apart by {keys}{', which tells most of what was swept' if others else ''}."


def _draw_curves(axes: Axes, finished: Sequence[Trial], apart: Apart, shown: Shown) -> None:
    told: set[str] = set()
    scale = Scale(apart.labels) if apart.is_graded else None
    for trial, label in zip(finished, apart.labels, strict=True):
        colour, line = (COLOURS(scale.share(label)), "-") if scale else apart.looks[label]
        name = shown.text(label, TITLE) if label and label not in told and not scale else None
        told.add(label)
        axes.plot(*_points(trial), color=colour, linestyle=line, linewidth=1.0, label=name)
    if scale:
        bar = axes.figure.colorbar(ScalarMappable(Normalize(0, 1), COLOURS), ax=axes, pad=0.02)
        ends = [scale.ticks[0], scale.ticks[-1]]
        bar.set_ticks([0, 1], labels=[shown.text(value, LABEL) for value in ends])
        bar.set_label(shown.text(apart.keys[0], TITLE), size=9)
        bar.ax.tick_params(labelsize=8)


def _points(trial: Trial) -> tuple[list[int], list[float]]:
    steps, values = zip(*trial.curve, strict=True)
    return list(steps), list(values)


def _look_at_the_ends(axes: Axes, trials: Sequence[Trial]) -> None:
    """Leave out the first steep fall where it would flatten all that differs."""
    lows = [min(nats for _, nats in trial.curve) for trial in trials]
    highs = [max(nats for _, nats in trial.curve) for trial in trials]
    if not lows:
        return
    low, typical = min(lows), float(np.median(lows))
    high = min(max(highs), max(*lows, typical + 2 * (typical - low), low * 1.25))
    axes.set_ylim(low - 0.05 * (high - low or 1.0), high + 0.05 * (high - low or 1.0))


def parallel_coordinates(shown: Shown) -> Figure:
    """Each job as a line through the values of its keys to its metric."""
    finished = shown.finished
    metrics = np.array([trial.value for trial in finished], dtype=float)
    scales = {key: Scale([trial.values[key] for trial in finished]) for key in shown.keys}
    low, high = float(metrics.min()), float(metrics.max())
    towards_best = Normalize(low, high) if high > low else Normalize(low - 1, high + 1)
    with style(shown.lettering.families):
        figure = new_figure(
            "Which values go together",
            f"A line is a finished job: through the value of each key to {shown.metric} on the "
            f"right ({shown.better} is better). Violet is good, green bad; orange is the best job.",
        )
        axes = new_axes(figure, "", "")
        axes.spines[:].set_visible(False)
        places = range(len(scales) + 1)
        for place in places:
            axes.axvline(place, color=MUTED, linewidth=0.8)
        for trial, value in zip(finished, metrics, strict=True):
            heights = [scale.share(trial.values[key]) for key, scale in scales.items()]
            share = float(towards_best(value))
            is_best = trial is finished[-1]
            grade = COLOURS(share if shown.direction == "minimize" else 1 - share)
            width, colour = (2.5, REAL) if is_best else (0.9, grade)
            axes.plot(places, [*heights, share], color=colour, linewidth=width)
        for place, scale in enumerate(scales.values()):
            for value in scale.ticks:
                _write_beside(axes, place, scale.share(value), shown.text(value, LABEL))
        for at in np.linspace(0, 1, 5):
            _write_beside(axes, len(scales), at, f"{low + at * (high - low):.4g}")
        axes.set_xticks(list(places), [*scales, shown.metric], size=9)
        axes.set_yticks([])
        axes.set_xlim(-0.1, len(scales) + 0.3)
    return figure


def _write_beside(axes: Axes, place: float, height: float, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5}
    axes.text(place + 0.02, height, text, size=8, va="center", bbox=box, zorder=5)


def importances(shares: Mapping[str, float], metric: str, jobs: int) -> Figure:
    """How much of the metric's variation each key explains.

    Parameters
    ----------
    shares
        Of each key; together 1.
    metric
        What varies.
    jobs
        How many finished jobs this rests on.
    """
    ordered = sorted(shares.items(), key=lambda item: item[1])
    with style():
        figure = new_figure(
            "Importance of the hyperparameters",
            f"Share of the variation of {metric} among {jobs} finished jobs that each key explains "
            "(fANOVA). Rough below some 30 jobs; what the seed explains is chance.",
            height=1.5 + 0.32 * len(ordered),
        )
        axes = new_axes(figure, "share", "")
        bars = axes.barh([key for key, _ in ordered], [share for _, share in ordered], height=0.6)
        for bar in bars:
            bar.set_color(NETWORK)
        axes.bar_label(bars, fmt="%.2f", padding=3, size=9)
        axes.set_xlim(0, 1.05)
        longest = max((len(key) for key in shares), default=0)
        figure.subplots_adjust(left=min(0.4, 0.04 + 0.0105 * longest))
    return figure
