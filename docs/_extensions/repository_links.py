"""Links to files of the repository: relative paths in the sources, the right page on the site.

A path in Markdown, as `../conf/config.yaml`, works on a code host as it is. The site holds the
pages of `docs/` alone: a link to anything else leads to the repository's page of it, and a link to
nothing is a warning. A page of `docs/` that is HTML already is copied to its place in the site.
What a page includes from above `docs/` has its links as they are there.
"""

import shutil
from os.path import relpath
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform


class RepositoryLinks(SphinxTransform):
    """Give an address to what MyST would copy as a download, or not find."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Do so on one page."""
        for kind in (addnodes.download_reference, addnodes.pending_xref):
            for node in list(self.document.findall(kind)):
                path = _path(self.env, node) if node["reftype"] == "myst" else None
                if path is not None:
                    node.replace_self(_link(self.env, path, node))


def _path(env: BuildEnvironment, node: nodes.Element) -> Path | None:
    """What it leads to, from the top of the repository; None for pages and for nothing."""
    root, page = Path(env.srcdir).parent, node["refdoc"]
    target, _, _ = node["reftarget"].partition("#")
    if node["refdomain"] == "doc":  # a page, which MyST names without its suffix
        if target in env.found_docs:
            return None
        target += ".md"
    included = page in env.config.included.values()
    for folder in [Path(env.doc2path(page)).parent, *([root] if included else [])]:
        path = (folder / target).resolve()
        if target and path.exists() and path.is_relative_to(root):
            return path.relative_to(root)
    return None


def _link(env: BuildEnvironment, path: Path, node: nodes.Element) -> nodes.Element:
    if path.name in env.config.included and len(path.parts) == 1:
        page = env.config.included[path.name]
        told = {name: node[name] for name in ("refdoc", "reftype", "refexplicit")}
        return addnodes.pending_xref(
            "", *node.children, refdomain="doc", reftarget=page, reftargetid=None, **told
        )
    if path.suffix == ".html" and (root := Path(env.srcdir)) in (root.parent / path).parents:
        address = relpath(root.parent / path, (root / node["refdoc"]).parent)
        return nodes.reference("", "", *node.children, refuri=address, internal=True)
    kind = "tree" if (Path(env.srcdir).parent / path).is_dir() else "blob"
    address = f"{env.config.repository}/{kind}/main/{path}"
    return nodes.reference("", "", *node.children, refuri=address, internal=False)


def copy_pages(app: Sphinx, failure: Exception | None) -> None:
    """Put the pages that are HTML already into the site."""
    for page in app.srcdir.rglob("*.html") if failure is None else ():
        shutil.copyfile(page, app.outdir / page.relative_to(app.srcdir))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it, with the repository's address and the pages that are included files."""
    app.add_config_value("repository", "", "env")
    app.add_config_value("included", {}, "env")
    app.add_transform(RepositoryLinks)
    app.connect("build-finished", copy_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
