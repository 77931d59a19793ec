"""When a process of ours looks for cycles among its objects that nobody needs any more."""

import gc

FIRST = 600_000
"""Objects before the first look: more than the 450,000 of a command that asks MLflow."""


def collect_late(first: int = FIRST) -> None:
    """Look for garbage no sooner than when there is much to look through, then as Python does.

    What a process imports stays to its end, and is most of what a short one makes: to look through
    it again and again took a sixth of the time of a command that asks MLflow. For processes that
    are ours, not for those that import us.

    Parameters
    ----------
    first
        How many objects more there are before the first look.
    """
    if any(isinstance(each, _Late) for each in gc.callbacks):
        return
    usual = gc.get_threshold()
    gc.callbacks.append(_Late(usual))
    gc.set_threshold(first, *usual[1:])


class _Late:
    """Is told of the first look, and brings back how often Python looks."""

    def __init__(self, usual: tuple[int, int, int]) -> None:
        self._usual = usual

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "stop":
            gc.set_threshold(*self._usual)
            gc.callbacks.remove(self)
