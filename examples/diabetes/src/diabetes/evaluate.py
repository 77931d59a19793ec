"""Measure the model. What is imported late is slow, and every script imports this module."""

from diabetes.prepare import read
from diabetes.settings import Settings
from neonym.lab import Work


def evaluate(work: Work[Settings]) -> dict[str, float]:
    """Predict the rows of val and test, draw them, and return how far off they are."""
    import joblib
    from matplotlib.figure import Figure
    from sklearn.metrics import r2_score, root_mean_squared_error

    fitted = joblib.load(work.input("models/model.joblib"))  # our own: such a file can run anything
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    metrics = {}
    for name in ("val", "test"):
        x, y = read(work, name)
        predicted = fitted.predict(x)
        metrics[f"{name}.rmse"] = root_mean_squared_error(y, predicted)
        metrics[f"{name}.r2"] = r2_score(y, predicted)
        axes.scatter(y, predicted, s=12, label=name)
    axes.set(xlabel="progression measured", ylabel="progression predicted")
    axes.legend()
    figure.savefig(work.output("reports/predictions.png"), dpi=120)
    return metrics
