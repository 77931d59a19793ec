import pytest

from neonym.base.text import literal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", r"&lt;img src=x onerror=alert\(1\)&gt;"),
        ("[here](javascript:alert(1))", r"\[here\]\(javascript:alert\(1\)\)"),
        ("a | b", r"a \| b"),
        ("*a* _b_ `c` # d", r"\*a\* \_b\_ \`c\` \# d"),
        ("&lt;", "&amp;lt;"),
        ("a\n- b\x1b[31m", r"a\\x0a- b\\x1b\[31m"),
        ("model.cell=lstm seed=1", "model.cell=lstm seed=1"),
    ],
)
def test_nothing_in_a_text_is_obeyed(text: str, shown: str) -> None:
    assert literal(text) == shown
