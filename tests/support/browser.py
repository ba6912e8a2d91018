"""Chromium, as a person before the console uses it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from app.routers import console
from tests.conftest import ROOT
from tests.support.api import Caller
from tests.support.factories import PASSWORD
from tests.support.needed import require

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")  # the first takes two thirds of the time
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_OF_CHROMIUM = ("Failed to load resource", "net::ERR", "GL Driver Message", "rAF timed out")
_WAIT = 30_000  # milliseconds for something to show
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


def require_chromium() -> None:
    """Skip where Chromium or the built pages are missing, but not in CI."""
    require(CHROMIUM, "Chromium is not installed: apt-get install chromium-headless-shell")
    require(console.is_built() and AXE.exists(), "the console is not built: make console")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody at a window of their own. What the page complains of is kept in `complaints`."""

    def __init__(self, browser: Browser, url: str, *, width: int = 1280, height: int = 900, language: str = "zh-CN") -> None:
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, timezone_id="Asia/Shanghai", accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(_WAIT)
        self.url = url
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        """Chromium itself writes of each response of 4xx, each lost connection and slow graphics: no faults of the page."""
        if kind in ("error", "warning") and not any(each in text for each in _OF_CHROMIUM):
            self.complaints.append(text)

    def open(self, path: str = "/") -> Page:
        self.page.goto(f"{self.url}/console{path}")
        return self.page

    def enter(self, caller: Caller, path: str = "/") -> Page:
        """Come with the session that the caller has."""
        self.page.goto(f"{self.url}/icon.svg")  # what is light, of the same origin
        self.page.evaluate("([key, token]) => localStorage.setItem(key, token)", [f"meta-be.{caller.audience}", caller.token])
        return self.open(path)

    def log_in(self, caller: Caller, password: str = PASSWORD) -> None:
        """Log in at the login page that shows, which ends the session that the caller had: it goes on with this one."""
        self.page.locator("input[name=name]").fill(caller.account["name"])
        self.page.locator("input[name=password]").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()
        self.page.locator(".shell h1").wait_for()
        caller.token = self.page.evaluate("key => localStorage.getItem(key)", f"meta-be.{caller.audience}")

    def row(self, text: str) -> Locator:
        return self.page.locator("main tbody tr").filter(has_text=text)

    def says(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def barriers(self) -> list[dict[str, Any]]:
        """What keeps people from using the page that shows, as axe finds it: only serious and critical ones."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES)
        bad = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
        return [{"rule": each["id"], "at": [json.dumps(node["target"]) for node in each["nodes"]][:5]} for each in bad]

    def leave(self) -> None:
        self.context.close()
