"""A list of names that try to be something else."""

import re
from pathlib import Path

NAMES = [
    "=1+1",
    "=HYPERLINK(evil,a)",
    "+1+1",
    "-2-2",
    "@sum(a1)",
    "＝1",
    "'s hertogenbosch",
    "'=1",
    '"quoted", and a comma',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td><td>",
    "&lt;b&gt;",
    "[here](javascript:alert(1))",
    "![x](http://127.0.0.1:9/x.png)",
    "| a | b |",
    "**bold** _it_ `code`",
    "# heading",
    "$x^2$",
    "$\\frac{",
    "\\x1b[31mred",
    "${oc.env:home}",
    "{0} %s %(x)d",
    "[bold red]rich[/]",
    "../../etc/passwd",
    "con",
    "turned\u202earound",
    "left\u200emark",
    "right\u200fmark",
    "arabic\u061cmark",
    "x;=1+cmd|' /c calc'!a0;y",
    "x\u00a0|@sum(a1)",
    'x;"=1+1',
    "isolated\u2067text\u2069",
    "join\u200ded",
    "null",
    "nan",
    "true",
    "竜 ñandú",
]
# Which no name can have, so that these lines are left out
DROPPED = ["red\x1b[31malert", "title\x1b]0;owned\x07", "bell\x07", "c1\x9b31m", "line\u2028feed"]

OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]"
)  # but line feed


def write_list(path: Path) -> None:
    """The list, its names often enough to be in every split."""
    lines = [*NAMES, *(f"{name}{letter}" for name in NAMES for letter in "abcdefgh"), *DROPPED]
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
