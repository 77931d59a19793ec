import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.models.known_names import contains, folded, hashes

# Of http://www.isthe.com/chongo/src/fnv/test_fnv.c, FNV-1a of 64 bits
PUBLISHED = {
    "": 0xCBF29CE484222325,
    "a": 0xAF63DC4C8601EC8C,
    "b": 0xAF63DF4C8601F1A5,
    "foo": 0xDCB27518FED9D577,
    "foobar": 0x85944171F73967E8,
    "chongo was here!\n": 0x46810940EFF5F915,
}


def plain_hash(name):
    value = 14695981039346656037
    for byte in name.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


@pytest.mark.parametrize(("name", "expected"), PUBLISHED.items())
def test_the_hash_is_the_published_one(name, expected):
    assert hashes([name]).tolist() == [expected]


@given(st.lists(st.text(st.characters(), max_size=20), max_size=20))
def test_all_hashes_at_once_are_those_of_a_plain_loop(names):
    assert hashes(names).tolist() == sorted({plain_hash(name) for name in names})


@given(st.lists(st.text(max_size=3), max_size=9), st.lists(st.text(max_size=3), max_size=9))
def test_a_name_is_known_if_it_was_in_the_list(names, asked):
    assert contains(hashes(names), asked).tolist() == [name in names for name in asked]


def test_hashes_are_sorted_whatever_the_order_of_the_list():
    one, other = hashes(["b", "a", "b", "竜"]), hashes(["竜", "a", "b"])
    assert one.dtype == np.uint64
    assert one.tobytes() == other.tobytes()


@given(st.lists(st.text(st.characters(), max_size=9), max_size=20))
def test_a_folded_hash_is_the_upper_half_xor_the_lower(names):
    plain = {plain_hash(name) for name in names}
    assert folded(hashes(names)).tolist() == sorted({(h >> 32) ^ (h % 2**32) for h in plain})


@given(st.lists(st.text(max_size=3), max_size=9), st.lists(st.text(max_size=3), max_size=9))
def test_by_folded_hashes_a_name_is_known_if_it_was_in_the_list(names, asked):
    assert contains(folded(hashes(names)), asked).tolist() == [name in names for name in asked]


def test_folding_what_is_folded_changes_nothing():
    once = folded(hashes(["a", "b", "foobar"]))
    assert once.dtype == np.uint32
    assert folded(once).tobytes() == once.tobytes()


def test_by_folded_hashes_as_many_new_names_are_taken_for_known_as_chance_has_it():
    names = [f"{number:x}" for number in range(400_000)]
    known = folded(hashes(names[:200_000]))
    assert 200_000 - len(known) < 20  # 4.7 are expected
    assert 0 < contains(known, names[200_000:]).sum() < 30  # 9.3 are expected
