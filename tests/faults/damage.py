"""Damaged files: bytes changed as discs, people and other programs change them, from a seed."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np

Random = np.random.Generator
Damage = Callable[[bytes, Random], bytes]

MOST_BITS = 8
NESTED = 3000


def truncate(content: bytes, random: Random) -> bytes:
    return content[: random.integers(len(content))]


def flip_bits(content: bytes, random: Random) -> bytes:
    altered = bytearray(content)
    for _ in range(random.integers(1, MOST_BITS + 1)):
        altered[random.integers(len(altered))] ^= 1 << int(random.integers(8))
    return bytes(altered)


def overwrite(content: bytes, random: Random) -> bytes:
    start, end = _range(content, random)
    return content[:start] + random.bytes(end - start) + content[end:]


def blank(content: bytes, random: Random) -> bytes:
    """A range of zeros, as a file system leaves after the power failed."""
    start, end = _range(content, random)
    return content[:start] + bytes(end - start) + content[end:]


def cut_out(content: bytes, random: Random) -> bytes:
    start, end = _range(content, random)
    return content[:start] + content[end:]


def repeat(content: bytes, random: Random) -> bytes:
    start, end = _range(content, random)
    return content[:end] + content[start:end] + content[end:]


def insert(content: bytes, random: Random) -> bytes:
    place = random.integers(len(content) + 1)
    return content[:place] + random.bytes(int(random.integers(1, 64))) + content[place:]


def insert_hostile(content: bytes, random: Random) -> bytes:
    place = random.integers(len(content) + 1)
    return content[:place] + _pick(HOSTILE, random) + content[place:]


def anything(content: bytes, random: Random) -> bytes:
    return random.bytes(int(random.integers(2 * len(content))))


def foreign(content: bytes, random: Random) -> bytes:
    return _pick(FOREIGN, random)


def _range(content: bytes, random: Random) -> tuple[int, int]:
    start = int(random.integers(len(content)))
    return start, start + 1 + int(random.integers(min(256, len(content) - start)))


def _pick(choices: list[Any], random: Random) -> Any:
    return choices[random.integers(len(choices))]


HOSTILE = [
    b"[" * NESTED,
    b'{"a":' * NESTED,
    b"- " * NESTED,
    b"&a [*a, *a]",
    b"!!python/object/apply:os.system ['true']",
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"null",
    b"NaN",
    b'"\\ud800"',
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"2001-99-99",
    b"1:99:99",
    b"0x",
    b"\n",
    b"\r",
    b"\t",
    b"\x00",
    b"\x1b[2J",
    b"'",
    b'"',
    b": ",
    b"? ",
    b"%YAML 9.9\n---\n",
    b"\n---\n",
    b"<<: 3\n",
]
# Sixty lines that stand for more than there are atoms
BILLION_LAUGHS = b"k0: &k0 [x]\n" + b"".join(
    b"k%d: &k%d [%s]\n" % (i, i, b", ".join([b"*k%d" % (i - 1)] * 9)) for i in range(1, 60)
)
FOREIGN = [
    b"",
    b"\n",
    b"null",
    b"{}",
    b"[]",
    b"3",
    b"[[]]",
    b'"text"',
    b"true",
    b"name,ended,log_prob\n",
    b"PK\x05\x06" + bytes(18),
    b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
    b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94.",
    b"SQLite format 3\x00" + bytes(84),
    b"\x1f\x8b\x08\x00" + bytes(20),
    b"<!DOCTYPE html><html></html>",
    b"seed: &a [*a, *a]\n",
    b"seed: 0x" + b"f" * 9000,
    b"seed: " + b"9" * 9000,
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    BILLION_LAUGHS,
    BILLION_LAUGHS + b"seed: *k59\n",
]
DAMAGES: list[Damage] = [
    truncate,
    flip_bits,
    overwrite,
    blank,
    cut_out,
    repeat,
    insert,
    insert_hostile,
    anything,
    foreign,
]
# The last two are the same for any file
WEIGHTS = np.array([5, 6, 3, 3, 3, 3, 3, 4, 0.3, 0.7])


def damaged(content: bytes, random: Random) -> bytes:
    """Bytes that are not `content`."""
    while True:
        damage = DAMAGES[random.choice(len(DAMAGES), p=WEIGHTS / WEIGHTS.sum())]
        altered = damage(content, random)
        if altered != content:
            return altered


ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    10**12,
    10**400,
    2**63,
    -0.5,
    1e308,
    float("nan"),
    "",
    "\x00",
    "\ud800",
    "x" * 1000,
    "../../outside",
    "/etc/passwd",
    [],
    [[]],
    {},
    {"": None},
    [None] * 1000,
]


def altered_value(value: Any, random: Random) -> Any:
    """Plain values of which one is another, is gone, or is there twice."""
    changed = copy.deepcopy(value)
    places = list(_places(changed))
    if not places:
        return _pick(ODD_VALUES, random)
    parent, key = _pick(places, random)
    if random.random() < 0.2:
        del parent[key]
    elif random.random() < 0.2:
        _add(parent, copy.deepcopy(parent[key]))
    else:
        parent[key] = copy.deepcopy(_pick(ODD_VALUES, random))
    return changed


def _add(parent: Any, value: Any) -> None:
    if isinstance(parent, list):
        parent.append(value)
    else:
        parent["more"] = value


def _places(value: Any) -> Any:
    """Where something stands in plain values; not every item of a long list."""
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, list):
        items = list(enumerate(value))[:20]
    else:
        return
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


def altered_json(content: bytes, random: Random) -> bytes:
    """A JSON document of which one value is another."""
    return json.dumps(altered_value(json.loads(content), random)).encode()
