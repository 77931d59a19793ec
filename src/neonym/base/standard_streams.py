"""Standard input, output and error of a process that was started without some of them."""

import os
import sys


def open_closed_streams() -> None:
    """Let streams that were closed by who started us be empty, or go nowhere.

    For the processes that this one starts too. Otherwise the next file that is opened takes the
    place of the stream, and what is printed goes into it.
    """
    for descriptor, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which takes the lowest number that is free
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
