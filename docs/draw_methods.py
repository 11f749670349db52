"""Writes docs/reference/methods.md: each verifier, policy and sampler, its paper, file and recipe.

`make docs` runs it. Everything comes from the code: the registry, the first line of each module's
docstring, and the recipes that name the part.
"""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ttc.registry import Kind, Part, parts, summary

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "methods.md"
KINDS: tuple[tuple[Kind, str], ...] = (
    ("verifier", "Verifiers"),
    ("policy", "Policies"),
    ("sampler", "Samplers"),
)
_PAPER = re.compile(r"\b(\d{4}\.\d{5})\b")
HEAD = """# Methods

Each is one file, and one recipe shows it on the embedded models. `ttc list verifier` says the same
with what each needs; its parameters are in `ttc schema`. This page is made by `make docs`.
"""


def rows(kind: Kind) -> list[tuple[str, str, str, str, str]]:
    """Name, what it does, papers, file and recipes of each part of ours."""
    found = []
    for name, cls in parts(kind).items():
        module = inspect.getmodule(cls)
        if module is None or not module.__name__.startswith("ttc."):
            continue  # a plug-in's
        file = Path(inspect.getfile(cls)).relative_to(ROOT)
        found.append((name, _what(cls), _papers(module, cls), _link(file), _recipes(kind, name)))
    return found


def _what(cls: type[Part]) -> str:
    """The summary without its papers, which have a column of their own."""
    text = re.sub(r"\s*\((?:arXiv )?\d{4}\.\d{5}[^)]*\)", "", summary(cls))
    return text.replace("|", "/").rstrip(".")


def _papers(*of: Any) -> str:
    """Those that the first lines of docstrings name."""
    lines = [(one.__doc__ or "").strip().partition("\n\n")[0] for one in of]
    found = dict.fromkeys(paper for line in lines for paper in _PAPER.findall(line))
    return ", ".join(f"[{paper}](https://arxiv.org/abs/{paper})" for paper in found) or "-"


def _link(file: Path) -> str:
    return f"[{file.name}](../../{file.as_posix()})"


def _recipes(kind: Kind, name: str) -> str:
    """The recipe of its own, else the first that names it."""
    using = [path for path in _files() if name in _named(kind, _read(path))]
    own = [path for path in using if path.stem.replace("_", "-") == name.replace("_", "-")]
    chosen = (own or using)[:1]
    return ", ".join(_link(path.relative_to(ROOT)) for path in chosen) or "-"


def _files() -> list[Path]:
    nested = sorted((ROOT / "recipes").glob("*/*.yaml"))
    return [*nested, *sorted((ROOT / "recipes").glob("*.yaml"))]


@cache
def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _named(kind: Kind, recipe: Any) -> set[str]:
    """The types that a recipe names under the keys of a kind, at any depth."""
    keys = {
        "verifier": ("verifiers", "verifier", "critic"),
        "policy": ("policies", "policy", "rule"),
        "sampler": ("sampler", "draw", "draft"),
    }[kind]
    found: set[str] = set()
    pending = [recipe]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            pending += one.values()
            for key in keys:
                value = one.get(key)
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, dict):
                        found.add(str(part.get("type")))
                    elif isinstance(part, str):
                        found.add(part)
    return found


def page() -> str:
    """The page as Markdown."""
    out = [HEAD]
    for kind, title in KINDS:
        out.append(f"\n## {title}\n\n| name | what it does | paper | file | recipe |\n")
        out.append("|---|---|---|---|---|\n")
        out += [f"| `{name}` | {' | '.join(rest)} |\n" for name, *rest in rows(kind)]
    return "".join(out)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
