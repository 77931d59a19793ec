"""Formulas as MathML, which browsers show by themselves: no script, no font, no network."""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)
# A prime stands high by itself: as an exponent, browsers make a speck of it above the line
PRIMED = re.compile(r"<msup>((?:(?!<msup>).)*?)<mo>([′″‴])</mo></msup>")
BESIDE = r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>'


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line."""
    _write(translator, node, displaystyle=False)
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own, which scrolls where a telephone is too narrow."""
    translator.body.append(translator.starttag(node, "div", CLASS="math formula", tabindex="0"))
    _write(translator, node, displaystyle=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _write(translator: HTML5Translator, node: nodes.Element, *, displaystyle: bool) -> None:
    latex = node.astext()
    try:
        mathml = converter.convert_with_local_state(latex, displaystyle=displaystyle)
    except LatexError as error:
        logger.warning("no MathML of %r: %s", latex, error, location=node)
        return
    translator.body.append(PRIMED.sub(BESIDE, mathml))


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it what `html_math_renderer` may name."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
