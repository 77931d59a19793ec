"""Bad lists and bad configuration: each is one line that says what is wrong, where, what to do."""

import os
from pathlib import Path

import pytest
from formats import make_model
from small_project import PROJECT, Project, make_project

from neonym.base.errors import UserError
from neonym.experiment import Configuration
from neonym.generation.generator import NameGenerator
from neonym.lab.composing.composition import compose_text
from neonym.steps.preprocess_step import preprocess
from neonym.steps.sample_step import draw
from small_training import NAMES, configuration

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
    (b"x" * 200, {}, "(1 too long; the first on line 1: 200 characters, at most 100); raise data"),
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


OVERRIDES = [
    # names that are not known
    ("model.hiden_size=3", "Could not override 'model.hiden_size'"),
    ("+model.hiden_size=3", "conf: unknown key model.hiden_size; did you mean hidden_size?"),
    ("+optimizer.momentum=1", "unknown key optimizer.momentum; known are name, lr, beta1, beta2"),
    ("+nosuch=1", "unknown key nosuch; known are seed, data, model"),
    ("modle=lstm", "Could not override 'modle'"),
    ("model=nosuch", "Could not find 'model/nosuch'; Available options in 'model': gru; lstm; rnn"),
    ("optimizer=adamm", "Available options in 'optimizer': adagrad; adam; adamw; rmsprop; sgd"),
    ("experiment=nosuch", "Could not find 'experiment/nosuch'; Available options in 'experiment'"),
    ("optimizer.name=adamm", 'optimizer.name = "adamm": input should be one of'),
    # types
    ("model.hidden_size=big", 'conf: model.hidden_size = "big": input should be a valid integer'),
    ("model.hidden_size=1.5", "model.hidden_size = 1.5: input should be a valid integer"),
    ("model.hidden_size=null", "model.hidden_size = null: input should be a valid integer"),
    ("model.hidden_size=true", "model.hidden_size = true: input should be a valid integer"),
    ("model.hidden_size=[1]", "model.hidden_size = [1]: input should be a valid integer"),
    ("model.bias=both", "model.bias = \"both\": input should be 'single' or a valid boolean"),
    ("train.resume=maybe", 'train.resume = "maybe": input should be a valid boolean'),
    ("sample.prefix=3", "sample.prefix = 3: input should be a valid string"),
    ("evaluate.temperatures=1", "evaluate.temperatures = 1: input should be a valid list"),
    # ranges
    ("model.hidden_size=0", "model.hidden_size = 0: input should be greater than or equal to 1"),
    ("model.hidden_size=99999", "model.hidden_size = 99999: input should be less than or equal"),
    ("model.dropout=1", "model.dropout = 1: input should be less than 1"),
    ("optimizer.lr=-1", "optimizer.lr = -1: input should be greater than 0"),
    ("optimizer.lr=nan", "optimizer.lr = NaN: input should be a finite number"),
    ("optimizer.lr=1e400", "optimizer.lr = Infinity: input should be a finite number"),
    ("train.epochs=0", "train.epochs = 0: input should be greater than or equal to 1"),
    ("train.dtype=float16", "train.dtype = \"float16\": input should be 'float32' or 'float64'"),
    ("sample.count=0", "sample.count = 0: input should be greater than or equal to 1"),
    ("sample.temperature=-1", "sample.temperature = -1: input should be greater than or equal"),
    ("sample.top_p=1.1", "sample.top_p = 1.1: input should be less than or equal to 1"),
    ("evaluate.temperatures=[11]", "evaluate.temperatures = 11: input should be less than or eq"),
    ("data.max_length=10001", "data.max_length = 10001: input should be less than or equal to"),
    ("data.comment=''", 'data.comment = "": string should have at least 1 character'),
    ("data.path=''", 'data.path = "": string should match pattern'),
    ("seed=-1", "seed = -1: input should be greater than or equal to 0"),
    ("seed=4294967296", "seed = 4294967296: input should be less than 4294967296"),
    ("tracking.wait_seconds=-1", "tracking.wait_seconds = -1: input should be greater"),
    # what does not go together
    ("data.split.val=0.95", "data.split: val and test together must be less than 1"),
    ("model.dropout=0.5", "model: dropout acts between layers and num_layers is 1"),
    ("model.cell=gru model.forget_bias=1", "model: only an lstm with biases has a forget_bias"),
    ("sweep.optimized_metric=test.nll", "nothing is chosen by looking at test"),
    # what is missing
    ("seed=", 'seed = "": input should be a valid integer'),
    ("~seed", "seed is missing"),
    ("~model.cell", "model.cell is missing"),
    ("optimizer.name=sgd", "optimizer.momentum is missing (and 5 more)"),
    ("=3", "=3 has no key before the =; write key=value"),
    ("model.hidden_size", "missing EQUAL at '<EOF>'"),
    # what refers to something else
    ("data.name=${now:%Y}", "data.name = ${now:%Y}: the configuration may refer to its own keys"),
    ("data.path=${oc.env:HOME}", "data.path = ${oc.env:HOME}: the configuration may refer to its"),
    ("data.path=${hydra:job.name}", "reads nothing else, or secrets could be tracked"),
    ("data.path=${nosuch.key}", "Interpolation key 'nosuch.key' not found"),
    ("data.path=${data.path}", "Recursive interpolation detected"),
    # what Hydra cannot read
    ("data.path=[1,2", "no viable alternative at input '[1,2'"),
    ("data.path=${seed", "mismatched input '{'"),
    ("seed=range(3)", "Sweep parameters 'seed=range(3)' requires --multirun"),
    ("model.hidden_size=1,2", "Ambiguous value for argument 'model.hidden_size=1,2'"),
]


@pytest.mark.parametrize(("override", "line"), OVERRIDES)
def test_a_configuration_that_makes_no_sense_is_one_line(override: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        compose_text(PROJECT / "conf", Configuration, override.split())
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_more_than_sixty_kinds_are_told() -> None:
    assert len(LISTS) + len(PLACES) + len(OVERRIDES) + len(DRAWINGS) >= 60


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("bad") / "project")


COMMANDS = [
    (["preprocess", "data=list", "data.path=absent.txt"], "absent.txt does not exist"),
    (["preprocess", "=3"], "=3 has no key before the ="),
    (["train", "paths.processed=absent", "data.path=data"], "data is a directory"),
    (["train", "experiment=nosuch"], "Could not find 'experiment/nosuch'"),
    (["sample", "paths.model=absent.npz"], "absent.npz does not exist; train one with"),
    (["sample", "paths.model=dvc.yaml"], "dvc.yaml is not a neonym model"),
    (["evaluate", "paths.names=dvc.yaml", "paths.processed=data"], "data/vocabulary.json"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "line"), COMMANDS)
def test_a_script_says_it_in_one_line_and_ends_with_status_2(
    project: Project, arguments: list[str], line: str
) -> None:
    script, *overrides = arguments
    done = project.run("python", f"pipelines/{script}.py", *overrides, PYTHONPATH="src")
    assert done.returncode == 2, done.stdout
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert done.stdout.startswith(f"{script}: ")
    assert line in done.stdout
    assert not (project.root / ".neonym").exists()
