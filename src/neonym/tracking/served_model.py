"""The model as MLflow serves it: names for prefixes.

MLflow runs this file to load a logged model ("models from code"), so nothing is unpickled.
"""

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from neonym.generator import NameGenerator


class ServedModel(PythonModel):  # type: ignore[misc]
    """Coins names that begin with the given prefixes."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the network from the `.npz` that was logged with the model."""
        self.generator = NameGenerator.load(context.artifacts["model"])

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
        """
        chosen = params or {}
        prefixes = model_input["prefix"].tolist()
        rows = [
            (prefix, name)
            for prefix in prefixes
            for name in self.generator.sample(
                int(chosen.get("n", 1)),
                seed=int(chosen.get("seed", 0)),
                temperature=float(chosen.get("temperature", 1.0)),
                prefix=prefix,
            )
        ]
        return pd.DataFrame(rows, columns=["prefix", "name"])


set_model(ServedModel())
