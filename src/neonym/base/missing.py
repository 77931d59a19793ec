"""What the extra `pipeline` brings, and how it is said that this is not installed."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

BROUGHT = {
    "detect_secrets": "detect-secrets",
    "dvc": "dvc",
    "filelock": "filelock",
    "hydra": "hydra-core",
    "loky": "loky",
    "matplotlib": "matplotlib",
    "mlflow": "mlflow",
    "omegaconf": "omegaconf",
    "optuna": "optuna",
    "pandas": "pandas",
    "ruamel": "ruamel.yaml",
    "ruamel.yaml": "ruamel.yaml",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "submitit": "submitit",
    "uvicorn": "uvicorn",
    "yaml": "pyyaml",
}
"""What is imported, and what is installed for that."""

REMEDY = 'pip install "neonym[pipeline]"'

MISTAKE = 2  # exit status

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def explain_missing(error: BaseException, what: str) -> str:
    """What a command or script needs that is not installed, in one line; "" for other errors.

    Parameters
    ----------
    error
        Which ended it.
    what
        Its name.
    """
    if not isinstance(error, ModuleNotFoundError) or error.name not in BROUGHT:
        return ""
    package = BROUGHT[error.name]
    return f"{what} needs what is not installed ({package}); install it with: {REMEDY}"


def telling_missing(hook: Hook) -> Hook:
    """A `sys.excepthook` that says in one line what a script needs that is not installed.

    Such a script ends with exit status 2. Any other error is the other hook's, and so is all that
    is typed in.
    """

    def tell(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> object:
        said = explain_missing(error, Path(sys.argv[0]).name)
        is_script = hasattr(sys.modules["__main__"], "__file__")
        if not (said and is_script) or sys.flags.interactive:
            return hook(kind, error, trace)
        sys.stderr.write(f"neonym: {said}\n")
        sys.exit(MISTAKE)

    return tell
