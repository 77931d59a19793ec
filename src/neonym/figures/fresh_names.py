"""What names that are drawn anew at several temperatures are like; without what draws pictures."""

from neonym.evaluation.measures import Drawn, Lists
from neonym.evaluation.temperature import Quality, quality
from neonym.generation.generator import NameGenerator
from neonym.models.choice import Choice
from neonym.models.ngram import WittenBell
from neonym.settings import Settings


def qualities(
    generator: NameGenerator, lists: Lists, settings: Settings, ngram: WittenBell | None
) -> list[Quality]:
    """Of fresh names at each of `evaluate.temperatures`, from the same random numbers."""
    options, sample, found = settings.evaluate, settings.sample, []
    for temperature in sorted(options.temperatures):
        names = generator.draw(
            options.temperature_names,
            seed=settings.seed,
            choice=Choice(temperature, sample.top_k, sample.top_p),
            prefix=sample.prefix,
            max_length=sample.max_length,
            raw=True,
        )
        drawn = Drawn(names.names, names.ended)
        found.append(quality(temperature, drawn, lists, settings.seed, ngram))
    return found
