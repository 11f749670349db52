"""YAML as plain data: texts, lists and objects, nothing else.

Built from the parser's events without recursion, since the usual loaders call themselves for each
level and a hostile file of brackets crashes the process. Scalars stay the texts they are, so that
an answer 1.50 keeps its zero and 1:30 is no number of seconds; only null and .nan become None.
"""

from __future__ import annotations

from typing import Any

from ttc.errors import DataError

_DEEPEST = 16
_NOTHING = ("", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN")
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "map", "seq"))
_MISSING = object()


def load_yaml(content: bytes, place: str) -> Any:
    """The first document of a file, None where it is empty.

    Raises `DataError` with file and line for what is no YAML, for tags that ask for objects of a
    program, and for nesting beyond 16 levels.
    """
    import yaml

    builder = _Builder(place)
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                break
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f":{error.problem_mark.line + 1}"
        raise DataError(f"{place}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"{place}: not YAML: {str(error).strip().partition(chr(10))[0]}") from None
    return builder.document


class _Builder:
    """Takes events and builds the document, with the open lists and objects on a stack."""

    def __init__(self, place: str) -> None:
        self.document: Any = None
        self._place = place
        self._open: list[Any] = []
        self._keys: list[Any] = []
        self._anchors: dict[str, Any] = {}

    def take(self, event: Any) -> None:
        match type(event).__name__:
            case "ScalarEvent":
                plain = not event.style and event.value in _NOTHING
                self._add(event, None if plain else event.value)
            case "SequenceStartEvent":
                self._enter(event, [])
            case "MappingStartEvent":
                self._enter(event, {})
            case "SequenceEndEvent" | "MappingEndEvent":
                self._open.pop()
                self._keys.pop()
            case "AliasEvent":
                if event.anchor not in self._anchors:
                    self._refuse(event, f"unknown alias {event.anchor!r}")
                self._put(event, self._anchors[event.anchor])

    def _enter(self, event: Any, value: Any) -> None:
        if len(self._open) >= _DEEPEST:
            self._refuse(event, f"nested more than {_DEEPEST} levels deep")
        self._add(event, value)
        self._open.append(value)
        self._keys.append(_MISSING)

    def _add(self, event: Any, value: Any) -> None:
        if event.tag not in (None, "!", *_PLAIN_TAGS):
            self._refuse(event, f"the tag {event.tag!r} asks for more than plain data")
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        self._put(event, value)

    def _put(self, event: Any, value: Any) -> None:
        if not self._open:
            self.document = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is _MISSING:
            if not isinstance(value, str):
                self._refuse(event, "a key that is no text")
            self._keys[-1] = value
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = _MISSING

    def _refuse(self, event: Any, what: str) -> None:
        line = event.start_mark.line + 1
        raise DataError(f"{self._place}:{line}: {what}")
