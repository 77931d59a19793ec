"""Each stage depends on exactly the modules that it imports."""

import json
from pathlib import Path

import pytest
import yaml
from small_project import PROJECT, Project

STAGES = ("compose", "preprocess", "train", "sample", "evaluate")

# Runs a stage's script as DVC does, then prints the project's files that it imported
IMPORTS = """
import json, pathlib, runpy, sys
sys.path[0] = "pipelines"
script = pathlib.Path("pipelines", sys.argv[1] + ".py")
runpy.run_path(str(script), run_name="__main__")
here = pathlib.Path.cwd()
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
paths = [pathlib.Path(file).resolve() for file in files if file]
inside = {str(path.relative_to(here)) for path in paths if path.is_relative_to(here)}
print("imported", json.dumps(sorted({str(script), *inside})))
"""


def code_dependencies(stage: str, root: Path) -> set[str]:
    """The files of code among a stage's dependencies in `dvc.yaml`."""
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    files: set[str] = set()
    for name in stages[stage]["deps"]:
        path = root / name
        if path.is_dir():
            files |= {str(file.relative_to(root)) for file in path.rglob("*.py")}
        elif path.suffix == ".py":
            files.add(name)
    return files


@pytest.mark.slow
def test_each_stage_depends_on_exactly_the_modules_it_imports(project: Project) -> None:
    project.repro()
    for stage in STAGES:
        printed = project.succeed("python", "-c", IMPORTS, stage, PYTHONPATH="src", DVC_STAGE=stage)
        [line] = [text for text in printed.splitlines() if text.startswith("imported ")]
        imported = set(json.loads(line.removeprefix("imported ")))
        assert code_dependencies(stage, project.root) == imported, stage


def test_training_depends_on_all_its_keys_but_whether_to_resume() -> None:
    listed = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]["train"]["params"]
    keys = yaml.safe_load((PROJECT / "conf/train/default.yaml").read_text())
    expected = {f"train.{key}" for key in keys if key != "resume"}
    assert {key for key in listed if key.startswith("train")} == expected
