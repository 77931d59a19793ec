"""An experiment begins with views of its runs, which stay the user's own."""

import json
import re
from pathlib import Path

from mlflow.tracking import MlflowClient
from test_replay import opened, write

from neonym import experiment
from neonym.lab.delivery import views
from neonym.lab.delivery.replay import Replay
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store


def experiment_tags(store: Store) -> dict[str, str]:
    experiment = MlflowClient(store.uri).get_experiment_by_name("names")
    return dict(experiment.tags)


def test_a_new_experiment_has_the_views(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k")]))
    found = experiment_tags(store)
    kept = [json.loads(value) for key, value in found.items() if key.startswith(tags.VIEW_PREFIX)]
    latest_first = sorted(kept, key=lambda view: -int(view["createdAt"]))
    assert [view["name"] for view in latest_first] == [
        "Runs, newest first",
        "Best of val first",
        "Sweeps: mean over seeds",
    ]
    assert f"{tags.VIEW_PREFIX}{views.FIRST}" in found


def test_an_experiment_that_is_older_than_the_views_gets_them(store: Store) -> None:
    MlflowClient(store.uri).create_experiment("names", tags={"colour": "red"})
    Replay(store).deliver(write(store, [opened("k")]))
    assert (
        experiment_tags(store).items()
        >= {"colour": "red", **views.experiment_tags(experiment.PROJECT.charts)}.items()
    )


def test_a_view_that_a_user_changed_or_deleted_stays_so(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k")]))
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name("names").experiment_id
    client.set_experiment_tag(experiment, f"{tags.VIEW_PREFIX}neonym-runs", "mine")
    client.delete_experiment_tag(experiment, f"{tags.VIEW_PREFIX}neonym-best")
    Replay(store).deliver(write(store, [opened("l")]))
    found = experiment_tags(store)
    assert found[f"{tags.VIEW_PREFIX}neonym-runs"] == "mine"
    assert f"{tags.VIEW_PREFIX}neonym-best" not in found


def test_the_filters_in_the_documentation_can_be_searched_for(store: Store) -> None:
    Replay(store).deliver(write(store, [opened("k")]))
    page = Path(__file__).resolve().parents[2] / "docs" / "comparing.md"
    filters = re.findall(r"^\| ``(.+?)`` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(filters) == 8
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name("names").experiment_id
    found = [len(client.search_runs([experiment], wanted)) for wanted in filters]
    assert sum(found) == 0  # a job that lacks all that they ask for
