"""What a package index shows of README.md: links lead to the repository, since no file lies beside.

All else of the package is in pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

FOLDER = Path(__file__).parent
DECLARED = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PICTURE = re.compile(r"(!\[[^]]*\]\()(?!\w+:|#)")
LINK = re.compile(r"(\]\()(?!\w+:|#)")


def page() -> str:
    """README.md with addresses in place of paths."""
    repository = DECLARED["urls"]["Repository"]
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    return LINK.sub(rf"\1{repository}/blob/main/", PICTURE.sub(rf"\1{repository}/raw/main/", text))


setup(long_description=page(), long_description_content_type="text/markdown")
