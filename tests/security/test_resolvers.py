"""No secret is read into what is tracked: the configuration refers to its own keys alone."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from small_project import PROJECT, Project, make_project

from neonym.base.errors import UserError
from neonym.experiment import Configuration
from neonym.lab.composing import composition
from neonym.lab.composing.composition import refuse_hydras_resolvers

SECRET = "-".join(["correct", "horse", "5"])


def compose_text(*overrides: str) -> str:
    return composition.compose_text(PROJECT / "conf", Configuration, overrides)


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:HOME}",
        "a ${oc.env:HOME,b} c",
        "${ oc.env : HOME }",
        "${oc.${a}:HOME}",
        "${oc.decode:'${oc.env:HOME}'}",
        "${oc.create:{a:1}}",
        "${nosuch:1}",
        "${now:%Y}",
        "${hydra:job.name}",
        "\\\\${oc.env:HOME}",
    ],
)
def test_resolvers_in_overrides_are_refused_in_one_line(value: str) -> None:
    with pytest.raises(UserError) as refused:
        compose_text(f'+secret="{value}"')
    assert str(refused.value).startswith("secret = ")
    assert str(refused.value).endswith("write the value itself")
    assert str(Path.home()) not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    ["${now:%Y-%m}", "a/${hydra:job.name}", "${hydra.job.name}/x", "${data.name}", "${..name}"],
)
def test_hydras_part_may_ask_for_the_time_and_for_keys(value: str) -> None:
    refuse_hydras_resolvers({"run": {"dir": value}, "job": {"name": value}})


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:HOME}",
        "outputs/${oc.env:HOME}/${now:%Y}",
        "${now:${oc.env:HOME}}",
        "${hydra:${oc.env:HOME}}",
        "${oc.decode:'${now:%Y}'}",
    ],
)
def test_other_resolvers_are_refused_in_hydras_part_wherever_they_stand(value: str) -> None:
    for place in ({"run": {"dir": value}}, {"launcher": {"setup": ["x", value]}}):
        with pytest.raises(UserError, match=r"^hydra\.[\w.]+ = .*\$\{.*write the value itself"):
            refuse_hydras_resolvers({**place, "job": {}})
    # what was typed stands there once more, and is refused under its own key
    overrides = {"overrides": {"task": [value]}, "job": {"override_dirname": value}}
    refuse_hydras_resolvers(overrides)


def test_a_resolver_that_two_keys_put_together_is_refused() -> None:
    halves = OmegaConf.create({"a": "$", "b": "{oc.env:HOME}", "seed": "${a}${b}"})
    with pytest.raises(UserError, match=r"seed = \$\{oc\.env:HOME\}"):
        composition.validated(halves, Configuration)


def test_references_to_other_keys_are_followed() -> None:
    text = compose_text("data.split.seed=${seed}", "seed=7")
    assert "    seed: 7\n" in text


@pytest.mark.slow
def test_a_script_started_by_hand_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    for options in ([], ["-m"]):
        done = project.run(
            *("python", "pipelines/train.py", *options, "sample.prefix=${oc.env:TOKEN}"),
            PYTHONPATH="src",
            TOKEN=SECRET,
        )
        assert done.returncode == 2, done.stdout
        assert "train: sample.prefix = ${oc.env:TOKEN}: " in done.stdout
        assert SECRET not in done.stdout
    assert not (project.root / ".neonym").exists()


@pytest.mark.slow
def test_resolvers_in_conf_are_refused_by_dvc_too(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    project.edit("conf/sample/default.yaml", "prefix", "${oc.env:TOKEN}")
    for command in (["dvc", "repro"], ["dvc", "exp", "run", "-S", "seed=3"]):
        done = project.run(*command, TOKEN=SECRET)
        assert done.returncode != 0
        assert "compose: " in done.stdout
        assert "prefix = ${oc.env:TOKEN}: the configuration may refer" in done.stdout
    assert not (project.root / ".neonym").exists()


@pytest.mark.slow
def test_what_dvc_resolves_of_an_override_is_not_tracked(
    tmp_path: Path, empty_database: Path
) -> None:
    project: Project = make_project(tmp_path / "project", empty_database)
    option = "+data.rules.at_least_one_of.note=${oc.env:STORE_PASSWORD}"
    done = project.run("dvc", "exp", "run", "-S", option, STORE_PASSWORD=SECRET)
    project.succeed("neonym", "sync")
    project.stop_delivery()
    assert SECRET in (project.root / "params.yaml").read_text(), done.stdout
    [run] = project.runs()
    assert run.data.params["data.rules.at_least_one_of.note"] == "[redacted]"
    for path in [*project.root.glob("mlflow.db*"), *(project.root / "mlartifacts").rglob("*.*")]:
        assert SECRET.encode() not in path.read_bytes(), path
