"""Which keys are called like what is nobody's business."""

import re
from functools import lru_cache
from itertools import pairwise

# Parts of a key, as between its dots, dashes, underscores and capitals
_SECRET_WORDS = frozenset(
    {"token", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential"}
    | {"credentials", "authorization", "bearer", "cookie", "apikey"}
    | {"passwords", "passphrases", "apikeys"}
)
_SECRET_ENDS = ("token", "password", "passwd", "secret", "apikey")  # authtoken, dbpassword
_SECRET_PAIRS = frozenset(
    (kind, key)
    for kind in ("api", "access", "private", "secret", "account", "encryption", "signing", "auth")
    for key in ("key", "keys", "tokens")  # tokens alone are what names are made of
)
# What such a key's value is not the secret of: password_file, token_count
_HARMLESS_ENDS = frozenset({"file", "path", "count", "counts", "length", "type", "name"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_secret_key(key: str) -> bool:
    """Whether a key, or a part of a dotted one, is called like what is nobody's business."""
    return any(map(_is_secret_name, key.split(".")))


@lru_cache(maxsize=4096)  # the same parameters and variables are asked about again and again
def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    return (
        not _SECRET_WORDS.isdisjoint(words)
        or words[-1] == "auth"  # http_auth; not auth_server
        or words[-1].endswith(_SECRET_ENDS)
        or any(pair in _SECRET_PAIRS for pair in pairwise(words))
    )
