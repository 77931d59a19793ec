"""The exported page, as who gets it uses it: opened as a file, without a network."""

import re

import numpy as np
import pytest
from exported import coin, names, opened, wait
from hostile import NAMES as HOSTILE
from playwright.sync_api import expect
from rapidfuzz.distance import Levenshtein
from served_ui import chromium

from neonym import NameGenerator
from neonym.base.text import escape
from neonym.corpus.vocabulary import Vocabulary
from neonym.evaluation.recall import recall
from neonym.export.html import write_page
from neonym.models.known_names import hashes
from neonym.models.model_file import Model
from neonym.nn import RecurrentNetwork
from small_training import NAMES, VOCABULARY, configuration, run

pytestmark = pytest.mark.system

METADATA = {"longest": max(map(len, NAMES)), "lowercase": True}
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
DESK = {"viewport": {"width": 1440, "height": 900}}
FOR_EVER = r"^((((\w+)+)+)+)+!$"


@pytest.fixture(scope="module")
def model():
    options = {"train__epochs": 120, "model__hidden_size": 32, "model__cell": "gru"}
    return Model(run(configuration(**options)).network, VOCABULARY, METADATA, None, hashes(NAMES))


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def path(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("page") / "names.html"
    write_page(path, model, "dinosaurs", NAMES)
    return path


@pytest.fixture
def page(browser, path):
    with opened(browser, path, **DESK) as page:
        yield page


def untrained(symbols, unit="character", longest=6, seed=0):
    vocabulary = Vocabulary(("", *sorted(symbols)), unit)
    network = RecurrentNetwork(len(vocabulary), "gru", 8, seed=seed)
    return Model(network, vocabulary, {"longest": longest, "lowercase": False}, None, None)


def test_names_are_there_at_once_each_once_and_drawn_in_a_worker(page):
    assert len(names(page)) == len(set(names(page))) == 30
    assert len(page.workers) == 1
    assert page.locator("#status").inner_text() == "30 names."
    before = names(page)
    assert coin(page) != before
    assert len(coin(page, count="7")) == 7


def test_all_names_fit_what_is_wished_whatever_is_wished_together(page):
    wishes = {
        "startsWith": ("a", lambda name: name.startswith("a")),
        "endsWith": ("RUS", lambda name: name.endswith("rus")),
        "contains": ("sa", lambda name: "sa" in name),
        "minLength": ("9", lambda name: len(name) >= 9),
        "maxLength": ("12", lambda name: len(name) <= 12),
        "matches": ("(o|a).*u", lambda name: re.search("(o|a).*u", name)),
        "new": ("", lambda name: name not in NAMES),
    }
    for key, (value, fits) in wishes.items():
        found = coin(page, count="9", **{key: value})
        assert len(found) == 9, key
        assert all(map(fits, found)), key
    found = coin(page, count="5", **{key: value for key, (value, _) in wishes.items()})
    assert found
    assert all(fits(name) for name in found for _, fits in wishes.values())
    assert re.fullmatch(
        r"\d names?; .* of [\d,]+ drawn fits?\.", page.locator("#status").inner_text()
    )


def test_the_nearest_in_spelling_come_first(page):
    wanted = "allosaurus"
    found = coin(page, like=wanted, count="12")
    distances = [Levenshtein.normalized_distance(name, wanted) for name in found]
    assert distances == sorted(distances)
    assert distances[0] < 0.3


@pytest.mark.parametrize(
    ("wishes", "advice"),
    [
        ({"startsWith": "tyß"}, "No name has “ß”: the list that was learned from had none."),
        ({"contains": "7"}, "No name has “7”"),
        ({"minLength": "9", "maxLength": "4"}, "No name has at least 9 and at most 4 letters."),
        ({"minLength": "99"}, "No name has 99 letters: names are given up at 26"),
        ({"matches": "(("}, "“((” is no regular expression"),
    ],
)
def test_what_no_name_can_be_is_said_at_once(page, wishes, advice):
    assert coin(page, **wishes) == []
    assert advice in page.locator("#advice").inner_text()


def test_where_hardly_any_name_fits_the_hardest_wish_is_named(page):
    page.locator("#wish-contains").fill("zzz" if "z" in VOCABULARY.symbols else "xxx")
    page.locator("#wish-minLength").fill("3")
    page.locator("#coin").click()
    page.wait_for_timeout(1500)
    page.locator("#stop").click()
    expect(page.locator("#advice")).to_contain_text("Hardest to fulfil: contains")
    assert page.locator("#coined").get_attribute("aria-busy") == "false"
    assert len(coin(page)) == 30


def test_a_pattern_that_runs_for_ever_is_stopped_and_the_page_stays_alive(page):
    page.locator("#wish-matches").fill(FOR_EVER)
    page.locator("#coin").click()
    page.wait_for_timeout(500)
    assert page.evaluate("1 + 1") == 2
    page.locator("#stop").click()
    wait(page)
    page.locator("#coin").click()
    expect(page.locator("#advice")).to_contain_text("took more than six seconds", timeout=20_000)
    assert len(coin(page)) == 30


def test_without_workers_the_page_coins_all_the_same_but_takes_no_patterns(browser, path):
    with opened(browser, path, "delete globalThis.Worker", **DESK) as page:
        assert len(names(page)) == 30
        assert all(name.startswith("t") for name in coin(page, startsWith="t", count="5"))
        assert coin(page, matches="a") == []
        assert "patterns are off" in page.locator("#advice").inner_text()


def test_beside_each_name_stands_whether_it_is_new_and_what_it_is_near(page):
    coin(page, temperature="0.3", count="12")
    expect(page.locator("#names .note").last).to_contain_text(re.compile("near|list"))
    for row in page.locator("#names li").all():
        name = row.locator(".word").inner_text()
        note = row.locator(".note").inner_text()
        if name in NAMES:
            assert note == "in the list"
        else:
            near = note.removeprefix("new · near ")
            fewest = min(Levenshtein.normalized_distance(name, other) for other in NAMES)
            assert Levenshtein.normalized_distance(name, near) == pytest.approx(fewest)


def test_what_is_new_is_known_without_the_list(browser, tmp_path, model):
    write_page(tmp_path / "names.html", model, "dinosaurs")
    with opened(browser, tmp_path / "names.html", **DESK) as page:
        found = coin(page, temperature="0.3", count="12")
        notes = page.locator("#names .note").all_inner_texts()
        assert notes == ["in the list" if name in NAMES else "new" for name in found]
        assert not set(coin(page, new="", count="20")) & set(NAMES)


def test_where_nothing_tells_what_is_new_it_cannot_be_wished(browser, tmp_path):
    write_page(tmp_path / "names.html", untrained("ab"), "x")
    with opened(browser, tmp_path / "names.html", **DESK) as page:
        assert page.locator("#wish-new").is_disabled()


def test_letter_by_letter_is_shown_what_the_model_says(page, model):
    generator = NameGenerator(*model)
    name = names(page)[0]
    page.locator("#names .word").first.click()
    assert page.locator("#spelled").input_value() == name
    assert page.locator("#tiles .tile").count() == len(name) + 1
    bits = -generator.log_prob([name])[0] / np.log(2)
    assert page.locator("#verdict").inner_text().startswith(f"{bits:.1f} bits of surprise")
    for place in range(len(name)):
        page.locator("#tiles .tile").nth(place).click()
        expected = generator.next_token_probs(name[:place])
        best = sorted(expected, key=expected.get, reverse=True)[:8]
        shown = page.locator("#choices .choice bdi").all_text_contents()
        assert shown == [symbol or "end" for symbol in best]


def remembered(page):
    """What stands below each letter: how much of what is remembered is its."""
    return page.locator("#recall .bits").all_inner_texts()


def shares(model, name, place):
    """The same of the library, for the start and each letter before a place of a name."""
    row = recall(model.network, VOCABULARY.encode(name))[place, : place + 1]
    return row / row.sum()


def test_what_is_remembered_is_explored_by_pointing_at_letters(page, model):
    name = "tyrannosaurus"
    page.locator("#spelled").fill(name)
    tiles = page.locator("#recall .tile")
    assert tiles.locator("bdi").all_inner_texts() == ["start", *name]
    assert tiles.last.get_attribute("aria-pressed") == "true"
    page.locator("#recalled").scroll_into_view_if_needed()
    lies = [tile.bounding_box() for tile in tiles.all()]
    for place in (4, 9, 1, 12):  # tiles, of which the first is the start
        tiles.nth(place).hover()
        assert [tile.bounding_box() for tile in tiles.all()] == lies  # none runs from the pointer
        expected = shares(model, name, place - 1)
        found = remembered(page)
        assert found[place:] == [""] * (len(name) + 1 - place)
        for text, share in zip(found[:place], expected, strict=True):
            assert float(re.sub("[<%]", "", text)) == pytest.approx(100 * share, abs=1)
        heights = [
            tiles.nth(i).locator(".bar").evaluate("(bar) => bar.style.getPropertyValue('--full')")
            for i in range(place)
        ]
        np.testing.assert_allclose(list(map(float, heights)), expected / expected.max(), atol=1e-4)
        most = ["start", *name][int(np.argmax(expected))]
        said = page.locator("#recalled").inner_text()
        assert re.match(rf"{name[place - 1]} depends (most )?on {most} ", said)
    before = remembered(page)
    tiles.first.hover()  # nothing stands before the start
    assert remembered(page) == before


def test_what_is_remembered_is_there_for_the_keyboard_and_for_the_end(page):
    name = names(page)[0]
    page.locator("#names .word").first.click()
    tiles = page.locator("#recall .tile")
    assert tiles.locator("bdi").all_inner_texts() == ["start", *name, "end"]
    assert page.locator("#recalled").inner_text().startswith("end depends ")
    page.locator("#anew").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentElement.id") == "recall"
    for _ in range(len(name) + 3):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == name[0]
    assert page.locator("#recalled").inner_text() == f"{name[0]} depends on start 100%."
    page.keyboard.press("ArrowRight")
    assert page.locator("#recalled").inner_text().startswith(f"{name[1]} depends on ")
    page.locator("#anew").click()
    assert not page.locator("#memory").is_visible()


def test_a_name_is_chosen_letter_by_letter(page):
    page.locator("#anew").click()
    page.locator("#choices .quiet").click()
    for letter in "tyr":
        if page.locator("#choices .quiet").count():
            page.locator("#choices .quiet").click()
        page.locator("#choices bdi", has_text=re.compile(f"^{letter}$")).click()
    assert page.locator("#spelled").input_value() == "tyr"
    page.locator("#go-on").click()
    assert page.locator("#spelled").input_value().startswith("tyr")
    page.locator("#spelled").fill("Tyro")
    assert page.locator("#tiles .tile").count() == 5
    page.locator("#spelled").fill("tyß")
    assert "had no “ß”" in page.locator("#verdict").inner_text()
    assert page.locator("#keep-this").is_disabled()
    assert page.locator("#tiles button").count() == 1


def test_the_shortlist_is_kept_copied_saved_and_there_again(browser, path):
    with opened(browser, path, **DESK, permissions=["clipboard-read", "clipboard-write"]) as page:
        kept = names(page)[:3]
        for place in range(3):
            page.locator("#names .mark").nth(place).click()
        assert page.locator("#shortlist .word").all_text_contents() == kept
        page.locator("#copy").click()
        expect(page.locator("#kept-status")).to_have_text("Copied.")
        text = "".join(f"{name}\n" for name in kept)
        assert page.evaluate("navigator.clipboard.readText()") == text
        with page.expect_download() as download:
            page.locator("#download").click()
        assert download.value.suggested_filename == "names.txt"
        assert download.value.path().read_text() == text
        page.locator("#shortlist .mark").first.click()
        page.reload()
        wait(page)
        assert page.locator("#shortlist .word").all_text_contents() == kept[1:]
        page.locator("#empty").click()
        assert page.locator("#shortlist .word").count() == 0


def test_what_the_browser_kept_is_text_and_no_more_than_names(browser, path, model):
    attack = "<img src=x onerror=alert(1)>"
    script = f"""Storage.prototype.getItem = () => '["{attack}", 7, null, "allosaurus"]'"""
    with opened(browser, path, script, **DESK) as page:
        assert page.locator("#shortlist .word").all_text_contents() == [attack, "allosaurus"]
        page.locator("#shortlist .word").first.click()
        assert "had no “<”" in page.locator("#verdict").inner_text()
        page.locator("#shortlist .word").last.click()
        assert page.locator("#spelled").input_value() == "allosaurus"
    with opened(browser, path, "Storage.prototype.getItem = () => '{'", **DESK) as page:
        assert page.locator("#shortlist .word").count() == 0


def test_the_keyboard_alone_coins_walks_keeps_and_chooses(page):
    def active(what="id"):
        return page.evaluate(f"document.activeElement.{what}")

    for _ in range(40):
        page.keyboard.press("Tab")
        if active() == "wish-startsWith":
            break
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    wait(page)
    assert all(name.startswith("a") for name in names(page))
    for _ in range(40):
        page.keyboard.press("Tab")
        if active("className") == "word":
            break
    assert active("textContent") == names(page)[0]
    page.keyboard.press("ArrowDown")
    assert active("textContent") == names(page)[1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("#shortlist .word").all_text_contents() == [names(page)[1]]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert active("textContent") == names(page)[-1]
    page.keyboard.press("Enter")
    assert page.locator("#spelled").input_value() == names(page)[-1]
    for _ in range(9):
        page.keyboard.press("Tab")
        if "tile" in active("className"):
            break
    page.keyboard.press("ArrowRight")
    assert page.locator("#tiles [aria-pressed=true]").count() == 1
    assert page.locator("#tiles .tile").nth(1).get_attribute("aria-pressed") == "true"
    for _ in range(9):
        page.keyboard.press("Tab")
        if "choice" in active("className"):
            break
    page.keyboard.press("Enter")
    assert len(page.locator("#spelled").input_value()) == 2


def nameless(page):
    """What a screen reader could not name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "textbox", "slider", "spinbutton", "checkbox", "heading", "form"}
    found = [node for node in nodes if node["role"]["value"] in wanted and not node["ignored"]]
    assert len(found) > 40
    return [node for node in found if not node["name"]["value"].strip()]


def test_a_screen_reader_has_a_name_for_everything(page):
    page.locator("#names .mark").first.click()
    page.locator("#names .word").first.click()
    assert nameless(page) == []
    roles = page.locator("body").aria_snapshot()
    for landmark in ("banner", "main", "contentinfo", 'form "Wishes"'):
        assert landmark in roles
    assert page.locator("[role=status]").count() == 4


@pytest.mark.parametrize("width", [320, 360, 768, 1100, 1440])
def test_nothing_is_wider_than_the_screen(browser, path, width):
    with opened(browser, path, viewport={"width": width, "height": 700}) as page:
        page.locator("#names .word").first.click()
        for view in ("coin", "letters", "kept"):
            page.evaluate(f"document.body.dataset.view = '{view}'")
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_telephone_parts_are_shown_one_at_a_time_and_fingers_hit(browser, path):
    with opened(browser, path, **PHONE) as page:
        name = names(page)[0]
        page.locator("#names .word").first.tap()
        assert not page.locator("#names").is_visible()
        assert page.locator("#spelled").input_value() == name
        page.locator("#recall .tile").nth(1).tap()
        expect(page.locator("#recalled")).to_have_text(f"{name[0]} depends on start 100%.")
        page.locator("#keep-this").tap()
        page.locator("nav button", has_text="Shortlist (1)").tap()
        expect(page.locator("#shortlist .word")).to_have_text(name)
        page.locator("nav button", has_text="Names").tap()
        small = page.evaluate(
            "[...document.querySelectorAll('button, input:not([type=checkbox])')]"
            ".map((one) => one.getBoundingClientRect()).filter(({height}) => height)"
            ".filter(({height, width}) => height < 28 || width < 40).length"
        )
        assert small == 0


def test_names_from_right_to_left(browser, tmp_path):
    write_page(tmp_path / "names.html", untrained("אבגדהוזחטי"), "שמות")
    with opened(browser, tmp_path / "names.html", **DESK) as page:
        coin(page, minLength="3")  # of a letter there would be two tiles
        page.locator("#names .word").first.click()
        page.locator("#tiles .tile").nth(1).click()
        first, second = (page.locator("#tiles .tile").nth(i).bounding_box()["x"] for i in (0, 1))
        assert first > second
        page.keyboard.press("ArrowLeft")
        assert page.locator("#tiles .tile").nth(2).get_attribute("aria-pressed") == "true"
        page.locator("#recall .tile").nth(1).focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator("#recall .tile").nth(2).get_attribute("aria-pressed") == "true"


def test_words_are_tokens_where_the_model_is_of_words(browser, tmp_path):
    model = untrained(["i", "like", "dogs", "cats"], "word")
    write_page(tmp_path / "names.html", model, "sentences")
    with opened(browser, tmp_path / "names.html", **DESK) as page:
        found = coin(page, startsWith="i like", minLength="3", maxLength="4", count="3")
        assert found
        assert all(re.fullmatch("i like( (i|like|dogs|cats)){1,2}", name) for name in found)
        page.locator("#names .word").first.click()
        assert page.locator("#tiles .tile").count() == len(found[0].split()) + 1
        assert page.locator("#letters-title").inner_text().lower() == "word by word"
        shown = page.locator("#recall bdi").all_inner_texts()
        assert shown == ["start", *found[0].split(), "end"]


def test_hostile_names_are_text(browser, tmp_path):
    attack = "<img src=x onerror=alert(1)>"
    symbols = [*HOSTILE, "</script><script>alert(1)</script>", attack, "\u202e\u2067"]
    words = {word for symbol in symbols for word in symbol.split()}
    model = untrained(words, "word", longest=2)
    write_page(tmp_path / "names.html", model, f"{attack} \u202e", [attack, "a\u202eb"])
    with opened(browser, tmp_path / "names.html", **DESK) as page:
        assert page.locator("#title").inner_text() == f"{attack} {escape(chr(0x202E))}"
        assert coin(page, count="200", temperature="2")
        for place in range(0, 60, 7):
            page.locator("#names .word").nth(place).click()
            page.locator("#names .mark").nth(place).click()
        assert page.locator("img, iframe, object, embed, link").count() == 0
        assert page.locator("script").count() == 4
        shown = page.evaluate("document.body.innerText")
        assert not re.search("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", shown)
        assert r"\u202e" in shown


def test_no_script_and_no_fetch_is_let_in_by_the_page(browser, path):
    context = browser.new_context(offline=False)
    page = context.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    wait(page)
    assert (
        page.evaluate(
            """async () => {
            const script = document.createElement("script");
            try { script.textContent = "window.owned = 1"; document.body.append(script); } catch {}
            try { document.body.innerHTML += "<b>x</b>"; window.owned = 2; } catch {}
            try { await fetch("http://127.0.0.1:9/"); window.owned = 3; } catch {}
            return window.owned ?? null;
        }"""
        )
        is None
    )
    assert any("Content Security Policy" in text for text in refused)
    context.close()


def test_names_are_shown_and_saved_with_the_capitals_of_their_list(browser, tmp_path):
    vocabulary = Vocabulary(("", *sorted(" éßn")), "character")
    network = RecurrentNetwork(len(vocabulary), "gru", 8, seed=0)
    symbols = {"longest": 8, "lowercase": True}
    for way in ("first", "words", "all", None, "<b>"):
        model = Model(network, vocabulary, {**symbols, "capitals": way}, None, None)
        write_page(tmp_path / "names.html", model, "names", ["éné né"])
        generator = NameGenerator(*model)
        with opened(browser, tmp_path / "names.html", **DESK) as page:
            found = names(page)
            page.locator("#names .mark").first.click()
            assert (
                page.evaluate("document.querySelector('#shortlist .word').textContent") == found[0]
            )
            plain = [name.lower() for name in found]
            assert found == [generator.written(name) for name in plain]
            assert (found != plain) == (way in ("first", "words", "all"))
