"""The trained model that sample and evaluate work on."""

from pathlib import Path

from neonym.base.errors import UserError
from neonym.generation.generator import NameGenerator
from neonym.settings import Configuration, training_configuration


def load_generator(path: Path, configuration: Configuration) -> NameGenerator:
    """The generator of a model file.

    Raises
    ------
    UserError
        If the model was trained with another configuration than this one.
    """
    generator = NameGenerator.load(path)
    trained = generator.metadata.get("configuration")
    if trained != training_configuration(configuration):
        raise UserError(
            f"{path} was trained with another configuration; train with this one first, "
            "or name its own model with paths.model"
        )
    return generator
