"""Take the picture of the exported page that the README shows.

python tests/system/take_page_picture.py MODEL PICTURE [LIST]
"""

import sys
import tempfile
from pathlib import Path

from exported import opened
from PIL import Image
from served_ui import chromium

from neonym.commands.export import listed_names
from neonym.export.html import write_page
from neonym.models.model_file import load_model

SIZE = {"width": 1320, "height": 820}
COLOURS = 64
# The same first names each time
SEED = "crypto.getRandomValues = (array) => array.fill(20)"


def main() -> None:
    """Make the page of a model, look at a name, keep two, and take the picture."""
    model, picture, *source = (Path(word) for word in sys.argv[1:])
    loaded = load_model(model)
    listed = listed_names(str(source[0]), None, loaded) if source else None
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "names.html"
        write_page(path, loaded, "dinosaurs", listed)
        with opened(browser, path, SEED, viewport=SIZE, device_scale_factor=1) as page:
            for place in (1, 4):
                page.locator("#names .mark").nth(place).click()
            page.locator("#names .word").nth(4).click()
            page.locator("#tiles .tile").nth(3).click()
            page.wait_for_timeout(500)
            page.evaluate("document.activeElement.blur()")
            page.screenshot(path=picture)
    Image.open(picture).quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    main()
