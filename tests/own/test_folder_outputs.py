"""A stage may name a folder among its outs, and a step the files in it that it leaves."""

import json
from pathlib import Path

import pytest
from test_declaring import DVC_YAML, FIT, JUDGE, Settings, nothing, refused

from neonym import lab
from neonym.lab.delivery.synchronization import explain_stale
from neonym.lab.dvc_cache import cached, md5_inside, md5_of_output
from neonym.lab.lockfile import Lock
from neonym.lab.own.project_folder import check_folder
from repositories import begin

# As DVC 3 writes it: of `eval/`, which is not cached, it keeps no listing
LOCK = """
schema: '2.0'
stages:
  fit:
    cmd: python pipelines/fit.py
    outs:
    - {path: models, hash: md5, md5: a6616a1afc6d8b1e062a839874facd96.dir, size: 2, nfiles: 1}
  judge:
    cmd: python pipelines/judge.py
    outs:
    - {path: eval/, hash: md5, md5: b401a97e9f00f678130ebee19df1546d.dir, size: 28, nfiles: 3}
"""
MODEL_MD5 = "b026324c6904b2a9cb4b88d6d61c81d1"
MADE = {
    "models/model.txt": "1\n",
    "eval/metrics.json": '{"val":{"error":1.0}}\n',
    "eval/plots/a.csv": "x\n1\n",
    "eval/b.txt": "b\n",
}
PROJECT = lab.pipeline(
    "mine:PROJECT",
    Settings,
    [
        lab.Step("fit", nothing, model="models/model.txt"),
        lab.Step(
            "judge",
            nothing,
            metrics="eval/metrics.json",
            returns=["val.error"],
            files=["eval/plots/a.csv"],
        ),
    ],
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """What `dvc repro` leaves of stages whose outs are folders."""
    for name, text in {**MADE, "dvc.lock": LOCK, "params.yaml": "seed: 0\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    listing = cached(tmp_path, "a6616a1afc6d8b1e062a839874facd96.dir")
    listing.parent.mkdir(parents=True)
    listing.write_text(json.dumps([{"md5": MODEL_MD5, "relpath": "model.txt"}]))
    return tmp_path


def test_a_folder_has_the_hash_that_dvc_gives_it(made: Path) -> None:
    assert md5_of_output(made / "models") == "a6616a1afc6d8b1e062a839874facd96.dir"
    assert md5_of_output(made / "eval") == "b401a97e9f00f678130ebee19df1546d.dir"


def test_results_in_folders_are_known_to_be_what_the_stages_made(made: Path) -> None:
    assert explain_stale(PROJECT, made) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("models/model.txt", "models is not what fit made"),
        ("eval/metrics.json", "eval/ is not what judge made"),
        ("eval/more.txt", "eval/ is not what judge made"),
    ],
)
def test_a_folder_in_which_anything_has_changed_is_stale(
    made: Path, changed: str, said: str
) -> None:
    (made / changed).write_text("other")
    assert explain_stale(PROJECT, made) == said


@pytest.mark.parametrize(
    ("path", "md5", "said"),
    [
        ("models", "a6616a1afc6d8b1e062a839874facd96.dir", ""),
        ("models", "f" * 32 + ".dir", "judge has not run with the present models"),
        ("models/model.txt", MODEL_MD5, ""),
        ("models/model.txt", "f" * 32, "judge has not run with the present models/model.txt"),
        ("data/raw/list.csv", "f" * 32, ""),  # no stage makes it
    ],
)
def test_what_a_later_stage_made_of_other_results_than_these_is_stale(
    made: Path, path: str, md5: str, said: str
) -> None:
    deps = f"    deps:\n    - {{path: {path}, hash: md5, md5: {md5}, size: 2}}\n"
    (made / "dvc.lock").write_text(LOCK.replace("judge.py\n", f"judge.py\n{deps}"))
    assert explain_stale(PROJECT, made) == said


def inside(root: Path, stage: str, path: str) -> str | None:
    output, md5 = Lock(root / "dvc.lock").made(stage, path)
    return md5 and md5_inside(root, output, md5, path)


def test_a_file_in_a_cached_folder_is_known_by_dvcs_listing_also_where_it_is_another_by_now(
    made: Path,
) -> None:
    (made / "models/model.txt").write_text("other")
    assert inside(made, "fit", "models/model.txt") == MODEL_MD5
    assert inside(made, "fit", "models/other.txt") is None
    assert inside(made, "judge", "models/model.txt") is None


def test_a_file_in_a_folder_that_is_not_cached_is_known_while_the_folder_is_the_same(
    made: Path,
) -> None:
    assert inside(made, "judge", "eval/plots/a.csv") == "dc3ba59be5d893be2c69ea202014fe78"
    (made / "eval/b.txt").write_text("other")
    assert inside(made, "judge", "eval/plots/a.csv") is None


def test_a_folder_among_the_outs_stands_for_what_is_in_it(tmp_path: Path) -> None:
    text = DVC_YAML.replace("models/model.txt, {reports/curves.csv: {cache: false}}", "models/")
    begin(tmp_path, {"dvc.yaml": text, "conf/config.yaml": "seed: 0\n", ".dvc/config": "[core]\n"})
    project = lab.pipeline(
        "mine:PROJECT", Settings, [lab.Step("fit", nothing, model="models/model.txt"), JUDGE]
    )
    check_folder(project, "fit", tmp_path)
    more = lab.pipeline("mine:PROJECT", Settings, [FIT, JUDGE])
    refused(
        "dvc.yaml: stage fit names neither reports/curves.csv among its outs, nor a folder that "
        "holds it",
        lambda: check_folder(more, "fit", tmp_path),
    )


@pytest.mark.parametrize("word", ["foreach", "matrix"])
def test_a_stage_that_is_several_is_told_what_to_take_instead(tmp_path: Path, word: str) -> None:
    text = f"stages:\n  compose: {{}}\n  fit:\n    {word}: [1, 2]\n    do: {{cmd: a}}\n"
    begin(tmp_path, {"dvc.yaml": text, "conf/config.yaml": "seed: 0\n", ".dvc/config": "[core]\n"})
    refused(
        f"dvc.yaml: stage fit is one for each of `{word}`; write it plainly, and sweep the values: "
        "python pipelines/sweep.py -m KEY=A,B",
        lambda: check_folder(PROJECT, "fit", tmp_path),
    )


def test_outputs_of_two_steps_never_lie_in_each_other() -> None:
    prepare = lab.Step("prepare", nothing, makes=["models"])
    refused(
        "step fit: models/model.txt and models of prepare lie in each other; part them",
        lambda: lab.pipeline("mine:PROJECT", Settings, [prepare, FIT, JUDGE]),
    )
