"""A process may be started without standard streams: what it prints never gets into a file."""

import subprocess
import sys
from pathlib import Path

CODE = """
import subprocess, sys
from neonym.base.standard_streams import open_closed_streams
open_closed_streams()
with open("result.txt", "w") as file:
    assert file.fileno() > 2
    print("printed")
    print("complained", file=sys.stderr)
    assert sys.stdin.read() == ""
    child = "import sys; print(1); print(2, file=sys.stderr); sys.stdout.flush()"
    subprocess.run([sys.executable, "-c", child], check=True)
    file.write("result")
"""


def test_nothing_printed_gets_into_a_file_where_streams_are_closed(tmp_path: Path) -> None:
    closed = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash"]
    done = subprocess.run([*closed, sys.executable, "-c", CODE], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "result.txt").read_text() == "result"
