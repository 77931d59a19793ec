"""Dependencies point one way: pipelines -> neonym -> neonym.nn -> numpy."""

import sys

import grimp
import pytest


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("neonym", include_external_packages=True, cache_dir=None)


def importers_of(graph: grimp.ImportGraph, package: str) -> set[str]:
    if package not in graph.modules:
        return set()
    return set(graph.find_modules_that_directly_import(package))


def test_networks_import_numpy_and_nothing_else(graph: grimp.ImportGraph) -> None:
    networks = {"neonym.nn", *graph.find_descendants("neonym.nn")}
    imported = {
        name for module in networks for name in graph.find_modules_directly_imported_by(module)
    }
    assert "numpy" in imported
    others = {name.partition(".")[0] for name in imported - networks} - {"numpy"}
    assert others <= sys.stdlib_module_names


def test_only_tracking_imports_mlflow(graph: grimp.ImportGraph) -> None:
    importers = importers_of(graph, "mlflow")
    assert importers == {
        "neonym.lab.delivery.replay",
        "neonym.lab.lineage.lookup",
        "neonym.tracked.model_logging",
        "neonym.lab.lineage.recorded",
        "neonym.lab.lineage.registry",
        "neonym.tracked.served_model",
        "neonym.lab.delivery.ui",
    }


@pytest.mark.parametrize("package", ["hydra", "omegaconf", "dvc", "torch", "jax"])
def test_the_library_knows_nothing_of(graph: grimp.ImportGraph, package: str) -> None:
    assert importers_of(graph, package) == set()


def test_only_commands_and_reproduction_use_tracking(graph: grimp.ImportGraph) -> None:
    tracking = {"neonym.tracking", *graph.find_descendants("neonym.tracking")}
    importers = {name for module in tracking for name in importers_of(graph, module)} - tracking
    users = ("neonym.commands.", "neonym.reproduction.")
    assert all(name.startswith(users) for name in importers), importers


@pytest.mark.parametrize("module", ["corpus", "splits", "processed", "training", "evaluation"])
def test_the_library_works_without_tracking_and_mlflow(
    graph: grimp.ImportGraph, module: str
) -> None:
    downstream = graph.find_upstream_modules(f"neonym.{module}")
    assert not {name for name in downstream if name.startswith(("mlflow", "neonym.tracking"))}
