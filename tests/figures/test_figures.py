"""What stands in the pictures, and that whatever the names hold draws without a warning."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from neonym.drawing.canvas import save_figure
from neonym.evaluation.inspection import Follower, Plane, Reading
from neonym.evaluation.temperature import Quality
from neonym.figures.curves import training_curves
from neonym.figures.heatmap import fitted
from neonym.figures.histograms import length_distribution, nearest_distances, token_distribution
from neonym.figures.surprisal import Example, letter_surprisal
from neonym.figures.temperature_curve import quality_against_temperature
from neonym.figures.token_map import moved_apart, token_map
from neonym.figures.units import describe, hidden_units
from neonym.training.history import EpochRecord

HISTORY = [
    EpochRecord(1, 10, 0.1, 3.0, 2.9, 2.8, 1.0),
    EpochRecord(2, 20, 0.1, 2.0, 1.9, 2.1, 1.0),
    EpochRecord(3, 30, 0.1, 1.5, 1.4, 2.2, 1.0),
]
QUALITIES = [
    Quality(0.5, 1.0, 0.5, 0.75, 0.8, 0.9, 1.1),
    Quality(1.0, 0.9, 1.0, 1.0, 0.95, 0.5, 1.9),
]
NASTY = ["$", "_", "^", "\\", "{", "%", "\x07", "\u202e", " ", "\u0301", "あ", "🦖", "$x$"]


def reading(letters: int) -> Reading:
    nats = np.linspace(0.5, 2.5, letters + 1)
    return Reading(nats, np.linspace(-1, 1, letters * 2).reshape(letters, 1, 2))


def example(tokens: list[str]) -> Example:
    return Example("test", tokens, reading(len(tokens)))


def heights(figure: Figure) -> list[list[float]]:
    """Of the bars, a list a series."""
    bars = figure.axes[0].containers
    return [[round(bar.get_height(), 6) for bar in series] for series in bars]


def legend(figure: Figure) -> list[str]:
    shown = figure.axes[0].get_legend()
    return [text.get_text() for text in shown.get_texts()]


def texts(figure: Figure, axes: int = 0) -> list[str]:
    return [text.get_text() for text in figure.axes[axes].texts]


def test_curves_show_both_splits_the_best_epoch_and_the_n_grams_level() -> None:
    figure = training_curves(HISTORY, 2.05)
    train, val, best, ngram = figure.axes[0].lines
    assert list(train.get_ydata()) == [2.9, 1.9, 1.4]
    assert list(val.get_ydata()) == [2.8, 2.1, 2.2]
    assert (best.get_xdata().tolist(), best.get_ydata().tolist()) == ([2], [2.1])
    assert list(ngram.get_ydata()) == [2.05, 2.05]
    assert legend(figure)[2:] == ["best on val, 2.100 in epoch 2", "n-gram on val, 2.050"]


def test_the_curves_of_several_networks_lie_over_one_another_below_the_mixtures_level() -> None:
    second = [
        record._replace(epoch=record.epoch + 3, step=record.step + 30, member=2)
        for record in HISTORY[:2]
    ]
    figure = training_curves([*HISTORY, *second], 2.05, 1.95)
    lines = figure.axes[0].lines
    curves = [(list(line.get_xdata()), list(line.get_ydata())) for line in lines[:4]]
    assert curves == [
        ([1, 2, 3], [2.9, 1.9, 1.4]),
        ([1, 2, 3], [2.8, 2.1, 2.2]),
        ([1, 2], [2.9, 1.9]),
        ([1, 2], [2.8, 2.1]),
    ]
    assert list(lines[5].get_ydata()) == [1.95, 1.95]
    assert legend(figure) == [
        "train",
        "val",
        "best single network on val, 2.100 in epoch 2",
        "mixture on val, 1.950",
        "n-gram on val, 2.050",
    ]


def test_lengths_are_shares_of_each_list() -> None:
    figure = length_distribution([1, 2, 2, 3], [2, 2])
    assert heights(figure) == [[0, 0.25, 0.5, 0.25], [0, 0, 1, 0]]
    assert legend(figure) == ["coined, 4 names", "test, 2 names"]


def test_many_lengths_share_bars() -> None:
    figure = length_distribution([0, 1, 2, 119], [118])
    ours, theirs = heights(figure)
    assert (len(ours), ours[0], ours[1], ours[59]) == (60, 0.5, 0.25, 0.25)
    assert theirs[59] == 1
    assert "2 lengths a bar" in figure.texts[1].get_text().replace("\n", " ")


def test_tokens_are_shares_of_all_tokens_and_the_rare_are_left_out() -> None:
    figure = token_distribution(["ab", "aa"], ["ab", "ac"], most=2)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["a", "b"]
    assert heights(figure) == [[0.75, 0.25], [0.5, 0.25]]


def test_distances_are_binned_around_the_ticks_and_copies_stand_at_zero() -> None:
    figure = nearest_distances(np.array([0, 0.12, 0.26, 0.24]), np.array([0.1, 0.2]))
    ours, theirs = heights(figure)
    assert ours == [0.25, 0, 0.25, 0, 0, 0.5]
    assert theirs == [0, 0, 0.5, 0, 0.5, 0]
    assert legend(figure) == ["coined, 4 names, median 0.18", "test, 2 names, median 0.15"]


def test_that_the_split_keeps_test_names_from_being_near_is_said() -> None:
    for grouped in (False, True):
        figure = nearest_distances(np.array([0.1]), np.array([0.2]), grouped)
        said = figure.texts[1].get_text().replace("\n", " ")
        assert ("the split keeps such pairs together" in said) is grouped


def test_quality_is_a_line_a_figure_and_the_chosen_temperature_is_marked() -> None:
    figure = quality_against_temperature(QUALITIES, 1000, chosen=0.8)
    drawn = [line.get_ydata().tolist() for line in figure.axes[0].lines[:5]]
    assert drawn == [[1.0, 0.9], [0.5, 1.0], [0.75, 1.0], [0.8, 0.95], [0.9, 0.5]]
    assert figure.axes[1].lines[0].get_ydata().tolist() == [1.1, 1.9]
    for axes, line in ((figure.axes[0], 5), (figure.axes[1], 1)):
        assert list(axes.lines[line].get_xdata()) == [0.8, 0.8]
    assert "1,000 names" in figure.texts[1].get_text()


def test_what_falls_with_noise_has_the_level_of_real_names_and_noise_is_not_recommended() -> None:
    real = Quality(*[np.nan] * 5, 0.55, 1.7)
    shares, nats = quality_against_temperature(QUALITIES, 1000, real=real).axes
    levels = [list(line.get_ydata()) for line in (*shares.lines, *nats.lines)]
    assert levels.count([0.55, 0.55]) == levels.count([1.7, 1.7]) == 1
    assert len(levels) == len(QUALITIES[0]) - 1 + 2
    said = quality_against_temperature(QUALITIES, 1000, real=real).texts[1].get_text()
    assert "best" not in said
    assert "rise with any noise" in said


def test_surprise_has_a_cell_a_letter_and_one_for_the_end() -> None:
    figure = letter_surprisal([example(list("rex")), example(list("o"))])
    assert texts(figure)[:6] == ["r", "e", "x", "end", "o", "end"]
    assert texts(figure)[6:] == ["test 1.50", "test 1.50"]


def test_surprise_is_darker_the_more_surprising() -> None:
    [image] = letter_surprisal([example(list("rex"))]).axes[0].images
    lightness = np.asarray(image.get_array())[0, :, :3].sum(axis=1)
    assert (np.diff(lightness) < 0).all()


def test_hidden_units_have_a_panel_each_that_names_what_they_follow() -> None:
    units = [Follower("vowels", 0, 1, 0.5), Follower("the nearness of the end", 0, 0, -0.75)]
    figure = hidden_units(units, [example(list("rex"))])
    titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert titles == [describe(unit) for unit in units]
    assert titles[1] == "layer 1, unit 1 follows the nearness of the end (correlation -0.75)"
    assert texts(figure) == ["r", "e", "x"]


def test_the_map_has_each_token_where_its_vector_lies() -> None:
    plane = Plane(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]), np.array([0.6, 0.4]))
    figure = token_map(["a", "b", "c"], plane, "a", "letter")
    places = [text.get_position() for text in figure.axes[0].texts]
    assert places == [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5)]
    assert figure.axes[0].get_xlabel() == "first component, 60% of the variance"


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.07, 0.06), "show 13% of how these expectations differ, too little to trust"),
        ((0.4, 0.2), "show 60% of how these expectations differ."),
    ],
)
def test_the_map_says_how_much_it_shows_and_when_that_is_too_little(
    shares: tuple[float, float], said: str
) -> None:
    plane = Plane(np.array([[0.0, 0.0], [2.0, 4.0]]), np.array(shares))
    figure = token_map(["a", "b"], plane, "a", "letter")
    assert said in figure.texts[1].get_text().replace("\n", " ")


def test_labels_that_overlap_are_moved_apart_and_others_stay() -> None:
    places = np.array([[0.0, 0.0], [0.0, 0.0], [0.01, 0.0], [1.0, 1.0]])
    moved = moved_apart(places, np.full((4, 2), 0.1))
    for one in range(4):
        for other in range(one):
            assert np.abs(moved[one] - moved[other]).max() > 0.1 - 1e-3
    assert moved[3].tolist() == [1, 1]
    assert np.abs(moved - places).max() < 0.2


def test_a_token_is_made_smaller_before_it_is_cut() -> None:
    assert fitted("a", 2) == ("a", 11)
    assert fitted("word", 2) == ("word", 5.5)
    assert fitted("internationalization", 5) == ("internatio…"[:10] + "…", 5)


FIGURES: dict[str, Callable[[], Figure]] = {
    "training": lambda: training_curves(HISTORY, None),
    "one epoch": lambda: training_curves(HISTORY[:1], 2.0),
    "lengths": lambda: length_distribution([1, 2], [2]),
    "no lengths": lambda: length_distribution([], []),
    "tokens": lambda: token_distribution([NASTY], [NASTY[:3]]),
    "no tokens": lambda: token_distribution([], []),
    "distances": lambda: nearest_distances(np.array([0.5]), np.array([])),
    "no distances": lambda: nearest_distances(np.array([]), np.array([])),
    "temperature": lambda: quality_against_temperature(
        [Quality(1.0, 0.0, np.nan, np.nan, np.nan)], 1
    ),
    "surprisal": lambda: letter_surprisal([example(NASTY), example(["a" * 50] * 40)]),
    "no surprisal": lambda: letter_surprisal([]),
    "units": lambda: hidden_units([Follower("vowels", 0, 1, 0.5)], [example(NASTY)]),
    "no units": lambda: hidden_units([], [example(NASTY)]),
    "silent unit": lambda: hidden_units(
        [Follower("vowels", 0, 0, 0.0)],
        [Example("", ["a"], Reading(np.zeros(2), np.zeros((1, 1, 1))))],
    ),
    "map": lambda: token_map(NASTY, Plane(np.zeros((len(NASTY), 2)), np.zeros(2)), "", "word"),
    "small map": lambda: token_map(["a"], Plane(np.zeros((1, 2)), np.zeros(2)), "a", "letter"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_pictures_of_anything_are_drawn_without_a_warning(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_figure(FIGURES[name](), tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert caplog.records == []


@pytest.mark.parametrize("name", ["tokens", "map"])
def test_equal_pictures_have_equal_bytes_whatever_matplotlib_is_set_to(
    name: str, tmp_path: Path
) -> None:
    save_figure(FIGURES[name](), tmp_path / "one.png")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        save_figure(FIGURES[name](), tmp_path / "other.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
