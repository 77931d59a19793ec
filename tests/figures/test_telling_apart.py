"""The curves of a sweep are told apart by what was swept."""

import pytest

from neonym.drawing.canvas import REAL
from neonym.lab.sweeps.sweep_figures import COLOURS, Shown, Trial, learning_curves
from neonym.lab.sweeps.telling_apart import LOOKS, OTHERS, explained, told_apart

CURVE = ((1, 3.0), (2, 2.0), (3, 1.8))


def contrast(colour: str) -> float:
    """Against white (WCAG 2.1)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) + 0.05)


def test_few_configurations_have_a_look_each_and_seeds_share_it() -> None:
    jobs = [
        {"cell": cell, "lr": lr, "seed": seed}
        for cell in ("rnn", "gru")
        for lr in ("0.1", "0.2")
        for seed in ("0", "1")
    ]
    apart = told_apart(jobs, [1.0] * 8, ["seed"])
    assert apart.keys == ("cell", "lr")
    assert apart.labels[:3] == ("cell=rnn lr=0.1", "cell=rnn lr=0.1", "cell=rnn lr=0.2")
    assert len(set(apart.looks.values())) == 4


def test_seeds_alone_are_not_told_apart() -> None:
    apart = told_apart([{"seed": str(seed)} for seed in range(9)], [1.0] * 9, ["seed"])
    assert (apart.keys, set(apart.labels)) == ((), {""})


def test_of_many_configurations_the_key_that_explains_most_tells() -> None:
    jobs = [{"a": str(a), "b": str(b)} for a in range(5) for b in range(5)]
    for key in ("a", "b"):
        apart = told_apart(jobs, [float(job[key]) for job in jobs], ())
        assert apart.keys == (key,)
        assert apart.labels[7] == f"{key}={jobs[7][key]}"


def test_many_numbers_are_graded_and_many_words_are_the_commonest_and_others() -> None:
    numbers = [{"lr": f"{place / 10}"} for place in range(1, 20)]
    graded = told_apart(numbers, [1.0] * 19, ())
    assert graded.is_graded
    assert graded.labels[:2] == ("0.1", "0.2")
    words = [{"x": text} for text in "aabbccddeefghij"]
    apart = told_apart(words, [1.0] * len(words), ())
    assert apart.labels == (*[f"x={text}" for text in "aabbccddee"], *[OTHERS] * 5)


def test_a_key_that_is_best_in_the_middle_explains_too() -> None:
    rates = [str(place) for place in range(1, 31)]
    results = [abs(float(rate) - 15.5) for rate in rates]
    assert explained(rates, results) > 0.8
    assert explained(rates, [1.0] * 30) == 0
    assert explained(["a", "b"] * 15, results) < 0.1
    assert explained(rates[:2], [None, 1.0]) == 0


@pytest.mark.parametrize("colour", [*(colour for colour, _ in LOOKS), REAL])
def test_every_look_stands_out_from_white_by_three_to_one(colour: str) -> None:
    assert contrast(colour) >= 3


def test_so_does_every_grade() -> None:
    for place in range(256):
        red, green, blue, _ = COLOURS(place, bytes=True)
        assert contrast(f"#{red:02x}{green:02x}{blue:02x}") >= 3


def test_curves_of_a_sweep_have_the_look_of_what_was_swept() -> None:
    jobs = [
        Trial({"cell": cell, "seed": str(seed)}, 1.5 + seed, CURVE)
        for cell in ("rnn", "gru")
        for seed in range(2)
    ]
    figure = learning_curves(Shown(jobs, "val.nll", "minimize", ("seed",)))
    axes = figure.axes[0]
    *curves, best = axes.lines
    assert best.get_color() == REAL
    assert len({(line.get_color(), line.get_linestyle()) for line in curves}) == 2
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(labels[:2]) == ["cell=gru", "cell=rnn"]
    assert "Told apart by cell." in figure.texts[1].get_text()


def test_a_graded_sweep_has_a_bar_with_its_ends() -> None:
    jobs = [Trial({"lr": f"{10**-place:g}"}, float(place), CURVE) for place in range(9)]
    curves, bar = learning_curves(Shown(jobs, "val.nll", "minimize")).axes
    assert [text.get_text() for text in bar.get_yticklabels()] == ["1e-08", "1"]
    assert len({line.get_color() for line in curves.lines}) == 10
