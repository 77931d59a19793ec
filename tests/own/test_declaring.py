"""What a pipeline of one's own is refused for, in one line, before anything runs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from filelock import FileLock
from omegaconf import OmegaConf

from marked_project import mark
from neonym import lab
from neonym.base.errors import PrunedError, UserError
from neonym.base.files import md5_of
from neonym.lab.composing.composition import refuse_sweep, validated
from neonym.lab.own.curves_file import read_curves, write_curves
from neonym.lab.own.metrics_file import write_metrics
from neonym.lab.own.project_folder import check_folder
from neonym.lab.own.running import Script
from neonym.lab.project import find_project
from neonym.lab.stage.execution import Stage
from neonym.lab.tracking import tags
from neonym.lab.tracking.run import Run
from neonym.lab.tracking.spool import EVENTS
from neonym.lab.tracking.store import Store
from repositories import begin


class Sweep(lab.Sweep):
    pruned_by: ClassVar[str] = "val.error"


class Settings(lab.Configuration):
    sweep: Sweep


def nothing(work: lab.Work[Settings]) -> None:
    """Compute nothing."""


FIT = lab.Step("fit", nothing, model="models/model.txt", curves="reports/curves.csv")
JUDGE = lab.Step(
    "judge", nothing, metrics="reports/metrics.json", returns=["test.error", "val.error"]
)
VALUES: dict[str, Any] = {
    "seed": 3,
    "tracking": {"enabled": False, "experiment": "x", "log_every_steps": 1, "wait_seconds": 1.0},
    "sweep": {
        "id": None,
        "job": None,
        "resume": False,
        "fail_fast": False,
        "optimized_metric": "val.error",
        "direction": "minimize",
        "search": "grid",
        "trials": None,
        "seed": 0,
        "at_once": None,
        "pruner": None,
    },
}


def declared(*steps: lab.Step[Any], **more: Any) -> lab.Pipeline[Any]:
    return lab.pipeline("mine:PROJECT", Settings, steps or (FIT, JUDGE), **more)


def refused(reason: str, do: Callable[[], object]) -> None:
    with pytest.raises(UserError) as raised:
        do()
    assert str(raised.value) == reason
    assert "\n" not in reason


def test_a_schema_without_the_sections_that_the_lab_needs_is_refused() -> None:
    class Bare(lab.Section):
        alpha: float

    refused(
        "schema Bare has no seed, tracking and sweep, which the lab needs: make it a subclass of "
        "neonym.lab.Configuration",
        lambda: lab.pipeline("mine:PROJECT", Bare, (FIT, JUDGE)),  # type: ignore[type-var]
    )


def test_a_schema_whose_section_is_not_the_labs_is_refused() -> None:
    class Other(lab.Configuration):
        tracking: bool  # type: ignore[assignment]

    refused(
        "schema Other: its section tracking is not the lab's; make it a subclass of "
        "neonym.lab.Tracking",
        lambda: lab.pipeline("mine:PROJECT", Other, (FIT, JUDGE)),
    )


def test_two_stages_of_one_name_are_refused() -> None:
    again = lab.Step("fit", nothing, makes=["b"])
    refused(
        "step fit stands twice; give one of them another name", lambda: declared(FIT, again, JUDGE)
    )


@pytest.mark.parametrize("name", ["sweep", "compose", "a-b", "1", ""])
def test_a_step_is_called_neither_like_the_labs_scripts_nor_by_other_letters(name: str) -> None:
    with pytest.raises(UserError, match="neither compose nor sweep"):
        declared(lab.Step(name, nothing, makes=["a"]), FIT, JUDGE)


@pytest.mark.parametrize("path", ["../x.csv", "/etc/x.csv", "reports/../../x", "."])
def test_an_output_outside_of_the_project_is_refused(path: str) -> None:
    refused(
        f"step prepare: {path} is not in the project's folder",
        lambda: declared(lab.Step("prepare", nothing, makes=[path]), FIT, JUDGE),
    )


def test_an_output_of_two_steps_is_refused() -> None:
    again = lab.Step("prepare", nothing, files=["reports/metrics.json"])
    refused(
        "step judge: reports/metrics.json is an output of prepare already",
        lambda: declared(again, FIT, JUDGE),
    )


def test_a_pipeline_without_a_model_is_refused() -> None:
    refused(
        "one step has a `model`: the file by which results belong together", lambda: declared(JUDGE)
    )


def test_promised_metrics_need_a_file_and_a_part() -> None:
    refused(
        "step fit: `metrics` and `returns` go together",
        lambda: declared(lab.Step("fit", nothing, model="m", returns=["val.error"])),
    )
    refused(
        "step fit: metric 'error' is not written PART.FIGURE, as val.rmse",
        lambda: declared(lab.Step("fit", nothing, model="m", metrics="a.json", returns=["error"])),
    )


@pytest.mark.parametrize("function", [None, 3, lambda: None, lambda work, more: None])
def test_the_function_of_a_step_takes_the_work_and_nothing_else(function: Any) -> None:
    refused(
        "step mine: its function must be one of one argument, the Work: def mine(work)",
        lambda: declared(lab.Step("mine", function, makes=["a"]), FIT, JUDGE),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"makes": "a"}, "step mine: makes is a list; write ['a']"),
        ({"files": "a.png"}, "step mine: files is a list; write ['a.png']"),
        (
            {"metrics": "a.json", "returns": "val.b"},
            "step mine: returns is a list; write ['val.b']",
        ),
        *(
            (
                {"data": data},
                "step mine: data says which file is for which of training, validation, test, as "
                '{"training": "data/train.csv"}',
            )
            for data in (["a.csv"], {"train": "a.csv"})
        ),
        (
            {"metrics": "a.json", "returns": ["val.error"]},
            "step judge returns val.error, as mine does; call it otherwise",
        ),
    ],
)
def test_a_step_says_what_it_leaves_as_the_lab_reads_it(
    change: dict[str, Any], reason: str
) -> None:
    refused(reason, lambda: declared(lab.Step("mine", nothing, **change), FIT, JUDGE))


class Tree(lab.Section):
    depth: int
    more: dict[str, int]


class Keyed(lab.Configuration):
    tree: Tree


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"keys": "tree.depth"}, "keys is a list; write ['tree.depth']"),
        (
            {"keys": ["tree.dept"]},
            "keys: the schema has no key tree.dept; did you mean tree.depth?",
        ),
        (
            {"raw": "data/raw", "raw_key": "data.path"},
            "raw_key: the schema has no key data.path",
        ),
        (
            {"raw_key": "tree.depth"},
            "`raw_key` needs `raw`, the folder of raw data, to which it is brought back",
        ),
    ],
)
def test_keys_that_a_pipeline_speaks_of_are_the_schemas(given: dict[str, Any], reason: str) -> None:
    refused(reason, lambda: lab.pipeline("mine:PROJECT", Keyed, (FIT, JUDGE), **given))
    lab.pipeline("mine:PROJECT", Keyed, (FIT, JUDGE), keys=["tree.depth", "tree.more.any"])


@pytest.mark.parametrize(
    ("name", "value"), [("seeds", ("seed", "tree.seed")), ("of_execution", {"tree.seed": 0})]
)
def test_keys_that_a_schema_speaks_of_are_its_own(name: str, value: object) -> None:
    wrong: Any = type("Wrong", (Keyed,), {name: value})
    refused(
        f"schema Wrong: {name}: the schema has no key tree.seed; did you mean seed or sweep.seed?",
        lambda: lab.pipeline("mine:PROJECT", wrong, (FIT, JUDGE)),
    )


def test_runs_are_compared_by_the_first_figure_that_does_not_read_test() -> None:
    assert declared().promoted_by == "val/error"
    assert list(declared().compared) == ["val.error", "test.error"]


@pytest.mark.parametrize("best", ["test.error", "val.errors"])
def test_runs_are_never_compared_by_test_or_by_an_unknown_figure(best: str) -> None:
    refused(
        f"best = {best}: runs are compared by one of what the last step, judge, `returns`, and by "
        "none that reads test",
        lambda: declared(best=best),
    )


def test_an_objective_that_is_unknown_reads_test_or_is_anothers_is_refused() -> None:
    sweep = Settings.validated(VALUES, "conf").sweep
    declared().check_metric("sweep", sweep)
    refused(
        "sweep.optimized_metric = val.errors: there is no such figure; known: val.error",
        lambda: declared().check_metric(
            "sweep", sweep.model_copy(update={"optimized_metric": "val.errors"})
        ),
    )
    refused(
        "sweep.optimized_metric = val.error: fit computes no figure; take pipelines/sweep.py",
        lambda: declared().check_metric("fit", sweep),
    )
    values = {**VALUES, "sweep": {**VALUES["sweep"], "optimized_metric": "test.error"}}
    refused(
        'conf: sweep.optimized_metric = "test.error": nothing is chosen by looking at test; take a '
        "figure of val",
        lambda: Settings.validated(values, "conf"),
    )


def test_a_run_is_called_by_its_keys_and_seed() -> None:
    named = declared(keys=["tracking.experiment"]).run_name(Settings.validated(VALUES, "conf"))
    assert named == "x seed 3"


def work(step: lab.Step[Any], folder: Path) -> lab.Work[Any]:
    project = declared()
    configuration = Settings.validated(VALUES, "conf")
    stage = Stage(project, step.name, folder, by_hand=True, configuration=configuration)
    return lab.Work(stage, step, Run(None), project.before(step), folder)


def test_a_step_writes_its_outputs_and_nothing_else(tmp_path: Path) -> None:
    own = work(FIT, tmp_path)
    assert own.output("models/model.txt") == tmp_path / "models/model.txt"
    assert (tmp_path / "models").is_dir()
    for path in ("models/other.txt", "models/model.txt/../../x", "../x"):
        with pytest.raises(UserError, match=rf"step fit would write {path}, and makes models/"):
            own.output(path)


def test_what_a_step_reads_is_what_those_before_it_made_and_else_the_workspaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("job/models/model.txt", "models/model.txt", "raw.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    own = work(JUDGE, tmp_path / "job")
    assert own.input("models/model.txt").read_text() == "job/models/model.txt"
    assert own.input("raw.csv").read_text() == "raw.csv"
    with pytest.raises(UserError, match=r"gone\.csv does not exist; `dvc repro` runs the steps"):
        own.input("gone.csv")


def test_curves_are_read_back_equal_where_a_value_is_missing_too(tmp_path: Path) -> None:
    own = work(FIT, tmp_path)
    own.curve(1, 2, {"train.error": 0.1 + 0.2, "val.error": 1e-17})
    own.curve(2, 2, {"val.error": float("nan")})
    write_curves(tmp_path / "curves.csv", own.points)
    assert (tmp_path / "curves.csv").read_text() == (
        "step,train_error,val_error\n1,0.30000000000000004,1e-17\n2,,\n"
    )
    assert read_curves(tmp_path / "curves.csv") == [
        (1, {"train/error": 0.1 + 0.2, "val/error": 1e-17}),
        (2, {"train/error": None, "val/error": None}),
    ]


def test_what_a_later_step_or_the_step_itself_makes_is_not_read_from_an_earlier_execution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("models/model.txt", "reports/metrics.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("of an earlier execution")
        refused(
            f"step fit reads {name}, which no step before it makes; change their order, or read "
            "its own by `output`",
            lambda name=name: work(FIT, tmp_path / "job").input(name),
        )


@pytest.mark.parametrize(
    ("step", "value", "reason"),
    [
        (0, 1.0, "curve at step 0: steps are whole numbers from 1 on"),
        (1.5, 1.0, "curve at step 1.5: steps are whole numbers from 1 on"),
        (1, "low", "curve val.error = 'low', which is no number"),
        (1, None, "curve val.error = None, which is no number"),
    ],
)
def test_a_point_of_a_curve_is_numbers(tmp_path: Path, step: Any, value: Any, reason: str) -> None:
    refused(reason, lambda: work(FIT, tmp_path).curve(step, 2, {"val.error": value}))
    own = work(FIT, tmp_path)
    own.curve(np.int64(1), 2, {"val.error": np.float32(0.5)})
    assert own.points == [(1, {"val/error": 0.5})]


def test_a_curve_without_a_file_or_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="step judge tells curves, and has no file `curves`"):
        work(JUDGE, tmp_path).curve(1, 1, {"val.error": 1.0})
    with pytest.raises(UserError, match=r"curve 'error' is not written PART\.FIGURE"):
        work(FIT, tmp_path).curve(1, 1, {"error": 1.0})


def test_files_of_curves_and_metrics_that_are_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "curves.csv"
    for text in ("", "a,b\n1,2\n", "step,val_error\nx,1\n", "step,val_error\n1,2,3\n"):
        path.write_text(text)
        if text:
            with pytest.raises(UserError, match="holds no curves"):
                read_curves(path)


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "step judge returns no metrics, and promises test.error, val.error"),
        (
            {"test": {"error": 1.0}},
            "step judge returns no val.error, which is among its `returns`",
        ),
        (
            {"test.error": 1.0, "val.error": 1.0, "val.more": 2.0},
            "step judge returns val.more; name it among its `returns`",
        ),
        (
            {"test.error": 1.0, "val.error": "low"},
            "step judge returns val.error = 'low', which is no number",
        ),
    ],
)
def test_a_step_returns_the_metrics_that_it_promised(
    tmp_path: Path, returned: Any, reason: str
) -> None:
    refused(reason, lambda: write_metrics(JUDGE, returned, tmp_path / "metrics.json"))
    assert not (tmp_path / "metrics.json").exists()


def test_metrics_are_written_in_the_order_of_their_promise(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    made = write_metrics(JUDGE, {"val.error": float("inf"), "test": {"error": 2}}, path)
    assert made == {"test.error": 2.0, "val.error": None}
    assert json.loads(path.read_text()) == {"test": {"error": 2.0}, "val": {"error": None}}


DVC_YAML = """
stages:
  compose:
    cmd: python pipelines/compose.py
  fit:
    cmd: python pipelines/fit.py
    outs: [models/model.txt, {reports/curves.csv: {cache: false}}]
  judge:
    cmd: python pipelines/judge.py
    metrics: [{reports/metrics.json: {cache: false}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "mine"
    root.mkdir()
    begin(root, {"dvc.yaml": DVC_YAML, "conf/config.yaml": "seed: 0\n", ".dvc/config": ""})
    return root


def test_a_folder_with_all_that_is_declared_is_taken(folder: Path) -> None:
    for name in ("compose", "sweep", "fit", "judge"):
        check_folder(declared(), name, folder)


def without_git(folder: Path) -> None:
    (folder / ".git").rename(folder / "not.git")


def without_dvc(folder: Path) -> None:
    (folder / ".dvc/config").rename(folder / ".dvc-config")
    (folder / ".dvc").rmdir()


def put(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(text)

    return write


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (without_git, "{} is in no git repository: run `git init` there, and commit"),
        (without_dvc, "{} has no DVC: run `dvc init` there, in a git repository"),
        (lambda at: (at / "dvc.yaml").unlink(), "{} has no dvc.yaml, in which the stages stand"),
        (
            lambda at: (at / "conf/config.yaml").unlink(),
            "{} has no conf/config.yaml, in which the configuration begins",
        ),
        (
            put("dvc.yaml", DVC_YAML.replace("compose:", "composed:")),
            "dvc.yaml has no stage compose, which makes params.yaml of conf/; copy it from "
            "examples/diabetes of neonym",
        ),
        (
            put("dvc.yaml", DVC_YAML.replace("pipelines/fit.py", "src/fit.py")),
            "dvc.yaml: the `cmd` of stage fit does not run pipelines/fit.py",
        ),
        (
            put("dvc.yaml", DVC_YAML.replace("judge:", "other:")),
            "dvc.yaml has no stage judge, which mine:PROJECT declares",
        ),
        (
            put("dvc.yaml", DVC_YAML.replace("models/model.txt", "models/model")),
            "dvc.yaml: stage fit names neither models/model.txt among its outs, nor a folder that "
            "holds it",
        ),
    ],
)
def test_what_a_folder_lacks_is_told_before_anything_runs(
    folder: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(folder)
    refused(reason.format(folder), lambda: check_folder(declared(), "sweep", folder))


def test_git_may_be_missing_where_dvc_was_told_so(folder: Path) -> None:
    without_git(folder)
    (folder / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    check_folder(declared(), "fit", folder)


@pytest.mark.parametrize("script", ["pipelines/judge.py", "scripts/fit.py"])
def test_a_script_is_called_by_its_step_and_lies_in_pipelines(
    tmp_path: Path,
    script: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / script)])
    with pytest.raises(SystemExit) as ended:
        lab.main("fit")
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"fit: {script} calls main('fit'); the script of fit is pipelines/fit.py, by which the lab "
        "starts it\n"
    )


def leave(
    *paths: str, folder: str = "", returned: object = None
) -> Callable[[lab.Work[Settings]], Any]:
    """A step that leaves these files, and one folder."""

    def function(own: lab.Work[Settings]) -> object:
        for path in paths:
            own.output(path).write_text("made")
        if folder:
            own.output(folder).mkdir()
        return returned

    return function


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (
            lab.Step("fit", leave(), model="models/model.txt"),
            "step fit has not made models/model.txt, which is among its outputs; write it to "
            "work.output('models/model.txt')",
        ),
        (
            lab.Step("fit", leave("m"), model="m", makes=["d"], data={"training": "d/train.csv"}),
            "step fit has not made d, which is among its outputs; write it to work.output('d')",
        ),
        (
            lab.Step(
                "fit", leave("m", folder="d"), model="m", makes=["d"], data={"training": "d/a.csv"}
            ),
            "step fit has not made d/a.csv, which is among its outputs; write it to "
            "work.output('d/a.csv')",
        ),
        (
            lab.Step("fit", leave(folder="model"), model="model"),
            "step fit: model is a folder, and what is logged are files; name those in it, or pack "
            "it into one",
        ),
        (
            lab.Step("fit", leave("m", returned={"val.error": 1.0}), model="m"),
            "step fit returns something, and has no file `metrics` for it",
        ),
    ],
)
def test_what_a_step_has_left_undone_is_told_when_it_has_run(
    tmp_path: Path, step: lab.Step[Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = declared(step, JUDGE)
    module: Any = ModuleType("mine")
    module.PROJECT = project
    monkeypatch.setitem(sys.modules, "mine", module)
    configuration = Settings.validated(VALUES, "conf")
    stage = Stage(project, "fit", tmp_path, by_hand=True, configuration=configuration)
    refused(reason, lambda: Script(project, "fit")(stage))


def test_the_step_that_makes_the_model_may_be_the_last_and_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    only = lab.Step(
        "fit",
        leave("models/model.txt", returned={"val.error": 1.0}),
        model="models/model.txt",
        metrics="reports/metrics.json",
        returns=["val.error"],
    )
    project = declared(only)
    module: Any = ModuleType("mine")
    module.PROJECT = project
    monkeypatch.setitem(sys.modules, "mine", module)
    store = Store.of_project(project, tmp_path)
    store.folder.mkdir(parents=True)
    values = {**VALUES, "tracking": {**VALUES["tracking"], "enabled": True, "wait_seconds": 0.0}}
    stage = Stage(project, "fit", Path(), configuration=Settings.validated(values, "conf"))
    with FileLock(store.lock):  # so that nothing is delivered
        assert Script(project, "fit")(stage) == 1.0
    [segment] = [path for path in store.segments.iterdir() if path.name[0] != "."]
    events = [
        json.loads(line.rpartition(" ")[0]) for line in (segment / EVENTS).read_text().splitlines()
    ]
    told = [event["values"] for event in events if event["type"] == "tags"]
    digest = md5_of(Path("reports/metrics.json"))
    assert [values[tags.RESULT] for values in told if tags.RESULT in values] == [digest]


def test_a_script_of_no_step_is_told_which_there_are(folder: Path) -> None:
    refused(
        "mine:PROJECT has no step fti; it has fit, judge",
        lambda: check_folder(declared(), "fti", folder),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "pyproject.toml says nothing of tool.neonym.project; write"),
        ("[tool.neonym]\nproject = 3\n", "pyproject.toml says 3 of tool.neonym.project; write"),
        ('[tool.neonym]\nproject = "a b"\n', "pyproject.toml says 'a b' of tool"),
        ("[tool", "pyproject.toml cannot be read"),
        (
            '[tool.neonym]\nproject = "no_such_module:PROJECT"\n',
            "no_such_module:PROJECT: there is no module no_such_module in src/, and none installed",
        ),
        (
            '[tool.neonym]\nproject = "json:loads"\n',
            "pyproject.toml, tool.neonym.project: json:loads: json holds no project loads; make it "
            "there by loads = pipeline(…)",
        ),
        (
            '[tool.neonym]\nproject = "neonym.experiment:PROJCET"\n',
            "neonym.experiment:PROJCET: neonym.experiment holds no project PROJCET; it has PROJECT",
        ),
    ],
)
def test_a_pipeline_that_cannot_be_found_is_told(
    tmp_path: Path, text: str | None, reason: str
) -> None:
    if text:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UserError) as raised:
        find_project(tmp_path)
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("reference", ["mine", "mine.PROJECT", "src/mine:PROJECT", "", ":PROJECT"])
def test_a_first_argument_that_names_no_place_is_refused(reference: str) -> None:
    refused(
        f"the first argument of `pipeline` is {reference!r}; write where what it makes is found, "
        'as "MODULE:PROJECT", like project in pyproject.toml',
        lambda: lab.pipeline(reference, Settings, (FIT, JUDGE)),
    )


DECLARED = """
from neonym import lab

PROJECT = lab.pipeline("{}", lab.Configuration, [
    lab.Step("fit", print, model="m"), lab.Step("judge", print, metrics="a", returns=["val.b"])
])
"""


def named(root: Path, module: str, argument: str) -> Path:
    """A folder whose pipeline is found, and calls itself by another name."""
    (root / "src").mkdir(exist_ok=True)
    (root / f"src/{module}.py").write_text(DECLARED.format(argument))
    (root / "pyproject.toml").write_text(f'[tool.neonym]\nproject = "{module}:PROJECT"\n')
    return root


@pytest.mark.parametrize("argument", ["renamed_from:PROJECT", "neonym.experiment:PROJECT"])
def test_a_first_argument_that_leads_elsewhere_is_told_with_its_file(
    tmp_path: Path, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"renamed_{argument.partition(':')[0].replace('.', '_')}"
    monkeypatch.setattr("sys.path", [*sys.path])  # to which the folder of the modules is added
    refused(
        f"src/{module}.py: the first argument of `pipeline` is {argument!r}, which does not lead "
        f'to it; write "{module}:PROJECT", as in pyproject.toml',
        lambda: find_project(named(tmp_path, module, argument)),
    )


def test_a_pipeline_may_be_named_by_where_it_is_imported_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [*sys.path])  # to which the folder of the modules is added
    named(tmp_path, "declared_there", "declared_there:PROJECT")
    (tmp_path / "src/shown_here.py").write_text("from declared_there import PROJECT\n")
    (tmp_path / "pyproject.toml").write_text('[tool.neonym]\nproject = "shown_here:PROJECT"\n')
    assert find_project(tmp_path).reference == "declared_there:PROJECT"


def test_what_is_wrong_with_steps_is_told_with_their_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [*sys.path])  # to which the folder of the modules is added
    named(tmp_path, "wrongly_declared", "wrongly_declared:PROJECT")
    path = tmp_path / "src/wrongly_declared.py"
    path.write_text(path.read_text().replace('"judge"', '"fit"'))
    refused(
        "wrongly_declared: step fit stands twice; give one of them another name",
        lambda: find_project(tmp_path),
    )


def test_where_no_pipeline_is_named_commands_are_about_names(tmp_path: Path) -> None:
    assert find_project(tmp_path, "neonym.experiment:PROJECT").registered_as == "neonym"


def test_what_the_lab_exports_is_there_and_documented() -> None:
    for name in lab.__all__:
        found = getattr(lab, name)
        assert name in ("FileName", "Fraction", "Seed") or found.__doc__, name
    assert issubclass(lab.PrunedError, PrunedError)
    with pytest.raises(AttributeError):
        lab.nothing  # noqa: B018


def test_a_key_that_is_mistyped_is_told_rather_than_that_it_is_missing() -> None:
    sweep = {key.replace("direction", "dirction"): value for key, value in VALUES["sweep"].items()}
    refused(
        "conf: unknown key sweep.dirction; did you mean sweep.direction? (and 1 more)",
        lambda: Settings.validated({**VALUES, "sweep": sweep}, "conf"),
    )


def test_a_configuration_without_a_sweep_is_not_taken_for_one() -> None:
    values = {key: value for key, value in VALUES.items() if key != "sweep"}
    refuse_sweep(OmegaConf.create({**values, "hydra": {"sweeper": {}}}))
    refused("conf: sweep is missing", lambda: validated(OmegaConf.create(values), Settings))
