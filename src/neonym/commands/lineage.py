"""`neonym lineage`: where a run, or what `dvc.lock` describes, comes from."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neonym.base.text import escape, escape_json
from neonym.commands import own_project

if TYPE_CHECKING:
    from neonym.lab.lineage.recorded import Recorded
    from neonym.lab.project import Project

Chain = Any
SHOWN_JOBS = 5


@click.command("lineage")
@click.argument("start", metavar="RUN_ID|dvc.lock")
@click.option("--json", "as_json", is_flag=True, help="Everything, the diff too, as JSON.")
def command(start: str, as_json: bool) -> None:
    """Show what a run was made from: configuration, code, data, model, sweep, environment.

    RUN_ID: an id or its beginning, a DVC experiment's name, or `latest`; `neonym runs` lists them.
    The hashes of a dvc.lock lead to the runs that made what it describes.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from neonym.lab.lineage.chain import chain_of  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.places import in_project, project_root  # noqa: PLC0415

    root = project_root()
    if start == "dvc.lock":
        start = str(in_project(Path(start)))
    chains = [chain_of(recorded, root) for recorded in _runs(start, root)]
    if as_json:
        value = chains if Path(start).is_file() else chains[0]
        text = json.dumps(value, ensure_ascii=False, indent=2)
        click.echo("\n".join(map(escape_json, text.split("\n"))))
        return
    if Path(start).is_file():
        others = f", and {len(chains) - 1} earlier ones" if len(chains) > 1 else ""
        click.echo(f"{start} was made by run {chains[0]['run']['id']}{others}")
    for place, chain in enumerate(chains):
        if place == 0:
            _print(chain, own_project(root))
        else:
            click.echo(f"earlier: run {chain['run']['id']}, {chain['run']['started']}")


def _runs(start: str, root: Path) -> "list[Recorded]":
    from neonym.lab.lineage.recorded import Recorded  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.lineage.workspace_run import runs_of_lock  # noqa: PLC0415 (imports MLflow)
    from neonym.lab.tracking.store import Store  # noqa: PLC0415

    store = Store.of_project(own_project(root), root)
    if Path(start).name == "dvc.lock" or Path(start).is_file():
        return runs_of_lock(store, Path(start), root)
    return [Recorded.find(store, start)]


def _print(chain: Chain, project: "Project[Any]") -> None:
    for name, lines in _parts(chain, project):
        for place, line in enumerate(line for line in lines if line):
            head = click.style(f"{name if place == 0 else '':14} ", bold=True)
            click.echo(head + escape(line))


def _parts(chain: Chain, project: "Project[Any]") -> Iterator[tuple[str, list[str]]]:
    """What is printed: a name and its lines for each link of the chain."""
    yield "run", _run(chain["run"])
    yield "configuration", _configuration(chain["configuration"])
    yield "code", _code(chain["code"])
    yield "data", _data(chain["data"], project.raw_called)
    for what in project.digests.values():
        if what in chain:
            yield what, [_hash(chain[what]["sha256"])]
    yield "model", [f"{_hash(chain['model']['sha256'])}  {chain['model']['artifact']}".rstrip()]
    if chain["sweep"]:
        yield "sweep", _sweep(chain["sweep"])
    if chain["dvc"]:
        yield "DVC", _dvc(chain["dvc"])
    yield "environment", _environments(chain["environment"])
    again = chain["reproduce"]
    yield "again", [again["command"] or f"cannot be reproduced: {again['reason']}"]


def _run(run: Chain) -> list[str]:
    stages = ", ".join(run["stages"]) or "none"
    ended = f", ended {run['ended']}" if run["ended"] else ""
    return [
        f"{run['id']}  {run['name']}",
        f"{run['kind']}, {run['status']}; stages {stages}; {run['script']}",
        f"started {run['started']}{ended}, by {run['user']}",
        f"in {run['store']}",
        f"goes on from run {run['earlier']}" if run["earlier"] else "",
    ]


def _configuration(configuration: Chain) -> list[str]:
    artifact = configuration["artifact"] or "not among the run's artifacts"
    seed = configuration["seed"]
    return [f"{_hash(configuration['sha256'])}  {artifact}" + (f", seed {seed}" if seed else "")]


def _code(code: Chain) -> list[str]:
    if code["commit"] in ("", "unknown"):
        where = "outside of a git checkout, or before its first commit"
        return [f"commit unknown: made {where}; neonym {code['version']}"]
    where = code["subject"] if code["in_this_repository"] else "not in this repository"
    lines = [f"commit {code['commit']}  {where}"]
    if diff := code["diff"]:
        artifact = diff["artifact"] or "only files that are no code"
        lines.append(f"and what was not committed ({diff['state']}): {artifact}")
        lines += [f"  {file}" for file in diff["files"]]
    return lines


def _data(data: Chain, raw_called: str) -> list[str]:
    raw = data[raw_called]
    kept = {"": "unknown", "nowhere": "nowhere: it is too large to be kept with the run"}
    where = kept.get(raw["kept"], raw["kept"])
    splits = ", ".join(f"{part} {digest[:12]}" for part, digest in data["splits"].items())
    return [
        f"{_hash(data['sha256'])}  processed",
        f"{_hash(raw['sha256'])}  {raw['path']}, kept in: {where}" if raw["path"] else "",
        f"splits: {splits}" if splits else "",
    ]


def _sweep(sweep: Chain) -> list[str]:
    if "jobs" in sweep:
        jobs, more = sweep["jobs"][:SHOWN_JOBS], len(sweep["jobs"]) - SHOWN_JOBS
        lines = [f"{len(sweep['jobs'])} jobs", *(f"  {job}" for job in jobs)]
        return [*lines, f"  and {more} more" if more > 0 else "", f"best: {sweep['best']}"]
    best = f"best job: {sweep['best']}" if sweep["best"] else ""
    return [f"{sweep['run'] or 'its run is gone'}  {sweep.get('name', '')}".rstrip(), best]


def _dvc(dvc: Chain) -> list[str]:
    name, commit = dvc["experiment"], dvc["experiment_commit"]
    kept = f"kept in commit {commit}" if commit else "which DVC no longer keeps"
    first = f"experiment {name}, {kept}" if name else "dvc repro, no experiment"
    lock = "are" if dvc["in_dvc_lock"] else "are not"
    return [first, f"the results that dvc.lock describes now {lock} this run's"]


def _environments(environments: Chain) -> list[str]:
    """What stages computed with, once for those that agree."""
    if not environments:
        return ["not recorded"]
    stages_of: dict[tuple[str, ...], list[str]] = {}
    for stage, values in environments.items():
        stages_of.setdefault(_environment(values), []).append(stage)
    return [
        line for lines, stages in stages_of.items() for line in (f"of {', '.join(stages)}:", *lines)
    ]


def _environment(values: Chain) -> tuple[str, ...]:
    blas, packages = values["blas"], values["packages"]
    return (
        f"  Python {values.get('python')}, {len(packages)} packages, "
        f"requirements.lock {str(values.get('requirements.lock') or 'none')[:12]}",
        f"  NumPy {packages.get('numpy')} with {blas.get('internal_api')} {blas.get('version')} "
        f"for {blas.get('architecture')}",
        f"  {values.get('processors')} x {values.get('processor')}, {values.get('system')}",
    )


def _hash(digest: str) -> str:
    return digest or "unknown"
