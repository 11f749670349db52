"""How to install what is missing: in the words that work for this installation.

The package and the command are called `ttc`; on the package index that name is somebody else's, so
the distribution has another.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from shlex import quote
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "test-time-compute"


def with_extra(extra: str) -> str:
    """The command that adds an extra to this installation: `pip install 'test-time-compute[hub]'`.

    Where `ttc` was installed from a folder, such as a clone, it is the folder that pip gets.
    """
    return f"pip install {_source(extra)}"


@cache
def _source(extra: str) -> str:
    folder, editable = _folder()
    named = quote(f"{folder or DISTRIBUTION}[{extra}]")
    return f"-e {named}" if editable else named


def _folder() -> tuple[str, bool]:
    """Where pip took `ttc` from, empty for an index, and whether it is used in place (PEP 610)."""
    try:
        origin = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, json.JSONDecodeError):
        return "", False
    url = urlsplit(str(origin.get("url", "")))
    if url.scheme != "file" or "dir_info" not in origin:
        return "", False
    return unquote(url.path), bool(origin["dir_info"].get("editable"))
