"""Views of the runs' table and charts that an MLflow experiment begins with.

MLflow keeps a named view as a tag of its experiment, in the form of its UI's own state. Of some 200
figures and 70 parameters these show the ones by which runs are compared; the others are a click
away.
"""

import json
from typing import Any

from neonym.lab.tracking import tags

VERSION = "1"
FIRST = "neonym-runs"
"""The view that `make ui` opens."""

RUN_NAME = "attributes.`Run Name`"
COLUMNS = (
    "metrics.`best/val_nll`",
    "metrics.`test/nll`",
    "metrics.`names/validity`",
    "metrics.`names/copied`",
    "metrics.`names/vun_1k`",
    "params.`model.cell`",
    "params.`model.hidden_size`",
    "params.`optimizer.lr`",
    "params.`seed`",
)
BARS = (
    "best/val_nll",
    "test/nll",
    "names/validity",
    "names/novelty",
    "names/copied",
    "names/vun_1k",
)
AXES = ("model.cell", "model.hidden_size", "optimizer.lr", "seed")
# Sections that MLflow makes of what stands before a metric's slash; closed until they are wanted
CLOSED = ("train", "val", "test", "names", "best", "minus_ngram", "interval", "reference", "sweep")


def experiment_tags() -> dict[str, str]:
    """The views as tags of an experiment, and which version of them they are."""
    chosen = [
        ("neonym-runs", "Runs, newest first", _state()),
        (
            "neonym-best",
            "Best of val first",
            _state(
                searchFilter="tags.`neonym.kind` != 'sweep'",
                orderByKey="metrics.`best/val_nll`",
                orderByAsc=True,
            ),
        ),
        (
            "neonym-seeds",
            "Sweeps: mean over seeds",
            _state(
                searchFilter="tags.`sweep.configuration` != ''",
                orderByKey="metrics.`best/val_nll`",
                orderByAsc=True,
                groupBy={
                    "aggregateFunction": "average",
                    "groupByKeys": [{"mode": "tag", "groupByData": tags.SWEEP_CONFIGURATION}],
                },
            ),
        ),
    ]
    # the UI lists the latest first
    views = {
        f"{tags.VIEW_PREFIX}{key}": _named(name, len(chosen) - place, state)
        for place, (key, name, state) in enumerate(chosen)
    }
    return {tags.VIEWS: VERSION, **views}


def _named(name: str, time_ms: int, state: dict[str, Any]) -> str:
    text = json.dumps(state, separators=(",", ":"))
    return json.dumps({"name": name, "createdAt": time_ms, "updatedAt": time_ms, "state": text})


def _state(**changes: Any) -> dict[str, Any]:
    """The UI's state: what is searched for, which columns, which charts."""
    charts = [
        _chart("CURVES", "LINE", displayName="train/nll and val/nll", metricKey="val/nll")
        | {"selectedMetricKeys": ["train/nll", "val/nll"], **LINE},
        _chart("CURVES", "LINE", displayName="train/loss", metricKey="train/loss") | LINE,
        *(_chart("FIGURES", "BAR", displayName=key, metricKey=key) for key in BARS),
        _chart("AXES", "PARALLEL", selectedParams=AXES, selectedMetrics=["best/val_nll"]),
    ]
    sections = [
        _section("CURVES", "Curves, nats per token", columns=2),
        _section("FIGURES", "Figures of the weights that were kept"),
        _section("AXES", "Hyperparameters and best/val_nll", columns=1),
        *(_section(name, name, is_open=False) for name in CLOSED),
    ]
    return {
        "searchFilter": "",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": COLUMNS,
        "columnOrder": [RUN_NAME, *COLUMNS],
        "columnWidths": {RUN_NAME: 320},
        "runsHiddenMode": "FIRST_20_RUNS",
        "compareRunCharts": charts,
        "compareRunSections": sections,
        "isAccordionReordered": True,  # keeps the order of sections
        **changes,
    }


LINE = {
    "lineSmoothness": 0,
    "xAxisScaleType": "linear",
    "scaleType": "linear",
    "range": {},
    "xAxisKey": "step",
    "selectedXAxisMetricKey": "",
    "yAxisKey": "metric",
    "yAxisExpressions": [],
    "ignoreOutliers": False,
    "useGlobalXaxisKey": True,
    "useGlobalLineSmoothing": True,
}


def _chart(section: str, kind: str, **values: Any) -> dict[str, Any]:
    name = values.get("displayName", kind)
    return {
        "uuid": f"{section}-{name}",
        "type": kind,
        "runsCountToCompare": 20,
        "metricSectionId": section,
        "deleted": False,
        "isGenerated": False,
        **values,
    }


def _section(uuid: str, name: str, is_open: bool = True, columns: int = 3) -> dict[str, Any]:
    return {
        "columns": columns,
        "uuid": uuid,
        "name": name,
        "display": is_open,
        "isReordered": False,
        "deleted": False,
        "isGenerated": not is_open,
    }
