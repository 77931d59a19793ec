"""What of an address may be shown: where something is, never by what one gets in.

A password may hold any character, also those that separate the parts of an address. Where that
leaves open which part an `@` belongs to, only the scheme is shown.
"""

import re
from urllib.parse import quote, unquote

from neonym.lab.tracking.secret_keys import is_secret_key

REDACTED = "[redacted]"
SHORTEST = 8  # characters of a secret that is looked for in other text

_WITHIN_TEXT = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>]{1,2000}", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[^:\[\]]*)(:\d*)?")


def hide_credentials(address: str) -> str:
    """An address without who logs in, and without values in its query that are called secrets.

    A user's name alone is no secret, except over HTTP, where it may be a token.
    """
    scheme, colon, rest = address.partition("://")
    if not colon:
        return address
    authority, tail = _divided(rest)
    user, at, host = authority.rpartition("@")
    if "@" in tail and (at or ":" in authority):
        return f"{scheme}://{REDACTED}"
    if at and (":" in user or "http" in scheme.lower()):
        authority = f"{REDACTED}@{host}"
    end = _secret_in_query(tail)
    return f"{scheme}://{authority}{tail[:end] + REDACTED if end else tail}"


def hide_addresses(text: str) -> str:
    """A text whose addresses are without credentials."""
    return (
        _WITHIN_TEXT.sub(lambda match: hide_credentials(match[0]), text) if "://" in text else text
    )


def shown_address(address: str) -> str:
    """An address as it is told to a person: without credentials, query and fragment."""
    scheme, colon, rest = address.partition("://")
    if not colon:
        return f"{REDACTED}@{address.rpartition('@')[2]}" if "@" in address else address
    authority, tail = _divided(rest)
    host = authority.rpartition("@")[2]
    if ("@" in tail and authority) or not _HOST.fullmatch(host):
        return f"{scheme}://{REDACTED}"
    if not authority:  # a file's
        return f"{scheme}://{tail[: _secret_in_query(tail) or None]}"
    return f"{scheme}://{host}{re.split('[?#;]', tail, maxsplit=1)[0]}"


def without_user(address: str) -> str:
    """An address without who logs in; as it is where it is open how far that goes."""
    scheme, colon, rest = address.partition("://")
    authority, tail = _divided(rest)
    _, at, host = authority.rpartition("@")
    if not at or "@" in tail or not host:
        return address
    return f"{scheme}{colon}{host}{tail}"


def secrets_of(address: str) -> dict[str, str]:
    """What nobody should see if it turns up in other text, and what to show in its place.

    It is the address itself, and what of its credentials is long enough to be looked for; nothing
    where it is no address, or one without credentials.
    """
    if not _SCHEME.match(address):
        return {}
    rest = address.partition("://")[2]
    authority, tail = _divided(rest)
    values = []
    if hide_credentials(address) != address:
        user = rest.rpartition("@")[0]
        # An `@` behind the authority leaves open whether that has ended: a client shows the rest
        values += [user, user.partition(":")[2], tail.rpartition("@")[0], tail.partition("@")[0]]
    if not _HOST.fullmatch(authority.rpartition("@")[2]):
        values.append(authority.partition(":")[2])
    if not values:
        return {}
    if at := _secret_in_query(tail):
        values += [tail[at:], re.split("[&#]", tail[at:])[0]]
    forms = {form for value in values for form in (value, unquote(value), quote(value, safe=""))}
    secrets = dict.fromkeys((form for form in forms if len(form) >= SHORTEST), REDACTED)
    return {**secrets, address: shown_address(address), address.rstrip("/"): shown_address(address)}


def _divided(rest: str) -> tuple[str, str]:
    """What stands behind the scheme: who and where, and the rest from the first separator on."""
    end = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    return rest[:end], rest[end:]


def _secret_in_query(tail: str) -> int:
    """Where in a path with its query the first value begins that is called a secret; 0: nowhere."""
    for match in re.finditer(r"[?&;#]([^=&;#?/]+)=", tail):
        if is_secret_key(unquote(match[1])):
            return match.end()
    return 0
