"""What a sweep will run is known, and every mistake in it told, before anything starts."""

import subprocess
import sys

import pytest
from hydra.types import RunMode
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from planned import composer, loader, plan
from small_project import PROJECT, Project

from hydra_plugins.neonym_lab import Joblib, LabLauncher, Slurm
from neonym.base.errors import UserError
from neonym.lab.composing.by_hand import CONFIG
from neonym.lab.sweeps.axes import axis_of, distribution_of, space_size

TPE = ("sweep.search=tpe", "sweep.trials=5")


def words_of(script: str, *arguments: str) -> list[str]:
    return [" ".join(words) for words in plan(script, arguments).jobs]


def test_a_grid_is_every_combination_the_last_key_fastest() -> None:
    assert words_of("train", "model=rnn,gru", "train.epochs=3", "seed=range(2)") == [
        "model=rnn train.epochs=3 seed=0",
        "model=rnn train.epochs=3 seed=1",
        "model=gru train.epochs=3 seed=0",
        "model=gru train.epochs=3 seed=1",
    ]


TOGETHER = "+sweep.together=[model.hidden_size,optimizer.lr]"


def test_values_that_go_together_are_no_product_and_the_others_are() -> None:
    sizes, rates = "model.hidden_size=8,16,32", "optimizer.lr=0.1,0.2,0.3"
    assert words_of("train", sizes, "seed=0,1", rates, TOGETHER) == [
        f"model.hidden_size={size} optimizer.lr={rate} seed={seed} {TOGETHER}"
        for size, rate in ((8, 0.1), (16, 0.2), (32, 0.3))
        for seed in (0, 1)
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("model.hidden_size=8,16", "optimizer.lr=0.1,0.2,0.3"),
            "model.hidden_size has 2 values and optimizer.lr 3; they need as many each",
        ),
        (("model.hidden_size=8,16",), "optimizer.lr has not several values; give it some"),
        (
            ("model.hidden_size=8,16", "optimizer.lr=0.1,0.2", *TPE),
            "together is for a grid, not for search: random or tpe",
        ),
    ],
)
def test_what_cannot_go_together_is_told(arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        plan("train", [*arguments, TOGETHER])


def test_a_key_on_the_command_line_takes_the_place_of_the_presets() -> None:
    assert words_of("train", "sweep=cells", "seed=7") == [
        f"model={cell} seed=7 sweep=cells" for cell in ("rnn", "gru", "lstm")
    ]


def test_values_of_a_range_have_no_digits_that_nobody_wrote() -> None:
    assert words_of("train", "model.output_dropout=range(0.1,0.5,0.1)") == [
        f"model.output_dropout={value}" for value in (0.1, 0.2, 0.3, 0.4)
    ]


def test_plain_values_make_the_configuration_that_hydra_composes() -> None:
    composing = composer()
    words = ["model=gru", "optimizer=sgd", "optimizer.lr=0.25", "data.split={val: 0.2}", "seed=3"]
    composed = loader().load_configuration(CONFIG, words, RunMode.RUN)
    configuration = composing.configuration(words)
    assert configuration.optimizer.lr == composed.optimizer.lr == 0.25
    assert configuration.data.split.val == composed.data.split.val == 0.2
    assert configuration.model_dump() | {"seed": 0} == {
        **composing.configuration([*words[:4], "seed=0"]).model_dump()
    }


def test_a_section_goes_over_the_values_in_front_of_it() -> None:
    words = ["model.hidden_size=3", "model={hidden_size: 5}"]
    assert composer().configuration(words).model.hidden_size == 5
    assert composer().configuration(words[::-1]).model.hidden_size == 3


def test_what_one_job_merges_does_not_stay_for_the_next() -> None:
    composing = composer()
    first = composing.configuration(["data.split={val: 0.2}"])
    second = composing.configuration(["data.split={test: 0.2}"])
    assert (first.data.split.val, second.data.split.val) == (0.2, 0.1)


@pytest.mark.parametrize(
    ("written", "distribution"),
    [
        ("tag(log,interval(1e-3,2e-2))", FloatDistribution(0.001, 0.02, log=True)),
        ("interval(1,5)", FloatDistribution(1.0, 5.0)),
        ("int(interval(1,5))", IntDistribution(1, 5)),
        ("tag(int,interval(1,5))", IntDistribution(1, 5)),
        ("tag(log,int(interval(16,512)))", IntDistribution(16, 512, log=True)),
        ("range(64,257,64)", IntDistribution(64, 256, step=64)),
        ("range(9,3,-3)", IntDistribution(6, 9, step=3)),
        ("tag(log,range(1,9))", IntDistribution(1, 8, log=True)),
        ("range(0.1,0.5,0.1)", FloatDistribution(0.1, 0.4, step=0.1)),
        ("choice(1,2,4)", CategoricalDistribution(["1", "2", "4"])),
        ("a,b,null", CategoricalDistribution(["a", "b", "null"])),
    ],
)
def test_hydras_sweeps_mean_the_same_to_a_search(written: str, distribution: object) -> None:
    axis = axis_of(composer().parse(f"key={written}"))
    assert distribution_of(axis, ()) == distribution


def test_a_space_is_as_large_as_the_product_of_its_keys() -> None:
    parse = composer().parse
    axes = [axis_of(parse(word)) for word in ("a=1,2,3", "b=range(4)", "c=5")]
    assert space_size(axes) == 12
    assert space_size([*axes, axis_of(parse("d=interval(0,1)"))]) == float("inf")


def test_numbers_from_an_interval_are_short_and_stay_inside() -> None:
    axis = axis_of(composer().parse("optimizer.lr=interval(0.00123444,0.02)"))
    assert axis.word(0.012345678) == "optimizer.lr=0.01235"
    assert axis.word(0.00123444) == "optimizer.lr=0.00123444"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("model.hiden_size=1,2",), "there is no such key; did you mean model.hidden_size?"),
        (("seed=range(0)",), "seed=range(0) has no value"),
        (("seed=range(0,1,0)",), "seed=range(0,1,0): range() arg 3 must not be zero"),
        (("model=glob(x*)",), "model=glob(x*) has no value"),
        (("model=lstm,null",), "model=null: model needs one of its choices: gru, lstm, rnn"),
        (("optimizer.momentum=0.1,0.2",), "that is a key of optimizer=sgd, which is not chosen"),
        (("experiment=null,null",), "are the same job"),
        (
            ("experiment=classic,clasic",),
            "experiment=clasic: there is no such choice; did you mean",
        ),
        (("data.path=a(1).txt,b.txt",), "Hydra reads only plain letters without quotes; write"),
        (("hydra.sweeper.params=x",), "hydra.sweeper.params holds keys and their values"),
        (
            ("hydra/launcher=joblib", "+hydra.launcher.n_jobs=4"),
            "unknown key n_jobs; known are work",
        ),
        (("model=",), "model=: there is no such choice"),
        (("model=rnn,nosuch",), "model=nosuch: there is no such choice; known are gru, lstm"),
        (("model.hidden_size=8,-1",), "model.hidden_size = -1"),
        (("hydra/launcher=nosuch",), "known are basic, in_process, joblib, slurm"),
        (("hydra/launcher=basic",), "take in_process, joblib or slurm"),
        (("hydra/sweeper=nosuch",), "hydra/sweeper=nosuch: there is no such choice"),
        (("hydra.job.name=a,b",), "Sweeping over Hydra's configuration is not supported"),
        (("sweep.optimized_metric=val.nll,val.perplexity",), "holds for the whole sweep"),
        (("sweep=cells,seeds",), "sweep holds for the whole sweep"),
        (("tracking.enabled=true,false",), "tracking.enabled holds for the whole sweep"),
        (("hydra.sweep.subdir=x",), "a job's folder is called by its number"),
        (("sweep.job=3",), "are set by the sweep itself"),
        (("seed=1,2,1",), "seed=1 and seed=1 are the same job"),
        (("optimizer.lr=0.001,1e-3",), "are the same job"),
        (("hydra/launcher=joblib", "hydra.launcher.workers=0"), "hydra.launcher: workers = 0"),
        (("hydra/launcher=joblib", "hydra.launcher.workers=two"), 'workers = "two"'),
        (("sweep=nosuch",), "sweep=nosuch: there is no such choice; known are capacity"),
        (("sweep.optimized_metric=val.nl",), "there is no such figure"),
        (("sweep.optimized_metric=test.nll",), "nothing is chosen by looking at test"),
        (("sweep.optimized_metric=names.validity",), "train knows val.nll alone"),
        (("optimizer.lr=interval(0.1,1)",), "a grid needs values one by one"),
        (("sweep.trials=5", "seed=0,1"), "are for search: random or tpe, not a grid"),
        (("sweep.search=tpe", "optimizer.lr=interval(0.1,1)"), "needs to know how many trials"),
        (("sweep.search=grud",), "sweep.search"),
        (("sweep=tpe", "sweep.trials=0"), "sweep.trials = 0"),
        (("sweep=tpe", "sweep.trials=many"), "sweep.trials"),
        (("sweep=tpe", "sweep.optimized_metric=train.nll"), "a pruner goes by val.nll"),
        (TPE, "there is nothing to search"),
        ((*TPE, "seed=range(3)"), "seed is no hyperparameter"),
        ((*TPE, "optimizer.lr=interval(3,1)"), "write the lower end first"),
        ((*TPE, "optimizer.lr=tag(log,interval(0,1))"), "tag log needs an interval above 0"),
        ((*TPE, "optimizer.lr=tag(lg,interval(0.1,1))"), "tag lg means nothing"),
        ((*TPE, "train.epochs=tag(log,range(2,9,2))"), "a range with step 1"),
        ((*TPE, "model.output_dropout=interval(0,1.5)"), "model.output_dropout = 1.5"),
        ((*TPE, "model.hidden_size=interval(8,64)"), "model.hidden_size"),
    ],
)
def test_a_mistake_is_told_in_a_line_that_says_what_is_wrong(
    arguments: tuple[str, ...], line: str
) -> None:
    with pytest.raises(UserError) as raised:
        plan("train", arguments)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_pattern_chooses_among_a_group() -> None:
    assert words_of("train", "model=glob(*n*)") == ["model=rnn"]


def test_a_sweep_knows_which_lists_and_wishes_its_jobs_have() -> None:
    words = ("seed=0,1", "model=rnn,gru", "sample.prefix=a,b", "data.path=x.txt,y.txt")
    kinds = plan("train", words).composer.kinds.values()
    assert {(kind.data.path, kind.sample.prefix) for kind in kinds} == {
        (path, prefix) for path in ("x.txt", "y.txt") for prefix in "ab"
    }
    assert len(kinds) == 4


def test_no_figure_of_test_is_offered_to_be_optimized() -> None:
    with pytest.raises(UserError) as raised:
        plan("sweep", ("sweep.optimized_metric=val.nl",))
    assert "val.nll" in str(raised.value)
    assert "test" not in str(raised.value)


def test_a_mistake_in_a_search_leaves_nothing_behind(project: Project) -> None:
    command = ("python", "pipelines/train.py", "-m", "sweep=tpe", "seed=0,1")
    done = project.run(*command, PYTHONPATH="src")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert not (project.root / "multirun").exists()
    assert not (project.root / ".neonym").exists()  # no event of a run either
    assert project.runs() == []


@pytest.mark.parametrize("preset", sorted(path.stem for path in (PROJECT / "conf/sweep").iterdir()))
def test_every_preset_can_be_planned_and_begins_with_its_command(preset: str) -> None:
    if preset == "default":
        return
    text = (PROJECT / "conf/sweep" / f"{preset}.yaml").read_text()
    assert f"# python pipelines/sweep.py -m sweep={preset}\n" in text
    assert plan("sweep", [f"sweep={preset}"]).axes


LATER = ("optuna", "sklearn", "matplotlib", "mlflow", "pandas")


def test_a_grid_is_planned_without_what_only_searches_and_reports_need() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/pipeline']\n"
        "from planned import plan; plan('train', ['seed=0,1'])\n"
        f"print([name for name in {LATER} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("launcher", [Joblib, Slurm])
def test_a_launcher_says_what_brings_the_package_that_it_lacks(
    launcher: type[LabLauncher], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Hydra imports plugins anew, so the module of that name may be another than the class's
    own = vars(launcher)["explain_missing"].__func__.__globals__
    monkeypatch.setitem(own, "find_spec", lambda _: None)
    assert launcher.explain_missing().endswith('is not installed: pip install "neonym[pipeline]"')
