"""What a trained model says of names."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.threads import one_blas_thread, processors
from neonym.base.types import Ids
from neonym.corpus.capitals import capitalized
from neonym.corpus.columns import Layout
from neonym.corpus.prefix import prefix_ids
from neonym.corpus.reading import canonical
from neonym.corpus.vocabulary import UnknownSymbolError, Vocabulary
from neonym.generation.language_model import END, read_prefix
from neonym.models.choice import log_softmax
from neonym.models.known_names import Hashes, contains
from neonym.models.mixture import Mixture
from neonym.models.model_file import load_model
from neonym.nn import RecurrentNetwork

DEFAULT_MODEL = Path("models/model.npz")
LAYOUT = ("comment", "column")  # of the list that a model learnt from, in its configuration


class NameScorer:
    """A trained model, and what it says of names: how probable they are, and whether known.

    Parameters
    ----------
    network, vocabulary, metadata, mixture, known
        As for `neonym.NameGenerator`.
    """

    def __init__(
        self,
        network: RecurrentNetwork,
        vocabulary: Vocabulary,
        metadata: dict[str, Any],
        mixture: Mixture | None = None,
        known: Hashes | None = None,
    ) -> None:
        self.network, self.vocabulary, self.metadata = network, vocabulary, metadata
        self.mixture, self.known = mixture, known
        self.predictor: RecurrentNetwork | Mixture = mixture or network

    @classmethod
    def load(cls, path: str | Path = DEFAULT_MODEL) -> Self:
        """The generator of a model file; nothing in the file is executed.

        Parameters
        ----------
        path
            As `make repro`, `neonym learn` or an import left it.

        Raises
        ------
        UserError
            If there is no such file or it is not a model.
        """
        return cls(*load_model(Path(path)))

    @cached_property
    def max_length(self) -> int:
        """The length cap where none is given: twice the longest name of the corpus, in tokens."""
        return 2 * int(self.metadata["longest"])

    @one_blas_thread()
    @np.errstate(over="ignore", invalid="ignore")
    def log_prob(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Log-probability of whole names, end token included.

        Parameters
        ----------
        names
            Any names of known letters; upper case and surrounding space count as in the corpus.

        Returns
        -------
        ndarray, float64, shape (len(names),)
            Nats, at most 0.

        Raises
        ------
        UserError
            If a name has a letter unknown to the model, or there is one name and not a list.
        """
        if isinstance(names, str):  # a list of letters otherwise, each of them a name
            raise UserError(f"names is the text {names!r}; write a list, [{names!r}]")
        ids = self.vocabulary.encode_all([self.canonical(name) for name in names])
        # The network scores sequences of at least one token.
        log_probs = np.full(len(ids), self._log_prob_of_nothing)
        filled = [place for place, tokens in enumerate(ids) if len(tokens)]
        if filled:
            chosen = [ids[place] for place in filled]
            nats = self.predictor.negative_log_likelihood(chosen, threads=processors())
            log_probs[filled] = -nats
        return log_probs

    @one_blas_thread()
    @np.errstate(over="ignore", invalid="ignore")
    def next_token_probs(self, prefix: str) -> dict[str, float]:
        """The probability of each token behind a prefix.

        Parameters
        ----------
        prefix
            What a name begins with; the empty text for its first letter.

        Returns
        -------
        dict of str to float
            They sum to 1; the end token is the empty string.

        Raises
        ------
        UserError
            If the prefix has a letter unknown to the model.
        """
        start = read_prefix(self.predictor, self._prefix_ids(prefix))
        probabilities = np.exp(log_softmax(start.logits[0]))
        return dict(zip(self.vocabulary.symbols, probabilities.tolist(), strict=True))

    def is_known(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each name was in the list that the model learned from.

        Parameters
        ----------
        names
            Upper case and surrounding space count as in the corpus.

        Returns
        -------
        ndarray, bool, shape (len(names),)
            Of hashes: one new name in some 10^13 is taken for known.

        Raises
        ------
        UserError
            If the model's file does not say which names it learned from, as those of 0.1.0.
        """
        if self.known is None:
            raise UserError(
                "the model does not say which names it learned from; train it again, "
                "or compare with the list itself"
            )
        return contains(self.known, [self.canonical(name) for name in names])

    def written(self, name: str) -> str:
        """A name with the capital letters that its list has, where `neonym learn` noted them."""
        return capitalized(name, self.metadata.get("capitals"))

    def canonical(self, name: str) -> str:
        """A name as the corpus of this model would have it."""
        return canonical(name, bool(self.metadata["lowercase"]), self.vocabulary.unit)

    def layout(self, column: str | None, separator: str | None) -> Layout:
        """How a list is read that the command line names: in doubt as the one learnt from.

        Parameters
        ----------
        column, separator
            Of a table, as they were given; None where they were not.

        Returns
        -------
        Layout
            With the comments of the list that the model learnt from.
        """
        configuration = self.metadata.get("configuration")
        learnt = configuration.get("data") if isinstance(configuration, dict) else None
        comment, usual = map(learnt.get, LAYOUT) if isinstance(learnt, dict) else (None, None)
        return Layout(
            int(column) if column is not None and column.isdecimal() else column,
            separator,
            comment if isinstance(comment, str) else None,
            "--",
            usual if isinstance(usual, str | int) else None,
        )

    @cached_property
    def _log_prob_of_nothing(self) -> float:
        return float(log_softmax(read_prefix(self.predictor, ()).logits)[0, END])

    def _prefix_ids(self, prefix: str) -> Ids:
        try:
            return prefix_ids(prefix, self.vocabulary, bool(self.metadata["lowercase"]))
        except UnknownSymbolError as error:
            raise UserError(f"prefix {error}") from None
