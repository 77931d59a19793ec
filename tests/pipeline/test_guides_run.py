"""The commands of the guides run, in their order, as a reader would type them."""

import re

import pytest
from classified import is_run
from guides import PROJECT, commands
from small_project import Project

pytestmark = pytest.mark.slow

RUN_ID = re.compile(r"\bRUN_ID\b|\b[0-9a-f]{32}\b|\bcold\b")


def typed(project: Project, text: str) -> str:
    """A command with a reader's own words in the places that the guide leaves for them."""
    text = re.sub(r" *\[(--sweep RUN_ID|--json)\]", "", text)
    text = text.replace("RUN_ID|dvc.lock", "dvc.lock")
    text = RUN_ID.sub("latest", text)
    if "TIME" in text:
        text = text.replace("TIME", next((project.root / "outputs/sweep").glob("*")).name)
    return text


def test_every_command_that_is_run_succeeds(project_that_ran: Project) -> None:
    project = project_that_ran
    # Thirty of them
    some = (PROJECT / "data/raw/dinosaurs.csv").read_text().splitlines()[::44]
    (project.root / "my_names.txt").write_text("\n".join(some))
    project.commit("Keep the results")

    done: dict[str, str] = {}
    failed = {}
    for place, text in commands():
        if is_run(text):
            command = typed(project, text)
            bare = re.sub(r"\s+#.*", "", command)
            if bare not in done:
                ran = project.run("bash", "-ec", command)
                done[bare] = ran.stdout
                if ran.returncode:
                    failed[place] = f"{command}\n{ran.stdout}"
    assert failed == {}

    assert len(done) > 15
    names = done["neonym sample -n 5 --prefix tyr --temperature 0.8"].splitlines()
    assert len([name for name in names if name.startswith("tyr")]) == 5
    assert "perplexity" in done["echo tyrannosaurus | neonym score -"]
    for path in ("names.html", "model.safetensors", "my_names.html"):
        assert (project.root / path).stat().st_size > 10_000
