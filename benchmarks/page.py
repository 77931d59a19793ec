"""How long the exported page takes to show names, in Debian's Chromium without a network.

python -m benchmarks.page [MODEL]
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from neonym.export.html import write_page
from neonym.models.model_file import load_model

CHROMIUM = "/usr/bin/chromium"
RUNS = 5
COUNT = 1000
# Clicks, and waits for the first name and for the end; milliseconds
TIMED = """(count) => new Promise((resolve) => {
    document.getElementById("names").replaceChildren();
    document.getElementById("count").value = count;
    const begin = performance.now();
    let first = null;
    const look = () => {
        const shown = document.querySelectorAll("#names li").length;
        if (shown && first === null) first = performance.now() - begin;
        const isBusy = document.getElementById("coined").getAttribute("aria-busy") === "true";
        if (!isBusy && shown >= count) resolve([first, performance.now() - begin]);
        else requestAnimationFrame(look);
    };
    document.getElementById("coin").click();
    requestAnimationFrame(look);
})"""


def timed(page: Page, path: Path) -> list[float]:
    """Milliseconds from the click to the first name, and to the last of a thousand."""
    page.goto(path.as_uri())
    page.wait_for_selector("#coined[aria-busy=false]")
    times: list[float] = page.evaluate(TIMED, COUNT)
    return times


def main() -> None:
    """Print what each run took, and the best."""
    model = Path(sys.argv[1] if len(sys.argv) > 1 else "models/model.npz")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "names.html"
        write_page(path, load_model(model), "names")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        runs = [timed(page, path) for _ in range(RUNS)]
        browser.close()
        size = path.stat().st_size
    print(f"page {size:,} bytes, model {model.stat().st_size:,} bytes")
    for first, last in [*runs, list(map(min, zip(*runs, strict=True)))]:
        print(f"first name {first:6.0f} ms, {COUNT:,} names {last:6.0f} ms")
    print("The last line is the best of each.")


if __name__ == "__main__":
    main()
