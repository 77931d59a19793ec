"""Exported pages, and a browser without a network to look at them."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from served_ui import chromium

from neonym.export.html import write_page
from neonym.export.payload import payload
from neonym.models.model_file import Model


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[Page]:
    """The page at a path, as from a double click; nothing may go wrong on it.

    Options are those of a context of Playwright's.
    """
    with chromium() as browser:
        context = browser.new_context(offline=True, **options)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        fetched: list[str] = []
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(path.as_uri())
        yield page
        assert complaints == []
        assert [url for url in fetched if not url.startswith(("file:", "blob:"))] == []


@contextmanager
def page_of(model: Model, folder: Path, **options: Any) -> Iterator[Page]:
    """The page of a model."""
    write_page(folder / "names.html", model, "dinosaurs")
    with opened(folder / "names.html", **options) as page:
        yield page


def arguments(model: Model) -> dict[str, Any]:
    """What the page's engine makes a model of."""
    header, content = payload(model, "", None)
    return {"header": header, "content": base64.b64encode(content).decode()}
