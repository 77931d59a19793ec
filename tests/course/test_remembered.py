"""The page on which one points at letters is what its sources and the pages' engine give."""

import re

from write_remembered import CELLS, PAGE, network, page, stored

MODELS = re.compile(r'(?<=id="models">).*?(?=</script>)')


def test_all_of_the_page_but_what_was_learned_is_what_its_sources_give() -> None:
    kept = PAGE.read_text(encoding="utf-8")
    assert page(MODELS.findall(kept)[0]) == kept, "run docs/course/write_remembered.py"


def test_it_carries_the_random_weights_that_a_new_network_of_each_kind_has() -> None:
    (kept,) = MODELS.findall(PAGE.read_text(encoding="utf-8"))
    for cell in CELLS:
        content = stored({cell: {"before": network(cell)}}).split('"content":')[1].strip('}"')
        assert kept.count(content) == 1
