"""The environment that a result depends on: versions, processor, linear algebra."""

import contextlib
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from neonym.base.files import sha256_of_file

LOCK = Path("requirements.lock")
# Those that choose how numbers are computed; no others, which may hold secrets
VARIABLES = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MKL_CBWR",
    "NPY_DISABLE_CPU_FEATURES",
    "PYTHONHASHSEED",
)


def environment() -> dict[str, Any]:
    """What this process computes with, as plain values."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "simd": simd(),
        "blas": blas(),
        "packages": packages(),
        "requirements.lock": sha256_of_file(LOCK) if LOCK.is_file() else None,
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def processor() -> str:
    """The processor's name, as its maker calls it; "" where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor()


def simd() -> list[str]:
    """The processor's instructions that NumPy uses beyond those it was built for."""
    features: Any = np.show_config(mode="dicts")
    return sorted(features.get("SIMD Extensions", {}).get("found", []))


def blas() -> dict[str, str]:
    """The library of linear algebra that NumPy uses, and for which processor it runs."""
    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    own = [library for library in loaded if "numpy" in library["filepath"]]  # not SciPy's
    for library in own or loaded:
        names = ("internal_api", "version", "architecture", "threading_layer")
        return {name: str(library.get(name)) for name in names}
    return {}


def packages() -> dict[str, str]:
    """The versions of all installed packages, from their folders' names, which is quick."""
    folders = [Path(place) for place in sys.path if Path(place).is_dir()]
    found: dict[str, str] = {}
    for folder in reversed(folders):  # the first is the one that is imported
        for path in folder.glob("*.dist-info"):
            name, _, version = path.name.removesuffix(".dist-info").partition("-")
            found[name.lower().replace("_", "-")] = version
    return dict(sorted(found.items()))
