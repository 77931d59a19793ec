"""Where Hydra would put results, looked at before it makes a folder.

Hydra offers one moment between composing and the first folder: the start of a callback. Ours is
part of what every composition begins with, so it sees the folder that comes of all overrides.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from neonym.base.errors import UserError
from neonym.lab.composing.composition import refuse_hydras_resolvers, refuse_resolvers, refuse_sweep
from neonym.lab.composing.lacking import refuse_hydras_own
from neonym.lab.composing.unfit_folders import explain_unfit


class Refused(BaseException):
    """What a composition was refused for; of an `Exception` Hydra would make a warning."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def watched() -> Iterator[None]:
    """Have Hydra's compositions looked at while the block lasts.

    Raises
    ------
    UserError
        If results would go where they must not, or `hydra.*` reads more than its own keys.
    """
    target = f"{ResultFolders.__module__}.{ResultFolders.__name__}"
    # Not in conf/, which another --config-name need not read
    callbacks = ConfigStore.instance().repo["hydra"]["config.yaml"].node.callbacks
    callbacks["result_folders"] = {"_target_": target}
    try:
        yield
    except Refused as refused:
        raise refused.reason from None


class ResultFolders(Callback):
    """Looks at what was composed, before Hydra makes a folder."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Look at a single job and its folder."""
        self._check(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Look at the folder of a sweep."""
        self._check(config, "hydra.sweep.dir")

    def _check(self, config: DictConfig, key: str) -> None:
        before = HydraConfig.instance().cfg
        try:
            check_composed(config, key, Path.cwd())
            if key == "hydra.run.dir":
                refuse_sweep(config)
            else:
                refuse_hydras_own(config)
        except Exception as error:
            raise Refused(error) from None
        finally:
            HydraConfig.instance().cfg = before


def check_composed(config: DictConfig, key: str, root: Path) -> None:
    """See that results go to a folder of their own.

    Parameters
    ----------
    config
        What Hydra composed, its own part included.
    key
        The key of the folder.
    root
        The project's folder.

    Raises
    ------
    UserError
        For a folder that is the project's, leads out of it, or holds other things; for resolvers.
    """
    config = config.copy()  # of which Hydra lets nobody change its part, once it is the global one
    values = cast(dict[str, Any], OmegaConf.to_container(config))
    refuse_hydras_resolvers(values.pop("hydra"))
    refuse_resolvers(values)
    HydraConfig.instance().set_config(config)  # which `${hydra:…}` reads
    name = str(config.hydra.job.name)
    folder = OmegaConf.select(config, key)
    if reason := explain_unfit(folder or "", root):
        raise UserError(f"{key} = {folder}: {reason}")
    if Path(name).name != name or not name.strip("."):
        raise UserError(f"hydra.job.name = {name}: it names a file; take letters without a /")
    place = (root / folder).resolve()
    inner = config.hydra.output_subdir
    if inner is not None and not _is_below(place, str(inner)):
        raise UserError(f"hydra.output_subdir = {inner} leads out of the folder of results")
    if link := _leading_out(place):
        raise UserError(f"{key} = {folder}: {link} leads out of it; delete the link")
    _check_logs(config, place, root)
    if key == "hydra.run.dir" and not _is_ready(place, inner):
        raise UserError(f"{key} = {folder}: it holds other things than results; name a new folder")


def _check_logs(config: DictConfig, place: Path, root: Path) -> None:
    with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
        config.hydra.runtime.output_dir = str(place)
    for name, handler in (OmegaConf.select(config, "hydra.job_logging.handlers") or {}).items():
        file = handler.get("filename")
        if file is None or (root / file).resolve().is_relative_to(place):
            continue
        if reason := explain_unfit(str(file), root):
            raise UserError(f"hydra.job_logging.handlers.{name}.filename = {file}: {reason}")


def _leading_out(place: Path) -> Path | None:
    """A link in a folder of earlier results through which new ones would be written elsewhere."""
    links = (path for path in place.rglob("*") if path.is_symlink())
    return next((link for link in links if not link.resolve().is_relative_to(place)), None)


def _is_below(place: Path, path: str) -> bool:
    inside = (place / path).resolve()
    return inside != place and inside.is_relative_to(place)


def _is_ready(place: Path, inner: str | None) -> bool:
    """Whether a folder is new, or has the results of an earlier job."""
    if not place.is_dir() or (inner is not None and (place / inner).is_dir()):
        return True
    return not any(place.iterdir())
