"""A real browser: the distribution's Chromium, without a window."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def path() -> str:
    """Where the browser is; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("needs a browser: apt-get install chromium")
    return found


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds. A page's policy lets no driver wait inside it by a text."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never did"
        time.sleep(0.05)


def open_problem(page: Any, **which: Any) -> None:
    """Click on its link; again where the table was just then drawn anew, and the click was lost."""
    from playwright.sync_api import TimeoutError as Late

    for _ in range(10):
        page.locator(".tabulator-row a", **which).first.click()
        with suppress(Late):
            page.locator("#problem h1").wait_for(timeout=10_000)
            return
    raise AssertionError("no problem is shown")


@contextmanager
def browser() -> Iterator[Any]:
    """A browser that downloads nothing and has no sandbox only where root must do without."""
    program = path()
    from playwright.sync_api import sync_playwright

    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=root)
        try:
            yield started
        finally:
            started.close()


class Watched:
    """A page with what went wrong on it: errors, words on the console, requests to others."""

    def __init__(self, started: Any, *, width: int = 1280, height: int = 900, dark: bool = False):
        self.context = started.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.trouble: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.trouble.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> Any:
        """The page at an address, when it says that it is ready."""
        self.page.goto(address)
        self.page.wait_for_selector("body[data-ready]", state="attached")
        return self.page

    def close(self) -> None:
        self.context.close()
