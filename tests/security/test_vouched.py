"""A sweep's file may come from others: on its own word it runs nothing but our own code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from marked_project import mark
from neonym import experiment
from neonym.commands.resume_sweep import command
from neonym.lab.sweeps.vouched import unvouched

PROJECT = Path(__file__).resolve().parents[2]
EVIL = "{_target_: joblib.load, filename: evil.pkl}"


def refused(*words: str) -> str:
    return unvouched(words, experiment.Configuration, PROJECT / "conf")


@pytest.mark.parametrize(
    "word",
    [
        f"+hydra.callbacks.x={EVIL}",
        f"++hydra.callbacks.x={EVIL}",
        f"hydra.callbacks={EVIL}",
        "hydra.callbacks.x._target_=joblib.load",
        "hydra.job_logging.handlers.x={(): os.system}",
        "hydra.hydra_logging.formatters.x={(): os.system}",
        "hydra/job_logging=evil",
        "hydra/launcher=../../evil",
        "hydra/sweeper=evil",
        "hydra/launcher@hydra.callbacks.x=in_process",
        "hydra.job.env_set.PYTHONPATH=evil",
        "+hydra.job.env_set={LD_PRELOAD: evil}",
        "hydra.searchpath=[file://evil]",
        "hydra.launcher._target_=os.system",
        f"hydra.launcher={EVIL}",
        f"+hydra.launcher.setup.x={EVIL}",
        "hydra.launcher.setup=[evil]",
        "hydra.launcher.additional_parameters={wrap: evil}",
        "hydra.launcher.partition=${oc.env:SECRET}",
        "hydra.job.name=../../evil",
        f"+hydra.sweeper.params.hydra.callbacks.x={EVIL}",
        f"hydra={EVIL}",
        "hydra.run.dir=../evil",
        "hydra.output_subdir=evil",
        "model=../../evil",
        "model=/tmp/evil",
        "model='../evil'",
        "model=rnn,../../evil",
        "experiment=glob(../*)",
        "model@hydra.callbacks=rnn",
        "+model@_global_=rnn",
        "model/../../evil=rnn",
        "other.key=1",
        "_target_=joblib.load",
        "--config-dir=evil",
        "--config-name=evil",
        "--experimental-rerun=evil.pickle",
        "-cd",
        "--cfg",
        "=1",
    ],
)
def test_what_could_run_something_else_is_not_taken_from_a_file(word: str) -> None:
    assert refused("seed=1", word, "seed=2") == word


@pytest.mark.parametrize(
    "word",
    [
        "seed=range(3)",
        "model=rnn,gru,lstm",
        "model=glob([rl]*)",
        "+experiment=best",
        "experiment=null",
        "sweep=cells",
        "++optimizer.lr=0.1,0.2",
        "optimizer.lr=tag(log, interval(1e-3, 2e-2))",
        "+data.rules.at_least_one_of.vowels=aeiou",
        "data.path='/elsewhere/a list (1).txt'",
        "~data.rules.at_least_one_of.vowels",
        "hydra/launcher=joblib",
        "hydra.launcher.workers=2",
        "hydra.launcher.partition=gpu",
        "hydra.launcher.mem_gb=0.5",
        "hydra.job.name=mine",
        "hydra.job.chdir=true",
        "hydra.sweeper.params.seed=range(2)",
    ],
)
def test_what_a_sweep_of_ours_asks_for_is_taken(word: str) -> None:
    assert refused(word) == ""


def test_resuming_names_what_is_refused_and_the_way_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/train.py").touch()
    asked = ["seed=0", f"+hydra.callbacks.x={EVIL}"]
    values = {"version": 1, "id": "0" * 32, "script": "train", "arguments": asked}
    (tmp_path / "sweep.json").write_text(json.dumps(values))
    done = CliRunner().invoke(command, ["."])
    assert str(done.exception) == (
        f"sweep.json asks for {asked[1]}, which could run anything; look at the file, "
        "and add --trust if all in it is yours"
    )


def test_a_link_out_of_the_folder_of_a_sweep_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mark(tmp_path))
    for name in ("pipelines", "theirs", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "pipelines/train.py").touch()
    values = {"version": 1, "id": "0" * 32, "script": "train", "arguments": ["seed=0"]}
    (tmp_path / "theirs/sweep.json").write_text(json.dumps(values))
    (tmp_path / "theirs/script").symlink_to("sweep.json")
    (tmp_path / "theirs/0").symlink_to(tmp_path / "mine")
    done = CliRunner().invoke(command, ["theirs"])
    assert str(done.exception) == (
        "theirs/0 is a link, by which results could go elsewhere; look at it, and add --trust "
        "if it is yours"
    )
