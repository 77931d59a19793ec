import csv
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.base.errors import UserError
from neonym.base.text import exact
from neonym.evaluation.table import NameRow
from neonym.evaluation.table_file import COLUMNS, write_names_table

REX = NameRow("tyrannorex", True, "", True, "tyranno", 0.3, 1.23456, "tyranno", "rex")
CUT = NameRow("=x", False, "unfinished", True, "", math.nan, math.nan, "", "")


def test_a_row_a_name_with_what_it_is_made_of(tmp_path: Path) -> None:
    write_names_table(tmp_path / "table.csv", [REX, CUT])
    assert (tmp_path / "table.csv").read_bytes() == (
        b"name,valid,broken_rule,novel,nearest_training_name,distance,nats_per_token,beginning,ending\n"
        b"tyrannorex,true,,true,tyranno,0.300,1.2346,tyranno,rex\n"
        b"'=x,false,unfinished,true,,,,,\n"
    )


def test_pandas_reads_it_with_types(tmp_path: Path) -> None:
    write_names_table(tmp_path / "table.csv", [REX, CUT])
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["valid"].tolist() == [True, False]
    assert table["distance"].iloc[0] == 0.3
    assert math.isnan(table["nats_per_token"].iloc[1])


@given(st.text(st.sampled_from([*list("='\"\r\n, \x00"), "a", "あ"]), min_size=1, max_size=8))
def test_any_name_keeps_to_its_cell(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    write_names_table(path, [REX._replace(name=name, nearest=name), REX])
    with path.open(encoding="utf-8", newline="") as file:
        header, row, last = csv.reader(file)
    assert header == list(COLUMNS)
    assert exact(row[0]) == name == exact(row[4])
    assert last[0] == "tyrannorex"


def test_a_table_that_cannot_be_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("earlier")
    with pytest.raises(UnicodeEncodeError):
        write_names_table(path, [REX._replace(name="\ud800")])
    assert path.read_text() == "earlier"
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_names_table(tmp_path / "file" / "table.csv", [REX])
