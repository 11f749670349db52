"""The page: assets and data in one file that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files

_STYLES = ("vendor/uPlot.min.css", "vendor/tabulator_simple.min.css", "app.css")
_SCRIPTS = (
    "vendor/uPlot.iife.min.js",
    "vendor/tabulator.min.js",
    "data.js",
    "words.js",
    "charts.js",
    "paired.js",
    "overview.js",
    "problems.js",
    "problem.js",
    "solutions.js",
    "app.js",
)
_NOBODY = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "


def page(title: str, data: Mapping[str, str], live: bool = False) -> str:
    """The whole file. data: packed, by the id of the element that holds it; the first is what the
    page begins with, which is shown while a browser still reads the rest.

    A browser runs the scripts that are named by their digests and no other, wherever in the page it
    came from; live: it may ask the server that it is from, and no other.
    """
    styles = [_asset(name) for name in _STYLES]
    scripts = [_asset(name) for name in _SCRIPTS]
    blocks = [_block(name, text) for name, text in data.items()]
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy(live)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            '<meta name="color-scheme" content="light dark">\n',
            f"<title>{escape(title)}</title>\n",
            *(f"<style>{text}</style>\n" for text in styles),
            f"</head>\n<body{' data-live' if live else ''}>\n",
            _asset("page.html"),
            "".join(blocks[:1]),
            *(f"<script>{text}</script>\n" for text in scripts),
            "".join(blocks[1:]),
            "</body>\n</html>\n",
        )
    )


@cache
def policy(live: bool = False) -> str:
    """The content security policy of a page."""
    scripts = " ".join(_digest(_asset(name)) for name in _SCRIPTS)
    styles = " ".join(_digest(_asset(name)) for name in _STYLES)
    asks = "connect-src 'self'; " if live else ""
    return f"{_NOBODY}{asks}script-src {scripts}; style-src {styles}"


def _digest(text: str) -> str:
    """As browsers compute it of an element's text."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def _asset(name: str) -> str:
    """The text of a file; without the name of its source map, which a debugger would ask for."""
    text = files("ttc.report.html").joinpath("assets", *name.split("/")).read_text("utf-8")
    lines = [line for line in text.split("\n") if "# sourceMappingURL=" not in line]
    return "\n".join(lines)


def _block(name: str, text: str) -> str:
    return f'<script type="text/plain" id="{escape(name)}">{text}</script>\n'


def size_of(names: Sequence[str]) -> int:
    """Bytes of a page beside what is packed into blocks of these names."""
    return len(page("", dict.fromkeys(names, "")).encode("utf-8"))
