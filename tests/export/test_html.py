import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from exportable import hostile, mixed, plain

from neonym.export.html import APP, ENGINE, page, write_page
from neonym.models.model_file import save_model
from small_training import NAMES

HOSTILE = ["</script><script>alert(1)</script>", "<!--", "{{STYLE}}", "a\u202eb", "&lt;"]
# Through these what is text becomes markup or code
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(|srcdoc|"
    r"DOMParser|createContextualFragment|setTimeout\(\s*[\"'`]|\.on[a-z]+\s*=\s*[\"'`]"
)
FETCHES = re.compile(
    r"https?:|//[a-z]|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\("
)


class Elements(HTMLParser):
    """The elements of a page with their texts."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open = (tag, dict(attrs), [])
        self.found.append(self.open)

    def handle_data(self, data):
        if self.open:
            self.open[2].append(data)

    def handle_endtag(self, tag):
        self.open = None

    def texts(self, tag, **wanted):
        return [
            "".join(texts)
            for name, attributes, texts in self.found
            if name == tag and wanted.items() <= attributes.items()
        ]


def header_of(text):
    return json.loads(Elements(text).texts("script", id="header")[0])


def policy_of(text):
    meta = [a for tag, a, _ in Elements(text).found if a.get("http-equiv")]
    rules = [rule.split() for rule in meta[0]["content"].split("; ")]
    return {name: sources for name, *sources in rules}


def test_only_the_scripts_and_the_style_of_the_page_may_run():
    text = page(plain(), "names")
    elements, policy = Elements(text), policy_of(text)

    def hashed(content):
        return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    scripts = elements.texts("script", id="engine") + elements.texts("script", id="app")
    assert policy["script-src"] == [hashed(script) for script in scripts]
    assert policy["style-src"] == [hashed(style) for style in elements.texts("style")]
    assert policy["default-src"] == policy["connect-src"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert "unsafe" not in str(policy)
    # others hold data, and no element carries a style or a script of its own
    types = [
        a.get("type")
        for tag, a, _ in elements.found
        if tag == "script" and a["id"] not in ("engine", "app")
    ]
    assert types == ["application/json", "text/plain"]
    names = {name for _, attributes, _ in elements.found for name in attributes}
    assert not [name for name in names if name == "style" or name.startswith("on")]


def test_the_page_fetches_nothing_and_makes_no_markup_of_text():
    for folder, names in (("engine", ENGINE), ("app", APP)):
        on_disk = files("neonym.export").joinpath("page", folder).iterdir()
        assert {path.name for path in on_disk} == {f"{name}.js" for name in names}
        for name in names:
            source = files("neonym.export").joinpath("page", folder, f"{name}.js").read_text()
            assert SINKS.findall(source) == []
            assert FETCHES.findall(re.sub(r"(^|\s)//.*", "", source)) == []
            assert "</script" not in source
            assert "<!--" not in source
    style = files("neonym.export").joinpath("page", "page.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
    assert "@font-face" not in style


@pytest.mark.parametrize("title", HOSTILE)
def test_a_list_and_a_title_are_data_whatever_they_hold(title):
    text = page(hostile(), title, HOSTILE)
    assert header_of(text)["list"] == HOSTILE
    assert header_of(text)["title"] == title
    assert len(Elements(text).texts("script")) == 4
    assert len(Elements(text).texts("style")) == 1
    assert not re.search("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]", text)
    assert header_of(text)["symbols"] == list(hostile().vocabulary.symbols)


def test_equal_models_give_equal_bytes(tmp_path):
    for name in ("a.html", "b.html"):
        write_page(tmp_path / name, mixed(), "names", NAMES)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_list_is_in_the_page_only_where_it_is_asked_for():
    text = page(plain(), "dinosaurs")
    assert header_of(text)["list"] is None
    assert not [name for name in NAMES if name in text]
    assert header_of(page(plain(), "dinosaurs", NAMES))["list"] == NAMES


@pytest.mark.parametrize("embedding_size", [None, 16, 256])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_page_is_at_most_half_as_large_again_as_the_model_beside_its_code(
    tmp_path, cell, embedding_size
):
    model = plain(cell=cell, hidden_size=192, embedding_size=embedding_size)
    save_model(tmp_path / "m.npz", model.network, model.vocabulary, model.metadata, NAMES)
    code = len(page(plain(hidden_size=1), "x").encode())
    assert code < 90_000
    size = len(page(model, "x").encode())
    assert size <= 1.5 * (tmp_path / "m.npz").stat().st_size + code


def test_the_page_of_the_default_network_is_smaller_than_its_model(tmp_path):
    model = plain(cell="lstm", hidden_size=192, embedding_size=256)
    save_model(tmp_path / "m.npz", model.network, model.vocabulary, model.metadata, NAMES)
    assert len(page(model, "x").encode()) < (tmp_path / "m.npz").stat().st_size


def test_arrays_lie_where_the_header_says():
    text = page(mixed(), "x")
    content = base64.b64decode(Elements(text).texts("script", id="content")[0])
    header = header_of(text)
    places = {place["name"]: place for place in header["arrays"]}
    place = places["1.weight_hh_l0"]
    found = np.frombuffer(content, place["type"], np.prod(place["shape"]), place["offset"])
    expected = mixed().mixture.networks[1].state_dict()["rnn.weight_hh_l0"]
    np.testing.assert_array_equal(found.reshape(place["shape"]), expected)
    assert all(place["offset"] % 8 == 0 for place in header["arrays"])
    assert header["ngram"] == {"order": 3, "weight": 0.25}


TEXT = 4.5  # to one: what WCAG 2.2 asks for
ON = {
    "paper": ("ink", "soft", "accent", "new"),
    "raised": ("ink", "soft", "accent"),
    "wash": ("ink", "soft"),
    "accent": ("accent-ink",),
}


EDGE = 3.0  # what it asks for of what shows where a field is


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_all_text_can_be_read_in_light_and_dark():
    style = files("neonym.export").joinpath("page", "page.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    )
    assert light.keys() == dark.keys()
    for colours in (light, dark):
        for ground, inks in ON.items():
            for ink in inks:
                assert contrast(colours[ground], colours[ink]) >= TEXT, (ink, ground)
        assert min(contrast(colours["edge"], colours[on]) for on in ("paper", "raised")) >= EDGE
    assert not re.findall(r"color: #|background: #", style)
