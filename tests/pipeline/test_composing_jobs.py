"""A job's configuration is Hydra's, whether Hydra composes it or it is put together."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from neonym.lab.sweeps import composing_jobs
from neonym.lab.sweeps.composing_jobs import compose_job

GRID = ("seed=1", "model=rnn", "optimizer.lr=1e-3", "sweep.id=abc", "sweep.job=3")


@pytest.fixture(scope="module")
def hydra(tmp_path_factory) -> Iterator[tuple[ConfigLoader, DictConfig, Path]]:
    """Hydra's loader, what it composed for a sweep, and the configuration's first file."""
    folder = tmp_path_factory.mktemp("conf")
    path = folder / "config.yaml"
    path.write_text(
        "defaults: [{model: rnn}, _self_]\nseed: 0\noptimizer: {lr: 1.0, betas: [0.9, 0.99]}\n"
        "data: {rules: {vowel: a}}\ncopied: ${seed}\nsweep: {id: null, job: null}\n"
    )
    for cell in ("rnn", "lstm"):
        (folder / "model").mkdir(exist_ok=True)
        (folder / f"model/{cell}.yaml").write_text(f"cell: {cell}\nhidden_size: ${{seed}}\n")
    with initialize_config_dir(str(folder), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        compose("config")
        words = ["hydra.job.config.override_dirname.exclude_keys=[seed]", "hydra.sweep.dir=there"]
        yield loader, loader.load_configuration("config", words, RunMode.MULTIRUN), path
    GlobalHydra.instance().clear()


@pytest.mark.parametrize(
    "words",
    [
        GRID,
        ("model=lstm", *GRID[2:]),
        ("optimizer.lr=2", "optimizer.lr=3"),
        ("optimizer.betas=[0.1]", "seed='${optimizer.lr}'", "data.rules.vowel=null"),
        ("model.hidden_size=64", "model=lstm", "hydra/job_logging=none"),
        ("data.rules={vowel: b}", "data.rules.vowel=c"),
        ("data.rules.vowel=c", "data.rules={vowel: b}"),
        ("model.hidden_size=3", "model={hidden_size: 5}"),
        ("+new=1", "optimizer.lr=2", "~copied"),
        (),
    ],
    ids=" ".join,
)
def test_a_job_is_configured_as_hydra_composes_it(hydra, words: tuple[str, ...]) -> None:
    loader, sweep, _ = hydra
    expected = loader.load_sweep_config(sweep, list(words))
    for _ in range(2):  # the second time from what was kept
        composed = compose_job(loader, sweep, words, "conf")
        assert composed == expected
        assert OmegaConf.to_yaml(composed) == OmegaConf.to_yaml(expected)
        assert composed.hydra.job.override_dirname == expected.hydra.job.override_dirname
        composed.seed = composed.hydra.job.name = "changed"


def test_jobs_of_the_same_groups_are_composed_once(hydra, monkeypatch) -> None:
    loader, sweep, _ = hydra
    composing_jobs._kept.clear()
    load, loaded = loader.load_sweep_config, []
    monkeypatch.setattr(
        loader, "load_sweep_config", lambda s, words: loaded.append(words) or load(s, words)
    )
    for seed in range(3):
        for cell in ("rnn", "lstm"):
            composed = compose_job(loader, sweep, [f"seed={seed}", f"model={cell}"], "conf")
            assert (composed.seed, composed.model.cell) == (seed, cell)
    assert loaded == [["model=rnn"], ["model=lstm"]]


def test_files_that_change_during_a_sweep_are_read_anew(hydra) -> None:
    loader, sweep, path = hydra
    assert compose_job(loader, sweep, ["seed=1"], "before").optimizer.lr == 1.0
    path.write_text(path.read_text().replace("lr: 1.0", "lr: 2.0"))
    assert compose_job(loader, sweep, ["seed=1"], "after").optimizer.lr == 2.0
    assert compose_job(loader, sweep, ["seed=1"], "before").optimizer.lr == 1.0


@pytest.mark.parametrize("word", ["optimizer.lrr=1", "seed.more=1", "optimizerr.lr=1"])
def test_a_key_that_is_not_there_is_refused_as_hydra_refuses_it(hydra, word: str) -> None:
    loader, sweep, _ = hydra
    with pytest.raises(HydraException) as expected:
        loader.load_sweep_config(sweep, [word])
    with pytest.raises(HydraException) as refused:
        compose_job(loader, sweep, [word], "conf")
    assert str(refused.value) == str(expected.value)
