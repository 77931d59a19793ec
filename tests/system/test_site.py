"""The documentation site, as `make docs` builds it: links within, and every page in a browser."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser
from served_ui import chromium

from neonym.evaluation.recall import recall
from write_remembered import VOCABULARY, network

pytestmark = pytest.mark.system

PROJECT = Path(__file__).resolve().parents[2]
BUILT = PROJECT / "build/docs"
REPOSITORY = re.compile(r"https://github\.com/neonym/neonym/(blob|tree)/main/(.*)")
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
AS_SEEN = {"light": DESK, "dark": {**PHONE, "color_scheme": "dark"}}
TOO_WIDE = """() => document.scrollingElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("article *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .map((one) => `${one.tagName}: ${one.textContent.slice(0, 60)}`).slice(0, 3)
        .concat([`${document.scrollingElement.scrollWidth} > ${innerWidth}`])"""
# Red, green and blue of a text less those of what is behind it
LIGHTER = """() => {
    const parts = (colour) => colour.match(/[0-9]+/g).slice(0, 3).map(Number);
    const sum = (colour) => parts(colour).reduce((all, one) => all + one);
    const text = document.querySelector("article");
    return sum(getComputedStyle(text).color) - sum(getComputedStyle(document.body).backgroundColor)
}"""


TITLES = {"rnn": "Plain cell", "gru": "GRU", "lstm": "LSTM"}


class Page(HTMLParser):
    """What a page leads to and loads, and what can be led to on it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.without_alt: list[str] = []
        self.tags: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        if told.get("id"):
            self.ids.add(str(told["id"]))
        if tag == "img" and not told.get("alt"):
            self.without_alt.append(str(told.get("src")))
        if tag == "a" and told.get("href"):
            self.links.add(str(told["href"]))
        elif told.get("src") or (tag == "link" and told.get("href")):
            self.loaded.add(str(told.get("src") or told["href"]))


@pytest.fixture(scope="module")
def site() -> dict[Path, Page]:
    """Every page of the site, built as a user would."""
    done = subprocess.run(
        ["make", "docs"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in sorted(BUILT.rglob("*.html"))}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_every_markdown_file_and_notebook_of_docs_is_a_page(site: dict[Path, Page]) -> None:
    sources = {
        str(path.relative_to(PROJECT / "docs").with_suffix(""))
        for kind in ("*.md", "*.ipynb", "*.html")
        for path in (PROJECT / "docs").rglob(kind)
        if ".ipynb_checkpoints" not in path.parts
    }
    pages = {str(path.relative_to(BUILT).with_suffix("")) for path in site}
    assert pages - sources == {"search"}
    assert sources - pages == set()


def test_what_a_page_leads_to_and_loads_is_there(site: dict[Path, Page]) -> None:
    missing = []
    for path, page in site.items():
        for link in page.links | page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                missing.append(f"{path.name}: {link}")
            elif parts.fragment and unquote(parts.fragment) not in site[target].ids:
                missing.append(f"{path.name}: {link}, nothing is called so there")
    assert missing == []


def test_links_to_the_repository_name_files_that_are_there(site: dict[Path, Page]) -> None:
    kinds = {"blob": Path.is_file, "tree": Path.is_dir}
    found = {link: REPOSITORY.match(link) for page in site.values() for link in page.links}
    named = {link: match for link, match in found.items() if match}
    assert len(named) > len(site) / 2
    for link, match in named.items():
        path = PROJECT / urlsplit(match[2]).path
        assert kinds[match[1]](path), link
        assert "?" in match[2] or not (BUILT / f"{match[2].removeprefix('docs/')}.html").exists()


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Page]) -> None:
    elsewhere = {link for page in site.values() for link in page.loaded if "//" in link}
    assert elsewhere == set()
    styles = "".join(path.read_text() for path in BUILT.rglob("*.css"))
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", styles) == []


def test_pictures_have_a_text_in_their_place(site: dict[Path, Page]) -> None:
    assert {path.name: page.without_alt for path, page in site.items() if page.without_alt} == {}


def test_equations_of_docstrings_keep_their_lines(site: dict[Path, Page]) -> None:
    quoted = {path.name for path, page in site.items() if "blockquote" in page.tags}
    assert {name for name in quoted if (BUILT / "api" / name) in site} == set()


def test_titles_tell_pages_apart(site: dict[Path, Page]) -> None:
    titles = {re.findall("<title>(.*?)</title>", path.read_text(), re.DOTALL)[0] for path in site}
    assert len(titles) == len(site)


@pytest.mark.parametrize("seen", AS_SEEN)
def test_every_page_opens_without_a_complaint_or_a_request_and_fits(
    site: dict[Path, Page], browser: Browser, seen: str
) -> None:
    context = browser.new_context(offline=True, **AS_SEEN[seen])
    page = context.new_page()
    complaints, asked, wide, lighter = [], set(), {}, {}
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: complaints.append(f"{page.url}: no {request.url}"))
    page.on("request", lambda request: asked.add(request.url))
    for path in site:
        page.goto(path.as_uri())
        wide[path.name] = page.evaluate(TOO_WIDE)
        lighter[path.name] = page.evaluate(LIGHTER)
    context.close()
    assert complaints == []
    assert {url for url in asked if not url.startswith(("file:", "data:"))} == set()
    assert {name: found for name, found in wide.items() if found} == {}
    sign = -1 if seen == "light" else 1
    assert {name for name, difference in lighter.items() if sign * difference < 450} == set()


def test_letters_are_pointed_at_and_tell_what_they_depend_on(
    site: dict[Path, Page], browser: Browser
) -> None:
    context = browser.new_context(offline=True, **DESK)
    page = context.new_page()
    page.goto((BUILT / "course/4-remembering.html").as_uri())
    page.click("text=What each letter remembers")
    assert page.url.endswith("/course/remembered.html")
    page.fill("#name", "dinosaur")
    ids = VOCABULARY.encode("dinosaur")
    page.check("[value=before]")
    for cell, title in TITLES.items():
        tiles = page.get_by_role("group", name=title).locator(".tile")
        tiles.nth(5).hover()
        pressed = tiles.evaluate_all("all => all.map((one) => one.ariaPressed === 'true')")
        assert [place for place, is_pressed in enumerate(pressed) if is_pressed] == [5]
        lengths = recall(network(cell), ids)[4, :5]
        expected = [f"{share:.0%}" for share in lengths / lengths.sum()]
        shown = [text.replace("<1%", "0%") for text in tiles.locator(".share").all_text_contents()]
        assert shown == [*expected, "", "", "", "", ""]
    tiles.nth(5).click()
    page.keyboard.press("ArrowRight")
    assert tiles.nth(6).get_attribute("aria-pressed") == "true"
    page.fill("#name", "t-rex")
    assert "a to z" in page.locator("#refused").inner_text()
    context.close()


def test_a_word_is_found_by_the_search(site: dict[Path, Page], browser: Browser) -> None:
    context = browser.new_context(offline=True, **DESK)
    page = context.new_page()
    page.goto((BUILT / "search.html").as_uri() + "?q=levenshtein")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").evaluate_all("all => all.map(one => one.href)")
    context.close()
    assert any("lists.html" in link for link in found)


def test_links_to_files_lead_to_the_repository_and_those_to_nothing_stop_the_building(
    tmp_path: Path,
) -> None:
    docs = tmp_path / "docs"
    for folder in ("_extensions", "_static"):
        shutil.copytree(PROJECT / "docs" / folder, docs / folder)
    shutil.copy(PROJECT / "docs/conf.py", docs)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / "README.md").write_text("# Read me\n")
    (docs / "changelog.md").write_text("```{include} ../CHANGELOG.md\n:relative-docs: docs/\n```\n")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changes\n\n[this](CHANGELOG.md) [page](docs/index.md) [code](pyproject.toml)\n"
    )
    (docs / "index.md").write_text(
        "# Top\n\n[file](../pyproject.toml) [folder](_static) [page](../CHANGELOG.md) "
        "[other](../README.md) $x_t$\n\n```{toctree}\nchangelog\n```\n"
    )
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-d",
        str(tmp_path / "trees"),
    ]
    command = [*build, str(docs), str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    top, changes = (Page(tmp_path / f"site/{name}.html") for name in ("index", "changelog"))
    blob = "https://github.com/neonym/neonym/blob/main"
    assert {f"{blob}/pyproject.toml", f"{blob}/README.md", "changelog.html"} <= top.links
    assert "https://github.com/neonym/neonym/tree/main/docs/_static" in top.links
    assert "math" in top.tags
    assert {f"{blob}/pyproject.toml", "index.html"} <= changes.links

    wrong = "[a](../nothing.py) [b](index.md#nowhere) [c](../../etc) ![](no.png) $\\nonsense$"
    (docs / "index.md").write_text(f"# Top\n\n{wrong}\n\n```{{toctree}}\nchangelog\n```\n")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for said in ("../nothing.py", "nowhere", "../../etc", "no.png", "nonsense"):
        assert said in done.stderr
