"""How Sphinx makes the site of docs/: `make docs`."""

import sys
import tomllib
from pathlib import Path
from types import GenericAlias

from sphinx.application import Sphinx

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_extensions"))
PACKAGE = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]

project = PACKAGE["name"]
version = release = PACKAGE["version"]
author = PACKAGE["authors"][0]["name"]
copyright = author  # noqa: A001 (Sphinx's name)
repository = PACKAGE["urls"]["Repository"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "mathml", "repository_links"]
exclude_patterns = ["**/.ipynb_checkpoints"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"collections\.abc\..*")]
included = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are committed with what they print; tests run them
nb_merge_streams = True

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "neonym"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = False
html_show_copyright = False
html_use_index = html_domain_indices = False
html_theme_options = {
    "source_repository": repository,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": ["view"],
}
highlight_language = "text"


def skip_alias(_app: Sphinx, _kind: str, _name: str, found: object, *_: object) -> bool | None:
    """Leave out aliases of types, whose generic ones autodoc cannot write."""
    return True if isinstance(found, GenericAlias) else None


def setup(app: Sphinx) -> None:
    """Register it."""
    app.connect("autodoc-skip-member", skip_alias)
