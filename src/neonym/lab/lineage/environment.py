"""What differs between the environment of a run and the one here, and what that may change."""

from collections.abc import Iterator, Mapping
from typing import Any

SUMS = "the last bits of sums, and with them every result"
# What a package's version may change; others compute nothing that is compared
MAY_CHANGE = {
    "numpy": SUMS,
    "matplotlib": "the bytes of pictures",
    "pillow": "the bytes of pictures",
    "pyyaml": "how the configuration is read",
    "pydantic": "how the configuration is read",
    "optuna": "which configurations a search tries; no job's result",
    "threadpoolctl": "how many threads sums are split over",
}
ASPECTS = {
    "python": "random order of sets and the text of numbers; rarely any result",
    "implementation": "everything",
    "system": "mathematical functions of the C library, such as exp and tanh: last bits",
    "machine": SUMS,
    "processor": SUMS,
    "simd": SUMS,
    "variables": SUMS,
}


def differences(
    then: Mapping[str, Any], now: Mapping[str, Any], packages: Mapping[str, str]
) -> Iterator[str]:
    """What is another in an environment, one line each, with what it may change.

    Parameters
    ----------
    then, now
        What `neonym.lab.tracking.provenance.environment` returned for the run and returns here.
    packages
        What packages of the project may change, besides those that the lab knows.
    """
    for aspect, change in ASPECTS.items():
        if then.get(aspect) != now.get(aspect):
            yield _line(aspect, then.get(aspect), now.get(aspect), change)
    blas_then, blas_now = then.get("blas") or {}, now.get("blas") or {}
    if blas_then != blas_now:
        yield _line("BLAS", _words(blas_then), _words(blas_now), SUMS)
    known = {**MAY_CHANGE, **packages}
    yield from _package_differences(then.get("packages") or {}, now.get("packages") or {}, known)


def _package_differences(
    then: Mapping[str, str], now: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[str]:
    others = 0
    for name in sorted((then.keys() | now.keys()) - {"neonym"}):  # its code is the run's own
        if then.get(name) == now.get(name):
            continue
        if name in known:
            yield _line(name, then.get(name), now.get(name), known[name])
        else:
            others += 1
    if others:
        yield f"{others} other packages have other versions; they compute nothing that is compared"


def _line(what: str, then: object, now: object, change: str) -> str:
    return f"{what}: {_text(then)} then, {_text(now)} here; may change {change}"


def _words(values: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in values.values())


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items()) or "none"
    return str(value) if value else "none"
