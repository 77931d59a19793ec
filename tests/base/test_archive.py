import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neonym.base.archive import read_archive, write_archive
from neonym.base.errors import UserError

ARRAYS = {
    "a.b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "c": np.array([[True], [False]]),
    "scalar": np.array(7, dtype=np.int64),
    "none": np.zeros((0, 4)),
}


def read(path: Path):
    return read_archive(path, "a thing", "make one")


@given(
    arrays=st.dictionaries(
        st.text("abc._", min_size=1, max_size=8),
        hnp.arrays(
            st.sampled_from(["f4", "f8", "i4", "u1", "?"]),
            hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
        ),
        max_size=4,
    ),
    document=st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x, max_size=3)),
)
def test_what_was_written_is_read(tmp_path_factory, arrays, document):
    path = tmp_path_factory.mktemp("archive") / "x.npz"
    write_archive(path, arrays, document)
    read_arrays, read_document = read(path)
    assert read_document == document
    assert set(read_arrays) == set(arrays)
    for name, array in arrays.items():
        assert read_arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(read_arrays[name], array)


def test_equal_contents_give_equal_bytes_at_any_time(tmp_path):
    for name in "ab":
        write_archive(tmp_path / name, ARRAYS, {"x": 1, "y": [2]})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as container:
        assert {info.date_time for info in container.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_it_without_pickle(tmp_path):
    write_archive(tmp_path / "a.npz", ARRAYS, None)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["a.b"], ARRAYS["a.b"])


def test_every_truncation_is_one_clear_error(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS, {"x": 1})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"is not a thing, or is damaged .*; make one"):
            read(path)


def test_an_altered_byte_is_an_error_or_changes_nothing(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS, {"x": 1})
    whole = path.read_bytes()
    detected = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            arrays, document = read(path)
        except UserError as error:
            detected += 1
            assert "\n" not in str(error)
            continue
        assert document == {"x": 1}
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert detected > len(whole) / 2


def hostile(header: bytes, content: bytes = b"", compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as container:
        array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content
        container.writestr("document.npy", array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        hostile(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"),
        hostile(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"12345678"),
        hostile(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"12345678"),
        hostile(b"{'descr': '<f8', 'fortran_order': True, 'shape': (1,)}", b"12345678"),
        hostile(
            b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1000000000000000000000), }\n"
        ),
        hostile(b"{'descr': '<f1', 'fortran_order': False, 'shape': (1,), }\n", b"1"),
        hostile(b"{'descr': '<f8'}"),
        hostile(b"("),
        hostile(b"", b"\0" * 1000, zipfile.ZIP_DEFLATED),
        b"",
        b"PK\x05\x06" + bytes(18),
        b"hello",
    ],
)
def test_a_file_that_claims_more_than_it_holds_is_refused(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError, match="is not a thing"):
        read(tmp_path / "a")


def test_arrays_swapped_for_others_are_noticed(tmp_path):
    path = tmp_path / "a.npz"
    write_archive(path, ARRAYS, {"x": 1})
    with np.load(path) as stored:
        members = dict(stored)
    members["a.b"] = members["a.b"] + 1
    np.savez(path, **members)
    with pytest.raises(UserError, match="checksum does not fit"):
        read(path)


def test_document_that_is_no_json_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json, "dumps", lambda *_, **__: "{")
    write_archive(tmp_path / "a", {}, None)
    with pytest.raises(UserError, match="description is not JSON"):
        read(tmp_path / "a")


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"nothing does not exist; make one"):
        read(tmp_path / "nothing")
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a"
    write_archive(path, ARRAYS, "old")
    with pytest.raises(ValueError, match="Object arrays"):
        write_archive(path, {"x": np.array([None])}, "new")
    assert read(path)[1] == "old"
    assert list(tmp_path.iterdir()) == [path]
