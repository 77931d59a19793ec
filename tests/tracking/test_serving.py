"""The champion, served by MLflow over HTTP: names as the signature says, or 400 and a reason."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from mlflow_server import LOCALHOST, free_port, listening_at, wait_until_up
from promotable import deliver_run, write_model

from neonym import experiment
from neonym.generation.generator import NameGenerator
from neonym.lab.lineage.registry import promote
from neonym.lab.tracking.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "default::UserWarning"
    ),  # MLflow warns of itself when it logs a model
]


class Server:
    """MLflow's server of a model."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, body: Any, content_type: str = "application/json") -> tuple[int, dict[str, Any]]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/invocations", content, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def names(self, body: Any) -> list[tuple[str, str]]:
        status, answer = self.post(body)
        assert status == 200, answer
        return [(row["prefix"], row["name"]) for row in answer["predictions"]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Store:
    """A project whose champion is the model of a job."""
    root = tmp_path_factory.mktemp("served")
    shutil.copyfile(empty_database, root / "mlflow.db")
    store = Store(root.resolve(), f"sqlite:///{root.resolve() / 'mlflow.db'}", experiment.PROJECT)
    promote(store, deliver_run(store, "first"), "neonym")
    return store


@pytest.fixture(scope="module")
def server(project: Store) -> Iterator[Server]:
    """The champion, served as docs/serving.md says, without a way to the network."""
    port = free_port()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": project.uri,
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "PIP_NO_INDEX": "1",
    }
    command = ["mlflow", "models", "serve", "-m", "models:/neonym@champion"]
    process = subprocess.Popen(
        [*command, "--env-manager", "local", "--port", str(port)],
        env=environment,
        cwd=project.root,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/ping", process)
        yield Server(port)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def generator(project: Store) -> NameGenerator:
    return NameGenerator.load(write_model(project.root / "same.npz", seed=len("first")))


def split(*prefixes: object, **params: object) -> dict[str, object]:
    data = [[prefix] for prefix in prefixes]
    return {"dataframe_split": {"columns": ["prefix"], "data": data}, "params": params}


def test_it_answers_with_the_names_that_the_model_coins(
    server: Server, generator: NameGenerator
) -> None:
    expected = [
        (prefix, name)
        for prefix in ("tyr", "")
        for name in generator.sample(3, seed=5, temperature=0.7, prefix=prefix)
    ]
    assert server.names(split("tyr", "", n=3, temperature=0.7, seed=5)) == expected


def test_what_is_left_out_is_as_the_signature_says(
    server: Server, generator: NameGenerator
) -> None:
    [name] = generator.sample(1, seed=0, temperature=1.0, prefix="a")
    assert server.names(split("a")) == [("a", name)]
    assert server.names({"inputs": {"prefix": ["a"]}}) == [("a", name)]
    assert server.names({"dataframe_records": [{"prefix": "a"}]}) == [("a", name)]
    assert server.post(b"prefix\na\n", "text/csv")[1]["predictions"] == [
        {"prefix": "a", "name": name}
    ]


def test_requests_at_the_same_time_do_not_disturb_each_other(
    server: Server, generator: NameGenerator
) -> None:
    def ask(seed: int) -> list[str]:
        return [name for _, name in server.names(split("a", n=300, seed=seed))]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    assert answers == [generator.sample(300, seed=seed, prefix="a") for seed in range(16)]


def test_the_most_names_that_one_answer_holds(server: Server) -> None:
    assert len(server.names(split("", n=10_000))) == 10_000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (split("ty1"), "'1' (U+0031), letter 3, is not in the vocabulary"),
        (split("a\x1b[31m"), "letter 2, is not in the vocabulary"),
        (split("a", temperature=-0.1), "temperature is -0.1; it must be a number from 0"),
        (split("a", temperature=float("nan")), "temperature is nan"),
        (split("a", temperature=float("inf")), "temperature is inf"),
        (split("a", temperature="hot"), "Can not safely convert"),
        (split("a", temperature=None), "temperature is None; it must be a number"),
        (split("a", n=0), "0 names were asked for; ask for at least 1"),
        (split("a", n=-1), "ask for at least 1"),
        (split("a", n=10_001), "10001 names were asked for; one answer holds at most 10000"),
        (split("a", "b", n=5_001), "10002 names were asked for"),
        (split("a", n=10**30), "one answer holds at most 10000"),
        (split("a", n=2.5), "Can not safely convert"),
        (split("a", n="2"), "Can not safely convert"),
        (split("a", n=True), "Can not safely convert"),
        (split("a", n=[2]), "must be a scalar"),
        (split("a", seed=-1), "seed is -1; it must be at least 0"),
        (split("a", top_k=3), "its params are n, temperature and seed"),
        ({**split("a"), "params": [1]}, "Parameters must be a dictionary"),
        (split("a" * 100), "more than the length cap"),
        (split(5), "a prefix is no text"),
        (split(None), "a prefix is no text"),
        (split(), "there is no prefix"),
        ({"inputs": {"prefix": [None]}}, "a prefix is no text"),
        ({"inputs": {"prefix": [5]}}, "'5' (U+0035), letter 1, is not in the vocabulary"),
        ({"inputs": {"prefix": [["a", "b"]]}}, "prefix"),
        ({"inputs": {"name": ["a"]}}, "Model is missing inputs ['prefix']"),
        ({"inputs": {"prefix": ["a"], "name": ["b"]}}, "its input is prefix"),
        ({"prefix": "a"}, "The input must be a JSON dictionary with exactly one of"),
        ([1], "Received a list"),
        (b"nonsense", "valid JSON"),
        (b'{"inputs":' * 50_000, "nested too deep"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"dataframe_split": ' + b"[" * 200 + b"]" * 200 + b"}", "nested too deep"),
        (b'{"inputs": {"prefix": ["a"]}, "params": {"n": ' + b"9" * 5000 + b"}}", "many digits"),
        ({**split("a"), "top_k": 3}, "Received the keys ['dataframe_split', 'params', 'top_k']"),
        ({**split("a"), "inputs": {"prefix": ["b"]}}, "exactly one of"),
        ({**split("a"), "messages": []}, "exactly one of"),
        (b"3", "The input must be a JSON dictionary with exactly one of"),
        (b"\xff", "valid JSON"),
    ],
)
def test_bad_requests_get_400_and_a_reason(server: Server, body: Any, reason: str) -> None:
    status, answer = server.post(body)
    assert status == 400, answer
    assert reason in answer["message"]
    assert "stack_trace" not in answer
    assert server.names(split("a"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"prefix\na,b\n", "row 1 of the CSV has 2 columns, the header has 1; quote a prefix"),
        (b"prefix,name\na,b\n", "its input is prefix"),
        (b"name\na\n", "Model is missing inputs ['prefix']"),
        (b'prefix\n"a\n', "not valid CSV with a header"),
        (b"", "not valid CSV with a header"),
        (b"prefix\n", "there is no prefix"),
        (b"prefix\nty1\n", "'1' (U+0031), letter 3, is not in the vocabulary"),
    ],
)
def test_bad_tables_get_400_and_a_reason(server: Server, body: bytes, reason: str) -> None:
    status, answer = server.post(body, "text/csv")
    assert status == 400, answer
    assert reason in answer["message"]


def test_every_cell_of_a_table_is_text(server: Server) -> None:
    status, answer = server.post(b'prefix\nnan\n""\nnull\n', "text/csv")
    assert status == 200, answer
    assert [row["prefix"] for row in answer["predictions"]] == ["nan", "", "null"]


def test_many_prefixes_share_the_work(server: Server, generator: NameGenerator) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    prefixes = [f"{a}{b}" for a in letters for b in letters] * 2 + list(letters) * 5
    began = time.monotonic()
    names = server.names(split(*prefixes))
    assert time.monotonic() - began < 10  # 19 ms a name before, and 0.1 now
    assert [prefix for prefix, _ in names] == prefixes
    some = [*names[:20], *names[-20:]]
    assert [name for _, name in some] == [
        generator.sample(1, prefix=prefix)[0] for prefix, _ in some
    ]


def test_it_listens_on_this_machine_only(server: Server) -> None:
    assert listening_at(server.port) == [LOCALHOST]
