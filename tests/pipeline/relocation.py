"""A project with its runs at another place: MLflow's database names the folder that it lies in."""

import sqlite3
from contextlib import closing
from pathlib import Path

from neonym import experiment
from neonym.lab.tracking.store import Store


def rename_place(project: Path, before: Path, after: Path) -> None:
    """Let what is tracked in a project say that it lies in `after`, no longer in `before`."""
    pairs = [(str(before), str(after)), (_checkout(before), _checkout(after))]
    with closing(sqlite3.connect(project / "mlflow.db")) as database, database:
        for table, column in _text_columns(database):
            for old, new in pairs:
                database.execute(  # MLflow's own names
                    f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?)'  # noqa: S608
                    f' WHERE instr("{column}", ?)',
                    (old, new, old),
                )
    for path in (project / "mlartifacts").rglob("MLmodel"):
        path.write_text(path.read_text().replace(*pairs[0]))


def _text_columns(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return database.execute(
        "SELECT tables.name, columns.name FROM sqlite_master AS tables, "
        "pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' "
        "AND (columns.type LIKE 'VARCHAR%' OR columns.type LIKE '%TEXT%')"
    ).fetchall()


def _checkout(root: Path) -> str:
    return Store(root, "", experiment.PROJECT).checkout
