"""The pictures of the READMEs, taken of the demo shop where `CONSOLE_SCREENSHOTS` names a folder for them."""

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.support.api import Caller
from tests.support.browser import Visitor
from tests.support.demonstrated import demonstration

FOLDER = os.environ.get("CONSOLE_SCREENSHOTS")
LARGEST = 150_000  # bytes of a picture
PICTURES = {
    "overview": ("merchant", "/", 1280),
    "orders": ("merchant", "/orders", 1280),
    "order": ("merchant", "/orders?order=12", 1280),
    "products": ("merchant", "/products", 1280),
    "phone": ("merchant", "/orders", 390),
    "staff": ("admin", "/admin", 1280),
}


@pytest.mark.skipif(FOLDER is None, reason="CONSOLE_SCREENSHOTS names no folder")
def test_pictures_are_taken(browser):
    folder = ROOT / Path(FOLDER or "")
    folder.mkdir(exist_ok=True)
    with demonstration() as shop:
        for name, (audience, path, width) in PICTURES.items():
            visitor = Visitor(browser, shop.url, width=width, height=800)
            caller = Caller(None, audience, account={"name": f"demo-{audience}"})  # type: ignore[arg-type]
            visitor.open("/login" if audience == "merchant" else "/admin/login")
            visitor.log_in(caller, shop.password)
            visitor.open(path).get_by_role("heading", level=1).wait_for()
            visitor.page.locator("[aria-busy=true]").first.wait_for(state="detached")
            visitor.page.wait_for_timeout(1500)  # until charts and drawers have come to rest
            picture = folder / f"{name}.png"
            visitor.page.screenshot(path=picture)
            rare = Image.Quantize.MAXCOVERAGE  # keeps the colours that few pixels have
            few = Image.open(picture).convert("RGB").quantize(256, method=rare, dither=Image.Dither.NONE)
            few.save(picture, optimize=True)
            assert picture.stat().st_size <= LARGEST
            visitor.leave()
