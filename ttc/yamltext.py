"""YAML of recipes and prompt templates -> plain data, with the line of every key.

YAML as of its 1.2 core schema: `1e7` is a number, `no` and `on` are texts, a date is a text.
Duplicate keys, unknown tags, cycles and alias bombs are errors, never surprises. Files of samples,
which are large, have a reader of their own (`ttc.importing.plainyaml`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ttc.errors import RecipeError
from ttc.faults import Fault, KeyPath
from ttc.redact import HIDDEN
from ttc.secret_names import like_a_key, mentions_secret, speaks_of_secret

MAX_BYTES = 256 * 1024
MAX_TEMPLATE_BYTES = 8 * 2**20
"""Prompts may show many worked examples."""
MAX_VALUES = 20_000
"""Values after anchors are expanded; real recipes have some dozens."""
MAX_DEPTH = 50


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalar types of YAML 1.2 (and `1_000`, which people write)."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^[-+]?(?:0|[1-9][0-9_]{0,39}|0x[0-9a-fA-F]{1,32})$")
_FLOAT = re.compile(
    r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"
    r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
)
for _name, _pattern, _first in (
    ("bool", _BOOL, "tTfF"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+0123456789."),
    ("null", _NULL, ["~", "n", "N", ""]),
    ("merge", re.compile(r"^<<$"), "<"),
):
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, list(_first))


@dataclass
class Source:
    """Plain data of one YAML text; `lines` maps a key path to the line of its key (1-based)."""

    file: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """The line of a path, or of the nearest key around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_source(path: Path, shown: str, what: str = "recipe") -> Source:
    """Read a recipe or template file. Raises `RecipeError` for anything that is not YAML text."""
    most = MAX_BYTES if what == "recipe" else MAX_TEMPLATE_BYTES
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise RecipeError(f"{shown}: can't read the {what}: {error.strerror}") from None
    if len(raw) > most:
        raise RecipeError(f"{shown}: {max(size, len(raw))} bytes is too long for a {what}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise RecipeError(f"{shown}:{line}: not UTF-8 text") from None
    return parse(text, shown, what)


def parse(text: str, shown: str, what: str = "recipe") -> Source:
    """Plain data and line numbers of a YAML text. Raises `RecipeError`."""
    source = Source(shown)
    node = _compose(text, shown)
    if node is None:
        hint = "; `ttc init` writes one to start from" if what == "recipe" else ""
        raise RecipeError(f"{shown}: the {what} is empty{hint}")
    _check_size(node, shown)
    source.data = _plain(node, (), source)
    return source


def parse_value(text: str, shown: str) -> Any:
    """The value of an override, or of a cell, as YAML. Raises `RecipeError`."""
    if not text.strip():
        return None
    if len(text) > MAX_BYTES:
        raise RecipeError(f"{shown}: {len(text)} characters are too many for a value")
    source = parse(text, shown)
    if source.faults:
        raise RecipeError(f"{shown}: {source.faults[0].text}")
    return source.data


def _compose(text: str, shown: str) -> Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        near = text.splitlines()[max(0, line - 2) : line + 1]
        # The parser's words may quote what stands there.
        why = "" if any(map(mentions_secret, near)) else f": {_why(error)}"
        raise RecipeError(f"{shown}:{line}: not valid YAML{why}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise RecipeError(f"{shown}:{line}: a character that YAML does not allow") from None
    except RecursionError:
        raise RecipeError(f"{shown}: nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise RecipeError(f"{shown}: not valid YAML: {error}") from None


def _why(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in (error.problem or ""):
        return "a tab stands where YAML wants spaces"
    return ", ".join(" ".join(part.split()) for part in (error.context, error.problem) if part)


def _check_size(root: Node, shown: str) -> None:
    """Measure the tree as if every alias were written out, without writing any out."""
    sizes: dict[int, tuple[int, int]] = {}
    ancestors: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            ancestors.discard(id(node))
            inside = [sizes[id(child)] for child in _children(node)]
            sizes[id(node)] = (
                1 + sum(n for n, _ in inside),
                1 + max((d for _, d in inside), default=0),
            )
        elif id(node) in ancestors:
            line = node.start_mark.line + 1
            raise RecipeError(f"{shown}:{line}: an anchor that contains itself")
        elif id(node) not in sizes:
            ancestors.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in _children(node))
    values, depth = sizes[id(root)]
    if values > MAX_VALUES:
        raise RecipeError(f"{shown}: more than {MAX_VALUES} values, with anchors written out")
    if depth > MAX_DEPTH:
        raise RecipeError(f"{shown}: nested too deeply")


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def _plain(node: Node, path: KeyPath, source: Source) -> Any:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if not isinstance(node, ScalarNode) and node.tag not in (_TAG + "map", _TAG + "seq"):
        text = f"the YAML tag {_quoted(node.tag, path)} is not allowed here"
        source.faults.append(Fault(path, text, node.start_mark.line + 1))
    if isinstance(node, MappingNode):
        return _mapping(node, path, source)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, i), source) for i, item in enumerate(node.value)]
    return _scalar(node, path, source)


def _mapping(node: MappingNode, path: KeyPath, source: Source) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in node.value:
        if key.tag == _TAG + "merge":
            out = {**_merge(value, path, source), **out}
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag == _TAG + "merge":
            continue
        if not isinstance(key, ScalarNode):
            source.faults.append(Fault(path, "a key must be a plain text", line))
        elif key.value in seen:
            text = f"the key stands twice, first in line {seen[key.value]}"
            source.faults.append(Fault((*path, key.value), text, line))
        else:
            seen[key.value] = source.lines[(*path, key.value)] = line
            out[key.value] = _plain(value, (*path, key.value), source)
    return out


def _merge(node: Node, path: KeyPath, source: Source) -> dict[str, Any]:
    """`<<: *anchor` or a list of them; the first one wins, as YAML says."""
    out: dict[str, Any] = {}
    for item in node.value if isinstance(node, SequenceNode) else [node]:
        if isinstance(item, MappingNode):
            out = {**_mapping(item, path, source), **out}
        else:
            line = node.start_mark.line + 1
            source.faults.append(Fault((*path, "<<"), "must be a mapping to merge", line))
    return out


def _scalar(node: Node, path: KeyPath, source: Source) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    try:
        text.encode()
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text, 16 if "x" in text else 10)
        if kind == "float":
            number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            if math.isfinite(number):
                return number
            raise ValueError
        problem = f"the YAML tag {_quoted(node.tag, path)} is not allowed here"
    except ValueError:
        wish = {"int": "whole number", "float": "finite number"}.get(kind, "text")
        problem = f"{_quoted(text, path)} is not a {wish}"
    source.faults.append(Fault(path, problem, node.start_mark.line + 1))
    return None


def _quoted(text: str, path: KeyPath) -> str:
    """A scalar or a tag as a message quotes it; not where the key says that it is a secret."""
    if like_a_key(text) or any(speaks_of_secret(str(step)) for step in path):
        return HIDDEN
    return ascii(text[:40])
