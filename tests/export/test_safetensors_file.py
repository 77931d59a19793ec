import json

import numpy as np
import pytest
from exportable import hostile, mixed, network, plain
from safetensors.numpy import load_file, save_file

from neonym.base.errors import UserError
from neonym.export.safetensors_file import (
    is_export,
    read_safetensors,
    write_safetensors,
)
from neonym.models.known_names import folded, hashes
from neonym.models.model_file import save_model
from small_training import NAMES


def saved(path, model):
    predictor = model.mixture or model.network
    save_model(path, predictor, model.vocabulary, model.metadata, model.known)
    return path.read_bytes()


@pytest.mark.parametrize(
    "model",
    [
        plain(),
        plain(known=None, cell="lstm", embedding_size=5, num_layers=2, bias="single"),
        plain(dtype="float64", trainable_initial_state=True),
        plain()._replace(known=folded(hashes(NAMES))),
        mixed(),
        hostile(),
    ],
    ids=["plain", "layers", "float64", "folded", "mixture", "hostile"],
)
def test_a_model_comes_back_as_it_was(tmp_path, model):
    write_safetensors(tmp_path / "m.safetensors", model)
    assert is_export(tmp_path / "m.safetensors")
    again = read_safetensors(tmp_path / "m.safetensors")
    assert saved(tmp_path / "again.npz", again) == saved(tmp_path / "m.npz", model)


def test_equal_models_give_equal_bytes(tmp_path):
    for name in "ab":
        write_safetensors(tmp_path / name, mixed())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_arrays_have_pytorch_s_names_and_nothing_is_beside_them(tmp_path):
    write_safetensors(tmp_path / "m.safetensors", plain(embedding_size=4))
    arrays, state = load_file(tmp_path / "m.safetensors"), network(embedding_size=4).state_dict()
    assert arrays.keys() == state.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, state[name])


def test_weights_that_were_changed_elsewhere_are_read(tmp_path):
    path = tmp_path / "m.safetensors"
    write_safetensors(path, plain())
    header_size = int.from_bytes(path.read_bytes()[:8], "little")
    metadata = json.loads(path.read_bytes()[8 : 8 + header_size])["__metadata__"]
    arrays = load_file(path)
    arrays["head.bias"] = arrays["head.bias"] + 1
    save_file(arrays, path, metadata)
    np.testing.assert_array_equal(
        read_safetensors(path).network.state_dict()["head.bias"], arrays["head.bias"]
    )


def rewrite(path, change):
    arrays, metadata = load_file(path), {}
    header_size = int.from_bytes(path.read_bytes()[:8], "little")
    metadata = json.loads(path.read_bytes()[8 : 8 + header_size])["__metadata__"]
    document = json.loads(metadata.pop("neonym"))
    change(arrays, document, metadata)
    save_file(arrays, path, {"neonym": json.dumps(document)} | metadata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, d, m: m.update(neonym="{"), "its metadata make no sense"),
        (lambda a, d, m: m.update(neonym="[]"), "is not a neonym model"),
        (lambda a, d, m: m.update(neonym="7"), "its metadata make no sense"),
        (lambda a, d, m: d.update(known=[1]), "its metadata make no sense"),
        (lambda a, d, m: d.update(known="?"), "its metadata make no sense"),
        (lambda a, d, m: d.update(known="AAAA"), "its metadata make no sense"),
        (lambda a, d, m: d.pop("known"), "is not a neonym model"),
        (lambda a, d, m: a.pop("head.bias"), "its arrays are not those of its options"),
        (lambda a, d, m: a["head.bias"].fill(np.nan), "head.bias holds NaN"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    write_safetensors(path, plain())
    rewrite(path, change)
    with pytest.raises(UserError, match=message) as caught:
        read_safetensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_fortieth_truncation_is_one_clear_error(tmp_path):
    path = tmp_path / "m.safetensors"
    write_safetensors(path, plain())
    whole = path.read_bytes()
    for length in range(0, len(whole), 40):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="is not a model that neonym exported, or is damaged"):
            read_safetensors(path)


def test_tensors_of_others_are_refused(tmp_path):
    save_file({"x": np.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(UserError, match="its metadata have no 'neonym'"):
        read_safetensors(tmp_path / "x.safetensors")
    with pytest.raises(UserError, match=r"no\.safetensors does not exist; export one with"):
        read_safetensors(tmp_path / "no.safetensors")
    assert not is_export(tmp_path / "x.safetensors")
