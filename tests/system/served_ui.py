"""MLflow's UI as `make ui` serves it, and a real browser in front of it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from neonym import experiment

CHROMIUM = "/usr/bin/chromium"
TRAINING = "workflowType=machine_learning"
# MLflow opens its assistant on the first visit, once
CLOSE_ASSISTANT = """
if (location.protocol === "http:")
    localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true")
"""
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def served(root: Path, port: int, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Serve a project's runs; the page to look at first."""
    command = [sys.executable, "-m", "neonym.lab.delivery.ui", "--port", str(port)]
    command += ["--project", experiment.PROJECT.reference]
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("http://"):
                break
        assert said[-1].startswith("http://"), "".join(said)
        yield said[-1].strip()
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the UI, with what went wrong on it."""

    page: Page
    address: str
    """The server, without a page."""
    errors: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Addresses elsewhere that were asked for; nothing elsewhere can be reached."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(CLOSE_ASSISTANT)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route(re.compile("^https?:"), self._stay_here)

    def _stay_here(self, route: Route) -> None:
        if route.request.url.startswith(f"{self.address}/"):
            route.continue_()
        else:
            self.others.append(route.request.url)
            route.abort()

    def view(self, experiment: str, name: str, *, charts: bool = False) -> None:
        """Open one of the views of an experiment's runs, as a table or as charts."""
        mode = "&compareRunsMode=CHART" if charts else ""
        self.open(f"experiments/{experiment}/runs?{TRAINING}&viewStateShareKey={name}{mode}")

    def open(self, page: str) -> None:
        """Open a page from nothing, as from a bookmark."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/#/{page}")

    def run_names(self) -> list[str]:
        """The names in the table of runs, from the top."""
        return [text.split("\n")[-1] for text in self.column("attributes.`Run Name`")]

    def column(self, key: str) -> list[str]:
        """A column of the table of runs, from the top."""
        rows = self.page.locator(f".ag-row:has([col-id='{key}'])")
        rows.first.wait_for()
        return [
            row.locator(f"[col-id='{key}']").inner_text() for row in sorted(rows.all(), key=_place)
        ]


def _place(row: Locator) -> int:
    return int(row.get_attribute("row-index") or 0)
