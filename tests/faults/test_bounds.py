"""What is read is bounded before it is read: endless and huge files are one line at once."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from damage import BILLION_LAUGHS

from neonym.base.archive import read_archive
from neonym.base.errors import UserError
from neonym.base.files import MOST_LEVELS, parse_json, read_bytes
from neonym.commands import compare, sample, score
from neonym.corpus import source
from neonym.corpus.columns import Layout
from neonym.corpus.reading import LONGEST_NAME, read_names
from neonym.corpus.source import read_source
from neonym.corpus.vocabulary import Vocabulary
from neonym.experiment import PROJECT, Configuration
from neonym.export.safetensors_file import read_safetensors
from neonym.lab.configuration import read_configuration
from neonym.lab.delivery.synchronization import explain_stale
from neonym.lab.lockfile import Lock
from neonym.lab.sweeps.results import read_result
from neonym.lab.tracking.checkout import user_name
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork

SOURCES = Path(source.__file__).parents[1]
VOCABULARY = Vocabulary.from_names(["abc"], "character")
ZERO = Path("/dev/zero")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    network = RecurrentNetwork(len(VOCABULARY), "rnn", 3)
    save_model(path, network, VOCABULARY, {"longest": 3, "lowercase": True})
    return path


def huge(path: Path, head: bytes = b"") -> Path:
    """Three gigabytes that take no room on the disc."""
    path.write_bytes(head)
    os.truncate(path, 3 * 2**30)
    return path


def complaint(command: click.Command, *arguments: object) -> str:
    began = time.monotonic()
    done = CliRunner().invoke(command, [str(word) for word in arguments])
    assert isinstance(done.exception, UserError), done.exception
    assert time.monotonic() - began < 1
    assert "\n" not in str(done.exception)
    return str(done.exception)


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


ENDLESS = [lambda folder: ZERO, lambda folder: pipe(folder / "pipe")]
HUGE = [lambda folder: huge(folder / "x"), lambda folder: huge(folder / "y", b"PK\x03\x04")]
Make = Callable[[Path], Path]


@pytest.mark.parametrize("make", ENDLESS)
def test_a_model_that_never_ends_is_none(tmp_path: Path, make: Make) -> None:
    said = complaint(sample.command, "--model", make(tmp_path))
    assert "cannot be read (it is no ordinary file); make one with" in said


@pytest.mark.parametrize("make", HUGE)
def test_a_model_of_three_gigabytes_is_none(tmp_path: Path, make: Make) -> None:
    said = complaint(sample.command, "--model", make(tmp_path))
    assert "cannot be read (it is larger than 1024 MB); make one with" in said


def test_a_list_that_never_ends_or_is_huge_is_none(tmp_path: Path, model: Path) -> None:
    large = huge(tmp_path / "large.txt")
    for path, what in ((ZERO, "is no ordinary file"), (large, "is larger than any list of names")):
        assert what in complaint(score.command, path, "--model", model)
        assert what in complaint(sample.command, "--exclude", path, "--model", model)
        with pytest.raises(UserError, match=what):
            read_source(path)


def test_a_pipe_is_read_no_further_than_a_list_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST_BYTES", 1000)
    reading, writing = os.pipe()
    os.write(writing, b"rex\n" * 500)
    os.close(writing)
    with pytest.raises(UserError, match="is larger than any list of names"):
        read_source(Path(f"/dev/fd/{reading}"), pipes=True)
    os.close(reading)


def test_a_line_that_is_no_name_is_told_before_it_is_scored(tmp_path: Path, model: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("rex\n" + "a" * (LONGEST_NAME + 1) + "\n")
    with pytest.raises(UserError, match="line 2: 100,001 characters are no name; give one name a"):
        read_names(str(path), Layout())
    assert "characters are no name" in complaint(score.command, path, "--model", model)


def test_documents_are_bounded(tmp_path: Path) -> None:
    for path in (huge(tmp_path / "huge.json"), ZERO, pipe(tmp_path / "pipe")):
        with pytest.raises(OSError, match=r"it is (larger than 64 MB|no ordinary file)"):
            read_bytes(path)
        with pytest.raises(UserError, match="cannot be read"):
            Vocabulary.load(path)


def test_what_stages_and_dvc_write_is_bounded(tmp_path: Path) -> None:
    for path in (huge(tmp_path / "huge.yaml"), ZERO, pipe(tmp_path / "pipe")):
        with pytest.raises(UserError, match=r"it is (larger than 64 MB|no ordinary file)"):
            read_configuration(path, PROJECT.schema)
        with pytest.raises(UserError, match=r"it is (larger than 64 MB|no ordinary file)"):
            Lock(path)
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    for name in ("params.yaml", "dvc.lock"):
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).symlink_to(ZERO)
        assert "cannot be read (it is no ordinary file)" in explain_stale(PROJECT, tmp_path)
    with pytest.raises(UserError, match="is no ordinary file; export one"):
        read_safetensors(tmp_path / "pipe")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 65 + "]" * 65])
def test_deep_json_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json(text)


def test_json_as_deep_as_anybody_writes_is_read() -> None:
    deep = "[" * (MOST_LEVELS - 1) + "]" * (MOST_LEVELS - 1)
    assert str(parse_json(deep)).count("[") == MOST_LEVELS - 1


def test_deep_or_endless_results_of_a_sweep_are_one_line(tmp_path: Path) -> None:
    job = tmp_path / "0"
    job.mkdir()
    (job / "result.json").write_text('{"a":' * 9000 + "1" + "}" * 9000)
    assert "result.json is damaged" in complaint(compare.command, tmp_path)
    (job / "result.json").unlink()
    (job / "result.json").symlink_to(ZERO)
    with pytest.raises(UserError, match=r"result\.json cannot be read \(it is no ordinary file\)"):
        read_result(job / "result.json")


def test_endless_and_enormous_values_in_params_are_one_short_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    for content in (BILLION_LAUGHS, b"seed: 0x" + b"f" * 9000):
        path.write_bytes(content)
        with pytest.raises(UserError) as caught:
            read_configuration(path, Configuration)
        assert len(str(caught.value)) < 500


def test_all_json_is_read_in_one_place() -> None:
    """`json.loads` raises RecursionError where nobody expects it."""
    found = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if re.search(r"json\.loads?\(", path.read_text(encoding="utf-8"))
    }
    assert found == {"base/files.py", "nn/shard_process.py"}  # nn imports nothing of ours


def test_a_vocabulary_with_half_a_character_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'\\ud800' is half a character"):
        Vocabulary.from_json({"unit": "character", "symbols": ["", "a", "\ud800"]})
    with pytest.raises(UserError, match="half a character"):
        Vocabulary.from_json({"unit": "word", "symbols": ["", "a\udfff"]})
    path = tmp_path / "vocabulary.json"
    path.write_text('{"unit": "character", "symbols": ["", "\\ud800"]}')
    with pytest.raises(UserError, match="half a character"):
        Vocabulary.load(path)


def test_what_could_not_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    monkeypatch.setattr("neonym.base.archive.MAX_BYTES", 1024)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match="choose a smaller network"):
        save_model(
            tmp_path / "large.npz",
            RecurrentNetwork(len(VOCABULARY), "rnn", 30),
            VOCABULARY,
            {"longest": 3, "lowercase": True},
        )
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(UserError, match="it is larger than 0 MB"):
        read_archive(model, "a model", "train one")


@pytest.mark.parametrize("name", [b"ren\xe9e", b"\xff\xfe"])
def test_a_login_that_is_no_text_is_written_out(
    monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    monkeypatch.setenv("LOGNAME", os.fsdecode(name))
    user_name().encode()
    assert user_name() == name.decode("utf-8", "backslashreplace").replace("\\x", "\\udc")
