"""The page's JavaScript predicts what the library predicts."""

import itertools
import json

import numpy as np
import pytest
from exported import arguments, opened
from served_ui import chromium

from neonym.evaluation.recall import recall
from neonym.export.html import write_page
from neonym.models.choice import log_softmax
from neonym.models.known_names import contains, folded, hashes
from neonym.models.mixture import Mixture
from neonym.models.model_file import Model
from neonym.models.ngram import fit
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY

pytestmark = pytest.mark.system

SIZE = len(VOCABULARY)
METADATA = {"longest": 20, "lowercase": True}
TOLERANCE = 1e-5
# Over a thousand beginnings
NAMES_IDS = [
    np.random.default_rng(seed).integers(1, SIZE, size=seed % 20).tolist() for seed in range(110)
]
IDS = VOCABULARY.encode_all(NAMES)
CELLS = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
# As one text, since Playwright takes long over many numbers
SPELL = """({header, content, names}) => {
    const model = new Model(header, bytesOf(content));
    const places = names.flatMap((ids) => model.spell(ids));
    return JSON.stringify(places.map((place) => Array.from(place, Math.exp)));
}"""


def network(cell="lstm", seed=0, **options):
    given = {"hidden_size": 10, "initialization_scale": 0.5} | options
    return RecurrentNetwork(SIZE, cell, seed=seed, **given)


def model_of(predictor):
    mixture = predictor if isinstance(predictor, Mixture) else None
    first = mixture.networks[0] if mixture else predictor
    return Model(first, VOCABULARY, METADATA, mixture, None)


def predicted(predictor, names):
    """The probabilities behind each beginning of each name, (beginnings, vocabulary)."""
    longest = max(map(len, names))
    tokens = np.array([[0, *ids, *[0] * (longest - len(ids))] for ids in names])
    state, columns = predictor.initial_state(len(names)), []
    for place in range(longest + 1):
        logits, state = predictor.step(tokens[:, place], state)
        columns.append(np.exp(log_softmax(logits)))
    return np.concatenate(
        [[column[i] for column in columns[: len(ids) + 1]] for i, ids in enumerate(names)]
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "names.html"
    write_page(path, model_of(network()), "names")
    with chromium() as browser, opened(browser, path) as page:
        yield page


def assert_agree(page, predictor):
    spelled = page.evaluate(SPELL, arguments(model_of(predictor)) | {"names": NAMES_IDS})
    found = np.array(json.loads(spelled))
    expected = predicted(predictor, NAMES_IDS)
    assert len(expected) > 1000
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_networks_of_all_cells_layers_inputs_biases_and_beginnings(
    page, cell, nonlinearity, layers
):
    # An embedding of 3 is multiplied by the page, one of 60 comes as a table
    options = itertools.product([None, 3, 60], [True, "single", False], [True, False])
    for width, bias, trainable in options:
        made = network(
            cell,
            nonlinearity=nonlinearity,
            num_layers=layers,
            embedding_size=width,
            bias=bias,
            trainable_initial_state=trainable,
        )
        random = np.random.default_rng(1)
        state = made.state_dict()
        for name in state:
            if "bias" in name or "0_l" in name:  # which begin as zeros
                state[name] = random.normal(scale=0.5, size=state[name].shape)
        made.load_state_dict(state)
        assert_agree(page, made)


def test_double_precision_is_rounded_and_not_lost(page):
    assert_agree(page, network(dtype="float64", embedding_size=4))


@pytest.mark.parametrize("order", [1, 2, 3, 8])
def test_mixtures_of_networks_and_an_ngram(page, order):
    networks = [network("gru", seed) for seed in range(3)]
    for weight in (0.0, 0.4, 1.0):
        assert_agree(page, Mixture(networks, fit(IDS, SIZE, order), weight))
    assert_agree(page, Mixture(networks))


RECALL = """({header, content, names}) => {
    const model = new Model(header, bytesOf(content));
    return JSON.stringify(names.map((ids) => {
        const recall = new Recall(model, ids);
        return [...ids, 0].map((token, place) => Array.from(recall.at(place, token)));
    }));
}"""


def assert_remember_alike(page, predictor):
    asked = [ids for ids in NAMES_IDS if 0 < len(ids) < 14][:12]
    found = json.loads(page.evaluate(RECALL, arguments(model_of(predictor)) | {"names": asked}))
    for ids, rows in zip(asked, found, strict=True):
        expected = recall(predictor, np.array(ids))
        assert [len(row) for row in rows] == list(range(1, len(ids) + 2))
        for place, row in enumerate(rows):
            np.testing.assert_allclose(row, expected[place, : place + 1], rtol=0, atol=TOLERANCE)
    assert expected.max() > 0.01


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), CELLS)
def test_networks_remember_as_their_gradients_say(page, cell, nonlinearity, layers):
    for width, bias in itertools.product([None, 3, 60], [True, False]):
        made = network(
            cell, nonlinearity=nonlinearity, num_layers=layers, embedding_size=width, bias=bias
        )
        random = np.random.default_rng(1)
        state = made.state_dict()
        for name in state:
            if "bias" in name:
                state[name] = random.normal(scale=0.5, size=state[name].shape)
        made.load_state_dict(state)
        assert_remember_alike(page, made)


def test_mixtures_remember_as_their_gradients_say(page):
    networks = [network("gru", seed) for seed in range(3)]
    assert_remember_alike(page, Mixture(networks))
    assert_remember_alike(page, Mixture(networks, fit(IDS, SIZE, 3), 0.4))


DRAW = """({header, content, count, temperature, prefix}) => {
    const model = new Model(header, bytesOf(content));
    const options = {prefix, state: model.read(prefix), temperature, cap: 1000};
    return drawNames(model, count, options, randomStream([1, 2, 3]));
}"""


def test_names_are_drawn_by_the_model_s_own_probabilities(page):
    """Held against the exact probabilities of the first two letters."""
    made, count, temperature = network(embedding_size=5), 6_000, 1.4
    given = {"count": count, "temperature": temperature, "prefix": []}
    drawn = page.evaluate(DRAW, arguments(model_of(made)) | given)

    def choice(ids):
        weights = predicted(made, [ids])[-1] ** (1 / temperature)
        return weights / weights.sum()

    first = np.bincount([ids[0] if ids else 0 for ids in drawn if ids is not None], minlength=SIZE)
    expected = count * choice([])
    assert (np.abs(first - expected) < 5 * np.sqrt(expected + 1)).all()
    top = int(np.argmax(expected[1:])) + 1
    behind = [ids[1] if len(ids) > 1 else 0 for ids in drawn if ids and ids[0] == top]
    second = np.bincount(behind, minlength=SIZE)
    expected = len(behind) * choice([top])
    assert (np.abs(second - expected) < 5 * np.sqrt(expected + 1)).all()


def test_behind_a_beginning_names_are_drawn_as_the_model_goes_on(page):
    made = network(embedding_size=5)
    given = {"count": 500, "temperature": 0, "prefix": [3, 1]}
    drawn = page.evaluate(DRAW, arguments(model_of(made)) | given)
    assert len({str(ids) for ids in drawn}) == 1
    if drawn[0] is not None:
        assert drawn[0][:2] == [3, 1]


HASH = "(names) => names.map((name) => hashOf(name).map((half) => half.toString(16)))"


def test_hashes_are_those_of_the_library(page):
    names = ["", "a", "foobar", "竜", "ñandú", "né", "x" * 300, "😀"]
    found = [(int(high, 16) << 32) + int(low, 16) for high, low in page.evaluate(HASH, names)]
    assert found == [int(hashes([name])[0]) for name in names]


KNOWS = """({header, content, names}) => {
    const memory = new Memory(new Model(header, bytesOf(content)));
    return names.map((name) => memory.isKnown(name));
}"""


@pytest.mark.parametrize("known", [hashes(NAMES), folded(hashes(NAMES)), hashes([])])
def test_the_page_knows_the_names_that_the_library_knows(page, known):
    names = [*NAMES, *(f"{name}x" for name in NAMES), "", "竜"]
    given = arguments(model_of(network())._replace(known=known))
    assert page.evaluate(KNOWS, given | {"names": names}) == contains(known, names).tolist()


NEAREST = """({names, list}) => {
    const neighbours = new Neighbours(list, (name) => [...name]);
    return names.map((name) => [neighbours.nearest(name).name, neighbours.nearest(name).edits]);
}"""


def test_nearest_names_are_those_of_the_evaluation(page):
    from rapidfuzz.distance import Levenshtein

    from neonym.evaluation.edits import nearest

    asked = ["tyranosaurus", "allosaurus", "x", "stegoceratops", "a" * 30, "diplodon"]
    found = page.evaluate(NEAREST, {"names": asked, "list": NAMES})
    expected = nearest(asked, NAMES)
    for (name, edits), own, distance in zip(found, asked, expected.distance, strict=True):
        assert edits == Levenshtein.distance(name, own)
        assert edits / max(len(name), len(own)) == pytest.approx(distance)


# A clock that goes a second at each look
COIN = """({header, content, wanted, count}) => {
    let now = 0;
    performance.now = () => (now += 1000);
    const model = new Model(header, bytesOf(content));
    const request = {count, temperature: 1, seed: [1, 2, 3], wanted};
    const reports = [...coin(model, new Memory(model), request)];
    return reports.at(-1);
}"""


def test_coining_gives_up_where_next_to_none_fit_and_names_the_hardest_wish(page):
    given = arguments(model_of(network(embedding_size=5)))
    wanted = {"contains": "aaaaaaaaaaaa", "minLength": 2}
    last = page.evaluate(COIN, given | {"wanted": wanted, "count": 5})
    assert (last["end"], last["names"]) == ("time", [])
    assert last["hardest"]["text"] == "contains “aaaaaaaaaaaa”"
    assert last["hardest"]["had"] == 0
    assert 0 < last["hardest"]["asked"] <= last["drawn"]


def test_coining_ends_after_two_minutes_though_names_are_found(page):
    given = arguments(model_of(network(embedding_size=5)))
    last = page.evaluate(COIN, given | {"wanted": {}, "count": 10**6})
    assert last["end"] == "time"
    assert last["drawn"] == last["fitting"] or last["hardest"]["text"].startswith("at most")
    assert len(last["names"]) > 30
