"""Which pictures are made, and of what: for every kind of network and of list."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import small_training
from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Unit, Vocabulary, tokens_of
from neonym.drawing.canvas import REAL, save_figure
from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.table import NameRow, names_table
from neonym.evaluation.temperature import real_quality
from neonym.figures.evaluated import Evaluated
from neonym.figures.fresh_names import qualities
from neonym.figures.pictures import _spread, pictures
from neonym.generation.generator import NameGenerator
from neonym.models.mixture import Mixture
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from neonym.settings import Rules
from neonym.steps.evaluate_step import _tabulate
from neonym.training.history import EpochRecord

HISTORY = [EpochRecord(1, 1, 0.1, 2.0, 2.0, 2.0, 1.0)]
SENTENCES = ["a dog runs", "a cat runs", "the dog sleeps", "the cat sleeps", "a bird"]
ALL = {
    "training",
    "lengths",
    "tokens",
    "nearest_training_names",
    "temperature",
    "surprisal",
    "hidden_units",
    "letters",
}

Make = Callable[..., Any]


@pytest.fixture
def make() -> Make:
    """Makes what pictures are made of, with an untrained network."""

    def evaluated(
        names: list[str] = small_training.NAMES,
        unit: Unit = "character",
        network: dict[str, Any] | None = None,
        coined: list[str] | None = None,
        **changes: object,
    ) -> Any:
        vocabulary = Vocabulary.from_names(names, unit)
        rules = Rules(at_least_one_of={}, max_repeat=None)
        lists = Lists(names[2:], names[1:2], names[:1], vocabulary, True, rules)
        options = {"cell": "rnn", "hidden_size": 4, **(network or {})}
        longest = max(len(tokens_of(name, unit)) for name in names)
        generator = NameGenerator(
            RecurrentNetwork(len(vocabulary), **options),
            vocabulary,
            {"longest": longest, "lowercase": True},
        )
        last = tokens_of(names[3], unit)[-1]
        new = names[2] + (" " if unit == "word" else "") + last
        given = [*names[2:], new] if coined is None else coined
        drawn = Drawn(given, [True] * len(given))
        settings = small_training.configuration(**changes)
        ngram = fit(vocabulary.encode_all(lists.train), len(vocabulary), 2)
        return Evaluated(
            generator,
            lists,
            drawn,
            names_table(drawn, lists, -generator.log_prob(given)),
            HISTORY,
            2.0,
            settings,
            ngram,
            grouped=True,
            qualities=lambda: qualities(generator, lists, settings, ngram),
        )

    return evaluated


def drawn_pictures(evaluated: Any) -> dict[str, Figure]:
    return dict(pictures(evaluated))


@pytest.mark.parametrize(
    "network",
    [
        {"cell": "rnn", "nonlinearity": "relu"},
        {"cell": "gru", "embedding_size": 3, "num_layers": 2},
        {"cell": "lstm", "bias": False, "trainable_initial_state": True},
        {"hidden_size": 1},
    ],
    ids=lambda network: network.get("cell", "one unit"),
)
@pytest.mark.parametrize("unit", ["character", "word"])
def test_every_network_on_letters_and_words_has_all_pictures(
    make: Make, network: dict[str, Any], unit: Unit
) -> None:
    names = small_training.NAMES if unit == "character" else SENTENCES
    assert drawn_pictures(make(names, unit, network)).keys() == ALL


def test_letters_are_called_letters_and_words_words(make: Make) -> None:
    for names, unit, noun in [
        (small_training.NAMES, "character", "letter"),
        (SENTENCES, "word", "word"),
    ]:
        pictures = drawn_pictures(make(names, unit))
        assert pictures["lengths"].axes[0].get_xlabel() == f"length in {noun}s"
        assert pictures["tokens"].axes[0].get_xlabel() == noun
        assert pictures["surprisal"].texts[0].get_text() == f"Surprise at each {noun}"


def test_a_vowel_is_one_with_its_accents(make: Make) -> None:
    letters = drawn_pictures(make(["ami", "amiet", "née", "noé"]))["letters"]
    orange = {text.get_text() for text in letters.axes[0].texts if text.get_color() == REAL}
    assert orange == {"e", "é", "o"}


def test_a_model_that_coins_nothing_has_all_pictures(make: Make, tmp_path: Path) -> None:
    for name, figure in drawn_pictures(make(coined=[])).items():
        save_figure(figure, tmp_path / f"{name}.png")
    assert {path.stem for path in tmp_path.iterdir()} == ALL


def test_pictures_of_one_network_of_a_mixture_say_which(make: Make) -> None:
    evaluated = make()
    network = evaluated.generator.network
    evaluated.generator.predictor = Mixture([network, network])
    drawn = drawn_pictures(evaluated)
    titles = {name: figure.texts[0].get_text() for name, figure in drawn.items()}
    assert titles["hidden_units"] == "What single hidden units of the first of 2 networks follow"
    assert not any("2 networks" in titles[name] for name in ALL - {"hidden_units"})


def test_a_mixtures_own_value_on_val_is_a_level_in_the_picture_of_training(make: Make) -> None:
    evaluated = make()
    alone = drawn_pictures(evaluated)["training"].axes[0].get_legend()
    assert not any("mixture" in text.get_text() for text in alone.get_texts())
    evaluated.generator.metadata["val_nll"] = 1.25
    mixed = drawn_pictures(evaluated)["training"].axes[0].get_legend()
    assert "mixture on val, 1.250" in [text.get_text() for text in mixed.get_texts()]


def test_without_temperatures_there_is_no_picture_of_them(make: Make) -> None:
    found = drawn_pictures(make(evaluate__temperatures=[]))
    assert found.keys() == ALL - {"temperature"}


def test_temperatures_are_drawn_in_order_with_fresh_names(make: Make) -> None:
    evaluated = make(evaluate__temperatures=[1.5, 0.0, 0.3], evaluate__temperature_names=40)
    lines = drawn_pictures(evaluated)["temperature"].axes[0].lines
    assert lines[0].get_xdata().tolist() == [0, 0.3, 1.5]


def test_real_names_stand_beside_what_noise_costs_at_each_temperature(make: Make) -> None:
    evaluated = make(evaluate__temperatures=[0.5, 3.0], evaluate__temperature_names=40)
    real = real_quality(evaluated.lists, evaluated.ngram)
    figure = drawn_pictures(evaluated)["temperature"]
    levels = [
        list(line.get_ydata())
        for axes in figure.axes
        for line in axes.lines
        if str(line.get_label()).startswith("real names")
    ]
    assert levels == [[real.well_formed] * 2, [real.ngram_nll] * 2]


def test_the_names_asked_for_are_looked_at_in_canonical_form(make: Make) -> None:
    evaluated = make(evaluate__examples=[" Sauros ", "taurus"])
    shown = drawn_pictures(evaluated)["surprisal"].axes[0].texts
    words = "".join(text.get_text() for text in shown[:14])
    assert words == "saurosendtaurusend"
    mean = -evaluated.generator.log_prob(["taurus"])[0] / 7
    assert shown[-1].get_text().strip() == f"{mean:.2f}"


def test_a_name_asked_for_with_an_unknown_letter_is_one_clear_line(make: Make) -> None:
    with pytest.raises(UserError, match=r"evaluate\.examples: 'rex!': '!' \(U\+0021\), letter 4"):
        drawn_pictures(make(evaluate__examples=["rex!"]))


def test_examples_run_from_probable_to_improbable() -> None:
    names = [f"n{number}" for number in range(11)]
    costs = [float(10 - number) for number in range(11)]
    assert _spread(names, costs) == ["n9", "n5", "n1"]
    assert _spread(["one"], [1.0]) == ["one"]
    assert _spread([], []) == []


def test_the_table_has_each_distinct_name_once_in_order_up_to_its_size(make: Make) -> None:
    tabulate, lists = _tabulate, make().lists
    drawn = Drawn(
        ["taurus", " Taurus", "spino", "cutoff", "allos"], [True, True, True, False, True]
    )
    log_probs = np.array([-7.0, -8.0, -12.0, -3.0, -6.0])
    rows: list[NameRow] = tabulate(drawn, log_probs, lists, 3, lists.neighbours())
    assert [row.name for row in rows] == ["taurus", "spino", "cutoff"]
    assert [row.nats_per_token for row in rows[:2]] == [1.0, 2.0]
    assert np.isnan(rows[2].nats_per_token)
    assert rows[2].broken == "unfinished"
    assert tabulate(drawn, log_probs, lists, 0, lists.neighbours()) == []
