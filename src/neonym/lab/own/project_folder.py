"""What a project's folder must hold before anything runs."""

from configparser import ConfigParser
from pathlib import Path
from typing import Any

import yaml

from neonym.base.errors import UserError
from neonym.base.nested import value_at
from neonym.lab.git import git_text
from neonym.lab.own.declared import COMPOSE, WHOLE, Pipeline

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
    stages = _stages(root)
    for step in project.steps:
        if step.name not in stages:
            raise UserError(
                f"dvc.yaml has no stage {step.name}, which {project.reference} declares"
            )
        named = _outputs(stages[step.name])
        for path in step.outputs:
            if path not in named:
                raise UserError(f"dvc.yaml: stage {step.name} does not name {path} among its outs")


def _works_without_git(root: Path) -> bool:
    config = ConfigParser()
    config.read([root / ".dvc/config", root / ".dvc/config.local"], encoding="utf-8")
    return config.get("core", "no_scm", fallback="false").lower() == "true"


def _stages(root: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{root} has no dvc.yaml, in which the stages stand") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"dvc.yaml cannot be read ({' '.join(str(error).split())})") from None
    stages = value_at(values, "stages")
    return stages if isinstance(stages, dict) else {}


def _outputs(stage: Any) -> set[str]:
    """All that a stage names among its outputs; with options an entry is a mapping of its path."""
    listed = [entry for key in ("outs", "metrics", "plots") for entry in stage.get(key) or ()]
    return {entry if isinstance(entry, str) else next(iter(entry)) for entry in listed}
