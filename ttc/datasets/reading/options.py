"""Options of multiple choice in the forms that files have them, and which of them is right."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ttc.datasets.reading.names import MOST_OPTIONS, bare
from ttc.datasets.reading.values import plain
from ttc.errors import DataError

AnswerForm = Literal["any", "letter", "index", "number", "text"]
_LABEL_KEYS = ("label", "labels", "key", "keys", "letter", "letters", "id", "ids", "name")
_TEXT_KEYS = (
    *("text", "texts", "value", "values", "content", "contents", "option", "options"),
    *("choice", "choices", "answer", "answers", "description"),
)
_PREFIX = re.compile(r"\s*[(\[]?([A-Za-z])(?:[)\]][.:]?|[.:])\s+(?=\S)")


class Options(NamedTuple):
    """Texts in order, and what the source calls them; `labels` is empty where it has no names.

    numbers: whether the source has them as numbers, not as texts.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    numbers: bool = False

    @property
    def letters(self) -> str:
        """What they are called in prompts and answers."""
        return string.ascii_uppercase[: len(self.texts)]


def read_options(value: Any, where: str, labels: Any = None) -> Options:
    """Options of one cell: a list, objects with label and text, parallel lists, `{"A": ...}`.

    labels: a parallel list of another cell. Raises `DataError` with the place.
    """
    value = _listed(value, where)
    if isinstance(value, Mapping):
        found = _of_mapping(value, where)
    elif value and all(isinstance(option, Mapping) for option in value):
        found = _of_objects(value, where)
    else:
        texts = tuple(plain(option, f"{where}: an option") for option in value)
        found = Options(texts, (), bool(value) and not isinstance(value[0], str))
    if labels is not None and not found.labels:
        found = found._replace(labels=_labels(_listed(labels, where), where))
    return checked(found, where)


def checked(found: Options, where: str) -> Options:
    """The same, in the order of labels that have one, without letters before the texts."""
    if not 2 <= len(found.texts) <= MOST_OPTIONS:
        raise DataError(f"{where}: choices must be a list of 2 to {MOST_OPTIONS} options")
    if found.labels:
        if len(found.labels) != len(found.texts):
            text = f"{len(found.labels)} labels for {len(found.texts)} options"
            raise DataError(f"{where}: {text}")
        if len({label.casefold() for label in found.labels}) < len(found.labels):
            raise DataError(f"{where}: two options have one label")
        return _ordered(found)
    return found._replace(texts=_without_letters(found.texts))


def _listed(value: Any, where: str) -> Any:
    """A list or a mapping, also where it is written out as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = _python_list(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple):
        value = list(value)
    if not isinstance(value, list | Mapping):
        raise DataError(f"{where}: choices must be a list of options; as text, a JSON list")
    return value


def _python_list(text: str) -> Any:
    """`['a', 'b']` as tables written by Python have it; read as data, never evaluated."""
    from ttc.errors import RecipeError
    from ttc.yamltext import parse_value

    try:
        return parse_value(text, "choices") if text.strip()[:1] in ("[", "{") else None
    except RecipeError:
        return None


def _of_mapping(value: Mapping[Any, Any], where: str) -> Options:
    lists = {bare(k): v for k, v in value.items() if isinstance(v, list | tuple)}
    if lists:
        texts = next((lists[key] for key in _TEXT_KEYS if key in lists), None)
        if texts is None:
            raise DataError(f"{where}: choices need a list 'text' and perhaps a list 'label'")
        labels = next((lists[key] for key in _LABEL_KEYS if key in lists), ())
        named = tuple(plain(option, f"{where}: an option") for option in texts)
        return Options(named, _labels(labels, where))
    # Tables with a column for every option leave those empty that a problem lacks.
    there = {k: v for k, v in value.items() if v is not None}
    texts = tuple(plain(v, f"{where}: option {str(k)[:20]!r}") for k, v in there.items())
    return Options(texts, _labels(list(there), where))


def _of_objects(value: Sequence[Mapping[Any, Any]], where: str) -> Options:
    texts, labels = [], []
    for option in value:
        keys = {bare(k): k for k in option}
        text = next((keys[k] for k in _TEXT_KEYS if k in keys), None)
        label = next((keys[k] for k in _LABEL_KEYS if k in keys and keys[k] != text), None)
        if text is None:
            known = ", ".join(map(str, option)) or "nothing"
            raise DataError(f"{where}: an option needs a key 'text' (it has {known[:80]})")
        texts.append(plain(option[text], f"{where}: an option's {text!r}"))
        if label is not None:
            labels.append(option[label])
    return Options(tuple(texts), _labels(labels, where))


def _labels(labels: Sequence[Any], where: str) -> tuple[str, ...]:
    return tuple(plain(label, f"{where}: a label").strip() for label in labels)


def _ordered(found: Options) -> Options:
    """By label, where the labels are A, B, C ... or numbers that follow each other."""
    key = [label.casefold() for label in found.labels]
    if sorted(key) == list(string.ascii_lowercase[: len(key)]):
        order = sorted(range(len(key)), key=lambda i: key[i])
    elif all(k.isascii() and k.isdecimal() and len(k) < 4 for k in key):
        order = sorted(range(len(key)), key=lambda i: int(key[i]))
    else:
        return found
    return Options(tuple(found.texts[i] for i in order), tuple(found.labels[i] for i in order))


def _without_letters(texts: tuple[str, ...]) -> tuple[str, ...]:
    """`A. Paris`, `B. Rome` are Paris and Rome, where all options have their own letter."""
    found = [_PREFIX.match(text) for text in texts]
    letters = [m[1].upper() for m in found if m]
    if letters != list(string.ascii_uppercase[: len(texts)]):
        return texts
    return tuple(text[m.end() :] for text, m in zip(texts, found, strict=True) if m)


_ANSWER = re.compile(r"(?:(?:option|choice|answer)[\s:]*)?[(\[]?([a-z])[)\]]?[.:]?", re.IGNORECASE)


def letter_of(raw: Any, options: Options, form: AnswerForm, where: str) -> str:
    """The letter of the right option. Raises `DataError` where the answer names none, or two."""
    if isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    answer = plain(raw, where).strip()
    places = {
        "any": lambda: _any(raw, answer, options, where),
        "letter": lambda: _by_label(answer, options) or _by_letter(answer, options),
        "index": lambda: _by_index(answer, options, 0),
        "number": lambda: _by_index(answer, options, 1),
        "text": lambda: _by_text(answer, options, where),
    }[form]()
    if places:
        return options.letters[places[0]]
    if form == "text":
        raise DataError(f"{where}: no option has the answer's text {answer[:60]!r}")
    n = len(options.texts)
    wish = {
        "index": f"an index from 0 to {n - 1}",
        "number": f"a number from 1 to {n}",
        "letter": f"a letter from A to {options.letters[-1]}",
        "any": f"a letter from A to {options.letters[-1]}, a label, an index or an option's text",
    }[form]
    raise DataError(f"{where}: {answer[:60]!r} is not {wish}; see columns.answer_form")


def _any(raw: Any, answer: str, options: Options, where: str) -> list[int]:
    """A label, else a letter, else a number as index from 0, else an option's text.

    Digits in quotes, without labels, may count from 0 or from 1: whoever knows says so.
    """
    by_label, by_text = _by_label(answer, options), _texts(answer, options)
    letter = by_label or _by_letter(answer, options)
    if letter:
        if by_text and letter[0] not in by_text and len(answer) == 1 and answer.isalpha():
            raise DataError(
                f"{where}: {answer!r} is a letter and the text of another option; "
                "say which by columns.answer_form: letter or text"
            )
        return letter
    labelled = options.labels and all(label.isdecimal() for label in options.labels)
    index = [] if labelled else _by_index(answer, options, 0)
    if index and not isinstance(raw, str):
        if options.numbers and by_text and index != by_text:
            raise DataError(
                f"{where}: {answer} is an index and the text of another option; "
                "say which by columns.answer_form: index or text"
            )
        return index
    if by_text:
        return _one(by_text, answer, where)
    if index or (_by_index(answer, options, 1) and not labelled):
        raise DataError(
            f"{where}: {answer!r} may count from 0 or from 1; "
            "say which by columns.answer_form: index or number"
        )
    return _lettered_text(answer, options)


def _by_label(answer: str, options: Options) -> list[int]:
    return [i for i, label in enumerate(options.labels) if label.casefold() == answer.casefold()]


def _by_letter(answer: str, options: Options) -> list[int]:
    match = _ANSWER.fullmatch(answer) if len(answer) < 30 else None
    return _place(match[1], options) if match else []


def _place(letter: str, options: Options) -> list[int]:
    """Where a letter stands: among the source's own labels, where these are letters."""
    own = [label.casefold() for label in options.labels]
    if own and all(len(label) == 1 and label.isalpha() for label in own):
        return [own.index(letter.casefold())] if letter.casefold() in own else []
    place = options.letters.find(letter.upper())
    return [place] if place >= 0 else []


def _by_index(answer: str, options: Options, first: int) -> list[int]:
    if not (answer.isascii() and answer.isdecimal()):
        return []
    place = int(answer[:4]) - first
    return [place] if 0 <= place < len(options.texts) else []


def _by_text(answer: str, options: Options, where: str) -> list[int]:
    return _one(_texts(answer, options), answer, where)


def _one(places: list[int], answer: str, where: str) -> list[int]:
    if len(places) > 1:
        raise DataError(f"{where}: options are the same text {answer[:60]!r}")
    return places


def _texts(answer: str, options: Options) -> list[int]:
    """Options with the answer's text; case and spaces count only where they tell options apart."""
    exact = [i for i, text in enumerate(options.texts) if text.strip() == answer]
    return exact or [i for i, text in enumerate(options.texts) if _folded(text) == _folded(answer)]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _lettered_text(answer: str, options: Options) -> list[int]:
    """`B. Rome`: a letter, and that option's text."""
    match = _PREFIX.match(answer)
    if not match:
        return []
    rest = _texts(answer[match.end() :].strip(), options)
    return [i for i in _place(match[1], options) if i in rest]
