"""What a project's folder must hold before anything runs."""

from configparser import ConfigParser
from pathlib import Path
from typing import Any

from neonym.base.errors import UserError
from neonym.lab.dvc_file import outputs_of, read_stages
from neonym.lab.git import git_text
from neonym.lab.own.declared import COMPOSE, WHOLE, Pipeline, is_within

CONF = "conf/config.yaml"


def check_folder(project: Pipeline[Any], name: str, root: Path) -> None:
    """See that a folder holds the project that is declared.

    Parameters
    ----------
    project
        What is declared.
    name
        The script that runs.
    root
        The folder.

    Raises
    ------
    UserError
        For the first thing that is missing or contradicts what is declared.
    """
    if not (root / ".dvc").is_dir():
        raise UserError(f"{root} has no DVC: run `dvc init` there, in a git repository")
    if not (git_text(root, "rev-parse", "--git-dir") or _works_without_git(root)):
        raise UserError(f"{root} is in no git repository: run `git init` there, and commit")
    if not (root / CONF).is_file():
        raise UserError(f"{root} has no {CONF}, in which the configuration begins")
    if name not in (COMPOSE, WHOLE):
        project.step(name)
    stages = read_stages(root)
    if COMPOSE not in stages:
        raise UserError(
            f"dvc.yaml has no stage {COMPOSE}, which makes params.yaml of conf/; copy it from "
            "examples/diabetes of neonym"
        )
    for step in project.steps:
        if step.name not in stages:
            raise UserError(
                f"dvc.yaml has no stage {step.name}, which {project.reference} declares"
            )
        for word in ("foreach", "matrix"):
            if word in stages[step.name]:
                raise UserError(
                    f"dvc.yaml: stage {step.name} is one for each of `{word}`; write it plainly, "
                    f"and sweep the values: python pipelines/{WHOLE}.py -m KEY=A,B"
                )
        script = f"pipelines/{step.name}.py"
        if script not in str(stages[step.name].get("cmd")):
            raise UserError(f"dvc.yaml: the `cmd` of stage {step.name} does not run {script}")
        named = outputs_of(stages[step.name])
        for path in step.outputs:
            if not is_within(path, named):
                raise UserError(
                    f"dvc.yaml: stage {step.name} names neither {path} among its outs, nor a "
                    "folder that holds it"
                )


def _works_without_git(root: Path) -> bool:
    config = ConfigParser()
    config.read([root / ".dvc/config", root / ".dvc/config.local"], encoding="utf-8")
    return config.get("core", "no_scm", fallback="false").lower() == "true"
