"""Secrets stay out of recorded diffs, wherever in a file they stand."""

import socket
import subprocess
from pathlib import Path

import pytest

from neonym.lab.tracking.addresses import REDACTED
from neonym.lab.tracking.redacted_diff import holds_secret, is_redacted_diff, redact_diff

AWS = "AKIA" + "IOSFODNN7EXAMPLE"
HIDDEN = "-".join(["correct", "horse"])


def diff_of(path: str, *added: str) -> str:
    lines = "".join(f"+{line}\n" for line in added)
    return (
        f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -0,0 +1,{len(added)} @@\n{lines}"
    )


@pytest.mark.parametrize(
    ("path", "line", "shown"),
    [
        ("conf/a.yaml", "  password: hunter2", f"  password: {REDACTED}"),
        ("conf/a.yaml", "token: 'abc'", f"token: '{REDACTED}'"),
        (".dvc/config", "    secret_access_key = abc", f"    secret_access_key = {REDACTED}"),
        (".dvc/config", "url = s3://a:b@c/d", f"url = s3://{REDACTED}@c/d"),
        ("a.py", 'password: str = "hunter2"', f'password: str = "{REDACTED}"'),
        ("a.py", 'connect(password="hunter2", n=1)', f'connect(password="{REDACTED}", n=1)'),
        ("a.py", 'environ["API_KEY"] = "abc"', f'environ["API_KEY"] = "{REDACTED}"'),
        ("a.md", "TOKEN=abc make ui", f"TOKEN={REDACTED} make ui"),
        (".env", "HARMLESS=abc", REDACTED),
        ("certs/server.pem", "MIIE", REDACTED),
    ],
)
def test_secrets_in_diffs(path: str, line: str, shown: str) -> None:
    redacted, found = redact_diff(diff_of(path, line, "other"))
    assert found
    assert redacted.splitlines()[5] == f"!+{shown}"
    kept = "other" if shown != REDACTED else REDACTED
    assert redacted.splitlines()[6].endswith(kept)
    assert is_redacted_diff(redacted)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "token = tokens_of(name)"),
        ("a.py", "def f(token: str, password: str | None = None) -> None:"),
        ("a.py", "f(token=token)"),
        ("a.py", 'if token == "a":'),
        ("a.md", "A token: a letter or a word."),
        ("a.py", 'author = ("Zoé", "Maël")'),
        ("a.py", "get(url, auth=given, timeout=3)"),
        ("a.py", "class HTTPBasicAuth(AuthBase):"),
        ("a.yaml", "password: ${oc.env:PASSWORD}"),
        ("a.yaml", "password: null"),
        ("reports/names.csv", "tokenosaurus,true"),
    ],
)
def test_code_without_secrets_stays_as_it_is(path: str, line: str) -> None:
    diff = diff_of(path, line)
    assert redact_diff(diff) == (diff, False)


def test_removed_and_unchanged_lines_are_redacted_too() -> None:
    diff = diff_of("a.yaml", "x: 1") + "-password: old\n secret: kept\n"
    redacted, _ = redact_diff(diff)
    assert f"\n!-password: {REDACTED}\n! secret: {REDACTED}\n" in redacted


def test_a_private_key_in_a_diff_is_redacted_to_its_end() -> None:
    key = ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNz", "-----END OPENSSH PRIVATE KEY-----"]
    redacted, _ = redact_diff(diff_of("a.txt", *key, "open"))
    assert redacted.splitlines()[5:] == [f"!+{REDACTED}"] * 3 + ["+open"]


def test_redacting_again_changes_nothing() -> None:
    once = redact_diff(diff_of("a.yaml", "password: x", f"k: {AWS}"))
    assert redact_diff(once[0]) == once


def test_git_refuses_to_apply_a_redacted_diff(tmp_path: Path) -> None:
    def git(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=tmp_path, input=text, text=True, capture_output=True, check=False
        )

    git("init", "-q")
    (tmp_path / "a.yaml").write_text("a: 1\n")
    git("add", "a.yaml")
    (tmp_path / "a.yaml").write_text("a: 2\npassword: hunter2\n")
    diff = git("diff").stdout
    (tmp_path / "a.yaml").write_text("a: 1\n")
    assert git("apply", "--check", text=diff).returncode == 0
    redacted, _ = redact_diff(diff)
    assert "hunter2" not in redacted
    refused = git("apply", "--check", text=redacted)
    assert refused.returncode != 0
    assert (tmp_path / "a.yaml").read_text() == "a: 1\n"


def test_long_lines_take_no_long_time() -> None:
    for unit in ("a", "a.", "password", "eyJ", "ab://", '"', "a=", "x" * 200 + " "):
        redact_diff("+" + unit * (200_000 // len(unit)))


CONFIGURATION = {
    "a block": "password: |\n  X",
    "a folded block": "password: >-\n  a\n  X\nb: 1",
    "the next line": "password:\n  X",
    "a list": "passwords:\n  tokens: 1\npassword:\n  - a\n  - X",
    "a list at the same indent": "password:\n- a\n- X",
    "a list in a line": "password: [a, X]",
    "a mapping": "credentials:\n  user: me\n  deep:\n    other: X",
    "a flow mapping": "store: {user: me, password: X}",
    "a flow mapping over lines": "store: {\n  user: me, password: X,\n  n: 1}",
    "an item": "stores:\n  - name: a\n    password: X",
    "an item that begins": "stores:\n  - password: X\n    name: a",
    "a quoted key": '"api_key": X',
    "words that go on": "password: a\n  X",
    "an anchor": "password: &p X",
    "a tag": "password: !!str X",
    "tight": "password:X",
    "exported": "export API_KEY=X",
    "of a container": "ENV API_KEY X",
    "an argument of a container": "ARG API_KEY=X",
    "an element": "<password>X</password>",
    "an attribute": '<add password="X"/>',
    "an attribute's value": '<add key="api_key" value="X"/>',
    "a table": 'password = """\nX\n"""',
    "an address": "url: postgresql://u:a/X@host/db",
    "a mapping in a line beside a secret": '{"password": {"value": "X"}, "token": "a"}',
    "an element over lines": "<password>\n X\n</password>",
    "a quoted key over lines": '{\n "password":\n  "X"\n}',
    "beside the key's name": "env:\n- name: DB_PASSWORD\n  value: X",
    "beside the key's quoted name": '[{"name": "DB_PASSWORD", "value": "X"}]',
    "several": "passwords: [X]",
    "several keys": "api_keys:\n- X",
    "a user and a password": "auth: [me, X]",
    "a key in a query": "url: https://example.org/?a=1&password=X",
}
CODE = {
    "a name": 'PASSWORD = "X"',
    "an attribute": "self.password = 'X'",
    "annotated": 'password: str | None = "X"',
    "annotated with brackets": 'password: Optional[str] = "X"',
    "a default": 'def f(password: str = "X", n: int = 1) -> None:',
    "of the environment": 'key = os.environ.get("API_KEY", "X")',
    "of the environment too": "key = os.getenv('API_KEY', 'X')",
    "set": 'setattr(store, "password", "X")',
    "a pair": 'headers = [("Authorization", "X")]',
    "a key": 'store = {"user": "me", "password": "X"}',
    "in brackets": 'PASSWORD = (\n    "a"\n    "X"\n)',
    "over lines": 'store = connect(\n    password=\n    "X",\n)',
    "on the next line": 'PASSWORD = \\\n"X"',
    "a list": 'tokens = 1\nPASSWORD = [\n    "X",\n]',
    "a choice": 'password = given or "X"',
    "another choice": 'password = given if given else "X"',
    "a call": 'password = decrypt("X")',
    "bytes": 'PASSWORD = b"X"',
    "formatted": 'PASSWORD = f"X{n}"',
    "a long text": 'PASSWORD = """\nX\n"""\na = 1',
    "compared": 'if password == "X":',
    "a key's value on the next line": 'store = {\n    "password":\n    "X",\n}',
    "in place of the environment's": 'key = os.getenv("API_KEY") or "X"',
    "in place of the environment's too": 'key = os.environ.get("API_KEY", None) or "X"',
    "a list in a line": 'CREDENTIALS = ["me", "X"]',
    "a mapping in a line": 'PASSWORDS = {"me": "X"}',
    "assigned in an expression": 'if other := (password := "X"):',
    "an argument": 'run(["--password", "X"])',
    "a list under a key": 'SETTINGS = {"api_key": "a", "secret": ["X"]}',
    "a mapping under a key": 'S = {"passwords": {"me": "X"}, "n": 1}',
    "a list under a key over lines": 'S = {\n    "secret": ["a",\n        "X"],\n}',
    "in pieces": 'password = ("a"\n            "X")',
    "in pieces of a call": 'store = connect(password=decrypt("a"\n    "X"))',
    "in pieces at the same indent": 'PASSWORD = ("a"\n"X")',
    "a user and a password": 'get(url, auth=("me", "X"), timeout=3)',
    "a user and a password over lines": 'get(url, auth=(\n    "me",\n    "X",\n))',
    "a user and a password of a call": 'get(url, auth=HTTPBasicAuth("me", "X"))',
    "a user and a password made before": 'given = aiohttp.BasicAuth("me", "X")',
    "a user and a password under a key": 'given = {"auth": ("me", "X")}',
}


@pytest.mark.parametrize("text", CONFIGURATION.values(), ids=CONFIGURATION)
def test_values_of_secret_keys_in_configuration(text: str) -> None:
    redacted, found = redact_diff(diff_of("conf/a.yaml", *text.replace("X", HIDDEN).split("\n")))
    assert found
    assert HIDDEN not in redacted


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_values_of_secret_keys_in_code(text: str) -> None:
    redacted, found = redact_diff(diff_of("src/a.py", *text.replace("X", HIDDEN).split("\n")))
    assert found
    assert HIDDEN not in redacted


@pytest.mark.parametrize(
    "value",
    [
        "xoxb-" + "1" * 12 + "-" + "a" * 12,
        "sk_live_" + "a1B2" * 6,
        "SG." + "a1B2c" * 4 + "de." + "a1B2c" * 8 + "xyz",
        "q7Zp9Lw2Xk4Vb8Nt6Rd1Ys3Hf5Gj0Mc",
    ],
)
def test_forms_that_detect_secrets_knows_under_a_harmless_name(value: str) -> None:
    redacted, found = redact_diff(diff_of("src/a.py", f'value = "{value}"'))
    assert found
    assert value not in redacted


def test_what_follows_a_secret_stays() -> None:
    lines = ["PASSWORD = \\", f'"{HIDDEN}"', 'A = "a"', "def f():", '    return "b"']
    redacted = redact_diff(diff_of("src/a.py", *lines))[0].splitlines()[5:]
    assert redacted == ["+PASSWORD = \\", f'!+"{REDACTED}"', *(f"+{line}" for line in lines[2:])]
    lines = ["a:", "  password: |", f"    {HIDDEN}", "  other: 1", "b: 2"]
    redacted = redact_diff(diff_of("conf/a.yaml", *lines))[0].splitlines()[5:]
    hidden = [f"!+  password: {REDACTED}", f"!+    {REDACTED}"]
    assert redacted == ["+a:", *hidden, "+  other: 1", "+b: 2"]


def test_no_detector_asks_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert redact_diff(diff_of("src/a.py", f'value = "{AWS}"'))[1]


def test_what_stands_behind_a_hunk_is_left_out() -> None:
    diff = diff_of("a.yaml", "x: 1").replace(" @@\n", f" @@ password: {HIDDEN}\n")
    assert redact_diff(diff) == (diff_of("a.yaml", "x: 1"), False)


def test_a_line_too_long_to_be_looked_at_is_left_out() -> None:
    assert redact_diff(diff_of("a.py", "x" * 3000))[1]


def test_the_code_of_this_project_is_not_taken_for_secrets() -> None:
    project = Path(__file__).resolve().parents[2]
    paths = [*(project / "conf").rglob("*.yaml"), *(project / "pipelines").glob("*.py")]
    paths += (project / "src/neonym/corpus").glob("*.py")
    assert [path for path in paths if holds_secret(str(path), path.read_text())] == []


def test_the_annotation_of_a_result_is_no_key() -> None:
    text = 'def of(cls) -> "TokenSequences":\n    """Put together."""\n    return "one", "two"\n'
    assert not holds_secret("sequences.py", text)
    assert holds_secret("a.py", 'x = {"token":\n    "one"}\n')
