"""Views of the runs' table and charts that an MLflow experiment begins with.

MLflow keeps a named view as a tag of its experiment, in the form of its UI's own state. Of all
figures and 70 parameters these show the ones by which runs are compared; the others are a click
away.
"""

import json
from collections.abc import Sequence
from typing import Any

from neonym.lab.project import Charts
from neonym.lab.tracking import tags

VERSION = "2"
FIRST = "neonym-runs"
"""The view that `make ui` opens."""

RUN_NAME = "attributes.`Run Name`"
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


def experiment_tags(charts: Charts) -> dict[str, str]:
    """The views as tags of an experiment, and which version of them they are."""
    best = _column(f"metrics.{charts.best}")
    chosen = [
        ("neonym-runs", "Runs, newest first", _state(charts)),
        (
            "neonym-best",
            "Best of val first",
            _state(
                charts,
                searchFilter="tags.`neonym.kind` != 'sweep'",
                orderByKey=best,
                orderByAsc=not charts.highest_first,
            ),
        ),
        (
            "neonym-seeds",
            "Sweeps: mean over seeds",
            _state(
                charts,
                searchFilter="tags.`sweep.configuration` != ''",
                orderByKey=best,
                orderByAsc=not charts.highest_first,
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


def _state(shown: Charts, **changes: Any) -> dict[str, Any]:
    """The UI's state: what is searched for, which columns, which charts."""
    columns = tuple(map(_column, shown.columns))
    charts = [
        *(_curve_chart(title, metrics) for title, metrics in shown.curves.items()),
        *(_chart("FIGURES", "BAR", displayName=key, metricKey=key) for key in shown.bars),
        _chart("AXES", "PARALLEL", selectedParams=shown.axes, selectedMetrics=[shown.best]),
    ]
    sections = [
        _section("CURVES", shown.curves_title, columns=2),
        _section("FIGURES", "Figures of the weights that were kept"),
        _section("AXES", f"Hyperparameters and {shown.best}", columns=1),
        *(_section(name, name, is_open=False) for name in (*shown.sections, "sweep")),
    ]
    return {
        "searchFilter": "",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "columnOrder": [RUN_NAME, *columns],
        "columnWidths": {RUN_NAME: 320},
        "runsHiddenMode": "FIRST_20_RUNS",
        "compareRunCharts": charts,
        "compareRunSections": sections,
        "isAccordionReordered": True,  # keeps the order of sections
        **changes,
    }


def _column(name: str) -> str:
    kind, _, key = name.partition(".")
    return f"{kind}.`{key}`"


def _curve_chart(title: str, metrics: Sequence[str]) -> dict[str, Any]:
    several = {"selectedMetricKeys": list(metrics)} if len(metrics) > 1 else {}
    return _chart("CURVES", "LINE", displayName=title, metricKey=metrics[-1]) | several | LINE


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
