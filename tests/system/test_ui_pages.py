"""Runs and a sweep compared in MLflow's UI, in a real browser, without the internet."""

import http.client
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from urllib.parse import urlsplit

import pytest
from mlflow.entities import Run
from playwright.sync_api import Browser, expect
from served_ui import TRAINING, Visit, chromium, served
from small_project import Project, make_project

from neonym.lab.delivery import views
from neonym.lab.tracking import tags
from neonym.tracked.model_logging import model_name
from neonym.tracked.presentation import CHARTS

pytestmark = pytest.mark.system
SWEEP = (
    "python",
    "pipelines/sweep.py",
    "-m",
    "model=rnn,lstm",
    "seed=0,1",
    "model.hidden_size=8",
    "model.embedding_size=8",
)


@dataclass
class Tracked:
    """What is served: a run of the workspace, and a sweep of two cells and two seeds."""

    first_page: str
    workspace: Run
    parent: Run
    jobs: list[Run]

    @property
    def address(self) -> str:
        parts = urlsplit(self.first_page)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def experiment(self) -> str:
        return str(self.parent.info.experiment_id)

    def page_of(self, run: Run, tab: str = "") -> str:
        return f"experiments/{self.experiment}/runs/{run.info.run_id}{tab}?{TRAINING}"


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Tracked]:
    project = make_project(tmp_path_factory.mktemp("ui") / "project", empty_database)
    project.repro()
    project.succeed(*SWEEP, PYTHONPATH="src")
    project.succeed("neonym", "sync")
    project.stop_delivery()
    runs = {kind: _of_kind(project, kind) for kind in ("workspace", "sweep", "job")}
    with served(project.root, _free_port(), project.environment) as first_page:
        yield Tracked(first_page, runs["workspace"][0], runs["sweep"][0], runs["job"])


def _of_kind(project: Project, kind: str) -> list[Run]:
    return [run for run in project.runs() if run.data.tags[tags.KIND] == kind]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def visit(tracked: Tracked, browser: Browser) -> Iterator[Visit]:
    """A page on which no script may fail, and from which nothing else may be asked for."""
    page = browser.new_page(viewport={"width": 1500, "height": 950})
    visiting = Visit(page, tracked.address)
    yield visiting
    page.close()
    assert visiting.errors == []
    assert visiting.others == []


def names(runs: list[Run]) -> list[str]:
    return [str(run.info.run_name) for run in runs]


def test_the_first_page_shows_the_figures_by_which_runs_are_compared(
    visit: Visit, tracked: Tracked
) -> None:
    visit.page.goto(tracked.first_page)
    assert visit.run_names() == names([tracked.parent, tracked.workspace])
    titles = visit.page.locator(".ag-header-cell").all_inner_texts()
    chosen = [column.partition(".")[2] for column in CHARTS.columns]
    assert set(titles) >= set(chosen)
    assert len(titles) < 3 * len(chosen) / 2
    test_nll = tracked.workspace.data.metrics["test/nll"]
    assert visit.column("metrics.`test/nll`") == ["-", str(test_nll)]
    assert visit.column("params.`model.cell`") == ["-", "lstm"]


def test_a_sweep_expands_to_its_jobs_which_are_called_by_their_overrides(
    visit: Visit, tracked: Tracked
) -> None:
    visit.view(tracked.experiment, views.FIRST)
    parent = visit.page.locator(".ag-row:has(a)", has_text=str(tracked.parent.info.run_name))
    parent.get_by_role("button").click()
    expect(visit.page.locator(".ag-row:has(a)")).to_have_count(6)
    expected = [
        f"model={cell} seed={seed} model.hidden_size=8 model.embedding_size=8"
        for cell in ("rnn", "lstm")
        for seed in (0, 1)
    ]
    assert set(visit.run_names()) == {*expected, *names([tracked.parent, tracked.workspace])}


def test_the_view_of_the_best_ranks_all_runs_by_val(visit: Visit, tracked: Tracked) -> None:
    visit.view(tracked.experiment, views.FIRST)
    # MLflow shows the answer that comes last, which may be that to the first question
    assert visit.run_names() == names([tracked.parent, tracked.workspace])
    visit.page.get_by_test_id("saved-views-trigger").click()
    visit.page.get_by_role("menuitem", name="Best of val first").click()
    expect(visit.page.locator(".ag-row:has(a)")).to_have_count(5)
    shown = [float(text) for text in visit.column("metrics.`best/val_nll`")]
    runs = [tracked.workspace, *tracked.jobs]
    assert shown == sorted(run.data.metrics["best/val_nll"] for run in runs)


def test_seeds_of_a_configuration_are_averaged(visit: Visit, tracked: Tracked) -> None:
    visit.view(tracked.experiment, "neonym-seeds")
    groups = visit.page.locator(".ag-row", has_text="Group: ")
    expect(groups).to_have_count(2)
    for cell in ("rnn", "lstm"):
        group = groups.filter(has_text=f"model={cell} ")
        place = group.get_attribute("row-index")
        of_cell = [run for run in tracked.jobs if run.data.params["model.cell"] == cell]
        mean = fmean(run.data.metrics["best/val_nll"] for run in of_cell)
        cell_of = f".ag-row[row-index='{place}'] [col-id='metrics.`best/val_nll`']"
        shown = visit.page.locator(cell_of).inner_text()
        assert float(shown.split()[0]) == pytest.approx(mean)


def test_charts_stand_in_sections_with_all_the_rest_closed(visit: Visit, tracked: Tracked) -> None:
    visit.page.set_viewport_size({"width": 1500, "height": 4000})  # only what is seen is drawn
    visit.view(tracked.experiment, views.FIRST, charts=True)
    sections = visit.page.get_by_test_id("experiment-view-compare-runs-section-header")
    sections.first.wait_for()
    cards = visit.page.get_by_test_id("experiment-view-compare-runs-card")
    expect(cards).to_have_count(3 + len(CHARTS.bars))
    titles = [text.strip() for text in sections.all_inner_texts()]
    assert [re.sub(r"\s*\(\d+\).*", "", title, flags=re.DOTALL) for title in titles[:4]] == [
        "Curves, nats per token",
        "Figures of the weights that were kept",
        "Hyperparameters and best/val_nll",
        "Curves by epoch",
    ]
    shown = [text.strip().split("\n")[0] for text in cards.all_inner_texts()]
    assert shown == [
        "train/nll vs val/nll",
        "train/loss",
        *CHARTS.bars,
        "Parallel Coordinates",
    ]
    curves = cards.first.locator(".scatterlayer .js-line")
    expect(curves.first).to_be_attached()
    drawn = curves.evaluate_all("lines => lines.map(line => line.getAttribute('d'))")
    assert len(set(drawn)) == 2
    bars = cards.nth(3).locator(".barlayer .point")
    expect(bars).to_have_count(1)


def test_compared_jobs_show_their_differing_parameters_and_parallel_coordinates(
    visit: Visit, tracked: Tracked
) -> None:
    visit.view(tracked.experiment, "neonym-best")
    rows = visit.page.locator(".ag-row:has(a)", has_text="model=")
    expect(rows).to_have_count(4)
    for row in rows.all():
        row.locator(".ag-checkbox-input").check()
    visit.page.get_by_test_id("runs-compare-button").click()
    expect(visit.page.get_by_text("Comparing 4 Runs from 1 Experiment")).to_be_visible()
    plot = visit.page.locator(".js-plotly-plot")
    for axis in ("model.cell", "seed", "rnn", "lstm"):
        expect(plot.get_by_text(axis, exact=True)).to_be_visible()
    text = visit.page.get_by_text
    visit.page.get_by_role("switch").first.click()
    expect(text("data.path", exact=True)).to_have_count(0)
    table = visit.page.locator("table", has=text("model.cell", exact=True))
    keys = [row.split("\t")[0] for row in table.first.inner_text().splitlines() if "\t" in row]
    assert set(keys) >= {"model.cell", "seed"}
    assert "model.hidden_size" not in keys


def test_the_description_of_a_sweep_is_its_table(visit: Visit, tracked: Tracked) -> None:
    visit.open(tracked.page_of(tracked.parent))
    visit.page.get_by_text("Show more").click()
    expect(visit.page.get_by_text("4 jobs finished, 0 failed.")).to_be_visible()
    row = visit.page.locator("tr", has=visit.page.get_by_text("model=rnn", exact=True))
    expect(row.locator("td").nth(1)).to_have_text("2")
    expect(row.locator("td").nth(2)).to_contain_text("±")
    shared = "All with model.hidden_size=8 model.embedding_size=8."
    expect(visit.page.get_by_text(shared)).to_be_visible()
    command = tracked.parent.data.tags["sweep.best_command"]
    expect(visit.page.locator("pre", has_text=command)).to_be_visible()


def test_the_table_of_jobs_is_shown_with_its_values(visit: Visit, tracked: Tracked) -> None:
    visit.open(tracked.page_of(tracked.parent, "/artifacts/jobs.json"))
    best = min(tracked.jobs, key=lambda run: float(run.data.metrics["val/nll"]))
    value = visit.page.get_by_text(str(best.data.metrics["val/nll"])[:5])
    expect(value.first).to_be_visible()


def test_names_are_shown_as_a_table_and_figures_as_pictures(visit: Visit, tracked: Tracked) -> None:
    visit.open(tracked.page_of(tracked.workspace, "/artifacts/names_table.json"))
    expect(visit.page.get_by_text("nearest_training_name").first).to_be_visible()
    expect(visit.page.get_by_label("View as table")).to_be_checked()
    visit.open(tracked.page_of(tracked.workspace, "/artifacts/figures/training.png"))
    picture = visit.page.locator("img[alt*='training.png'], img[src^='blob:']").first
    picture.wait_for()
    assert picture.evaluate("async image => (await image.decode(), image.naturalWidth)") > 400


def test_a_run_has_bars_for_single_figures_and_its_description(
    visit: Visit, tracked: Tracked
) -> None:
    visit.open(tracked.page_of(tracked.workspace))
    expect(visit.page.locator("tr", has_text="val/nll").first).to_be_visible()
    expect(visit.page.get_by_text("n-gram").first).to_be_visible()
    visit.open(tracked.page_of(tracked.workspace, "/model-metrics"))
    sections = visit.page.get_by_test_id("experiment-view-compare-runs-section-header")
    expect(sections.first).to_contain_text("Curves by epoch")
    cards = visit.page.get_by_test_id("experiment-view-compare-runs-card")
    expect(cards.first.locator(".scatterlayer .js-line").first).to_be_attached()
    bars = cards.filter(has=visit.page.locator(".barlayer .point"))
    expect(bars.first.locator(".barlayer .point")).to_have_count(1)
    counts = [int(text.split("(")[1].split(")")[0]) for text in sections.all_inner_texts()]
    assert sum(counts) <= 20


def test_the_model_of_the_workspace_is_among_the_models(visit: Visit, tracked: Tracked) -> None:
    visit.open(f"experiments/{tracked.experiment}/models?{TRAINING}")
    called = model_name(tracked.workspace.data.params)
    link = visit.page.get_by_role("link", name=called, exact=True)
    expect(link).to_be_visible()
    expect(visit.page.get_by_role("link", name=names([tracked.workspace])[0])).to_be_visible()
    link.click()
    expect(visit.page.get_by_text("Model ID")).to_be_visible()


def test_the_server_answers_this_machine_only(tracked: Tracked) -> None:
    port = urlsplit(tracked.address).port
    assert port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5).close()
    # A page elsewhere whose name leads to this machine must not read the runs
    connection = http.client.HTTPConnection("127.0.0.1", port)
    wanted = f"/api/2.0/mlflow/experiments/get?experiment_id={tracked.experiment}"
    for host, status in ((f"127.0.0.1:{port}", 200), ("evil.example", 403)):
        connection.request("GET", wanted, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()
