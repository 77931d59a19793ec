import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.nn import CELLS, RecurrentNetwork
from neonym.nn import products as module
from neonym.nn.background import Background
from neonym.nn.products import (
    begin_over_rows,
    multiply,
    multiply_by_parts,
    multiply_over_rows,
    number_of_parts,
)

MOSTS = [0, 3 * 4 * 8, 3 * 4 * 17, 3 * 4 * 24, 1_000_000]  # in blocks of 0, 8, 16, 24 and all rows


@pytest.mark.parametrize("most", MOSTS)
@given(st.integers(1, 70), st.booleans())
def test_products_in_blocks_are_the_products(most, count, each):
    generator = np.random.default_rng(count)
    rows = generator.normal(size=(2, count, 3) if each else (count, 3))
    weights, out = generator.normal(size=(2, 3, 4)), np.full((2, count, 4), np.nan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_MULTIPLICATIONS", most)
        multiply(rows, weights, out)
    np.testing.assert_allclose(out, np.matmul(rows, weights), rtol=1e-12)


@pytest.mark.parametrize("most", MOSTS)
@given(st.integers(1, 30))
def test_products_by_parts_are_the_products(most, count):
    generator = np.random.default_rng(count)
    rows, weight = generator.normal(size=(count, 12)), generator.normal(size=(12, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_MULTIPLICATIONS", most)
        parts = number_of_parts(weight, 4)
        product = multiply_by_parts(rows, weight, parts, np.full((parts * count, 4), np.nan))
    np.testing.assert_allclose(product, rows @ weight, rtol=1e-12)


@pytest.mark.parametrize("most", MOSTS)
@given(st.integers(1, 70))
def test_sums_over_rows_in_blocks_are_the_sums(most, count):
    generator = np.random.default_rng(count)
    rows, more = generator.normal(size=(count, 3)), generator.normal(size=(count, 4))
    out = np.full((3, 4), np.nan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_MULTIPLICATIONS", most)
        patch.setattr(module, "LEAST_ROWS", 8)
        multiply_over_rows(rows.T, more, out)
    np.testing.assert_allclose(out, rows.T @ more, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("block", [0, 32])
@pytest.mark.parametrize("outputs", [1, 15, 16, 45])
def test_a_large_sum_is_written_once_however_few_outputs_it_has(outputs, block, monkeypatch):
    monkeypatch.setattr("neonym.nn.background.WORTH_A_THREAD", 0)
    generator, parts = np.random.default_rng(outputs), []
    columns, rows = generator.normal(size=(outputs, 70)), generator.normal(size=(70, 4))
    out = np.full((outputs, 4), np.nan)
    with Background() as background:
        begin_over_rows(background, columns, rows, out, block=block, after=parts.append)
    np.testing.assert_allclose(out, columns @ rows, rtol=1e-12, atol=1e-13)
    assert sum(len(out[part]) for part in parts) == outputs


def test_a_weight_is_cut_where_only_its_parts_have_blocks():
    weight = np.empty((4 * 256, 256))
    assert number_of_parts(weight[:512, :128], 4) == 1
    assert number_of_parts(weight, 4) == 4
    assert number_of_parts(np.empty((4 * 512, 512)), 4) == 1


@pytest.mark.parametrize("most", [0, 8 * 5 * 5, 8 * 20 * 5])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_do_not_depend_on_blocks(cell, most, monkeypatch):
    generator = np.random.default_rng(0)
    sequences = [generator.integers(1, 6, length) for length in generator.integers(1, 9, 40)]
    network = RecurrentNetwork(6, cell, 5, 2, dtype="float64")
    loss, expected = network.loss_and_gradients(sequences)
    monkeypatch.setattr(module, "MOST_MULTIPLICATIONS", most)
    monkeypatch.setattr(module, "LEAST_ROWS", 8)
    again, gradients = network.loss_and_gradients(sequences)
    assert again == pytest.approx(loss, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-9, atol=1e-14)
