"""`neonym learn`: a list in, a model and new names out."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rapidfuzz.distance import Levenshtein

from neonym import NameGenerator, cli
from neonym.commands.learn import coin
from neonym.corpus.reading import Corpus, to_corpus
from neonym.defaults import DEFAULTS
from neonym.experiment import Configuration
from neonym.lab.composing.composition import compose_text
from neonym.models.known_names import contains
from neonym.models.model_file import load_model
from neonym.models.starting import base_model
from neonym.settings import Settings
from neonym.steps.learning import known_share, plan, reading

CONF = Path(__file__).resolve().parents[2] / "conf"
RIVERS = "Loire Seine Garonne Dordogne Charente Vilaine Durance".split()  # noqa: SIM905
JAPANESE = "さくら ひなた あおい はると ゆうと そうた ひまり".split()  # noqa: SIM905
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Call = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def neonym(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.chdir(tmp_path)

    def call(arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["neonym", *arguments.split()])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A list that was learned in an empty folder; what the terminal says."""
    folder = tmp_path_factory.mktemp("learned")
    (folder / "rivers.txt").write_text("\n".join(RIVERS))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", "neonym learn rivers.txt --json -n 30".split())  # noqa: SIM905
        out, err = _run()
    return folder, out, err


def _run() -> tuple[str, str]:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        assert not exit_.value.code, err.getvalue()
    return out.getvalue(), err.getvalue()


def corpus(names: list[str]) -> Corpus:
    return to_corpus("\n".join(names).encode(), "list", reading(path="/list").data, "--")


def composed(*overrides: str) -> Configuration:
    text = compose_text(CONF, Configuration, ["data=list", "data.path=/list", *overrides])
    return Configuration.validated(yaml.safe_load(text), "conf")


def in_settings(configuration: Configuration) -> dict[str, Any]:
    """The part that concerns names."""
    return configuration.model_dump(include=set(Settings.model_fields))


def test_nothing_but_the_model_is_left(learned: tuple[Path, str, str]) -> None:
    folder, _, _ = learned
    assert sorted(path.name for path in folder.iterdir()) == ["rivers.npz", "rivers.txt"]


def test_the_names_are_new_and_each_has_its_nearest(learned: tuple[Path, str, str]) -> None:
    _, out, _ = learned
    told = json.loads(out)
    assert all(row["name"].istitle() for row in told["names"])
    names = [row["name"].lower() for row in told["names"]]
    listed = [name.lower() for name in RIVERS]
    assert told["model"] == "rivers.npz"
    assert len(names) == len(set(names)) == 30
    assert not set(names) & set(listed)
    base = load_model(base_model()).known
    assert base is not None
    assert not contains(base, names).any()
    for row in told["names"]:
        name, near = row["name"].lower(), row["nearest"].lower()
        distances = [Levenshtein.normalized_distance(name, each) for each in listed]
        assert Levenshtein.normalized_distance(name, near) == min(distances)


def test_names_appear_while_it_learns(learned: tuple[Path, str, str]) -> None:
    _, _, err = learned
    lines = err.splitlines()
    assert lines[0] == "learning 7 names, beginning with what is known of other names"
    assert [line.split(":")[0] for line in lines[1:4]] == ["round 1", "round 2", "round 4"]
    assert all(len(line.split(", ")) == 5 for line in lines[1:4])


def test_the_model_knows_its_list_and_what_it_began_with(
    learned: tuple[Path, str, str],
) -> None:
    generator = NameGenerator.load(learned[0] / "rivers.npz")
    assert generator.is_known(RIVERS).all()
    assert set(generator.vocabulary.symbols) == {"", *"".join(RIVERS).lower()}
    assert generator.metadata["start"]["name"] == "base"
    assert generator.metadata["longest"] == 8
    configuration = generator.metadata["configuration"]
    assert configuration["train"]["start_from"] == "base"
    assert "path" not in configuration["data"]


def test_equal_lists_give_equal_models(learned: tuple[Path, str, str], neonym: Call) -> None:
    Path("again.txt").write_text("\n".join(RIVERS))
    status, out, _ = neonym("learn again.txt -o model.npz --json -n 30")
    assert status == 0
    assert Path("model.npz").read_bytes() == (learned[0] / "rivers.npz").read_bytes()
    assert json.loads(out)["names"] == json.loads(learned[1])["names"]


def test_the_counts_add_up(learned: tuple[Path, str, str]) -> None:
    generator = NameGenerator.load(learned[0] / "rivers.npz")
    for count in (1, 5, 50):
        coined = coin(generator, count, seed=3)
        drawn = generator.sample(coined.drawn, seed=3, temperature=0.8)
        assert len(coined.names) == count
        assert coined.names[-1] == drawn[-1]
        assert coined.known == sum(name in map(str.lower, RIVERS) for name in drawn)
        rest = coined.known + coined.of_base + coined.again + len(coined.names)
        assert rest == coined.drawn


def test_a_model_that_is_there_is_replaced_and_nothing_else(
    learned: tuple[Path, str, str], neonym: Call
) -> None:
    Path("list.txt").write_text("\n".join(RIVERS))
    Path("mine.npz").write_text("my own")
    status, _, err = neonym("learn list.txt -o mine.npz")
    assert status == 2
    assert "mine.npz is there and is no earlier one of this kind; name another file" in err
    assert Path("mine.npz").read_text() == "my own"


@pytest.mark.parametrize(
    ("count", "changed"),
    [
        (7, ["optimizer.weight_decay=4"]),
        (100, []),
        (300, ["optimizer.weight_decay=1"]),
        (600, ["optimizer.weight_decay=0.5", "train.folds=null"]),
    ],
)
def test_a_short_list_is_learned_as_the_experiment_does(count: int, changed: list[str]) -> None:
    names = [one + other for one in LETTERS for other in LETTERS]
    chosen = plan(corpus(names[:count]), reading(path="/list"))
    expected = composed("experiment=short_list", *changed, "train.show_names_every=null")
    assert chosen.start
    assert chosen.settings.model_dump() == in_settings(expected)


@pytest.mark.parametrize(
    ("count", "changed"),
    [
        (1_501, []),
        (20_000, ["train.epochs=20"]),
    ],
)
def test_a_long_list_is_learned_from_nothing(count: int, changed: list[str]) -> None:
    names = [f"{number:b}".replace("0", "a").replace("1", "b") for number in range(count)]
    chosen = plan(corpus(names), reading(path="/list"))
    expected = composed(*changed)
    assert chosen.start is None
    assert chosen.settings.model_dump() == in_settings(expected)


@pytest.mark.parametrize(("count", "batch"), [(30, 8), (100, 16), (300, 32)])
def test_letters_that_the_base_does_not_know_begin_from_nothing(count: int, batch: int) -> None:
    names = [chr(0x3041 + number % 80) + chr(0x3041 + number // 80) for number in range(count)]
    chosen = plan(corpus(names), reading(path="/list"))
    assert chosen.start is None
    assert (chosen.settings.train.folds, chosen.settings.train.batch_size) == (5, batch)
    assert chosen.settings.model.hidden_size == DEFAULTS["model.hidden_size"]


def test_letters_count_as_often_as_they_occur() -> None:
    start = plan(corpus(RIVERS), reading(path="/list")).start
    assert start
    assert known_share(corpus(["ab", "aさ"]), start) == 0.75


def test_a_list_in_another_script_is_learned(neonym: Call) -> None:
    Path("names.txt").write_text("\n".join(JAPANESE))
    status, out, err = neonym("learn names.txt -n 5")
    assert status == 0
    assert err.startswith("learning 7 names\n")
    letters = set("".join(JAPANESE))
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert len(names) == 5
    assert all(set(name) <= letters for name in names)


def test_a_table_needs_its_column(neonym: Call) -> None:
    Path("t.csv").write_text("".join(f"{name},{len(name)}\n" for name in ["name", *RIVERS]))
    status, _, err = neonym("learn t.csv")
    assert status == 2
    assert "set --column to the name of one" in err
    assert "data." not in err
    assert list(Path().glob("*.npz")) == []


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("", "list.txt", "list.txt is empty; give a file with one name a line"),
        ("# a\n# b\n", "list.txt", "list.txt holds no names, only 2 comments; give another file"),
        ("a\nb\nc\n", "list.txt", "too few names to learn from: 3; give 5 at least"),
        ("a" * 200, "list.txt", "no line can be used (1 too long"),
        ("a\nb", "no.txt", "no.txt does not exist; name a file, or - for standard input"),
        ("a\nb", "list.txt -o no/model.npz", "no is no directory; make it first"),
        ("a\nb", "list.txt --column 0", "--column is 0; give the name of a column, or its"),
        ("a\nb", "list.txt --separator ;;", "--separator = "),
        ("a\nb", "list.txt -n 0", "--count is 0; give 1 to 100,000"),
        ("a\nb", "list.txt -n 100001", "--count is 100001; give 1 to 100,000"),
        ("a\nb", "list.txt --seed -1", "--seed is -1; give 0 to 4294967295"),
        ("a\nb", "list.txt --seed 4294967296", "--seed is 4294967296; give 0 to"),
        ("a\nb", "list.txt -o list.txt --force", "list.txt is the list itself; name another"),
        ("a\nb", "list.txt -o /dev/full --force", "/dev/full is no ordinary file; name another"),
        ("a\nb", "- ", "the list comes from standard input; name the model with -o MODEL"),
        ("a,b\nc,d\n", "list.txt --column x", "no column 'x'; set --column to one of 'a', 'b'"),
    ],
)
def test_what_cannot_be_learned_is_told_in_one_line(
    neonym: Call, tmp_path: Path, content: str, arguments: str, message: str
) -> None:
    (tmp_path / "list.txt").write_text(content)
    status, out, err = neonym(f"learn {arguments}")
    assert status == 2
    assert message in err
    assert err.count("\n") == 1
    assert "data." not in err
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


def test_a_list_is_never_what_is_written(neonym: Call, tmp_path: Path) -> None:
    (tmp_path / "list.npz").write_text("\n".join(RIVERS))
    for arguments in ("learn list.npz", "learn list.npz -o ./list.npz --force"):
        status, _, err = neonym(arguments)
        assert status == 2
        assert "list.npz is the list itself; name another file with -o" in err
    assert (tmp_path / "list.npz").read_text().split() == RIVERS


def test_what_is_left_out_of_a_list_is_said(neonym: Call, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join([*JAPANESE, JAPANESE[0], "あ" * 100]))
    status, _, err = neonym("learn list.txt -n 1")
    assert status == 0
    first = "kept 7 of 9 lines; dropped: 1 duplicate, 1 too long (the first on line 9: 100 "
    assert err.startswith(first)


def test_where_nothing_new_comes_that_is_said(neonym: Call, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join("あいうえおかきくけこ"))
    _, out, err = neonym("learn list.txt -n 1")
    if not out:
        assert "no new name came; give more names to learn from" in err


def test_a_list_that_is_missing_is_told_where_there_is_a_model(
    neonym: Call, tmp_path: Path, learned: tuple[Path, str, str]
) -> None:
    (tmp_path / "m.npz").write_bytes((learned[0] / "rivers.npz").read_bytes())
    status, _, err = neonym("learn no.txt -o m.npz")
    assert (status, err.count("\n")) == (2, 1)
    assert "no.txt does not exist" in err


def test_a_reader_that_has_enough_does_not_end_the_learning(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join(JAPANESE))
    program = "import sys; from neonym.cli import main; main()"
    command = f"'{sys.executable}' -c '{program}' learn list.txt 2>&1 | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "learning 7 names\n"
    assert NameGenerator.load(tmp_path / "list.npz").is_known(JAPANESE).all()


def test_an_interruption_leaves_nothing(
    neonym: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "list.txt").write_text("\n".join(RIVERS))
    monkeypatch.setattr("neonym.commands.learn.shown_names", interrupt)
    status, out, _ = neonym("learn list.txt")
    assert status == 130
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


def test_new_names_are_those_of_the_model(learned: tuple[Path, str, str]) -> None:
    generator = NameGenerator.load(learned[0] / "rivers.npz")
    assert np.isfinite(
        generator.log_prob([row["name"] for row in json.loads(learned[1])["names"]])
    ).all()
