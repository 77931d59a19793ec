from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.nn.background import Background
from neonym.nn.row_chunks import RowChunks


class Rows(NamedTuple):
    rows: slice


def steps_of(sizes):
    ends = np.cumsum(sizes).tolist()
    return [Rows(slice(end - size, end)) for size, end in zip(sizes, ends, strict=True)]


SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=12)


@pytest.mark.parametrize("threads", [1, 2])
@given(sizes=SIZES, chunk=st.integers(1, 20), backwards=st.booleans())
def test_chunks_begin_when_their_rows_are_passed_and_are_there_when_needed(
    threads, sizes, chunk, backwards
):
    background, rows = Background(), sum(sizes)
    background.threads = threads
    below, here, above = np.zeros((3, rows))

    def copy(source, to):
        def work(part):
            assert source[part].all()
            to[part] += source[part]

        return work

    steps = steps_of(sizes)
    order = steps[::-1] if backwards else steps
    weight = np.empty(1 << 25)  # that chunks are worth it
    arguments = (rows, weight, chunk)
    needed = RowChunks(background, copy(np.ones(rows), below), *arguments, backwards=backwards)
    followed = RowChunks(background, copy(here, above), *arguments, backwards=backwards)
    with background:
        needed.begin()
        for step in order:
            needed.before(step)
            assert (below[step.rows] == 1).all()
            here[step.rows] = below[step.rows]
            followed.after(step)
        followed.finish()
    assert (above == 1).all()
    assert (followed.beside is followed) == (threads == 2)


def test_rows_that_are_not_worth_a_thread_are_one_chunk_and_done_when_asked_for():
    parts = []
    chunks = RowChunks(Background(), parts.append, 100, np.empty((4, 4)), 8)
    assert chunks.beside is None
    assert parts == []
    chunks.finish()
    assert parts == [slice(0, 100)]
