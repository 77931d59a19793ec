"""Bad lists and bad prefixes: each is one line that says what is wrong, where, and what to do."""

import os
from pathlib import Path

import pytest
from formats import make_model
from small_project import Project, make_project

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator
from neonym.steps.preprocess_step import preprocess
from neonym.steps.sample_step import draw
from small_training import NAMES, configuration
from warm import Warm

SOUND = "\n".join(NAMES).encode()
FEW = "names are too few for val = 0.1 and test = 0.1; add names (at least 5 in all)"

# What stands in the file, how it is read, and the line
LISTS: list[tuple[bytes, dict[str, object], str]] = [
    (b"", {}, "names.txt is empty; data.path must name a file with one name a line"),
    (b"\xef\xbb\xbf", {}, "names.txt is empty"),
    (b" \t\r\n\r\n", {}, "names.txt is empty"),
    (b"# a\n# b\n", {"comment": "#"}, "holds no names, only 2 comments; set data.path or data.com"),
    (b"rex\ncaf\xe9\n", {}, "line 2: not UTF-8 (byte 0xe9 at offset 7); save the file as UTF-8"),
    ("rex\nrap".encode("utf-16"), {}, "line 1: not UTF-8 (byte 0xff at offset 0)"),
    ("rex\nrap".encode("utf-16-le"), {}, "it is no text, or not UTF-8"),
    ("rex\nrap".encode("utf-32-be"), {}, "it is no text, or not UTF-8"),
    (b"a\xed\xa0\x80\n", {}, "line 1: not UTF-8 (byte 0xed at offset 1)"),
    (b"\x00\x00\x00", {}, "'\\x00' (U+0000) at position 1); it is no text, or not UTF-8"),
    (b"\x1b[2J\n", {}, "(U+001B) at position 1); no name holds such a character; take it out"),
    (b"\x80\x04\x95\x0b\x00", {}, "line 1: not UTF-8 (byte 0x80 at offset 0)"),
    (b"rex\n", {}, f"1 {FEW}"),
    (b"rex\nREX\n rex \n", {}, f"1 {FEW}"),
    (b"ab\nac\nad\n", {}, f"3 {FEW}"),
    (
        b"x" * 200,
        {},
        "(1 too long; the first on line 1: 200 characters, at most 100); give one name a line, or",
    ),
    (b"a b c\n", {"unit": "word", "max_length": 2}, "line 1: 3 words, at most 2"),
    (SOUND, {"alphabet": "xyz"}, "at position 1); extend data.alphabet, or set it to null"),
    (SOUND, {"alphabet": "\n"}, "extend data.alphabet, or set it to null"),
    (SOUND, {"column": "name"}, "line 1: no column 'name'; set data.column to one of 'tyrannosau"),
    (b"id,genus\n1,rex\n", {"column": "name"}, "to one of 'id', 'genus', or to null"),
    (b"name\n", {"column": "name"}, "holds no names, only 0 comments"),
    (b"id,name\n1\n2\n", {"column": "name"}, "(2 empty; the first on line 2); check data.column"),
    (b'name\n"rex\nrap\n', {"column": "name"}, "line 2: not valid CSV (unexpected end of data)"),
    (b'name\n"a"b\n', {"column": "name"}, "line 2: not valid CSV (',' expected after '\"')"),
    (b'name\n"' + b"x" * 200_000, {"column": "name"}, "line 2: not valid CSV (field larger than"),
    (SOUND, {"split__val": 0.001}, "15 names are too few for val = 0.001"),
    (SOUND, {"split__val": 0.5, "split__test": 0.49}, "15 names are too few for val = 0.5 and te"),
]


@pytest.mark.parametrize(("content", "reading", "line"), LISTS)
def test_a_list_that_cannot_be_used_is_one_line_and_leaves_nothing(
    tmp_path: Path, content: bytes, reading: dict[str, object], line: str
) -> None:
    (tmp_path / "names.txt").write_bytes(content)
    changes = {f"data__{key}": value for key, value in reading.items()}
    data = configuration(data__path=str(tmp_path / "names.txt"), **changes).data
    with pytest.raises(UserError) as caught:
        preprocess(data, tmp_path / "processed")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["names.txt"]


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


PLACES = [
    (None, "names", "names does not exist; set data.path to a file of names"),
    (None, "no/such/folder/names", "does not exist; set data.path to a file of names"),
    (None, "x" * 300, "cannot be read (File name too long); check data.path"),
    (make_folder, "names", "names is a directory; data.path must name a file of names"),
    (make_loop, "names", "cannot be read (Too many levels of symbolic links); check data.path"),
    (make_pipe, "names", "names is no ordinary file; data.path must name a file of names"),
]


@pytest.mark.parametrize(("make", "name", "line"), PLACES)
def test_a_list_that_is_not_there_is_one_line(tmp_path: Path, make, name: str, line: str) -> None:
    if make:
        make(tmp_path / name)
    data = configuration(data__path=str(tmp_path / name)).data
    with pytest.raises(UserError) as caught:
        preprocess(data, tmp_path / "processed")
    assert line in str(caught.value)
    assert not (tmp_path / "processed").exists()


DRAWINGS = [
    ({"prefix": "ß"}, "prefix 'ß': 'ß' (U+00DF), letter 1, is not in the vocabulary"),
    ({"prefix": "tyr\x00"}, "'\\x00' (U+0000), letter 4, is not in the vocabulary"),
    ({"prefix": "tyra", "max_length": 3}, "the prefix has 4 tokens, more than the length cap of 3"),
]


@pytest.mark.parametrize(("options", "line"), DRAWINGS)
def test_names_that_cannot_be_drawn_are_one_line(
    tmp_path: Path, options: dict[str, object], line: str
) -> None:
    settings = configuration(**{f"sample__{key}": value for key, value in options.items()})
    with pytest.raises(UserError) as caught:
        draw(NameGenerator.load(make_model(tmp_path)), settings, [])
    assert line in str(caught.value)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("bad") / "project")


COMMANDS = [
    (["preprocess", "data=list", "data.path=absent.txt"], "absent.txt does not exist"),
    (["preprocess", "=3"], "=3 has no key before the ="),
    (["train", "paths.processed=absent", "data.path=data"], "data is a directory"),
    (["train", "experiment=nosuch"], "there is no such choice; known are base, best"),
    (["train", "--epochs=3"], "unrecognized arguments: --epochs=3; a value is set by key=value"),
    (["train", "seed=1", "-m", "model=rnn"], "model=rnn: flags such as -m go before all overrides"),
    (["train", "hydra.job.name=x/y"], "hydra.job.name = x/y: it names a file"),
    (["sweep", "sweep=tpe"], "sweep=tpe is for many jobs, and -m is missing: add it"),
    (["sweep", "sweep=seeds"], "sweep=seeds is for many jobs, and -m is missing: add it"),
    (
        ["train", "sweep.search=random", "sweep.trials=3"],
        "sweep.search=random is for many jobs, and",
    ),
    (["train", "sample.prefix=Tyr4"], "sample.prefix: 'tyr4': '4' (U+0034), letter 4, is not in"),
    (["sweep", "-m", "sample.prefix=tyr,Tyr4", "seed=0,1"], "sample.prefix: 'tyr4': '4' (U+0034)"),
    (["train", "-m", "data.path=absent.txt", "seed=0,1"], "absent.txt does not exist; set data.p"),
    (["sample", "paths.model=absent.npz"], "absent.npz does not exist; make one with"),
    (["sample", "paths.model=dvc.yaml"], "dvc.yaml is not a neonym model"),
    (["evaluate", "paths.names=dvc.yaml", "paths.processed=data"], "data/vocabulary.json"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "line"), COMMANDS)
def test_a_script_says_it_in_one_line_and_ends_with_status_2(
    project: Project, warm: Warm, arguments: list[str], line: str
) -> None:
    script, *overrides = arguments
    done = project.run_warm(warm, "python", f"pipelines/{script}.py", *overrides)
    assert done.returncode == 2, done.stdout
    [said] = [said for said in done.stdout.splitlines() if not said.startswith("INFO ")]
    assert said.startswith(f"{script}: ")
    assert line in said
    assert not (project.root / ".neonym/spool").exists()
    assert not (project.root / "multirun").exists()
