"""Coining names with a trained model: what other programs call."""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.threads import one_blas_thread
from neonym.base.types import Ids
from neonym.corpus.columns import Layout
from neonym.corpus.prefix import prefix_ids
from neonym.corpus.reading import canonical
from neonym.corpus.vocabulary import UnknownSymbolError, Vocabulary
from neonym.generation.beam import most_probable
from neonym.generation.many_prefixes import sample_each
from neonym.generation.sampling import END, Samples, Wanted, read_prefix, sample
from neonym.models.choice import Choice, log_softmax
from neonym.models.known_names import Hashes, contains
from neonym.models.mixture import Mixture
from neonym.models.model_file import load_model
from neonym.nn import RecurrentNetwork

DEFAULT_MODEL = Path("models/model.npz")
LAYOUT = ("comment", "column")  # of the list that a model learnt from, in its configuration


class Names(NamedTuple):
    """Names drawn from a model.

    Attributes
    ----------
    names
        In the order drawn, the best first after `most_probable`.
    ended
        Whether the model ended each itself; the others were cut off at the length cap.
    log_probs
        Nats of each whole name, prefix and end token included, at temperature 1.
    draws
        How many were drawn for these.
    """

    names: list[str]
    ended: NDArray[np.bool_]
    log_probs: NDArray[np.float64]
    draws: int


class NameGenerator:
    """A trained model that coins names and says how probable names are.

    Parameters
    ----------
    network
        Predicts the next token, unless there is a mixture.
    vocabulary
        The symbols of its token ids.
    metadata
        `longest` and `lowercase` as in `neonym.models.model_file.Model`.
    mixture
        What predicts the next token instead; the network is the first of its members.
    known
        The hashes of the names that it learned from, where they are kept.

    Examples
    --------
    >>> generator = NameGenerator.load("models/model.npz")  # doctest: +SKIP
    >>> generator.sample(3, seed=0, prefix="tyr")  # doctest: +SKIP
    ['tyranthosaurus', 'tyrannosaurus', 'tyrasaurus']
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
    def load(cls, path: str | Path = DEFAULT_MODEL) -> "NameGenerator":
        """The generator of a model file; nothing in the file is executed.

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

    def sample(
        self,
        count: int,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        prefix: str = "",
        max_length: int | None = None,
        raw: bool = False,
    ) -> list[str]:
        """Coin names.

        The first names are the same however many are asked for.

        Parameters
        ----------
        count
            How many, at least 1.
        seed
            Equal seeds give equal names.
        temperature, top_k, top_p
            How each token is chosen, see `neonym.models.choice.Choice`.
        prefix
            What every name begins with.
        max_length
            Tokens, prefix included, after which a name is cut off; None: twice the longest name
            of the corpus.
        raw
            Names as the model draws them. Otherwise one that is empty, or begins or ends with a
            space, is drawn anew; fewer come back where a model draws hardly any others.

        Raises
        ------
        UserError
            If an argument is out of range, or the prefix has a letter unknown to the model.
        """
        choice = Choice(temperature, top_k, top_p)
        return self.draw(
            count, seed=seed, choice=choice, prefix=prefix, max_length=max_length, raw=raw
        ).names

    @np.errstate(over="ignore", invalid="ignore")  # of a model that diverged
    def sample_each(
        self,
        prefixes: Sequence[str],
        count: int = 1,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        raw: bool = False,
    ) -> list[list[str]]:
        """Coin names behind each of many prefixes, which takes little longer than behind one.

        They are those of `sample`, but for one name in some hundred thousand: a random number may
        fall between two letters, where the last bits of a product decide.

        Parameters
        ----------
        prefixes
            What names begin with.
        count
            How many names behind each.
        seed, temperature, raw
            As for `sample`.

        Raises
        ------
        UserError
            As for `sample`.
        """
        found = sample_each(
            self.predictor,
            [self._prefix_ids(prefix) for prefix in prefixes],
            count,
            seed=seed,
            max_length=self.max_length,
            choice=Choice(temperature),
            wanted=Wanted(spaces=None if raw else self._spaces),
        )
        return [self._names(samples).names for samples in found]

    @np.errstate(over="ignore", invalid="ignore")  # of a model that diverged
    def draw(
        self,
        count: int,
        *,
        seed: int = 0,
        choice: Choice | None = None,
        prefix: str = "",
        max_length: int | None = None,
        distinct: bool = False,
        exclude: Iterable[str] = (),
        max_draws: int | None = None,
        raw: bool = False,
    ) -> Names:
        """Coin names as `sample` does, and say more about them.

        Parameters
        ----------
        count, seed, prefix, max_length, raw
            As for `sample`.
        choice
            How each token is chosen.
        distinct
            Each name only once; what comes again is drawn anew.
        exclude
            Names that shall not come, such as those trained on.
        max_draws
            How many names are drawn at most, None: 100 for each asked for. Where that does not
            suffice, there are fewer names than asked for.

        Raises
        ------
        UserError
            As for `sample`.
        """
        samples = sample(
            self.predictor,
            count,
            seed=seed,
            max_length=self.max_length if max_length is None else max_length,
            prefix=self._prefix_ids(prefix),
            choice=choice,
            wanted=Wanted(
                distinct, self._known_ids(exclude), None if raw else self._spaces, max_draws
            ),
        )
        return self._names(samples)

    @np.errstate(over="ignore", invalid="ignore")
    def most_probable(
        self, count: int, *, prefix: str = "", max_length: int | None = None, raw: bool = False
    ) -> Names:
        """The most probable names, found by beam search; see `beam.most_probable`.

        With `raw` those too that begin or end with a space.

        Raises
        ------
        UserError
            As for `sample`.
        """
        cap = self.max_length if max_length is None else max_length
        ids = self._prefix_ids(prefix)
        wanted = Wanted(spaces=() if raw else self._spaces)
        return self._names(
            most_probable(self.predictor, count, max_length=cap, prefix=ids, wanted=wanted)
        )

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
            nats = self.predictor.negative_log_likelihood([ids[place] for place in filled])
            log_probs[filled] = -nats
        return log_probs

    @one_blas_thread()
    @np.errstate(over="ignore", invalid="ignore")
    def next_token_probs(self, prefix: str) -> dict[str, float]:
        """The probability of each token behind a prefix; the end token is the empty string.

        Raises
        ------
        UserError
            If the prefix has a letter unknown to the model.
        """
        start = read_prefix(self.predictor, self._prefix_ids(prefix))
        probabilities = np.exp(log_softmax(start.logits[0]))
        return dict(zip(self.vocabulary.symbols, probabilities.tolist(), strict=True))

    def is_known(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each name was in the list that the model learned from, shape (len(names),).

        Upper case and surrounding space count as in the corpus. Of hashes: one new name in some
        10^13 is taken for known.

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

    def canonical(self, name: str) -> str:
        """A name as the corpus of this model would have it."""
        return canonical(name, bool(self.metadata["lowercase"]), self.vocabulary.unit)

    def layout(self, column: str | None, separator: str | None) -> Layout:
        """How a list is read that the command line names: in doubt as the one learnt from."""
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
    def _spaces(self) -> frozenset[int]:
        """The ids of letters that `canonical` takes off the ends of a name."""
        symbols = enumerate(self.vocabulary.symbols)
        return frozenset(number for number, symbol in symbols if symbol.isspace())

    @cached_property
    def _log_prob_of_nothing(self) -> float:
        return float(log_softmax(read_prefix(self.predictor, ()).logits)[0, END])

    def _prefix_ids(self, prefix: str) -> Ids:
        try:
            return prefix_ids(prefix, self.vocabulary, bool(self.metadata["lowercase"]))
        except UnknownSymbolError as error:
            raise UserError(f"prefix {error}") from None

    def _known_ids(self, names: Iterable[str]) -> Collection[Ids]:
        """The ids of those names that the model could coin at all."""
        known = set(self.vocabulary.symbols)
        candidates = {self.canonical(name) for name in names}
        tokens = str.split if self.vocabulary.unit == "word" else list
        possible = sorted(name for name in candidates if known.issuperset(tokens(name)))
        return self.vocabulary.encode_all(possible)

    def _names(self, samples: Samples) -> Names:
        names = [self.vocabulary.decode(ids) for ids in samples.sequences]
        return Names(names, samples.ended, samples.log_probs, samples.draws)
