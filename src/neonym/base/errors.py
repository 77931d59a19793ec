"""What is raised for mistakes of the person at the keyboard, and to end a run on purpose."""


class UserError(Exception):
    """What is wrong, where, and what to do, in one line.

    Scripts print it without a traceback and exit with status 2. Anything else that is raised is a
    fault of neonym and keeps its traceback.
    """


class PrunedError(Exception):
    """A training is ended on purpose: what it shows so far is hopeless. No failure."""
