"""Coining names with a trained model: what other programs call."""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neonym.base.errors import UserError
from neonym.base.types import Ids
from neonym.generation.beam import most_probable
from neonym.generation.keeping import Samples, Wanted
from neonym.generation.many_prefixes import sample_each
from neonym.generation.sampling import sample
from neonym.generation.scorer import NameScorer
from neonym.generation.wishes import NO_WISHES, Judge, Met, Wishes
from neonym.models.choice import Choice


class Names(NamedTuple):
    """Names drawn from a model.

    Attributes
    ----------
    names
        In the order drawn, the best first after `most_probable`, the nearest first where names
        `like` one are wished.
    ended
        Whether the model ended each itself; the others were cut off at the length cap.
    log_probs
        Nats of each whole name, prefix and end token included, at temperature 1.
    draws
        How many were drawn for these.
    fitting
        How many of those drawn were as wished, those refused for having come before among them.
    met
        How many of those drawn, but for empty or spaced ones, met each wish by itself.
    """

    names: list[str]
    ended: NDArray[np.bool_]
    log_probs: NDArray[np.float64]
    draws: int
    fitting: int
    met: Sequence[Met]


class NameGenerator(NameScorer):
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
        starts_with: str = "",
        ends_with: str = "",
        contains: str = "",
        matches: str = "",
        like: str = "",
        min_length: int | None = None,
        new: bool = False,
    ) -> list[str]:
        """Coin names.

        The first names are the same however many are asked for. Where something is wished, names
        come as often as the model itself gives them under that condition: the beginning is given
        to the model, and what is not as wished is drawn again. Fewer come back where that is hardly
        ever so: at most 1,000 are drawn for each asked for (32,768 where that is less), and none
        after 32,768 of which not one was as wished.

        Parameters
        ----------
        count
            How many, at least 1.
        seed
            Equal seeds give equal names.
        temperature, top_k, top_p
            How each token is chosen, see `neonym.models.choice.Choice`.
        prefix, starts_with
            What every name begins with: two words for one thing.
        max_length
            Tokens, prefix included, that names have at most: the model ended them within these.
            None: a name of twice the longest of the corpus is cut off there, and refused if
            anything else is wished than its beginning.
        raw
            Names as the model draws them, those that are cut off at the length cap, `max_length`,
            among them. Otherwise one that is empty, or begins or ends with a space, is drawn anew;
            fewer come back where a model draws hardly any others.
        ends_with, contains, matches, like, min_length, new
            What names shall be, see `neonym.generation.wishes.Wishes`.

        Returns
        -------
        list of str
            In the order drawn; the nearest first where `like` is wished.

        Raises
        ------
        UserError
            If an argument is out of range, no name can be as wished (it has a letter unknown to the
            model, or is too long), or `matches` is no regular expression or takes too long.
        """
        if prefix and starts_with and prefix != starts_with:
            raise UserError(
                f"prefix is {prefix!r} and starts-with {starts_with!r}; both say what names "
                "begin with, give one"
            )
        return self.draw(
            count,
            seed=seed,
            choice=Choice(temperature, top_k, top_p),
            prefix=prefix or starts_with,
            max_length=max_length,
            raw=raw,
            wishes=Wishes(ends_with, contains, matches, like, min_length, new),
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

        Returns
        -------
        list of list of str
            The names behind each prefix, in the order of the prefixes.

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
        wishes: Wishes = NO_WISHES,
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
            How many names are drawn at most, None: 100 for each asked for, 1,000 where something is
            wished. Where that does not suffice, there are fewer names than asked for.
        wishes
            What names shall be.

        Returns
        -------
        Names
            With their probabilities, and how many were drawn for them.

        Raises
        ------
        UserError
            As for `sample`.
        """
        ids = self._prefix_ids(prefix)
        spaces = None if raw else self._spaces
        judge = self._judge(wishes, ids, max_length, raw)
        samples = sample(
            self.predictor,
            count,
            seed=seed,
            max_length=self.max_length if max_length is None else max_length,
            prefix=ids,
            choice=choice,
            wanted=Wanted(distinct, self._known_ids(exclude), spaces, max_draws, judge),
        )
        return self._names(samples, wishes)

    @np.errstate(over="ignore", invalid="ignore")
    def most_probable(
        self,
        count: int,
        *,
        prefix: str = "",
        max_length: int | None = None,
        raw: bool = False,
        wishes: Wishes = NO_WISHES,
    ) -> Names:
        """The most probable names that are as wished, found by beam search.

        Only the most probable beginnings are followed, whatever is wished; see
        `beam.most_probable`.

        Parameters
        ----------
        count
            How many at most, at least 1.
        prefix, max_length
            As for `sample`.
        raw
            Those too that begin or end with a space.
        wishes
            What names shall be.

        Returns
        -------
        Names
            The most probable first.

        Raises
        ------
        UserError
            As for `sample`.
        """
        cap = self.max_length if max_length is None else max_length
        ids = self._prefix_ids(prefix)
        # A beam ends every name that it finds
        judge = self._judge(wishes, ids, max_length, raw=True)
        wanted = Wanted(spaces=() if raw else self._spaces, judge=judge)
        found = most_probable(self.predictor, count, max_length=cap, prefix=ids, wanted=wanted)
        return self._names(found, wishes)

    @cached_property
    def _spaces(self) -> frozenset[int]:
        """The ids of letters that `canonical` takes off the ends of a name."""
        symbols = enumerate(self.vocabulary.symbols)
        return frozenset(number for number, symbol in symbols if symbol.isspace())

    def _known_ids(self, names: Iterable[str]) -> Collection[Ids]:
        """The ids of those names that the model could coin at all."""
        known = set(self.vocabulary.symbols)
        candidates = {self.canonical(name) for name in names}
        tokens = str.split if self.vocabulary.unit == "word" else list
        possible = sorted(name for name in candidates if known.issuperset(tokens(name)))
        return self.vocabulary.encode_all(possible)

    def _judge(
        self, wishes: Wishes, prefix: Ids, max_length: int | None, raw: bool
    ) -> Judge | None:
        return wishes.judge(
            self.vocabulary,
            lowercase=bool(self.metadata["lowercase"]),
            prefix=prefix,
            longest=self.max_length,
            max_length=max_length,
            is_known=self.is_known,
            raw=raw,
        )

    def _names(self, samples: Samples, wishes: Wishes = NO_WISHES) -> Names:
        drawn = [self.vocabulary.decode(ids) for ids in samples.sequences]
        order = wishes.order(drawn, self.vocabulary, bool(self.metadata["lowercase"]))
        return Names(
            [drawn[place] for place in order],
            samples.ended[order],
            samples.log_probs[order],
            samples.draws,
            samples.fitting,
            samples.met,
        )
