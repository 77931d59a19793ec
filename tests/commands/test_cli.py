import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neonym import NameGenerator, cli
from neonym.corpus.vocabulary import Vocabulary
from neonym.models.known_names import hashes
from neonym.models.model_file import save_model
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY, configuration, run

NEONYM = [sys.executable, "-m", "neonym"]
HEAVY = (
    "mlflow",
    "pandas",
    "matplotlib",
    "scipy",
    "hydra",
    "omegaconf",
    "dvc",
    "pydantic",
    "neonym.training.loop",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    network = run(configuration(train__epochs=100, model__hidden_size=32)).network
    metadata = {"longest": max(map(len, NAMES)), "lowercase": True}
    save_model(folder / "models" / "model.npz", network, VOCABULARY, metadata)
    words = Vocabulary.from_names(["i like dogs"], "word")
    network = RecurrentNetwork(len(words), "rnn", 3)
    save_model(folder / "words.npz", network, words, {"longest": 3, "lowercase": False})
    return folder


@pytest.fixture
def neonym(folder, monkeypatch, capsys):
    """Run the command line in the project; its exit status, output and complaints."""
    monkeypatch.chdir(folder)

    def call(arguments, *more):
        monkeypatch.setattr(sys, "argv", ["neonym", *arguments.split(), *more])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def generator(folder):
    return NameGenerator.load(folder / "models" / "model.npz")


def test_sample_prints_the_names_of_the_generator(neonym, generator):
    expected = generator.sample(7, seed=5, temperature=0.8, prefix="tyr", top_k=9, top_p=0.9)
    status, out, err = neonym(
        *[
            "sample",
            "-n",
            "7",
            "--seed",
            "5",
            "--temperature",
            "0.8",
            "--prefix",
            "tyr",
            "--top-k",
            "9",
            "--top-p",
            "0.9",
        ]
    )
    assert (status, out.splitlines(), err) == (0, expected, "")


def test_sample_gives_twenty_names_of_seed_zero_from_the_default_model(neonym, generator):
    assert neonym("sample")[1].splitlines() == generator.sample(20, seed=0)


def test_sample_json_holds_names_log_probabilities_and_how_they_were_drawn(neonym, generator):
    status, out, _ = neonym("sample -n 3 --json --seed 4")
    values = json.loads(out)
    assert status == 0
    assert [row["name"] for row in values["names"]] == generator.sample(3, seed=4)
    nats = generator.log_prob([row["name"] for row in values["names"]])
    np.testing.assert_allclose([row["log_prob"] for row in values["names"]], nats, rtol=1e-4)
    assert (values["seed"], values["temperature"], values["draws"]) == (4, 1.0, 3)


def test_sample_says_how_many_it_drew_for_distinct_names(neonym, folder):
    (folder / "known.txt").write_text("Allosaurus\nΩ\n")
    status, out, err = neonym("sample -n 12 --temperature 0.2 --distinct --exclude known.txt")
    names = out.splitlines()
    assert (status, len(names), len(set(names))) == (0, 12, 12)
    assert "allosaurus" not in names
    assert int(re.fullmatch(r"neonym: (\d+) names drawn for 12\n", err)[1]) > 12


def test_sample_says_where_names_are_missing_or_cut(neonym):
    assert "neonym: only 1 of 2 names found" in neonym("sample -n 2 --temperature 0 --distinct")[2]
    cut = neonym("sample -n 4 --max-length 1 --raw")
    assert "neonym: 4 of 4 names were cut off" in cut[2]


def test_sample_gives_the_names_that_are_wished_and_says_which_share_they_are(neonym, generator):
    status, out, err = neonym(
        "sample -n 6 --starts-with t --ends-with us --min-length 6 --max-length 14 --like tyrannus"
        " --matches [ar]"
    )
    expected = generator.sample(
        6,
        starts_with="t",
        ends_with="us",
        min_length=6,
        max_length=14,
        like="tyrannus",
        matches="[ar]",
    )
    assert (status, out.splitlines(), len(expected)) == (0, expected, 6)
    draws, share = re.fullmatch(
        r"neonym: (\d+) names drawn for 6; ([\d.]+)% are as wished\n", err
    ).groups()
    assert float(share) == pytest.approx(100 * 6 / int(draws), rel=0.01)
    values = json.loads(neonym("sample -n 2 --contains ra --json")[1])
    assert (values["contains"], values["fitting"]) == ("ra", 2)
    assert neonym("sample -n 3 --starts-with ty")[1:] == neonym("sample -n 3 --prefix ty")[1:]


def test_sample_says_which_wish_next_to_no_name_meets(neonym):
    status, out, err = neonym("sample -n 2 --contains a --matches ^$ --max-length 9")
    assert (status, out) == (0, "")
    assert re.fullmatch(
        r"neonym: only 0 of 2 names found\n"
        r"neonym: 32768 names drawn for 0; 0% are as wished\n"
        r"neonym: the hardest wish is matches '\^\$': 0 of \d+ meet it; loosen it\n",
        err,
    )


def test_sample_new_gives_none_of_the_names_that_the_model_learned_from(neonym, folder, generator):
    names = generator.sample(60)
    metadata = {"longest": max(map(len, NAMES)), "lowercase": True}
    known = hashes(names[:30])
    save_model(folder / "known.npz", generator.network, VOCABULARY, metadata, known=known)
    new = neonym("sample -n 20 --model known.npz --new")[1].splitlines()
    assert new == [name for name in names if name not in names[:30]][:20]


def test_sample_draws_anew_what_is_no_name_and_raw_gives_it(neonym, folder):
    vocabulary = Vocabulary.from_names(["a b"], "character")
    network = RecurrentNetwork(len(vocabulary), "rnn", 3)
    save_model(folder / "spaced.npz", network, vocabulary, {"longest": 3, "lowercase": True})
    status, out, err = neonym("sample -n 30 --model spaced.npz")
    names = out.split("\n")[:-1]
    assert (status, len(names)) == (0, 30)
    assert all(name == name.strip() != "" for name in names)
    assert int(re.search(r"neonym: (\d+) names drawn for 30\n", err)[1]) > 30
    status, out, err = neonym("sample -n 30 --model spaced.npz --raw")
    raw = out.split("\n")[:-1]
    assert (len(raw), "" in raw) == (30, True)
    whole = [name for name in raw if name and name == name.strip()]
    assert whole == names[: len(whole)]


def test_sample_most_probable_gives_the_names_of_the_beam_search(neonym, generator):
    status, out, _ = neonym("sample -n 4 --most-probable --prefix s")
    assert (status, out.splitlines()) == (0, generator.most_probable(4, prefix="s").names)
    status, out, err = neonym("sample --most-probable --seed 0")
    assert (status, out) == (2, "")
    assert err == "neonym: --most-probable draws nothing; leave out --seed\n"


def test_score_prints_the_exact_figures(neonym, folder, generator):
    (folder / "n.txt").write_bytes("\ufeffallosaurus\r\n\r\n  Baryonyx\n".encode())
    nats = -generator.log_prob(["allosaurus", "baryonyx"]).sum()
    status, out, err = neonym("score n.txt")
    assert (status, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["names", "2"],
        ["tokens", "20"],
        ["nats/char", f"{nats / 20:.4f}"],
        ["bits/char", f"{nats / 20 / np.log(2):.4f}"],
        ["perplexity", f"{np.exp(nats / 20):.3f}"],
    ]


def test_score_per_name_gives_a_line_each_in_the_order_of_the_file(neonym, folder, generator):
    (folder / "n.txt").write_text("baryonyx\nallosaurus")
    rows = [line.split("\t") for line in neonym("score n.txt --per-name")[1].splitlines()]
    assert [row[3] for row in rows] == ["baryonyx", "allosaurus"]
    per_char = -generator.log_prob(["baryonyx"])[0] / 9
    figures = [per_char, per_char / np.log(2), np.exp(per_char)]
    assert [float(cell) for cell in rows[0][:3]] == pytest.approx(figures, abs=6e-4)


def test_score_json_holds_the_whole_the_names_and_what_is_unknown(neonym, folder, generator):
    (folder / "n.txt").write_text("baryonyx\n ab9\nallosaurus\n")
    status, out, _ = neonym("score n.txt --per-name --json")
    values = json.loads(out)
    assert status == 2
    assert values["nats"] == pytest.approx(-generator.log_prob(["baryonyx", "allosaurus"]).sum())
    assert [row["tokens"] for row in values["per_name"]] == [9, 11]
    assert values["unknown"] == [{"line": 2, "column": 4, "symbol": "9", "name": " ab9"}]


def test_score_tells_line_and_column_of_unknown_letters_and_goes_on(neonym, folder):
    (folder / "n.txt").write_text("baryonyx\n\n  tyrçanno\nallo9\n")
    status, out, err = neonym("score n.txt --per-name")
    assert status == 2
    assert [row.split("\t")[3] for row in out.splitlines()] == ["baryonyx"]
    assert err.splitlines() == [
        "neonym: n.txt:3:6: 'ç' (U+00E7) is unknown to the model; 'tyrçanno' is left out",
        "neonym: n.txt:4:5: '9' (U+0039) is unknown to the model; 'allo9' is left out",
    ]


def test_score_tells_the_column_at_which_an_unknown_word_begins(neonym, folder):
    (folder / "n.txt").write_text("i like dogs\n  i  like like  likes dogs\n")
    status, _, err = neonym("score n.txt --model words.npz")
    assert status == 2
    assert err.startswith("neonym: n.txt:2:17: 'likes' is unknown to the model")


def test_score_reads_standard_input(folder):
    done = subprocess.run(
        [*NEONYM, "score", "-"],
        input="allosaurus\n",
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("names       1\n")


MISTAKES = [
    ("sample -n 0", "0 names were asked for; ask for at least 1"),
    ("sample -n some", "Invalid value for '-n'"),
    ("sample --prefix=", "--prefix is empty; leave it out"),
    ("sample --prefix tyß", "prefix 'tyß': 'ß' (U+00DF), letter 3, is not in the vocabulary"),
    ("sample --prefix tyra --max-length 3", "the prefix has 4 tokens, more than the length cap"),
    ("sample --most-probable --prefix tyra --max-length 3", "the prefix has 4 tokens"),
    ("sample --contains=", "--contains is empty; leave it out"),
    ("sample --ends-with usß", "ends-with 'usß': 'ß' (U+00DF), letter 3, is not in the vocabulary"),
    ("sample --min-length 9 --max-length 8", "min-length is 9 and max-length 8; no name has both"),
    ("sample --matches [", "matches '[' is no regular expression: unterminated character set"),
    ("sample --new", "the model does not say which names it learned from; train it again"),
    ("sample --temperature -1", "temperature is -1; it must be a number from 0"),
    ("sample --temperature nan", "temperature is nan"),
    ("sample --top-p 1.2", "top-p is 1.2; it must be above 0 and at most 1"),
    ("sample --top-k 0", "top-k is 0"),
    ("sample --seed -1", "seed is -1"),
    ("sample --model absent.npz", "absent.npz does not exist; make one with `neonym learn`"),
    ("sample --model poem.txt", "poem.txt is not a neonym model"),
    ("sample --exclude absent.txt", "absent.txt does not exist; name a file"),
    ("sample --model models", "models cannot be read"),
    ("sample --colour red", "No such option"),
    ("score absent.txt", "absent.txt does not exist; name a file, or - for standard input"),
    ("score models", "models is a directory; name a file, or - for standard input"),
    ("score poem.txt", "no name in poem.txt can be scored"),
    ("score empty.txt", "empty.txt holds no names; give one name a line"),
    (
        "score latin.txt",
        "latin.txt, line 2: not UTF-8 (byte 0xe9 at offset 11); save the file as UTF-8",
    ),
    ("score poem.txt --model poem.txt", "poem.txt is not a neonym model"),
    ("score", "Missing argument"),
    ("sync --wait -1", "Invalid value for '--wait': -1.0 is not in the range x>=0."),
    ("sync --wait nan", "Invalid value for '--wait': nan is not in the range x>=0."),
    ("compose", "No such command 'compose'; did you mean compare? See `neonym --help`."),
    ("sampel -n 3", "No such command 'sampel'; did you mean sample? See `neonym --help`."),
    ("xyz", "No such command 'xyz'. See `neonym --help`."),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_status_two(neonym, folder, arguments, message):
    (folder / "poem.txt").write_text("Ω\n")
    (folder / "empty.txt").write_text("\ufeff\n \r\n")
    (folder / "latin.txt").write_bytes(b"\xef\xbb\xbfsaurus\nr\xe9x\n")
    status, out, err = neonym(arguments)
    *before, last = err.splitlines()
    assert (status, out) == (2, "")
    assert last.startswith("neonym: ")
    assert message in last
    assert len(before) == (arguments == "score poem.txt")


def test_terminal_escapes_come_out_escaped(neonym, folder):
    hostile = "\x1b[2J\u202egpj"
    vocabulary = Vocabulary.from_names([hostile], "character")
    network = RecurrentNetwork(len(vocabulary), "rnn", 3)
    save_model(folder / "hostile.npz", network, vocabulary, {"longest": 7, "lowercase": False})
    (folder / "n.txt").write_text(f"{hostile}\n\x1b9\n")
    outputs = [
        neonym("sample --model hostile.npz --prefix", hostile),
        neonym("sample --model hostile.npz --prefix", hostile, "--json"),
        neonym("score n.txt --per-name --model hostile.npz"),
        neonym("score n.txt --per-name --json --model hostile.npz"),
        neonym("sample --prefix", hostile),
        neonym("sample --model", hostile),
    ]
    for _, out, err in outputs:
        assert not re.search("[\x1b\u202e]", out + err)
    assert outputs[0][1].startswith(r"\x1b[2J\u202egpj")
    assert json.loads(outputs[1][1])["names"][0]["name"].startswith(hostile)
    assert r"\x1b[2J\u202egpj" in outputs[2][1]


def test_help_lists_the_commands_and_their_options(neonym):
    assert neonym("") == neonym("--help")
    status, out, _ = neonym("--help")
    assert status == 0
    assert {"sample", "score"} <= set(out.split())
    assert "--top-p" in neonym("sample --help")[1]


def test_a_reader_who_has_enough_is_no_mistake(folder):
    process = subprocess.Popen(
        [*NEONYM, "sample", "-n", "30000"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""},  # set, it hides what was not written
    )
    process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 0
    assert "Traceback" not in error
    assert "BrokenPipe" not in error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("arguments", ["sample -n 1", "sample -n 30000", "score known.txt"])
def test_output_that_cannot_be_written_is_one_line_and_exit_status_two(folder, arguments):
    (folder / "known.txt").write_text("allosaurus\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*NEONYM, *arguments.split()],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert done.returncode == 2
    message = "neonym: the output cannot be written (No space left on device)"
    assert done.stderr.splitlines()[-1] == message
    assert "Traceback" not in done.stderr


def test_closed_streams_are_empty_or_lead_nowhere(folder):
    def shell(command):
        return subprocess.run(
            ["bash", "-c", command.replace("neonym", shlex.join(NEONYM), 1)],
            cwd=folder,
            capture_output=True,
            check=False,
            text=True,
        )

    done = shell("neonym sample -n 1 >&-")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell("neonym score - <&-")
    assert (done.returncode, done.stderr) == (2, "neonym: - holds no names; give one name a line\n")


def test_letters_that_the_terminal_lacks_are_printed_as_escapes(folder):
    vocabulary = Vocabulary.from_names(["竜"], "character")
    network = RecurrentNetwork(len(vocabulary), "rnn", 3)
    save_model(folder / "竜.npz", network, vocabulary, {"longest": 1, "lowercase": False})
    done = subprocess.run(
        [*NEONYM, "sample", "--prefix", "竜", "-n", "1", "--model", "竜.npz"],
        cwd=folder,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0
    assert done.stdout.startswith(rb"\u7adc")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sample", "-n", "1"],
        ["export", "models/model.npz", "-o", "x.html"],
        ["export", "models/model.npz", "-o", "x.safetensors"],
    ],
)
def test_what_needs_a_model_alone_imports_nothing_heavy(folder, arguments):
    code = (
        "import sys\n"
        "from neonym.cli import run\n"
        f"sys.argv = ['neonym', *{arguments}]\n"
        "run()\n"
        f"sys.exit([name for name in {HEAVY} if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr


def test_python_m_says_and_ends_with_what_the_command_does(neonym):
    for arguments in ("sample --model no.npz", "simple", "export --help"):
        told = subprocess.run([*NEONYM, *arguments.split()], capture_output=True, check=False)
        assert (told.returncode, told.stdout.decode(), told.stderr.decode()) == neonym(arguments)
