import json
import math

import numpy as np
import pytest

from neonym.base.nested import flatten, nest
from neonym.evaluation.measures import Drawn
from neonym.evaluation.references import measured_ngram, ngram_reference, uniform_reference
from neonym.evaluation.report import evaluate, to_json
from neonym.models.ngram import fit
from neonym.settings import Rules


@pytest.fixture(scope="module")
def report(make_lists):
    lists = make_lists()
    ngram = ngram_reference(lists, 4, count=300, max_length=18, seed=0)
    nats = {part: values + 0.1 for part, values in ngram.nats.items()}
    drawn = Drawn(["rexo", "rapt"] * 150, np.ones(300, bool))
    return evaluate(drawn, nats, lists, max_order=4, max_length=18)


def test_the_figures_stand_where_other_programs_look(report) -> None:
    for part in ("train", "val", "test"):
        assert set(report[part]) == {"nll", "bits_per_char", "perplexity"}
        assert set(report["reference"]["ngram"][part]) == set(report[part])
    metrics = {"validity", "uniqueness", "novelty", "copied", "unseen", "rediscovery", "snn"}
    assert metrics <= set(report["names"])
    assert metrics <= set(report["reference"]["ngram"]["names"])
    assert metrics <= set(report["reference"]["uniform"]["names"])
    assert set(report["interval"]["names"]["novelty"]) == {"low", "high"}
    assert report["interval"]["names"]["novelty"]["low"] == 1


def test_nll_is_that_of_the_whole_split(report, make_lists) -> None:
    lists = make_lists()
    encode = lists.vocabulary.encode_all
    order = report["reference"]["ngram"]["order"]
    model = fit(encode(lists.train), len(lists.vocabulary), order)
    nats = model.negative_log_likelihood(encode(lists.test))
    tokens = sum(len(name) + 1 for name in lists.test)
    assert report["reference"]["ngram"]["test"]["nll"] == pytest.approx(nats.sum() / tokens)
    assert report["test"]["nll"] == pytest.approx((nats.sum() + 0.2) / tokens)


def test_the_difference_from_the_ngram_is_paired(report, make_lists) -> None:
    tokens = sum(len(name) + 1 for name in make_lists().train)
    expected = 0.1 * len(make_lists().train) / tokens
    assert report["minus_ngram"]["train"]["nll"] == pytest.approx(expected)
    interval = report["interval"]["minus_ngram"]["train"]["nll"]
    assert interval["low"] < expected < interval["high"]
    assert interval["high"] - interval["low"] < 0.02


def test_a_uniform_sampler_has_the_likelihood_of_its_alphabet(report, make_lists) -> None:
    nll = report["reference"]["uniform"]["test"]["nll"]
    assert nll == pytest.approx(math.log(len(make_lists().vocabulary)))


def test_uniform_names_are_cut_off_at_the_cap_and_marked(make_lists) -> None:
    lists = make_lists()
    reference = uniform_reference(lists, count=4000, max_length=10, seed=0)
    lengths = np.array([len(name) for name in reference.drawn.names])
    size = len(lists.vocabulary)
    assert lengths.max() == 10
    assert (lengths == 0).mean() == pytest.approx(1 / size, abs=0.02)
    assert 1 - reference.drawn.ended.mean() == pytest.approx((1 - 1 / size) ** 11, abs=0.03)


def test_ngram_names_begin_with_the_prefix(make_lists) -> None:
    reference = ngram_reference(make_lists(), 3, count=20, max_length=9, seed=0, prefix="st")
    assert {name[:2] for name in reference.drawn.names} == {"st"}


def test_json_has_sorted_keys_and_null_where_there_is_no_figure(report) -> None:
    text = to_json(report)
    values = json.loads(text)
    assert values["names"]["vun_1k"] is None
    assert values["names"]["novelty"] == 1
    assert list(values) == sorted(values)
    assert text.endswith("}\n")
    assert text == to_json(report)


def test_infinite_figures_are_null() -> None:
    assert json.loads(to_json({"a": {"b": math.inf, "c": 1}})) == {"a": {"b": None, "c": 1}}


def test_flattening_undoes_nesting() -> None:
    flat = {"a.b.c": 1, "a.d": 2, "e": None}
    assert nest(flat) == {"a": {"b": {"c": 1}, "d": 2}, "e": None}
    assert flatten(nest(flat)) == flat


def test_little_data_is_said_to_be_too_little(make_lists, caplog) -> None:
    lists = make_lists()
    ngram = ngram_reference(lists, 2, count=5, max_length=18, seed=0)
    evaluate(ngram.drawn, ngram.nats, lists, max_order=2, max_length=18)
    assert "test has 2 names: too few to judge by" in caplog.text
    assert "5 names were drawn: figures per 1,000 names stay empty" in caplog.text


def test_references_are_measured_once_for_equal_lists_and_seeds(make_lists) -> None:
    nats = {part: np.ones(len(getattr(make_lists(), part))) for part in ("train", "val", "test")}

    def of_references(names: list[str], seed: int, **rules: object) -> dict[str, object]:
        asked = {"at_least_one_of": {}, "max_repeat": None, **rules}
        lists, drawn = make_lists(rules=Rules(**asked)), Drawn(names, [True] * len(names))
        report = evaluate(drawn, nats, lists, max_order=3, max_length=18, seed=seed)
        return report["reference"]

    known = measured_ngram.cache_info().misses
    first = of_references(["rexo", "trex"], seed=5)
    assert to_json(first) == to_json(of_references(["velox", "kola"], seed=5))
    assert measured_ngram.cache_info().misses == known + 1
    assert to_json(first) != to_json(of_references(["rexo", "trex"], seed=6))
    strict = of_references(["rexo", "trex"], seed=5, at_least_one_of={"y": "y"})
    assert strict["real"]["names"]["validity"] < first["real"]["names"]["validity"]
