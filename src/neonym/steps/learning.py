"""From a list to a model without a configuration: what `neonym learn` does."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from neonym.base.errors import UserError
from neonym.base.nested import nest
from neonym.corpus.reading import Corpus
from neonym.corpus.splits import Splits, split_names
from neonym.defaults import OF_OTHER_LISTS, SHORT_LIST
from neonym.generation.generator import NameGenerator
from neonym.models.known_names import hashes
from neonym.models.starting import BASE, Start, load_start
from neonym.settings import Settings
from neonym.steps.train_step import described
from neonym.training.learner import Beginning
from neonym.training.loop import TrainingListener, train

LEAST = 5  # names, below which nothing can be learned
# Share of the letters, counted as often as they occur, that the base model must know
KNOWN_SHARE = 0.9
# Names up to which the base model helps, and all choose the epoch in turn (docs/base.md)
BASE_UP_TO, FOLDS_UP_TO = 1500, 500
# From the base model: the fewer names, the faster what it knew fades (docs/base.md)
DECAY, MOST_DECAY = 300, 4.0
# From random weights: names up to which a step takes so many of them
BATCHES = ((50, 8), (150, 16), (500, 32))
DEFAULTS_ARE = "the defaults"  # in messages of the schema
MOST_READ = 400_000  # names that are read in all, each as often as there are epochs


class Plan(NamedTuple):
    """How a list will be learned.

    Attributes
    ----------
    settings
        As the pipeline would have them.
    start
        What it begins with; None: random weights.
    """

    settings: Settings
    start: Start | None


def reading(**how: Any) -> Settings:
    """The default settings, with keys of `data` as they are given on the command line.

    Raises
    ------
    UserError
        If one makes no sense.
    """
    data = {f"data.{key}": value for key, value in how.items()}
    try:
        return _settings(data)
    except UserError as error:  # in the words of the command line
        raise UserError(str(error).replace(f"{DEFAULTS_ARE}: data.", "--")) from None


def plan(corpus: Corpus, settings: Settings) -> Plan:
    """Choose by the size of a list, and by whether the base model knows its letters.

    Parameters
    ----------
    corpus
        The names.
    settings
        How they were read, and the seed; the rest is chosen.

    Raises
    ------
    UserError
        If there are too few names to learn from.
    """
    count = len(corpus.names)
    if count < LEAST:
        raise UserError(
            f"too few names to learn from: {count}; give {LEAST} at least, and better 30 or more"
        )
    given = {f"data.{key}": value for key, value in settings.data.model_dump().items()}
    values = {"seed": settings.seed, **given}
    folds = {"train.folds": SHORT_LIST["train.folds"] if count <= FOLDS_UP_TO else None}
    start = load_start(BASE) if count <= BASE_UP_TO else None
    if start and known_share(corpus, start) >= KNOWN_SHARE:
        decay = {"optimizer.weight_decay": min(MOST_DECAY, DECAY / count)}
        return Plan(_settings({**SHORT_LIST, **folds, **decay, **values}), start)
    batch = next((size for most, size in BATCHES if count <= most), None)
    batches = {"train.batch_size": batch} if batch else {}
    epochs = min(OF_OTHER_LISTS["train.epochs"], max(3, MOST_READ // count))
    return Plan(_settings({**folds, **batches, "train.epochs": epochs, **values}), None)


def _settings(changes: Mapping[str, Any]) -> Settings:
    values = {**OF_OTHER_LISTS, **changes}
    if "schedule.name" in changes:  # another rule has other keys
        values = {
            key: value
            for key, value in values.items()
            if not key.startswith("schedule.") or key in changes
        }
    return Settings.validated(nest(values), DEFAULTS_ARE)


def known_share(corpus: Corpus, start: Start) -> float:
    """The share of the names' letters that a model knows, counted as often as they occur."""
    known = set(start.vocabulary.symbols)
    letters = "".join(corpus.names)
    return sum(letter in known for letter in letters) / len(letters)


def learn(corpus: Corpus, chosen: Plan, listener: TrainingListener) -> NameGenerator:
    """Learn a list, all of it where it is short.

    Parameters
    ----------
    corpus
        The names.
    chosen
        What `plan` chose for them.
    listener
        Is told of each step and epoch.

    Raises
    ------
    UserError
        As `neonym.training.loop.train`.
    """
    settings, start = chosen
    vocabulary = corpus.vocabulary
    train_names, val_names = corpus.names, list[str]()
    if not settings.train.folds:
        split: Splits = split_names(corpus.names, settings.data.split)
        train_names, val_names = [*split.train, *split.test], split.val
    result = train(
        vocabulary.encode_all(train_names),
        vocabulary.encode_all(val_names),
        len(vocabulary),
        settings,
        listener=listener,
        beginning=Beginning(start, vocabulary) if start else None,
    )
    metadata = described(
        settings,
        longest=max(map(len, corpus.names)),
        lowercase=settings.data.lowercase,
        start=start,
    )
    if corpus.capitals:
        metadata["capitals"] = corpus.capitals
    known = hashes(corpus.names)
    return NameGenerator(result.network, vocabulary, metadata, None, known)
