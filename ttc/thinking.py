r"""What of a model's text is thinking: the one place that knows, for answers and verdicts alike.

Models mark thoughts in many ways: tags (`<think>`, `<seed:think>`, `[THINK]`, `◁think▷`,
`<|begin_of_thought|>`), with attributes, spaces or entities; channels (`<|channel|>analysis`);
set words (`Here is my thought process:`). All of them open or close a thought, and these rules
read them, in time linear in the text:

- What is visible is the last stretch outside thoughts that is not blank.
- A thought that never closes was cut off by the token limit: then nothing is visible.
- A closing mark without an opening one ends a thought that the prompt had opened, so what is
  before it is thought. If a thought had ended before, it is a slip and hides nothing.
- A thought closes at the first closing mark of its name, however often it was opened (servers'
  own parsers do so too); marks of other names inside a thought neither open nor close it.
- A mark in quotes or backticks is spoken of, and opens and closes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from typing import Literal

Span = tuple[int, int]
_Side = Literal["open", "close", "toggle", "end", "final"]

# Names of thoughts and what they are a form of: `<thinking>` may be closed by `</think>`.
_STEMS = {
    **dict.fromkeys(("think", "thinking", "thought", "thoughts"), "think"),
    **dict.fromkeys(("reason", "reasoning"), "reason"),
    **dict.fromkeys(("reflect", "reflection"), "reflect"),
    **{name: name for name in ("scratchpad", "cot", "monologue")},
}
_SIDES: dict[str, _Side] = {
    **dict.fromkeys(("begin", "start", "open"), "open"),
    **dict.fromkeys(("end", "stop", "close"), "close"),
}
# Special tokens that say nothing of thinking by themselves: MedGemma's, Apertus's.
_PAIRS: dict[str, tuple[str, str, _Side]] = {
    "unused94": ("unused", "unused", "open"),
    "unused95": ("unused", "unused", "close"),
    "inner_prefix": ("inner", "inner", "open"),
    "inner_suffix": ("inner", "inner", "close"),
}
_SHOWN_CHANNELS = ("final", "answer", "response")
_QUOTES = "`\"'“”‘’«»"
_LONGEST_MARK = 256  # characters of a prompt's end
_DEEPEST = 16  # thoughts of different names inside each other
_INK = re.compile(r"\S")

# A tag's brackets, as they are or escaped; the first character has been read.
_LESS = r"(?:(?<=[<＜])|(?<=&)lt;|(?<=\\)(?:u003c|<))"
_MORE = r"(?:[>＞]|&gt;|\\u003e|\\>)"
_VALUE = r"(?:\"[^\"<>]{0,200}\"|'[^'<>]{0,200}'|[^\s\"'<>]{1,80})"
_MARK = re.compile(
    # A set of characters in front of everything is what lets `re` skip the rest of a text fast.
    r"[<＜&\\\[◁](?:"
    # [THINK], ◁/think▷
    r"(?<=\[)\s?(?P<slash1>/?)\s?think\s?\]|(?<=◁)\s?(?P<slash2>/?)\s?think(?:ing)?\s?▷"
    # <|channel|>analysis<|message|>, <|channel>thought, <|im_start|>think
    r"|(?<=<)\|channel\|?>\s{0,2}(?P<channel>(?-i:[a-z]{1,20}))"
    r"(?:[^<]{0,80}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>)?"
    r"|(?<=<)(?P<end>channel\|>)"
    r"|(?<=<)\|im_start\|>\s{0,2}(?P<turn>think|answer)\b"
    # <think>, </mm:think>, < think >, <think depth="2">, <|begin_of_thought|>, &lt;think&gt;
    rf"|{_LESS}(?P<pipe>\|?)\s{{0,4}}(?P<slash>/?)\s{{0,4}}(?P<tag>[a-z][\w:.-]{{0,47}})"
    rf"(?:\s{{1,4}}[\w:.-]{{1,40}}\s?=\s?{_VALUE}){{0,8}}\s{{0,4}}(?P<empty>/?)\|?{_MORE}"
    r"(?:(?<=<unused94>)thought\b)?)",
    re.IGNORECASE,
)
# Channels whose special tokens a server has dropped ("analysisWe need ...assistantfinalIt is"),
# and Granite's set words.
_FIRST_WORDS = re.compile(
    r"\s{0,8}(?:(?:assistant)?analysis(?=[A-Z])|[Hh]ere(?:['’]s|\sis)\smy\sthought\sprocess:)"
)
_LAST_WORDS = re.compile(r"(?P<shown>assistantfinal)|[Hh]ere(?:['’]s|\sis)\smy\s(?P<end>response):")
_MESSAGE_STARTS = re.compile(
    r"(?:\s{0,2}<\|(?:start|begin)\|>\s{0,2}assistant)?(?:<\|(?:message|content)\|>)?"
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where something opens or closes a thought. `stem` is what its name is a form of.

    toggle: `<think/>`, closing where a thought is open. end: the end of a message, which closes
    thoughts that are messages. final: the answer begins here, whatever was open.
    """

    start: int
    end: int
    side: _Side
    name: str = ""
    stem: str = ""
    message: bool = False


def after_thinking(text: str) -> str | None:
    """What is visible of a text; the whole if nothing is thinking; None if a thought never ends."""
    span = visible_span(text)
    return None if span is None else text[span[0] : span[1]]


def without_thinking(text: str) -> str:
    """A solution as others are shown it: without its thoughts, unless they are all there is."""
    return (after_thinking(text) or text).strip()


def visible_span(text: str) -> Span | None:
    """From which character to which a text is visible; None if a thought never ends."""
    reader = _Reader()
    for mark in _marks(text):
        reader.take(mark)
    return reader.visible(text)


def opening_mark(prompt: str) -> str:
    """The mark with which a prompt's end opens a thought, in which what follows begins; or ""."""
    tail = prompt.rstrip()[-_LONGEST_MARK:]
    last = list(_marks(tail))[-1:]
    opens = bool(last) and last[0].side == "open" and last[0].end == len(tail)
    return tail[last[0].start :] if opens else ""


class _Reader:
    """Takes marks in order and gathers the stretches that are outside thoughts."""

    def __init__(self) -> None:
        self._open: list[_Mark] = []  # innermost last, one of each name
        self._again = 0  # openings of the same thought beyond its first
        self._owed = 0  # closing marks that belong to a thought that has already ended
        self._ended_before = False
        self._from = 0
        self._stretches: list[Span] = []

    def take(self, mark: _Mark) -> None:
        if mark.side == "open":
            self._opened(mark)
        elif mark.side == "final":
            self._closed(mark, 0 if self._open else None)
        elif mark.side == "end":
            if any(one.message for one in self._open):
                self._closed(mark, 0)
        elif self._open:
            place = self._place(mark)
            if place is not None:
                self._closed(mark, place)
        elif mark.side == "close":
            self._closed(mark, None)

    def visible(self, text: str) -> Span | None:
        if self._open:
            return None
        last = (self._from, len(text))
        stretches = (last, *reversed(self._stretches))
        return next((s for s in stretches if _INK.search(text, *s)), last)

    def _opened(self, mark: _Mark) -> None:
        if not self._open:
            self._stretches.append((self._from, mark.start))
            self._owed = self._again = 0
        if any(one.name == mark.name for one in self._open):
            self._again += 1
        elif len(self._open) < _DEEPEST:
            self._open.append(mark)

    def _place(self, mark: _Mark) -> int | None:
        """Which open thought a closing mark closes: that of its name, else of its stem."""
        named = [i for i, one in enumerate(self._open) if one.name == mark.name]
        alike = [i for i, one in enumerate(self._open) if one.stem == mark.stem]
        return max(named or alike, default=None)

    def _closed(self, mark: _Mark, place: int | None) -> None:
        if place is not None:
            del self._open[place:]
            if self._open:
                return
            self._owed, self._again = self._again, 0
        elif self._owed:
            self._owed -= 1
        elif self._ended_before:
            self._stretches.append((self._from, mark.start))
        self._ended_before = True
        self._from = mark.end


def _marks(text: str) -> Iterator[_Mark]:
    first = _FIRST_WORDS.match(text)
    if first:
        yield _Mark(0, first.end(), "open", "channel", "channel", message=True)
    found: Iterable[re.Match[str]] = _MARK.finditer(text)
    if first or "assistantfinal" in text:
        found = merge(found, _LAST_WORDS.finditer(text), key=lambda match: match.start())
    for match in found:
        mark = _word(match) if match.re is _LAST_WORDS else _mark(match, text)
        if mark is not None and not _spoken_of(mark, text):
            yield mark


def _word(found: re.Match[str]) -> _Mark:
    return _Mark(*found.span(), "final" if found["shown"] else "end")


def _spoken_of(mark: _Mark, text: str) -> bool:
    before, after = text[mark.start - 1 : mark.start], text[mark.end : mark.end + 1]
    return bool(before and after) and before in _QUOTES and after in _QUOTES


def _mark(found: re.Match[str], text: str) -> _Mark | None:
    start, end = found.span()
    if found["tag"]:
        return _tag(found, text)
    if found["end"]:
        return _Mark(start, end, "end")
    word = found["channel"] or found["turn"]
    if word is None:
        slash = found["slash1"] or found["slash2"]
        return _Mark(start, end, "close" if slash else "open", "think", "think")
    side: _Side = "final" if word.lower() in _SHOWN_CHANNELS else "open"
    return _Mark(start, end, side, "channel", "channel", message=True)


def _tag(found: re.Match[str], text: str) -> _Mark | None:
    name = found["tag"].lower()
    start, end = found.span()
    if found["pipe"] and name in ("end", "return", "call", "content"):
        following = _MESSAGE_STARTS.match(text, end)
        end = following.end() if following else end
        return _Mark(start, end, "final" if name == "content" else "end")
    name, stem, side = _reading(name)
    if not stem:
        return None
    if found["slash"]:
        side = "close"
    elif found["empty"]:
        side = "toggle"
    return _Mark(start, end, side, name, stem, message=bool(found["pipe"]))


@lru_cache(maxsize=256)
def _reading(name: str) -> tuple[str, str, _Side]:
    """A tag's name without side, what it is a form of ("" if of no thought), and its side."""
    if name in _PAIRS:
        return _PAIRS[name]
    parts = re.split(r"[_:.-]", name)
    stem = "" if "no" in parts else next((_STEMS[part] for part in parts if part in _STEMS), "")
    side: _Side = next((_SIDES[part] for part in parts if part in _SIDES), "open")
    return "_".join(part for part in parts if part not in (*_SIDES, "of")), stem, side
