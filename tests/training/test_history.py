import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.training.history import EpochRecord, by_member, read_history, write_history

NUMBERS = [st.floats(allow_nan=False)] * 5
RECORDS = st.builds(
    EpochRecord, st.integers(1, 10**6), st.integers(1, 10**12), *NUMBERS, st.integers(1, 9)
)


@given(st.lists(RECORDS))
def test_a_history_comes_back_to_the_last_bit(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("history") / "history.csv"
    write_history(path, history)
    assert read_history(path) == history


def test_the_file_is_a_plain_table(tmp_path):
    write_history(tmp_path / "h.csv", [EpochRecord(1, 33, 0.1, 2.5, 2.25, 2.0, 1e-9)])
    assert (tmp_path / "h.csv").read_text() == (
        "epoch,step,lr,train_loss,train_nll,val_nll,grad_norm\n1,33,0.1,2.5,2.25,2.0,1e-09\n"
    )


def test_only_the_file_of_several_networks_tells_them_apart(tmp_path):
    records = [EpochRecord(1, 2, 0.1, 2.5, 2.25, 2.0, 1.0, member) for member in (1, 2)]
    write_history(tmp_path / "h.csv", records)
    header, *rows = (tmp_path / "h.csv").read_text().splitlines()
    assert header == "epoch,step,lr,train_loss,train_nll,val_nll,grad_norm,member"
    assert rows == ["1,2,0.1,2.5,2.25,2.0,1.0,1", "1,2,0.1,2.5,2.25,2.0,1.0,2"]


def test_each_network_is_counted_from_its_own_beginning():
    counted = [(1, 10, 1), (2, 20, 1), (3, 30, 2), (4, 40, 2), (5, 50, 2), (6, 60, 3)]
    history = [EpochRecord(epoch, step, *[0.5] * 5, member) for epoch, step, member in counted]
    assert [[(each.epoch, each.step) for each in member] for member in by_member(history)] == [
        [(1, 10), (2, 20)],
        [(1, 10), (2, 20), (3, 30)],
        [(1, 10)],
    ]
    assert by_member(history[:2]) == [history[:2]]
    assert by_member([]) == []


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"epoch,step\n1,2\n", b"\xff", b"\0\n", None])
def test_what_is_no_history_is_one_clear_error(tmp_path, content):
    path = tmp_path / "h.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"h.csv .*train again"):
        read_history(path)


def test_a_damaged_row_is_one_clear_error(tmp_path):
    path = tmp_path / "h.csv"
    write_history(path, [EpochRecord(1, 33, 0.1, 2.5, 2.25, 2.0, 1.0)] * 2)
    path.write_text(path.read_text()[:-12])
    with pytest.raises(UserError, match="is not a training history"):
        read_history(path)
