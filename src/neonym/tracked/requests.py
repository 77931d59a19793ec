"""Requests to MLflow's server of a model, read so that what is wrong in one gets 400 and a reason.

MLflow 3.17 answers deep JSON and numbers of thousands of digits with 500, drops keys that it does
not know, and takes the first of two columns of a CSV for row labels.
"""

import csv
import sys
from io import StringIO
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException

from neonym.base.files import parse_json

SERVER = "mlflow.pyfunc.scoring_server"
FORMATS = ("dataframe_split", "dataframe_records", "inputs", "instances")
PARAMS = "params"


def read_requests_strictly() -> None:
    """Have the server, where this process is one, read requests with these functions."""
    server = sys.modules.get(SERVER)
    if server is not None:
        server._decode_json_input = read_json  # type: ignore[attr-defined]
        server.parse_csv_input = read_csv  # type: ignore[attr-defined]


def read_json(content: bytes | str | dict[str, Any]) -> dict[str, Any]:
    """The dictionary in a request of JSON.

    Raises
    ------
    MlflowException
        If it is none, or has keys that nobody would read.
    """
    if isinstance(content, dict):
        return content
    try:
        values = parse_json(content)
    except ValueError as error:
        reason = "a number has too many digits" if "digits" in str(error) else str(error)
        raise _refusal(f"give a valid JSON formatted string ({reason})") from None
    if isinstance(values, list):
        raise _refusal(f"Received a list. {_wanted()}")
    if not isinstance(values, dict):
        raise _refusal(_wanted())
    unknown = [key for key in values if key not in (*FORMATS, PARAMS)]
    if unknown or sum(key in values for key in FORMATS) != 1:
        raise _refusal(f"Received the keys {list(values)[:10]}. {_wanted()}")
    return values


def read_csv(csv_input: StringIO, schema: object = None) -> pd.DataFrame:
    """The table in a request of CSV, in which every cell is text.

    Raises
    ------
    MlflowException
        If its rows differ in length from its header, or it is not CSV.
    """
    del schema  # all is text
    try:
        header, *rows = [row for row in csv.reader(csv_input, strict=True) if row]
    except (csv.Error, ValueError) as error:
        raise _refusal(f"not valid CSV with a header ({error})") from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise _refusal(
                f"row {number} of the CSV has {len(row)} columns, the header has {len(header)}; "
                "quote a prefix that holds a comma"
            )
    return pd.DataFrame(rows, columns=header, dtype=str)


def _wanted() -> str:
    return (
        f"The input must be a JSON dictionary with exactly one of {', '.join(FORMATS)}, "
        f"and {PARAMS} if you like"
    )


def _refusal(message: str) -> MlflowException:
    return MlflowException.invalid_parameter_value(message)
