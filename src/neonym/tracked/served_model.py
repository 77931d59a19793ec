"""The model as MLflow serves it: names for prefixes.

MLflow runs this file to load a logged model ("models from code"), so nothing is unpickled.
"""

import logging
import os
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator
from neonym.tracked.requests import read_requests_strictly

MOST_NAMES = 10_000  # in one answer: some seconds of one processor
SERVING = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # set by MLflow's server
# What MLflow's server makes of null, true and false among its "inputs" before the model sees them
NO_TEXT = ("None", "True", "False")
# What MLflow only logs while it drops something of a request
DROPPED = ("Unrecognized params", "Found extra inputs")


class ServedModel(PythonModel):  # type: ignore[misc]
    """Coins names that begin with the given prefixes."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the network from the `.npz` that was logged with the model."""
        self.generator = NameGenerator.load(context.artifacts["model"])
        read_requests_strictly()
        logger = logging.getLogger("mlflow.models.utils")
        logger.setLevel(logging.WARNING)  # also where warnings are muted, which filters do not see
        logger.addFilter(refuse_what_is_dropped)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Names for each prefix.

        Parameters
        ----------
        context
            Not used.
        model_input
            One column, `prefix`; "" leaves the beginning to the model.
        params
            `n` names a prefix, `temperature`, `seed`.

        Returns
        -------
        One row a name: `prefix` and `name`.

        Raises
        ------
        MlflowException
            If a value is out of range or a prefix has a letter unknown to the model; served over
            HTTP it is an answer with status 400.
        """
        chosen = {"n": 1, "temperature": 1.0, "seed": 0, **(params or {})}
        prefixes = model_input["prefix"].tolist()
        try:
            _check(prefixes, chosen)
            coined = self.generator.sample_each(
                prefixes,
                int(chosen["n"]),
                seed=int(chosen["seed"]),
                temperature=float(chosen["temperature"]),
            )
        except UserError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None
        pairs = zip(prefixes, coined, strict=True)
        rows = [(prefix, name) for prefix, names in pairs for name in names]
        return pd.DataFrame(rows, columns=["prefix", "name"])


def _check(prefixes: list[Any], chosen: dict[str, Any]) -> None:
    for name, value in chosen.items():
        if isinstance(value, bool) or value is None:
            raise UserError(f"{name} is {value}; it must be a number")
    served = is_served()
    if any(not isinstance(text, str) or (served and text in NO_TEXT) for text in prefixes):
        raise UserError('a prefix is no text; give letters, or "" to leave them to the model')
    if not prefixes:
        raise UserError('there is no prefix; give at least one, or "" to leave it to the model')
    count = int(chosen["n"]) * len(prefixes)
    if count > MOST_NAMES:
        raise UserError(
            f"{count} names were asked for; one answer holds at most {MOST_NAMES}, "
            "n for each prefix"
        )


def is_served() -> bool:
    """Whether this is MLflow's server, whose clients see neither warnings nor their own types."""
    return os.environ.get(SERVING) == "true"


def refuse_what_is_dropped(record: logging.LogRecord) -> bool:
    """Make an error of MLflow's warning that it drops what the signature does not have."""
    if record.getMessage().startswith(DROPPED) and is_served():
        raise MlflowException.invalid_parameter_value(
            "the request has something that the model does not know; "
            "its input is prefix, its params are n, temperature and seed"
        )
    return True


set_model(ServedModel())
