"""Exported pages in a browser without a network, where nothing may go wrong."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from neonym.export.payload import payload
from neonym.models.model_file import Model


@contextmanager
def opened(browser: Browser, path: Path, script: str = "", **options: Any) -> Iterator[Page]:
    """A page as from a double click.

    Parameters
    ----------
    browser, path
        Where what is opened.
    script
        Runs before those of the page.
    options
        Of the context: size, colours, touch.
    """
    context = browser.new_context(offline=True, **options)
    page = context.new_page()
    complaints: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: fetched.append(request.url))
    if script:
        page.add_init_script(script)
    page.goto(path.as_uri())
    wait(page)
    yield page
    assert complaints == []
    assert [url for url in fetched if not url.startswith(("file:", "blob:"))] == []
    context.close()


def wait(page: Page) -> None:
    """Until nothing is being coined."""
    page.wait_for_selector("#coined[aria-busy=false]")


def coin(page: Page, **wishes: str) -> list[str]:
    """The names under these wishes, and only these, from the top."""
    page.evaluate("document.getElementById('wishes').reset()")
    for name, value in wishes.items():
        field = page.locator(f"#{name}" if name in ("count", "temperature") else f"#wish-{name}")
        if name == "new":
            field.check()
        else:
            field.fill(value)
    page.locator("#coin").click()
    wait(page)
    return names(page)


def names(page: Page) -> list[str]:
    """What the list shows."""
    return page.locator("#names .word").all_text_contents()


def arguments(model: Model) -> dict[str, Any]:
    """What the page's engine makes a model of."""
    header, content = payload(model, "", None)
    return {"header": header, "content": base64.b64encode(content).decode()}
