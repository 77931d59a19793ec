"""The MLflow model of a run tells what it is, and stands in the run's experiment and folder."""

import pytest
from promotable import client_of, deliver_run

from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store
from neonym.tracked.model_logging import model_name, network_in_words


@pytest.mark.filterwarnings("default::UserWarning")  # MLflow's of itself, when it logs a model
def test_a_model_is_kept_beside_its_run_and_says_what_it_is_and_of_which_data(store: Store) -> None:
    run_id = deliver_run(store, "k", as_model=True, stage="train")
    client = client_of(store.uri)
    run = client.get_run(run_id)
    [model] = client.search_logged_models([run.info.experiment_id])
    assert model.source_run_id == run_id
    assert model.artifact_location.startswith(store.artifacts.as_uri())
    assert model.status == "READY"
    assert model.name == "rivers-lstm-8-seed-3"
    assert model.params == run.data.params
    assert model.tags[tags.SOURCE_NAME] == "pipelines/train.py"
    assert model.tags[tags.NOTE] == (
        "Coins names like those of the list rivers: lstm of 8 units, seed 3.\n\n"
        "Learnt from 80 names, chosen by 10.\n\n"
        "Takes a `prefix`, and `n`, `temperature` and `seed` as parameters. "
        f"Made by run `{run_id}`."
    )
    figures = {
        (each.key, each.value, each.dataset_name, each.dataset_digest) for each in model.metrics
    }
    assert figures == {("best/val_nll", 2.0, "validation", "d1"), ("test/nll", -2.0, "test", "e")}
    [point] = client.get_metric_history(run_id, "best/val_nll")
    assert point.value == 2.0


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, "model"),
        ({"data.name": "my list: a/b.c%d'e", "seed": "0"}, "my-list-a-b-c-d-e-seed-0"),
        ({"data.name": "名字", "model.cell": "gru", "model.hidden_size": "4"}, "名字-gru-4"),
        ({"data.name": "::"}, "model"),
        ({"data.name": "x" * 999}, "x" * 200),
    ],
)
def test_a_model_has_a_name_that_mlflow_takes_whatever_the_list_is_called(
    params: dict[str, str], name: str
) -> None:
    assert model_name(params) == name


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"model.cell": "gru", "model.hidden_size": "8"}, "gru of 8 units"),
        ({"train.members": "1", "train.ngram_max_order": "null"}, "network of ? units"),
        (
            {"train.members": "5", "model.cell": "lstm", "model.hidden_size": "9"},
            "5 networks, each lstm of 9 units",
        ),
        (
            {"train.ngram_max_order": "8", "model.cell": "rnn", "model.hidden_size": "9"},
            "rnn of 9 units, mixed with an n-gram",
        ),
    ],
)
def test_a_mixture_is_not_described_as_a_single_network(params: dict[str, str], words: str) -> None:
    assert network_in_words(params) == words
