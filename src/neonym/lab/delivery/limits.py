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
    plain = REFUSED.sub("_", name)
    if plain == name and _is_plain_path(name):
        return shortened(name)
    if not _is_plain_path(plain):
        plain = re.sub("^[.]|/", "_", plain)
    return shortened(_marked(plain, name))


def shortened(name: str) -> str:
    """A name, cut where it is too long."""
    if len(name) <= LONGEST:
        return name
    return _marked(name[: LONGEST - 10], name)


def _is_plain_path(name: str) -> bool:
    """Whether a name leads to one place below where it is looked up, which no other leads to."""
    return posixpath.normpath(name) == name and name != "." and not name.startswith(("..", "/"))


def _marked(changed: str, name: str) -> str:
    """A changed name with what tells it from others that became the same."""
    return f"{changed} {hashlib.sha256(name.encode()).hexdigest()[:8]}"
