"""Text in CSV files, which a spreadsheet opens without taking a name for a formula."""

# With these a spreadsheet begins a formula, in half or full width; the apostrophe itself is among
# them, so that whoever drops one leading apostrophe reads exactly what was written.
_BEGINS_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what could be one."""
    return "'" + text if text.startswith(_BEGINS_FORMULA) else text


def exact(cell: str) -> str:
    """The text that `inert` made a cell of."""
    return cell.removeprefix("'")
