"""Fit the model. What is imported late is slow, and every script imports this module."""

from typing import Any

from diabetes.prepare import read
from diabetes.settings import Boosting, Forest, Ridge, Settings
from neonym.lab import Work


def estimator(model: Ridge | Forest | Boosting, seed: int) -> Any:
    """What is to be fitted."""
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import Ridge as Linear

    settings = model.model_dump(exclude={"name", "rounds"})
    if isinstance(model, Ridge):
        return Linear(**settings)
    kind = RandomForestRegressor if isinstance(model, Forest) else GradientBoostingRegressor
    return kind(**settings, random_state=seed, warm_start=True)


def fit(work: Work[Settings]) -> None:
    """Fit round by round, and tell how far off it is after each."""
    import joblib
    from sklearn.metrics import root_mean_squared_error as rmse

    model, parts = work.configuration.model, {name: read(work, name) for name in ("train", "val")}
    fitted = estimator(model, work.configuration.seed)
    rounds = model.rounds if isinstance(model, Forest | Boosting) else 1
    for number in range(1, rounds + 1):
        if isinstance(model, Forest | Boosting):
            fitted.set_params(n_estimators=10 * number)
        fitted.fit(*parts["train"])
        errors = {f"{name}.rmse": rmse(y, fitted.predict(x)) for name, (x, y) in parts.items()}
        work.curve(number, rounds, errors)
    joblib.dump(fitted, work.output("models/model.joblib"))
