"""matplotlib in three quarters of its time to import, for processes that end with pictures."""


def without_texts_of_properties() -> None:
    """Have matplotlib write no lists of properties into its docstrings while it is imported.

    Where it is imported already, nothing changes.
    """
    # what calls this is to wait for it only where it draws
    import matplotlib.artist  # noqa: PLC0415

    matplotlib.artist.kwdoc = _no_text  # type: ignore[assignment]


def _no_text(_: object) -> str:
    return ""
