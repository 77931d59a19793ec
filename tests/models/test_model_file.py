import tracemalloc

import numpy as np
import pytest

from neonym import NameGenerator
from neonym.base.archive import read_archive, write_archive
from neonym.base.errors import UserError
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.known_names import folded, hashes
from neonym.models.model_file import load_model, save_model
from neonym.nn import RecurrentNetwork

VOCABULARY = Vocabulary(("", "a", "b", "é", "竜"), "character")
METADATA = {"longest": 7, "lowercase": True, "configuration": {"seed": 3, "model": {"cell": "rnn"}}}


def network(**options):
    return RecurrentNetwork(len(VOCABULARY), **{"cell": "rnn", "hidden_size": 4} | options)


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / "model.npz", network(), VOCABULARY, METADATA)
    return tmp_path / "model.npz"


def rewrite(path, change):
    """Change what the file says, with its checksum made to fit."""
    arrays, document = read_archive(path, "", "")
    change(arrays, document)
    write_archive(path, arrays, document)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "float64", "num_layers": 2, "embedding_size": 3, "dropout": 0.2},
        {"bias": "single", "trainable_initial_state": True, "nonlinearity": "relu"},
        {"bias": False, "output_dropout": 0.5, "output": "last"},
    ],
)
def test_a_model_comes_back_as_it_was(tmp_path, options):
    saved = network(seed=5, **options)
    save_model(tmp_path / "m.npz", saved, VOCABULARY, METADATA)
    loaded, vocabulary, metadata, mixture, known = load_model(tmp_path / "m.npz")
    assert mixture is None
    assert known is None
    assert loaded.options == saved.options
    assert loaded.parameters.dtype == saved.parameters.dtype
    np.testing.assert_array_equal(loaded.parameters, saved.parameters)
    assert (vocabulary, metadata) == (VOCABULARY, METADATA)


def test_the_names_that_it_learned_from_come_back_as_hashes(tmp_path):
    save_model(tmp_path / "m.npz", network(), VOCABULARY, METADATA, ["ab", "é竜", "ab"])
    generator = NameGenerator.load(tmp_path / "m.npz")
    assert generator.is_known(["é竜", " AB", "a", ""]).tolist() == [True, True, False, False]
    again = load_model(tmp_path / "m.npz")
    save_model(tmp_path / "n.npz", again.network, VOCABULARY, METADATA, again.known)
    assert (tmp_path / "n.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


def test_folded_hashes_take_half_the_room_and_know_the_same_names(tmp_path):
    names = [f"name {number}" for number in range(1000)]
    for name, known in (("wide", hashes(names)), ("folded", folded(hashes(names)))):
        save_model(tmp_path / name, network(), VOCABULARY, METADATA, known)
        generator = NameGenerator.load(tmp_path / name)
        assert generator.is_known(["Name 7", "name 1000"]).tolist() == [True, False]
    assert [(tmp_path / name).stat().st_size for name in ("wide", "folded")] == pytest.approx(
        [(tmp_path / "wide").stat().st_size, (tmp_path / "wide").stat().st_size - 4000], abs=8
    )


def test_a_model_of_before_does_not_know_which_names_it_learned_from(path):
    with pytest.raises(UserError, match="the model does not say which names it learned from"):
        NameGenerator.load(path).is_known(["ab"])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([2, 1], np.uint64), "the hashes of its names are not in order"),
        (np.array([1, 1], np.uint64), "the hashes of its names are not in order"),
        (np.array([2, 1], np.uint32), "the hashes of its names are not in order"),
        (np.array([1, 2], np.int64), "does not hold the hashes of its names"),
        (np.array([1, 2], np.uint16), "does not hold the hashes of its names"),
        (np.array([[1]], np.uint64), "does not hold the hashes of its names"),
    ],
)
def test_hashes_that_are_none_are_one_clear_error(tmp_path, array, message):
    save_model(tmp_path / "m.npz", network(), VOCABULARY, METADATA, ["ab"])
    rewrite(tmp_path / "m.npz", lambda arrays, document: arrays.update(known=array))
    with pytest.raises(UserError, match=rf"m.npz is not a neonym model \(.*{message}"):
        load_model(tmp_path / "m.npz")


def test_equal_models_give_equal_bytes(tmp_path):
    for name, metadata in (("a", METADATA), ("b", dict(reversed(METADATA.items())))):
        save_model(tmp_path / name, network(), VOCABULARY, metadata)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_weights_are_stored_under_their_pytorch_names(path):
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(
            arrays["rnn.weight_hh_l0"], network().state_dict()["rnn.weight_hh_l0"]
        )


def test_every_eighth_truncation_is_one_clear_error(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 8):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="is not a neonym model, or is damaged"):
            load_model(path)


def set_option(name, value):
    return lambda arrays, document: document["options"].__setitem__(name, value)


def fill(arrays, document):
    arrays["head.bias"][1] = np.nan


DAMAGES = [
    (lambda a, d: a.pop("head.bias"), "its arrays are not those of its options"),
    (lambda a, d: a.update(more=np.zeros(3)), "its arrays are not those of its options"),
    (lambda a, d: a.update({"head.bias": np.zeros(5)}), "of another type"),
    (fill, "head.bias holds NaN or infinity"),
    (lambda a, d: d.update(kind="poem"), "is not a neonym model"),
    (
        lambda a, d: d.update(version=4),
        "of version 4, this neonym reads versions 1 to 3;",
    ),
    (lambda a, d: d.update(version=3), "does not hold the hashes of its names"),
    (lambda a, d: d.update(vocabulary=None), "its vocabulary is not a vocabulary"),
    (lambda a, d: d["vocabulary"]["symbols"].pop(), "a network for 5 symbols, a vocabulary of 4"),
    (lambda a, d: d.pop("options"), "it needs options and metadata"),
    (lambda a, d: d["options"].pop("cell"), "its arrays are not those of its options"),
    (lambda a, d: d["options"].pop("vocabulary_size"), "a network for None symbols"),
    (lambda a, d: d["options"].update(colour="red"), "colour"),
    (lambda a, d: d["metadata"].pop("longest"), "metadata need longest, of type int"),
    (lambda a, d: d["metadata"].update(longest=True), "metadata need longest, of type int"),
    (lambda a, d: d["metadata"].update(longest=0), "longest name has 0 tokens"),
    (set_option("cell", "transformer"), "cell is 'transformer'"),
    (set_option("hidden_size", "4"), "hidden_size is '4'"),
    (set_option("hidden_size", 10**12), "its arrays are not those of its options"),
    (set_option("embedding_size", 10**12), "its arrays are not those of its options"),
    (set_option("num_layers", 10**12), "1000000000000 layers of 6 arrays"),
    (set_option("dropout", "much"), "dropout is 'much'"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_model_that_makes_no_sense_is_one_clear_error(path, damage, message):
    rewrite(path, damage)
    with pytest.raises(UserError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_older_than_an_option_has_its_default(path):
    rewrite(path, lambda arrays, document: document["options"].pop("output_dropout"))
    assert load_model(path).network.options == network().options


def test_a_model_that_is_no_object_is_refused(path):
    write_archive(path, {}, [1, 2])
    with pytest.raises(UserError, match="is not a neonym model"):
        load_model(path)


def test_a_hostile_model_costs_no_memory(path):
    rewrite(path, set_option("hidden_size", 10**6))
    tracemalloc.start()
    with pytest.raises(UserError):
        load_model(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_what_is_missing_is_named_with_the_remedy(tmp_path):
    with pytest.raises(UserError, match=r"no.npz does not exist; make one with `neonym learn`"):
        load_model(tmp_path / "no.npz")


@pytest.mark.parametrize(
    ("vocabulary", "metadata"),
    [(Vocabulary(("", "a"), "character"), METADATA), (VOCABULARY, {"lowercase": True})],
)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, vocabulary, metadata):
    with pytest.raises(ValueError, match="not a model"):
        save_model(tmp_path / "m.npz", network(), vocabulary, metadata)
    assert not list(tmp_path.iterdir())


def test_half_precision_halves_the_file_and_rounds_to_eleven_bits(tmp_path):
    made = network(hidden_size=64)
    for name, half in (("whole", False), ("half", True)):
        save_model(tmp_path / f"{name}.npz", made, VOCABULARY, METADATA, ["ab"], half=half)
    whole, half = (load_model(tmp_path / f"{name}.npz") for name in ("whole", "half"))
    assert half.network.parameters.dtype == np.float32
    assert half.network.parameters == pytest.approx(
        whole.network.parameters, rel=2**-11, abs=2**-25
    )
    assert not np.array_equal(half.network.parameters, whole.network.parameters)
    assert np.array_equal(half.known, whole.known)
    sizes = [(tmp_path / f"{name}.npz").stat().st_size for name in ("whole", "half")]
    assert sizes[0] - sizes[1] == pytest.approx(made.parameters.nbytes / 2, abs=200)


def test_a_file_that_says_half_and_holds_whole_numbers_is_refused(path):
    rewrite(path, lambda arrays, document: document.update(stored="float16"))
    with pytest.raises(UserError, match="not in half precision, as it says"):
        load_model(path)
