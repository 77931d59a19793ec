"""From a trained model to a file of names."""

from collections.abc import Sequence

from neonym.corpus.processed import read_processed
from neonym.generation.generator import NameGenerator, Names
from neonym.generation.names_file import write_names
from neonym.models.choice import Choice
from neonym.settings import Settings
from neonym.steps.outputs import Outputs
from neonym.steps.trained_model import load_trained


def sample(settings: Settings, files: Outputs) -> Names:
    """Draw the names that are asked for from the trained model, and write them.

    Raises
    ------
    UserError
        If the model is missing or was trained with other settings, or no names can be had.
    """
    processed = read_processed(files.processed) if settings.sample.novel else None
    generator = load_trained(files.model, settings, processed)
    names = draw(generator, settings, processed.train if processed else [])
    write_names(files.names, names)
    return names


def draw(generator: NameGenerator, settings: Settings, known: Sequence[str]) -> Names:
    """The names that the settings ask for; with `sample.novel` none of those known."""
    options = settings.sample
    return generator.draw(
        options.count,
        seed=settings.seed,
        choice=Choice(options.temperature, options.top_k, options.top_p),
        prefix=options.prefix,
        max_length=options.max_length,
        distinct=options.distinct,
        exclude=known,
        raw=True,  # what the model does is what is judged
    )


def explain_draws(names: Names, wanted: int) -> str:
    """How many names were drawn, where not every one was kept; else ""."""
    count = len(names.names)
    short = f", {wanted} were asked for" if count < wanted else ""
    return f"{names.draws} names drawn for {count}{short}" if names.draws > count else ""
