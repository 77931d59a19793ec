"""Which commands of the guides the tests run, and why the others not; in either case they are read.

The first pattern that fits the beginning of a command counts. What runs does so in the project of
`tests/pipeline/test_guides_run.py`, in the order of the guides.
"""

import re

SERVED = "a server; tests/tracking/test_serving.py and tests/system start them"
SWEPT = "many jobs; tests/pipeline/test_sweeps.py and test_searching.py run smaller ones"
LONG = "minutes"
THEIRS = "of a reader's own machine, team or account"
WHOLE = ".ci/run does"
STORY = "tells of experiments with names of their own; tests/pipeline has others"

NOT_RUN = {
    r"make (ui)": SERVED,
    r"mlflow (server|models serve)|curl": SERVED,
    r"make \w": WHOLE,
    r"source .venv/bin/activate|pip install|jupyter": THEIRS,
    r"createuser|export MLFLOW|dvc remote": THEIRS,
    r"python pipelines/\w+\.py -m": SWEPT,
    r"dvc exp run --queue|dvc queue": "tests/pipeline/test_experiments_of_dvc.py runs a queue",
    r"dvc exp run -S (experiment=best|model\.hidden_size)": LONG,
    r"(python|dvc) .*experiment=short_list": "tests/models/test_starting.py begins from the base",
    r"dvc exp run --temp -S debug": "tests/pipeline/test_pipeline.py runs one",
    r"python pipelines/sweep\.py debug=overfit": "tests/test_debug.py trains it",
    r"dvc exp run -S data=list": "tests/pipeline/test_experiments_of_dvc.py runs experiments",
    r"dvc (params|metrics|plots) diff .*murky-vase": STORY,
    r"neonym compare multirun": "of a sweep; tests/pipeline/test_sweep_report.py",
    r"neonym reproduce": "tests/pipeline/test_reproduce.py does, all stages again",
    r"neonym promote": "tests/tracking/test_promote.py does",
    r"pytest docs/course": "tests/course runs the exercises",
    r"python docs/course": "tests/course runs the notebooks",
}

RUN = (
    r"neonym (sample|score|summary|export|import|learn|runs|lineage|sync)\b",
    r"echo \w+ \| neonym score",
    r"dvc metrics diff$",
    r"dvc exp show",
    r"python pipelines/sweep\.py data=list",
    r"python pipelines/sweep\.py debug=one_batch$",
    r"cat my_names\.txt|cp my_names\.txt",
    r"git checkout params\.yaml",
)


def why_not_run(command: str) -> str | None:
    """The reason for which it is not run, if there is one."""
    return next((why for sign, why in NOT_RUN.items() if re.match(sign, command)), None)


def is_run(command: str) -> bool:
    """Whether it is one of those that are run."""
    bare = re.sub(r"\s+#.*", "", command)
    return why_not_run(command) is None and any(re.match(sign, bare) for sign in RUN)
