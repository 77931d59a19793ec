"""What the sample stage draws where not every name is kept."""

import csv
import re

import pytest
from small_project import Project


@pytest.mark.slow
def test_the_sample_stage_draws_distinct_new_names_and_says_how_many_it_took(
    project: Project,
) -> None:
    project.succeed("dvc", "repro", "train")
    options = ("count=50", "temperature=0.5", "top_k=3", "distinct=true", "novel=true")
    overrides = [f"sample.{option}" for option in options]
    printed = project.succeed("python", "pipelines/sample.py", *overrides, PYTHONPATH="src")
    [path] = (project.root / "outputs").rglob("names.csv")
    with path.open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    known = (project.root / "data/processed/train.txt").read_text().split("\n")
    assert len(names) == len(set(names)) == 50
    assert not set(names) & set(known)
    [draws] = re.findall(r"sample: (\d+) names drawn for 50\n", printed)
    assert int(draws) > 50


@pytest.mark.slow
def test_the_sample_stage_says_where_there_are_fewer_names_than_asked_for(
    project: Project,
) -> None:
    project.succeed("dvc", "repro", "train")
    options = ("sample.count=3", "sample.temperature=0", "sample.distinct=true")
    printed = project.succeed("python", "pipelines/sample.py", *options, PYTHONPATH="src")
    assert "sample: 300 names drawn for 1, 3 were asked for" in printed
