"""Predicting how far diabetes progresses within a year, from ten measurements."""

from pathlib import Path

from diabetes.evaluate import evaluate
from diabetes.fit import fit
from diabetes.prepare import prepare
from diabetes.settings import Settings
from neonym.lab import Step, pipeline

SPLITS = {"training": "train", "validation": "val", "test": "test"}


def save_model(file: Path, folder: Path) -> None:
    """Save a fitted model as an MLflow model."""
    import joblib
    import mlflow.sklearn

    mlflow.sklearn.save_model(joblib.load(file), str(folder), pip_requirements=["scikit-learn"])


PROJECT = pipeline(
    "diabetes:PROJECT",
    Settings,
    [
        Step(
            "prepare",
            prepare,
            data={used_for: f"data/processed/{name}.csv" for used_for, name in SPLITS.items()},
            makes=["data/processed"],
        ),
        Step("fit", fit, model="models/model.joblib", curves="reports/curves.csv"),
        Step(
            "evaluate",
            evaluate,
            metrics="reports/metrics.json",
            returns=["val.rmse", "val.r2", "test.rmse", "test.r2"],
            files=["reports/predictions.png"],
        ),
    ],
    keys=["model.name"],
    raw="data/raw",
    raw_key="data.path",
    save_model=save_model,
    packages={"scikit-learn": "splits and models"},
)
