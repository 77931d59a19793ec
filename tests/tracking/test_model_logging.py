"""The MLflow model of a run stands in the run's experiment and in the store's folder."""

import pytest
from promotable import client_of, deliver_run

from neonym.lab.tracking.store import Store


@pytest.mark.filterwarnings("default::UserWarning")  # MLflow's of itself, when it logs a model
def test_a_model_is_kept_beside_its_run(store: Store) -> None:
    run_id = deliver_run(store, "k", as_model=True)
    client = client_of(store.uri)
    [model] = client.search_logged_models([client.get_run(run_id).info.experiment_id])
    assert model.source_run_id == run_id
    assert model.artifact_location.startswith(store.artifacts.as_uri())
