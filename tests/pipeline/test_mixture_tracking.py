import pytest
from small_project import Project

from neonym.models.model_file import load_model
from neonym.training.history import read_history


@pytest.mark.slow
def test_the_best_val_nll_of_a_mixture_is_its_own_and_not_that_of_a_member(
    project: Project,
) -> None:
    small = ("train.members=2", "train.epochs=2", "train.ngram_max_order=3")
    command = ("python", "pipelines/train.py", "experiment=best", *small)
    project.succeed(*command, PYTHONPATH="src")
    project.succeed("neonym", "sync", PYTHONPATH="src")
    [run] = project.runs()
    results = next((project.root / "outputs/train").iterdir())
    own = load_model(results / "models/model.npz").metadata["val_nll"]
    assert run.data.metrics["best/val_nll"] == pytest.approx(own)
    members = [record.val_nll for record in read_history(results / "reports/history.csv")]
    assert run.data.metrics["best_member/val_nll"] == pytest.approx(min(members))
    assert own != pytest.approx(min(members))
