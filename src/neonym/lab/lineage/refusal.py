"""Why a run cannot be reproduced, found out before anything is started."""

from pathlib import Path
from tempfile import TemporaryDirectory

from neonym.lab.git import has_commit, is_commit, succeeds
from neonym.lab.lineage.raw_data import find_raw_data
from neonym.lab.lineage.recorded import Recorded
from neonym.lab.tracking import tags
from neonym.lab.tracking.checkout import MAX_DIFF_BYTES, MAX_RAW_BYTES, UNKNOWN
from neonym.lab.tracking.redacted_diff import is_redacted_diff

# What a diff lacks, by its state
LACKING = {
    "whole": "",
    "redacted": "of the recorded diff secrets were left out",
    "cut off": f"the diff was cut off at {MAX_DIFF_BYTES:,} bytes",
    "not text": "the diff was not kept whole, since it is not UTF-8",
}


def explain_refusal(recorded: Recorded, root: Path) -> str:
    """Why a run cannot be reproduced, in one line; "" if it can.

    Parameters
    ----------
    recorded
        The run.
    root
        The project, whose repository is to have the commit.
    """
    return (
        _about_the_run(recorded)
        or _about_the_commit(recorded, root)
        or _about_the_diff(recorded)
        or _about_the_configuration(recorded)
        or _about_the_raw_data(recorded, root)
    )


def _about_the_run(recorded: Recorded) -> str:
    status = recorded.run.info.status
    if status == "RUNNING":
        return "it is still running"
    if status != "FINISHED":
        return f"it ended as {status}, before all of its results were there"
    if not any(stage in recorded.store.project.outputs for stage in recorded.stages):
        return "it holds the results of no stage that is known"
    return ""


def _about_the_commit(recorded: Recorded, root: Path) -> str:
    commit = recorded.tag(tags.GIT_COMMIT)
    if commit in ("", UNKNOWN):
        return (
            "its commit is unknown: it was made outside of a git checkout, or before its first "
            "commit"
        )
    if not is_commit(commit):
        return "what stands for its commit is no commit's hash"
    if not succeeds(root, "rev-parse", "--verify", "--quiet", "HEAD"):
        return f"{root} has no git history, in which its commit {commit[:12]} could be found"
    if not has_commit(root, commit):
        return f"its commit {commit[:12]} is not in this repository; fetch it first"
    return ""


def _about_the_diff(recorded: Recorded) -> str:
    """Why the changes that were not committed cannot be applied."""
    if recorded.tag(tags.GIT_DIRTY) != "true":
        return ""
    state = recorded.tag(tags.GIT_DIFF)
    reason = LACKING.get(state, "it does not tell whether the diff is whole")
    if is_redacted_diff(recorded.diff):
        reason = LACKING["redacted"]
    return f"its code was not committed, and {reason}" if reason else ""


def _about_the_configuration(recorded: Recorded) -> str:
    if recorded.configuration is None:
        return "its configuration is not among its artifacts, or is damaged"
    if recorded.redacted_keys:
        return f"secrets were left out of its configuration ({', '.join(recorded.redacted_keys)})"
    return ""


def _about_the_raw_data(recorded: Recorded, root: Path) -> str:
    if not recorded.store.project.raw_key:
        return ""
    with TemporaryDirectory() as folder:
        if find_raw_data(recorded, root, Path(folder)):
            return ""
    project = recorded.store.project
    raw = f"{project.raw_called} {project.raw_path(recorded.configuration)}"
    reason = (
        f", and it is larger than the {MAX_RAW_BYTES:,} bytes that are kept with a run"
        if recorded.tag(tags.RAW_KEPT) == "nowhere"
        else ""
    )
    return (
        f"its {raw} is gone or changed: it is neither in git, nor in the workspace, nor in DVC's "
        f"cache, nor among the run's artifacts{reason}"
    )
