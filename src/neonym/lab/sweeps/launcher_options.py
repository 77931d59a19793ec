"""The keys of `hydra.launcher`, their types and ranges, for each of our launchers."""

from typing import Annotated, Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, PositiveFloat, PositiveInt

from neonym.base.errors import UserError
from neonym.base.section import Section
from neonym.lab.composing.refusals import explain

Name = Annotated[str, Field(min_length=1)] | int | None


class InProcess(Section):
    """One job after the other."""

    @property
    def at_once(self) -> int:
        """How many jobs run at a time."""
        return 1


class Joblib(Section):
    """Jobs side by side on this machine."""

    workers: PositiveInt | None

    @property
    def at_once(self) -> int:
        """How many jobs run at a time, at most."""
        if self.workers:
            return self.workers
        from loky import cpu_count  # noqa: PLC0415 (the launcher's own count)

        return int(cpu_count())


class Slurm(Section):
    """Each job on a node of a cluster."""

    partition: Name
    account: Name
    qos: Name
    constraint: Name
    timeout_min: PositiveInt
    cpus_per_task: PositiveInt
    mem_gb: PositiveFloat
    array_parallelism: PositiveInt
    setup: list[str]
    additional_parameters: dict[str, str | int | float | bool | None]
    poll_seconds: PositiveFloat

    @property
    def at_once(self) -> int:
        """How many jobs run at a time, at most."""
        return self.array_parallelism


Options = InProcess | Joblib | Slurm
SCHEMAS: dict[str, type[Options]] = {
    f"hydra_plugins.neonym_lab.{schema.__name__}": schema for schema in (InProcess, Joblib, Slurm)
}


def read_options(launcher: DictConfig) -> Options:
    """What is asked of the launcher, held against its schema.

    Raises
    ------
    UserError
        For the first key that is unknown, of a wrong type or out of range.
    """
    try:
        values = cast(dict[str, Any], OmegaConf.to_container(launcher, resolve=True))
    except OmegaConfBaseException as error:
        raise UserError(explain(error)) from None
    target = values.pop("_target_")
    if target not in SCHEMAS:
        raise UserError(f"{target} has no schema of its options: add it to SCHEMAS in {__file__}")
    schema = SCHEMAS[target]
    return schema.validated(values, "hydra.launcher")
