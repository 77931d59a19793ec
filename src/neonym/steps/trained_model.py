"""The trained model that sample and evaluate work on."""

from pathlib import Path

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator
from neonym.settings import Settings, training_settings


def load_trained(path: Path, settings: Settings) -> NameGenerator:
    """The generator of a model file.

    Raises
    ------
    UserError
        If the model was trained with other settings than these.
    """
    generator = NameGenerator.load(path)
    if generator.metadata.get("configuration") != training_settings(settings):
        raise UserError(
            f"{path} was trained with another configuration; train with this one first, "
            "or name its own model with paths.model"
        )
    return generator
