import pytest
from hypothesis import given
from hypothesis import strategies as st

from neonym.evaluation.parts import KnownParts, Parts

TRAIN = [
    *("tyrannosaurus", "tyrannotitan", "stegosaurus", "apatosaurus", "allosaurus"),
    *("raptor", "velociraptor", "oviraptor"),
]


def test_a_name_is_cut_before_the_ending_that_covers_the_most_letters() -> None:
    assert KnownParts([*TRAIN, "tyrannomimus"]).of("tyrannoraptor") == Parts("tyranno", "raptor")
    train = [*TRAIN, "hadrasaurus", "minitaurus"]
    assert KnownParts([*train, "tyrannus"]).of("tyrannosaurus") == Parts("tyranno", "saurus")


@pytest.mark.parametrize(
    ("train", "known"),
    [
        (["abcx", "abcy", "uxyz", "vxyz", "wxyz"], True),
        (["abcx", "uxyz", "vxyz", "wxyz"], False),
        (["abcx", "abcy", "uxyz", "vxyz"], False),
    ],
)
def test_two_names_make_a_beginning_known_and_three_an_ending(train: list[str], known) -> None:
    assert (KnownParts(train).of("abcxyz") == Parts("abc", "xyz")) is known


def test_a_part_may_be_a_whole_training_name() -> None:
    train = ["abc", "abcde", "xyz", "uxyz", "wxyz"]
    assert KnownParts(train).of("abcxyz") == Parts("abc", "xyz")


def test_short_names_and_empty_lists_have_no_parts() -> None:
    assert KnownParts(TRAIN).of("rex") is None
    assert KnownParts([]).of("tyrannosaurus") is None


def test_of_two_endings_that_cover_as_much_the_longer_is_taken() -> None:
    endings = ["1wxyz", "2wxyz", "3wxyz", "4xyz"]  # wxyz 3 x 4 letters, xyz 4 x 3
    assert KnownParts([*endings, "abcwa", "abcwb"]).of("abcwxyz") == Parts("abc", "wxyz")


@given(st.lists(st.text("ab", min_size=1, max_size=8), max_size=30), st.text("ab", max_size=9))
def test_no_cut_that_leaves_known_parts_is_passed_over(train: list[str], name: str) -> None:
    known = set(train)
    cuts = [
        (endings * (len(name) - cut), -cut)
        for cut in range(3, len(name) - 2)
        if (endings := sum(each.endswith(name[cut:]) for each in known)) >= 3
        and sum(each.startswith(name[:cut]) for each in known) >= 2
    ]
    found = KnownParts(train).of(name)
    cut = -max(cuts)[1] if cuts else None
    assert found == (None if cut is None else Parts(name[:cut], name[cut:]))
