"""The MLflow experiment in which runs are listed: found, made, or restored."""

import shutil

from mlflow.entities import LifecycleStage
from mlflow.tracking import MlflowClient

from neonym.lab.delivery import views
from neonym.lab.delivery.limits import shortened
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store

TRAINING = "custom_model_development"  # the UI's view for models, not for prompts


def experiment_id(client: MlflowClient, store: Store, name: str) -> str:
    """MLflow's id of an experiment, which has our views.

    One that was deleted is restored, and MLflow restores its runs with it: there can be no second
    one of its name.
    """
    name, shown = shortened(name), views.experiment_tags(store.project.charts)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        # What is noted to be complete was in one that is gone for good, or in another store
        shutil.rmtree(store.experiments, ignore_errors=True)
        location = store.artifacts.as_uri() if store.file else None
        return str(
            client.create_experiment(name, location, {tags.EXPERIMENT_KIND: TRAINING} | shown)
        )
    if experiment.lifecycle_stage == LifecycleStage.DELETED:
        client.restore_experiment(experiment.experiment_id)
    if experiment.tags.get(tags.VIEWS) != views.VERSION:
        for key, value in shown.items():
            client.set_experiment_tag(experiment.experiment_id, key, value)
    return str(experiment.experiment_id)
