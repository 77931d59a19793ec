"""Which pictures the evaluate stage makes, and of what."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from neonym.base.errors import UserError
from neonym.corpus.vocabulary import tokens_of
from neonym.evaluation.distributions import is_vowel
from neonym.evaluation.edits import nearest
from neonym.evaluation.inspection import (
    Follower,
    expectations,
    features_of,
    followers,
    principal_plane,
    read_names,
)
from neonym.evaluation.measures import Lists
from neonym.evaluation.temperature import real_quality
from neonym.figures.curves import training_curves
from neonym.figures.evaluated import Evaluated
from neonym.figures.histograms import length_distribution, nearest_distances, token_distribution
from neonym.figures.surprisal import Example, letter_surprisal
from neonym.figures.temperature_curve import quality_against_temperature
from neonym.figures.token_map import token_map
from neonym.figures.units import hidden_units
from neonym.generation.generator import NameGenerator
from neonym.models.mixture import Mixture

Picture = tuple[str, Figure]

LONGEST_SHOWN = 30  # tokens; longer names are not chosen as examples
MOST_READ = 300  # names: of train to see what units follow, of test to choose examples from
MOST_COMPARED = 5_000  # test names whose distances to training names are looked at
MOST_MAPPED = 50  # tokens of a large vocabulary that have room in one map


def pictures(evaluated: Evaluated) -> Iterator[Picture]:
    """All pictures by file name, one at a time, so that one is in memory."""
    mixed = evaluated.generator.metadata.get("val_nll")
    yield "training", training_curves(evaluated.history, evaluated.ngram_val_nll, mixed)
    yield from _of_distributions(evaluated)
    yield from _of_the_network(evaluated)
    if evaluated.settings.evaluate.temperatures:  # the last, since its names are drawn meanwhile
        yield "temperature", _of_temperature(evaluated)


def _of_distributions(evaluated: Evaluated) -> Iterator[Picture]:
    lists, drawn = evaluated.lists, evaluated.drawn
    unit = lists.vocabulary.unit
    finished = [name for name, ended in zip(drawn.names, drawn.ended, strict=True) if ended]
    coined = [tokens_of(name, unit) for name in finished]
    real = [tokens_of(name, unit) for name in lists.test]
    noun = _noun(lists)
    yield "lengths", length_distribution(list(map(len, coined)), list(map(len, real)), noun)
    yield "tokens", token_distribution(coined, real, noun)
    strings = lists.vocabulary.as_strings
    of_test = nearest(strings(lists.test[:MOST_COMPARED]), strings(lists.train)).distance
    of_coined = np.array([row.distance for row in evaluated.table if row.valid])
    distances = nearest_distances(of_coined, of_test, evaluated.grouped)
    yield "nearest_training_names", distances


def _of_temperature(evaluated: Evaluated) -> Figure:
    """Fresh names at each temperature, from the same random numbers."""
    options, lists = evaluated.settings, evaluated.lists
    return quality_against_temperature(
        evaluated.qualities(),
        options.evaluate.temperature_names,
        options.sample.temperature,
        real_quality(lists, evaluated.ngram),
    )


def _of_the_network(evaluated: Evaluated) -> Iterator[Picture]:
    examples, noun = _examples(evaluated), _noun(evaluated.lists)
    yield "surprisal", letter_surprisal(examples, noun)
    yield "hidden_units", hidden_units(_followers(evaluated), examples, noun, _whose(evaluated))
    yield "letters", _map(evaluated)


def _examples(evaluated: Evaluated) -> list[Example]:
    model, vocabulary = evaluated.generator.predictor, evaluated.lists.vocabulary
    chosen = [
        (kind, name)
        for kind, names in _chosen(evaluated).items()
        for name in names
        if tokens_of(name, vocabulary.unit)
    ]
    readings = read_names(model, vocabulary.encode_all([name for _, name in chosen]))
    return [
        Example(kind, tokens_of(name, vocabulary.unit), reading)
        for (kind, name), reading in zip(chosen, readings, strict=True)
    ]


def _chosen(evaluated: Evaluated) -> dict[str, list[str]]:
    """The names to look at: those configured, or real and new ones from probable to improbable."""
    generator = evaluated.generator
    asked = evaluated.settings.evaluate.examples
    if asked:
        return {"": [_checked_example(generator, name) for name in asked]}
    unit = evaluated.lists.vocabulary.unit
    test = evaluated.lists.test[:MOST_READ]
    real = [name for name in test if len(tokens_of(name, unit)) <= LONGEST_SHOWN]
    nats = -generator.log_prob(real)
    costs = [cost / (len(tokens_of(name, unit)) + 1) for name, cost in zip(real, nats, strict=True)]
    coined = [
        row
        for row in evaluated.table
        if row.valid and row.novel and len(tokens_of(row.name, unit)) <= LONGEST_SHOWN
    ]
    return {
        "test": _spread(real, costs),
        "coined": _spread([row.name for row in coined], [row.nats_per_token for row in coined]),
    }


def _checked_example(generator: NameGenerator, name: str) -> str:
    written = generator.canonical(name)
    try:
        generator.vocabulary.encode(written)
    except UserError as error:
        raise UserError(f"evaluate.examples: {error}") from None
    return written


def _spread(names: Sequence[str], costs: Sequence[float]) -> list[str]:
    """The names at the tenth, the half and nine tenths of the way from cheap to costly."""
    order = np.argsort(costs, kind="stable")
    places = {round(share * (len(names) - 1)) for share in (0.1, 0.5, 0.9)} if names else set()
    return [names[order[place]] for place in sorted(places)]


def _followers(evaluated: Evaluated) -> list[Follower]:
    vocabulary = evaluated.lists.vocabulary
    tokens = [tokens_of(name, vocabulary.unit) for name in evaluated.lists.train]
    rows = [row for row, name in enumerate(tokens) if len(name) <= 2 * LONGEST_SHOWN][:MOST_READ]
    names = [evaluated.lists.train[row] for row in rows]
    readings = read_names(evaluated.generator.network, vocabulary.encode_all(names))
    features = features_of([tokens[row] for row in rows], _vowels(evaluated.lists))
    return followers(readings, features)


def _map(evaluated: Evaluated) -> Figure:
    """The most frequent tokens of train in the plane of what is expected after them."""
    lists, vocabulary = evaluated.lists, evaluated.lists.vocabulary
    ids = np.concatenate(vocabulary.encode_all(lists.train))
    counts = np.bincount(ids, minlength=len(vocabulary))
    frequent = np.argsort(-counts, kind="stable")[:MOST_MAPPED]
    shown = np.sort(frequent[counts[frequent] > 0])
    plane = principal_plane(expectations(evaluated.generator.predictor, shown))
    return token_map(
        [vocabulary.symbols[number] for number in shown], plane, _vowels(lists), _noun(lists)
    )


def _whose(evaluated: Evaluated) -> str:
    """Which network a picture of a single one shows; nothing where there is but one."""
    model = evaluated.generator.predictor
    count = len(model.networks) if isinstance(model, Mixture) else 1
    return f" of the first of {count} networks" if count > 1 else ""


def _vowels(lists: Lists) -> str:
    letters = lists.vocabulary.symbols[1:] if lists.vocabulary.unit == "character" else ()
    return "".join(letter for letter in letters if is_vowel(letter, lists.vowels))


def _noun(lists: Lists) -> str:
    return "letter" if lists.vocabulary.unit == "character" else "word"
