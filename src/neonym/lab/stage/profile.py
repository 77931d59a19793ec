"""Where the time of a stage goes: `tracking.profile`."""

from os.path import relpath
from typing import Any

from neonym.base.files import write_text
from neonym.lab.places import project_root
from neonym.lab.stage.execution import Stage, StageFunction

BY_HAND = "profile.txt"
UNDER_DVC = ".neonym/profile"
LINES = 200


def run_function(stage: Stage[Any], function: StageFunction[Any]) -> float | None:
    """Run a script's function; with `tracking.profile`, write where its time went.

    What ends in an error is written too. Other processes and threads that the function starts are
    in the profile as the waiting for them.

    Parameters
    ----------
    stage
        The execution. The profile is `profile.txt` in the job's folder, under DVC
        `.neonym/profile/STAGE.txt` of the project, whose workspace is for what stages make.
    function
        What the script does.
    """
    # composing makes the configuration, and has none before it
    if stage.name not in stage.project.outputs and not stage.by_hand:
        return function(stage)
    if not stage.configuration.tracking.profile:
        return function(stage)
    import cProfile  # noqa: PLC0415 (for who profiles)

    profile = cProfile.Profile()
    try:
        return profile.runcall(function, stage)
    finally:
        path = stage.output(BY_HAND)
        if not stage.by_hand:
            path = project_root() / UNDER_DVC / f"{stage.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, _as_text(profile))
        stage.say(f"{stage.name}: where its time went is in {relpath(path)}")


def _as_text(profile: Any) -> str:
    """The functions that took longest, with what they called; the longest first."""
    import io  # noqa: PLC0415 (for who profiles)
    import pstats  # noqa: PLC0415

    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(LINES)
    return text.getvalue()
