"""What MLflow takes for names: shorter ones, of fewer letters, than a list or a rule may have.

A name that it would refuse is changed so that it takes it and no two become one. The names as they
are stand in the run's `configuration.yaml`.
"""

import hashlib
import posixpath
import re

LONGEST = 250  # of all names: databases hold 256, keys may have 250
REFUSED = re.compile(r"[^/\w.\- :]")


def key(name: str) -> str:
    """The name of a parameter, metric or tag as MLflow takes it."""
    if not REFUSED.search(name) and posixpath.normpath(name) == name and not _leads_out(name):
        return shortened(name)
    return shortened(_marked(re.sub(r"^\.|[^\w.\- :]", "_", name), name))


def shortened(name: str) -> str:
    """A name, cut where it is too long."""
    if len(name) <= LONGEST:
        return name
    return _marked(name[: LONGEST - 10], name)


def _leads_out(name: str) -> bool:
    return name == "." or name.startswith(("..", "/"))


def _marked(changed: str, name: str) -> str:
    """A changed name with what tells it from others that became the same."""
    return f"{changed} {hashlib.sha256(name.encode()).hexdigest()[:8]}"
