"""How to cite a run: ttc, and the papers of the methods that it used, as BibTeX."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import ttc
from ttc.registry import Kind, parts
from ttc.report.html.papers import CORE, COVERAGE, PAPERS

_PAPER = re.compile(r"\b(\d{4}\.\d{5})\b")
_KEYS: dict[str, Kind] = {
    "sampler": "sampler",
    "draw": "sampler",
    "draft": "sampler",
    "verifier": "verifier",
    "verifiers": "verifier",
    "critic": "verifier",
    "policy": "policy",
    "policies": "policy",
    "rule": "policy",
}
"""Keys of a recipe under which its methods stand, at any depth."""


def bibtex(recipes: list[Mapping[str, Any]]) -> str:
    """Entries for ttc and for each paper of a method that any of the recipes names."""
    found = {CORE: ["scaling of S and V"], COVERAGE: ["coverage"]}
    for recipe in recipes:
        for kind, name in _methods(recipe):
            for paper in _papers(kind, name):
                used = found.setdefault(paper, [])
                if name not in used:
                    used.append(name)
    own = (
        "@software{ttc,\n"
        "  title = {ttc: test-time-compute experiments on language models},\n"
        f"  version = {{{ttc.__version__}}},\n}}\n"
    )
    return "\n".join([own, *(_entry(paper, used) for paper, used in sorted(found.items()))])


def _entry(paper: str, used: list[str]) -> str:
    title, author = PAPERS.get(paper, ("", ""))
    lines = [f"  title = {{{title or f'arXiv:{paper}'}}},"]
    lines += [f"  author = {{{author} and others}},"] if author else []
    lines += [
        f"  year = {{20{paper[:2]}}},",
        f"  eprint = {{{paper}}},",
        "  archivePrefix = {arXiv},",
        f"  url = {{https://arxiv.org/abs/{paper}}},",
        f"  note = {{{', '.join(used)}}},",
    ]
    return f"@misc{{arxiv{paper.replace('.', '')},\n" + "\n".join(lines) + "\n}\n"


def _methods(recipe: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    pending: list[Any] = [recipe]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            for key, value in one.items():
                if key in _KEYS:
                    for part in value if isinstance(value, list) else [value]:
                        if isinstance(part, Mapping) and "type" in part:
                            yield _KEYS[key], str(part["type"])
                pending.append(value)
        elif isinstance(one, list):
            pending += one


def _papers(kind: Kind, name: str) -> list[str]:
    """Those that the first lines of a part's docstrings name; none of a plug-in's."""
    cls = parts(kind).get(name)
    module = inspect.getmodule(cls) if cls else None
    if module is None or not module.__name__.startswith("ttc."):
        return []
    heads = [(one.__doc__ or "").strip().partition("\n\n")[0] for one in (module, cls)]
    return list(dict.fromkeys(paper for head in heads for paper in _PAPER.findall(head)))
