"""What the lab must know of a project: one object, which the project fills in.

The lab runs, tracks, sweeps and reproduces the stages of any project; what its configuration
holds, what its stages leave and which of its metrics may be optimized, it reads here.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from neonym.base.errors import UserError
from neonym.base.nested import value_at
from neonym.lab.configuration import Schema, Sweep
from neonym.lab.places import project_root

if TYPE_CHECKING:  # which knows the project itself
    from neonym.lab.tracking.events import Event
    from neonym.lab.tracking.run import Run


@dataclass(frozen=True)
class Charts:
    """What MLflow's UI shows first of a project's runs; all names as MLflow has them."""

    columns: Sequence[str]
    """Of the table of runs: metrics and params, as `metrics.val/nll` and `params.seed`."""
    curves: Mapping[str, Sequence[str]]
    """The charts over steps: title and metrics."""
    curves_title: str
    bars: Sequence[str]
    """The metrics that are a bar a run."""
    axes: Sequence[str]
    """The params in the chart of parallel coordinates."""
    best: str
    """The metric by which runs are ordered, the lowest first; with `highest_first` the highest."""
    sections: Sequence[str]
    """What stands before the slash in names of metrics; these sections are closed at first."""
    highest_first: bool = False
    """Whether of `best`, and of what models are promoted by, more is better."""


@dataclass(frozen=True)
class Project(Generic[Schema]):
    """What the lab is told of a project."""

    reference: str
    """`module:name` of this object, by which another process finds it."""
    schema: type[Schema]
    """Of the whole configuration."""
    outputs: Mapping[str, Sequence[str]]
    """Of each stage of `dvc.yaml` that computes, in order, what its runs are made of."""
    model: str
    """The output by which results are known to belong together."""
    run_name: Callable[[Schema], str]
    """What a run with a configuration is called."""
    metrics: Callable[[], Collection[str]]
    """The metrics by which jobs can be optimized."""
    curve: Callable[[Path], list[tuple[int, float]]]
    """The curve that a job left in its folder: step and value; empty where there is none."""
    log_results: Callable[[Run, Path, Schema], None]
    """Log to a run all that the stages have left in a folder."""
    log_model: Callable[[str, str, Path], str]
    """Log a model file as an MLflow model: address, run id, file; the id MLflow gives it."""
    check_model: Callable[[Path], None]
    """Refuse a file that is no model, with a `UserError`."""
    promoted_by: str
    """MLflow's name of the metric of the last stage by which models are promoted; of runs without
    that stage it is `charts.best`."""
    charts: Charts
    raw: str = ""
    """The folder of raw data, which DVC or git tracks; "" where there is none."""
    raw_key: str = ""
    """The key of the configuration that names the file of raw data; "" where none does."""
    raw_called: str = "file"
    """What that file is to its users: a list, a table."""
    rows_called: str = "rows"
    """What the data of a split are: names, rows."""
    columns: Sequence[Mapping[str, object]] = ()
    """What is known of each row, as MLflow describes the columns of a dataset; () where unknown."""
    compared: Mapping[str, str] = field(default_factory=dict)
    """The metrics in the table that compares sweeps, the one that orders it first, and their
    headings."""
    registered_as: str = "model"
    """What the registered model is called, unless another name is given."""
    listener: Callable[[str, Path, Event], None] | None = None
    """Is told what runs log, as it happens, besides MLflow: the key of the run, the folder with its
    files, and the event. Called in the stage's process, where a failure ends nothing."""
    caches: str = ""
    """The folder of files that jobs share and make again where they are gone; "" for none."""
    check_job: Callable[[str, Schema], None] = lambda script, configuration: None
    """Refuse what a script's job would be refused for after a while, with a `UserError`."""
    checked: Collection[str] = ()
    """The sections that it looks at."""
    passing_metrics: Collection[str] = ()
    """Metrics that a stage tells while it runs and leaves in no file: a run that was filled in
    lacks them, one that was resumed has them from where it went on."""
    complete_after: Collection[str] = ()
    """Stages that log all metrics of those before them."""
    metrics_of: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Those of scripts that know only some of them."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """What another version of a package may change in the results, beyond what the lab knows."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Tags of a run that hold digests of what the stages made, and what each is called."""

    @property
    def made(self) -> tuple[str, ...]:
        """All that the stages make."""
        return tuple(path for outputs in self.outputs.values() for path in outputs)

    @property
    def last_stage(self) -> str:
        """The stage whose end completes a run."""
        return list(self.outputs)[-1]

    @property
    def result(self) -> str:
        """The output that tells whether two executions came to the same."""
        return self.outputs[self.last_stage][0]

    def check_metric(self, script: str, settings: Sweep) -> None:
        """See that what is to be optimized is a metric that a script computes.

        Raises
        ------
        UserError
            If it is not.
        """
        metric, known = settings.optimized_metric, self.metrics()
        said = f"sweep.optimized_metric = {metric}"
        if metric not in known:
            allowed = ", ".join(name for name in known if not settings.reads_test.search(name))
            raise UserError(f"{said}: there is no such figure; known: {allowed}")
        own = self.metrics_of.get(script, known)
        if metric not in own:
            alone = f"knows {', '.join(own)} alone" if own else "computes no figure"
            raise UserError(f"{said}: {script} {alone}; take pipelines/sweep.py")

    def raw_path(self, values: object) -> str:
        """The file of raw data that the values of a configuration name; "" where none is named."""
        path = value_at(values, self.raw_key) if self.raw_key else None
        return path if isinstance(path, str) else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return load_project, (self.reference,)


class NoProjectError(UserError):
    """A reference leads to no project."""


def load_project(reference: str, root: Path | None = None) -> Project[Any]:
    """The project that is called `module:name`.

    Parameters
    ----------
    reference
        The module is installed, or lies in `src` of the project's folder.
    root
        That folder; None: the one that the working directory is in.

    Raises
    ------
    UserError
        If there is no such module, or no project of that name in it.
    """
    module, _, name = reference.partition(":")
    package = module.partition(".")[0]
    if package not in sys.modules:
        _put_on_path((project_root() if root is None else root) / "src")
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, package):
            raise
        raise NoProjectError(
            f"{reference}: there is no module {module} in src/, and none installed"
        ) from None
    except UserError as error:  # of what is declared there
        raise UserError(f"{module}: {error}") from None
    project = getattr(found, name, None)
    if not isinstance(project, Project):
        others = ", ".join(key for key, value in vars(found).items() if isinstance(value, Project))
        remedy = f"it has {others}" if others else f"make it there by {name} = pipeline(…)"
        raise NoProjectError(f"{reference}: {module} holds no project {name}; {remedy}")
    return project


def _put_on_path(folder: Path) -> None:
    """Have a project's modules found, as `PYTHONPATH` would: the one place where a path is set."""
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def find_project(root: Path, default: str = "") -> Project[Any]:
    """The project that `pyproject.toml` names: `[tool.neonym]`, `project = "module:name"`.

    Parameters
    ----------
    root
        The project's folder.
    default
        The reference to take where `pyproject.toml` names none; "" where it must.

    Raises
    ------
    UserError
        If it names none, or names what is not there.
    """
    reference = read_reference(root, default)
    try:
        project = load_project(reference, root)
    except NoProjectError as error:
        raise NoProjectError(f"pyproject.toml, tool.neonym.project: {error}") from None
    _check_finds_itself(project, reference, root)
    return project


def read_reference(root: Path, default: str = "") -> str:
    """What `pyproject.toml` calls the project; arguments are those of `find_project`.

    Raises
    ------
    UserError
        If it calls none, or otherwise than `module:name`.
    """
    path = root / "pyproject.toml"
    try:
        named = value_at(tomllib.loads(path.read_text("utf-8")), "tool.neonym.project")
    except FileNotFoundError:
        named = None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); correct it") from None
    reference = default if named is None else named
    if not is_reference(reference):
        said = "says nothing" if not reference else f"says {reference!r}"
        raise UserError(
            f"pyproject.toml {said} of tool.neonym.project; write [tool.neonym] and "
            'project = "MODULE:PROJECT" there'
        )
    return str(reference)


def is_reference(text: object) -> bool:
    """Whether a text is written `module:name`."""
    return isinstance(text, str) and re.fullmatch(r"[^\W\d][\w.]*:\w+", text) is not None


def _check_finds_itself(project: Project[Any], reference: str, root: Path) -> None:
    """See that other processes, which know a project by its own reference, find this one.

    Raises
    ------
    UserError
        If they would not.
    """
    if project.reference == reference:
        return
    try:
        found = load_project(project.reference, root)
    except UserError:
        found = None
    if found is not project:
        module = reference.partition(":")[0]
        raise UserError(
            f"{_file_of(module, root)}: the first argument of `pipeline` is {project.reference!r}, "
            f'which does not lead to it; write "{reference}", as in pyproject.toml'
        )


def _file_of(module: str, root: Path) -> str:
    """The file of a module, as it is called in the project."""
    path = Path(sys.modules[module].__file__ or module)
    return str(path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path)
