"""Write `benchmarks/results.json` as tables into docs/speed.md: `python -m benchmarks.report`."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS

DOCUMENT = RESULTS.parent.parent / "docs/speed.md"
Row = Mapping[str, Any]


def table(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [titles, ["---", *["---:"] * (len(titles) - 1)], *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def shape(row: Row) -> str:
    """The network and the batch of a row."""
    layers = f"{row['layers']} layers of " if row["layers"] > 1 else ""
    return f"{row['cell']} {layers}{row['hidden']}, batch {row['batch']}"


def best_peer(row: Row) -> str:
    """The fastest peer's name."""
    return str(min(row["peers"], key=row["peers"].get))


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1e3:.2f}"


def training(rows: Sequence[Row], threads: Callable[[int], bool]) -> str:
    """The training steps with such numbers of threads."""
    titles = ["", "threads", "neonym ms", "best peer ms", "which", "ratio", "of sgemm"]
    lines = (
        [
            shape(row),
            str(row["threads"]),
            milliseconds(row["neonym"]),
            milliseconds(row["peers"][best_peer(row)]),
            best_peer(row),
            f"{row['ratio']:.2f}",
            f"{row['sgemm_share']:.0%}",
        ]
        for row in rows
        if row["benchmark"] == "training step" and threads(row["threads"])
    )
    return table(titles, lines)


def beside_peer(row: Row) -> list[str]:
    """Threads, our time, that of the best peer, which that is, and the ratio."""
    peer = best_peer(row)
    times = [milliseconds(row["neonym"]), milliseconds(row["peers"][peer])]
    return [str(row["threads"]), *times, peer, f"{row['ratio']:.2f}"]


def lists(rows: Sequence[Row]) -> str:
    """Loss and gradients from lists of token ids."""
    titles = ["", "threads", "neonym ms", "best peer ms", "which", "ratio"]
    lines = (
        [shape(row), *beside_peer(row)] for row in rows if row["benchmark"] == "loss and gradients"
    )
    return table(titles, lines)


def long_list(rows: Sequence[Row]) -> str:
    """The time until a long list is learned."""
    titles = ["", "threads", "val nll", "neonym s", "best peer s", "which", "ratio"]
    lines = (
        [
            f"{row['names']:,} names, {row['cell']} {row['hidden']}, batch {row['batch']}",
            str(row["threads"]),
            str(row["nll"]),
            f"{row['neonym']:.1f}",
            f"{row['peers'][best_peer(row)]:.1f}",
            best_peer(row),
            f"{row['ratio']:.2f}",
        ]
        for row in rows
        if row["benchmark"] == "long list"
    )
    return table(titles, lines)


def shards(rows: Sequence[Row]) -> str:
    """What shards bring."""
    lines = (
        [
            shape(row),
            milliseconds(row["peers"]["neonym, 1 shard"]),
            milliseconds(row["neonym"]),
            f"{row['ratio']:.2f}",
        ]
        for row in rows
        if row["benchmark"] == "shards"
    )
    return table(["", "one core ms", "a shard a core ms", "ratio"], lines)


def likelihood(rows: Sequence[Row]) -> str:
    """The exact likelihood of whole lists."""
    titles = ["", "threads", "distinct beginnings", "neonym ms", "best peer ms", "which", "ratio"]
    lines = (
        [
            f"{row['cell']} {row['hidden']}, {row['corpus']}",
            str(row["threads"]),
            f"{row['distinct_share']:.0%}",
            milliseconds(row["neonym"]),
            milliseconds(row["peers"][best_peer(row)]),
            best_peer(row),
            f"{row['ratio']:.2f}",
        ]
        for row in rows
        if row["benchmark"] == "exact likelihood"
    )
    return table(titles, lines)


def sampling(rows: Sequence[Row]) -> str:
    """Drawing names."""
    titles = ["", "threads", "neonym ms", "best peer ms", "which", "ratio"]
    lines = (
        [
            f"{row['cell']} {row['hidden']}"
            + (f", embedding {row['embedding']}" if row["embedding"] else ""),
            *beside_peer(row),
        ]
        for row in rows
        if row["benchmark"] == "sampling"
    )
    return table(titles, lines)


def growth(rows: Sequence[Row]) -> str:
    """Time and memory for a token."""
    lines = (
        [
            f"{row['names']:,}",
            f"{row['seconds_per_token']['training'] * 1e9:.0f}",
            f"{row['seconds_per_token']['likelihood'] * 1e9:.0f}",
            f"{row['bytes_per_token']:.0f}",
        ]
        for row in rows
        if row["benchmark"] == "growth"
    )
    return table(["names", "training ns", "likelihood ns", "bytes"], lines)


def memory(rows: Sequence[Row]) -> str:
    """Peak memory beside PyTorch's."""
    lines = (
        [
            shape(row),
            f"{row['neonym'] / 1e6:.0f}",
            f"{row['peers']['pytorch padded'] / 1e6:.0f}",
            f"{row['ratio']:.1f}",
        ]
        for row in rows
        if row["benchmark"] == "memory"
    )
    return table(["", "neonym MB", "PyTorch MB", "ratio"], lines)


def fill(document: str, tables: Mapping[str, str]) -> str:
    """The document with the tables between their marks."""
    for name, text in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, found, rest = document.partition(begin)
        _, found_end, tail = rest.partition(end)
        if not (found and found_end):
            raise ValueError(f"{DOCUMENT} lacks {begin} or {end}")
        document = f"{head}{begin}\n{text}\n{end}{tail}"
    return document


def main(document: Path = DOCUMENT) -> None:
    """Fill the tables in."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))
    tables = {
        "training on one thread": training(rows, lambda threads: threads == 1),
        "training on all threads": training(rows, lambda threads: threads > 1),
        "loss and gradients": lists(rows),
        "shards": shards(rows),
        "long list": long_list(rows),
        "likelihood": likelihood(rows),
        "sampling": sampling(rows),
        "growth": growth(rows),
        "memory": memory(rows),
    }
    document.write_text(fill(document.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
