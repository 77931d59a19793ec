"""MLflow's UI shows what runs hold as text, whatever it is: nothing of it is run or fetched."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from empty_store import make_empty_database
from mlflow.tracking import MlflowClient
from mlflow_server import LOCALHOST, free_port, listening_at
from playwright.sync_api import expect
from served_ui import TRAINING, Visit, chromium, served

from marked_project import mark
from neonym import experiment
from neonym.base.text import literal
from neonym.lab.tracking.store import Store

pytestmark = pytest.mark.system

OWNED = "window.owned=1"
ATTACKS = [
    f"<script>{OWNED}</script>",
    f"<img src=x onerror={OWNED}>",
    f"<svg onload={OWNED}>",
    f"[here](javascript:{OWNED})",
    f"<a href='javascript:{OWNED}'>there</a>",
]


def test_notes_names_tags_and_tables(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = make_empty_database(tmp_path_factory)
    (mark(tmp_path) / "mlflow.db").write_bytes(database.read_bytes())
    store = Store(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}", experiment.PROJECT)
    client = MlflowClient(store.uri)
    names = client.create_experiment("names", store.artifacts.as_uri())
    note = "\n\n".join([*ATTACKS, *map(literal, ATTACKS), "The end."])
    run_tags = {"mlflow.note.content": note, "attack": ATTACKS[1], "plain": "x"}
    run = client.create_run(names, tags=run_tags, run_name=ATTACKS[0])
    run_id = run.info.run_id
    client.log_param(run_id, "name", ATTACKS[1])
    table = {"columns": ["name"], "data": [[text] for text in ATTACKS]}
    client.log_text(run_id, json.dumps(table), "names.json")
    logged = json.dumps([{"path": "names.json", "type": "table"}])
    client.set_tag(run_id, "mlflow.loggedArtifacts", logged)
    client.set_terminated(run_id)
    with served(tmp_path, free_port()) as first, chromium() as browser:
        parts = urlsplit(first)
        assert listening_at(parts.port or 0) == [LOCALHOST]
        visit = Visit(browser.new_page(), f"{parts.scheme}://{parts.netloc}")
        visit.open(f"experiments/{names}/runs/{run_id}?{TRAINING}")
        expect(visit.page.get_by_text("The end.")).to_be_visible()
        for shown in ATTACKS[1:3]:  # as `literal` writes them, they are to be read
            expect(visit.page.get_by_text(shown, exact=True).first).to_be_visible()
        links = visit.page.locator("a").evaluate_all("all => all.map(link => link.href)")
        assert [link for link in links if link.startswith("javascript:")] == []
        visit.open(f"experiments/{names}/runs/{run_id}/artifacts/names.json?{TRAINING}")
        expect(visit.page.get_by_text(ATTACKS[3]).first).to_be_visible()
        visit.open(f"experiments/{names}/runs?{TRAINING}")
        expect(visit.page.get_by_text(ATTACKS[0]).first).to_be_visible()
        assert visit.page.evaluate("window.owned") is None
        assert visit.others == []
