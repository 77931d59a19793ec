"""The one exception for mistakes of the person at the keyboard."""


class UserError(Exception):
    """What is wrong, where, and what to do, in one line.

    Scripts print it without a traceback and exit with status 2. Anything else that is raised is a
    fault of neonym and keeps its traceback.
    """
