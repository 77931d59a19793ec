"""The figures of references are the same from a file, and measured once for all who share it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from neonym.evaluation import measured, references
from neonym.evaluation.measures import Lists
from neonym.evaluation.references import measured_ngram, measured_real, measured_uniform

KINDS: list[Callable[..., measured.Measured]] = [
    lambda lists, seed, folder: measured_ngram(
        lists, 3, count=1100, max_length=9, seed=seed, prefix="", folder=folder
    ),
    lambda lists, seed, folder: measured_uniform(
        lists, count=1100, max_length=9, seed=seed, folder=folder
    ),
    lambda lists, seed, folder: measured_real(lists, seed, folder=folder),
]


@pytest.fixture(autouse=True)
def other_process() -> None:
    forget()


def forget() -> None:
    """As another process begins."""
    for function in (measured_ngram, measured_uniform, measured_real):
        function.cache_clear()


def plain(found: measured.Measured) -> str:
    nats = {part: values.tolist() for part, values in found.nats.items()}
    return repr((found.measures, nats, found.order))


@pytest.mark.parametrize("kind", KINDS, ids=["ngram", "uniform", "real"])
def test_figures_from_a_file_are_those_that_were_measured(
    make_lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind
) -> None:
    expected = plain(kind(make_lists(), 1, None))
    assert "nan" in expected
    assert plain(kind(make_lists(), 1, tmp_path / "shared")) == expected
    forget()
    for name in ("measure", "measure_real"):
        monkeypatch.setattr(references, name, None)
    assert plain(kind(make_lists(), 1, tmp_path / "shared")) == expected


def test_a_file_is_of_its_lists_seed_and_code(
    make_lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: Lists = make_lists()
    for each, seed in ((lists, 1), (lists, 2), (lists._replace(val=lists.val[:-1]), 1)):
        measured_real(each, seed, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    forget()
    measured_real(lists, 1, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    forget()
    monkeypatch.setattr(measured, "_code", lambda: "other")
    measured_real(lists, 1, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_damaged_file_is_made_again_and_a_folder_that_cannot_be_written_is_no_mistake(
    make_lists, tmp_path: Path
) -> None:
    expected = plain(measured_real(make_lists(), 1, folder=tmp_path))
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    for content in (
        *(b"", b"[]", b"{}", b"[" * 100_000, whole[: len(whole) // 2]),
        whole.replace(b'"order": 0', b'"order": null'),
        whole.replace(b'"values": {', b'"values": {"x": "1", '),
        whole.replace(b'"intervals": {', b'"intervals": {"x": [1], '),
    ):
        path.write_bytes(content)
        forget()
        assert plain(measured_real(make_lists(), 1, folder=tmp_path)) == expected
        assert path.read_bytes() == whole
    assert math.isnan(measured_real(make_lists(), 1, folder=path).measures.values["snn"]) is False
