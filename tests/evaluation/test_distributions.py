import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from neonym.evaluation import distributions

NAMES = st.lists(st.text("abcé", min_size=1, max_size=5), min_size=1, max_size=8)
NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20)
COMPARISONS = [
    distributions.trigram_cosine,
    distributions.suffix_cosine,
    distributions.bigram_js,
    distributions.trigram_js,
]


def test_the_cosine_of_trigrams_is_that_of_their_counts() -> None:
    # ^aa aa$ against ^aa aaa aa$: two of two and of three are shared.
    assert distributions.trigram_cosine(["aa"], ["aaa"]) == pytest.approx(2 / math.sqrt(2 * 3))


def test_the_cosine_of_suffixes_counts_the_last_four_letters() -> None:
    ours = ["tyrannosaurus", "stegosaurus", "rex"]
    theirs = ["brachiosaurus", "rex", "rex"]
    expected = (2 * 1 + 1 * 2) / (math.sqrt(5) * math.sqrt(5))
    assert distributions.suffix_cosine(ours, theirs) == pytest.approx(expected)


def test_the_divergence_of_lists_without_a_common_bigram_is_one_bit() -> None:
    assert distributions.bigram_js(["aa"], ["bb"]) == pytest.approx(1)


def test_the_divergence_is_in_bits() -> None:
    # ^a a$ against ^a ab b$: by hand from the definition.
    p, q = [1 / 2, 1 / 2, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]
    m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]

    def kl(x: list[float]) -> float:
        return sum(a * math.log2(a / b) for a, b in zip(x, m, strict=True) if a)

    assert distributions.bigram_js(["a"], ["ab"]) == pytest.approx((kl(p) + kl(q)) / 2)


def test_the_distance_of_lengths_is_in_tokens() -> None:
    assert distributions.wasserstein([3, 5], [1, 1]) == pytest.approx(3)


def test_vowels_count_with_their_accents_and_y_is_one() -> None:
    ratios = distributions.vowel_ratios(["éb", "sky", "ΑБ", "AxxE", ""])
    assert ratios.tolist() == pytest.approx([1 / 2, 1 / 3, 0, 1 / 2, 1])
    assert distributions.vowel_ratios(["ab"], "b").tolist() == [0.5]
    assert distributions.vowel_ratios(["éeø"], "éø") == pytest.approx([2 / 3])


@pytest.mark.parametrize("compare", COMPARISONS)
@given(names=NAMES)
def test_a_list_compared_with_itself_is_the_same(compare, names: list[str]) -> None:
    same = 1 if "cosine" in compare.__name__ else 0
    assert compare(names, list(reversed(names))) == pytest.approx(same, abs=1e-7)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_nothing_to_compare_gives_nan(compare) -> None:
    assert math.isnan(compare([], ["abc"]))
    assert math.isnan(compare(["abc"], []))


@given(NUMBERS, NUMBERS)
def test_the_distance_of_numbers_is_scipys(ours: list[float], theirs: list[float]) -> None:
    assert distributions.wasserstein(ours, theirs) == pytest.approx(
        stats.wasserstein_distance(ours, theirs), rel=1e-9, abs=1e-9
    )


@given(NAMES, NAMES)
def test_cosine_and_divergence_are_scipys(ours: list[str], theirs: list[str]) -> None:
    counts = [Counter(word[-4:] for word in words) for words in (ours, theirs)]
    endings = sorted(counts[0] | counts[1])
    one, other = ([count[ending] for ending in endings] for count in counts)
    assert distributions.suffix_cosine(ours, theirs) == pytest.approx(
        1 - distance.cosine(one, other), abs=1e-9
    )
    pairs = [
        Counter(a + b for w in words for a, b in pairwise(f"^{w}$")) for words in (ours, theirs)
    ]
    seen = sorted(pairs[0] | pairs[1])
    one, other = ([pair[gram] for gram in seen] for pair in pairs)
    expected = distance.jensenshannon(one, other, base=2) ** 2
    assert distributions.bigram_js(ours, theirs) == pytest.approx(expected, abs=1e-9)
