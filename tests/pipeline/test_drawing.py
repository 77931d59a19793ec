"""What the sample stage draws where not every name is kept."""

import csv
import re

import pytest
from small_project import Project


def sample(project: Project, *overrides: str) -> tuple[list[str], str]:
    """Names that the stage draws by hand from the workspace's model, and what it says."""
    before = set((project.root / "outputs").rglob("names.csv"))
    printed = project.succeed("python", "pipelines/sample.py", *overrides, PYTHONPATH="src")
    [path] = set((project.root / "outputs").rglob("names.csv")) - before
    with path.open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)], printed


@pytest.mark.slow
def test_distinct_and_new_names_are_drawn_again_until_there_are_enough(project: Project) -> None:
    project.succeed("dvc", "repro", "train")
    names, printed = sample(
        project, "sample.count=6", "sample.top_k=2", "sample.max_length=3", "sample.distinct=true"
    )
    assert len(names) == len(set(names)) == 6
    [draws] = re.findall(r"sample: (\d+) names drawn for 6\n", printed)
    assert int(draws) > 6

    known = (project.root / "data/processed/train.txt").read_text().split("\n")[0]
    only_known = ("sample.count=3", f"sample.prefix={known}", f"sample.max_length={len(known)}")
    assert sample(project, *only_known)[0] == [known] * 3
    names, printed = sample(project, *only_known, "sample.novel=true")
    assert names == []
    assert "sample: 300 names drawn for 0, 3 were asked for" in printed
