"""Take the screenshots of docs/comparing.md from what a project has tracked.

python tests/system/take_screenshots.py PROJECT FOLDER
"""

import sys
from pathlib import Path

from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from PIL import Image
from playwright.sync_api import Page, expect
from served_ui import TRAINING, Visit, chromium, served

from neonym import experiment
from neonym.lab.delivery import views
from neonym.lab.tracking import tags
from neonym.lab.tracking.store import Store

PORT = 5151
SIZE = {"width": 1500, "height": 840}
COLOURS = 96


def newest(store: Store, kind: str) -> Run:
    """The newest run of a kind."""
    client = MlflowClient(store.uri)
    ids = [found.experiment_id for found in client.search_experiments()]
    wanted = f"tags.`{tags.KIND}` = '{kind}'"
    return client.search_runs(ids, wanted, max_results=1)[0]


def save(page: Page, folder: Path, name: str) -> None:
    """Save what the page shows, once nothing moves any more."""
    page.wait_for_timeout(3000)
    path = folder / f"ui-{name}.png"
    page.screenshot(path=path)
    Image.open(path).quantize(COLOURS).save(path, optimize=True)  # a third of the size


def take(visit: Visit, parent: Run, workspace: Run, folder: Path) -> None:
    """Go through the pages that the documentation shows."""
    page, experiment = visit.page, str(parent.info.experiment_id)
    visit.view(experiment, views.FIRST)
    row = page.locator(".ag-row:has(a)", has_text=str(parent.info.run_name))
    row.get_by_role("button").click()
    save(page, folder, "runs")
    visit.view(experiment, "neonym-seeds", charts=True)
    expect(page.locator(".js-line").first).to_be_attached()
    save(page, folder, "seeds")
    visit.view(experiment, "neonym-best", charts=True)
    section = page.get_by_text("Hyperparameters and best/val_nll")
    section.evaluate("title => title.scrollIntoView({block: 'start'})")
    save(page, folder, "axes")
    visit.view(experiment, "neonym-best")
    jobs = page.locator(".ag-row:has(a)", has_text="model=")
    jobs.first.wait_for()
    for job in jobs.all():
        job.locator(".ag-checkbox-input").check()
    page.get_by_test_id("runs-compare-button").click()
    page.get_by_text("Comparing").first.wait_for()
    save(page, folder, "compare")
    visit.open(f"experiments/{experiment}/runs/{parent.info.run_id}?{TRAINING}")
    page.get_by_text("Show more").click()
    save(page, folder, "sweep")
    table = f"runs/{workspace.info.run_id}/artifacts/names_table.json"
    visit.open(f"experiments/{experiment}/{table}?{TRAINING}")
    page.get_by_text("nearest_training_name").first.wait_for()
    save(page, folder, "names")


def main() -> None:
    """Serve the project and take them."""
    project, folder = (Path(word).resolve() for word in sys.argv[1:])
    store = Store.of_project(experiment.PROJECT, project)
    parent, workspace = newest(store, "sweep"), newest(store, "workspace")
    with served(project, PORT) as first_page, chromium() as browser:
        address = first_page.partition("/#")[0]
        page = browser.new_page(viewport=SIZE)
        take(Visit(page, address), parent, workspace, folder)


if __name__ == "__main__":
    main()
