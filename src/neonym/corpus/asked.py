"""What will be asked of a model, held against its list before it is trained."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from neonym.base.errors import UserError
from neonym.corpus.prefix import prefix_ids
from neonym.corpus.processed import Processed
from neonym.corpus.reading import canonical
from neonym.settings import Settings


def check_asked(settings: Settings, processed: Processed) -> None:
    """See that prefix, examples and rules are of letters that the list has.

    Raises
    ------
    UserError
        For what no model of this list could do, with the key.
    """
    vocabulary, lowercase = processed.vocabulary, bool(processed.summary["lowercase"])
    sample = settings.sample
    with _of("sample.prefix"):
        length = len(prefix_ids(sample.prefix, vocabulary, lowercase))
    cap = sample.max_length or 2 * int(processed.summary["longest"])
    if length > cap:
        raise UserError(
            f"sample.max_length = {cap}: sample.prefix has {length} tokens already; shorten it, or "
            "raise sample.max_length"
        )
    with _of("evaluate.examples"):
        for name in settings.evaluate.examples:
            vocabulary.encode(canonical(name, lowercase, vocabulary.unit))
    letters = set("".join(vocabulary.symbols))
    for kind, wanted in settings.data.rules.at_least_one_of.items():
        if letters.isdisjoint(wanted):
            shown = json.dumps(wanted, ensure_ascii=False)
            raise UserError(
                f"data.rules.at_least_one_of.{kind} = {shown}: the list has none of these letters, "
                "so no name could be valid; name letters that it has, or leave the rule out"
            )


@contextmanager
def _of(key: str) -> Iterator[None]:
    """Say which key a mistake is about."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{key}: {error}") from None
