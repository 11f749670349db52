"""The samples of lm-evaluation-harness: `samples_*.jsonl`, one line a document and filter.

`resps` holds, by request, the responses of all repeats; of multiple choice, by option, its
log-likelihood. A filter makes an answer of responses (the first one's, or what most said), and the
metrics judge that answer. So a metric is a label of an *answer*: it is the label of every response
that gave this answer, and other responses of repeats have none.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ttc.datasets.reading.names import QUESTION, find
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError
from ttc.importing import values
from ttc.importing.formats import Format
from ttc.importing.grouping import grouped
from ttc.importing.objects import CONFIDENCE
from ttc.importing.records import RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source
from ttc.importing.trail import Keys
from ttc.words import nearest

_INVALID = "[invalid]"  # what its regex filter says where nothing matches
_TASK = re.compile(r"samples_(.+?)(?:_\d{4}-\d\d-\d\dT[\d.-]+)?\.jsonl")
_LISTED = re.compile(r"""\[(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d[\d.]*))[,\]]""")
_OWN = ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics")
_BY_LENGTH = "acc_norm"


def fits(glimpse: Glimpse) -> bool:
    """Whether the first line has what all its samples have."""
    return {"doc_id", "doc", "resps", "filtered_resps"} <= set(glimpse.row)


def read(source: Source) -> Iterator[RawProblem]:
    """Problems, each of the lines of one document. Raises `DataError` with file and line."""
    if source.mapping:
        raise DataError("these samples have fixed names; a mapping means nothing there")
    tasks = {_task(str(file.name)) for file in source.files}
    key = partial(_key, with_task=len(tasks) > 1)
    for name, order, rows in grouped(source.rows, key):
        yield _problem(name, order, rows, source)


def _task(name: str) -> str:
    found = _TASK.search(name)
    return found[1] if found else name


def _key(row: Row, with_task: bool) -> str:
    number = values.text(row.values.get("doc_id"), f"{row.place}: doc_id")
    if not number:
        raise DataError(f"{row.place}: lacks 'doc_id'")
    return f"{_task(row.place)}/{number}" if with_task else number


def _problem(name: str, order: int, rows: list[Row], source: Source) -> RawProblem:
    row = _of_filter(rows, source)
    keys = Keys(row.values, row.place, source.trail)
    keys.get("doc_id", "problem.id")
    doc = keys.inner("doc")
    asked = find(QUESTION, list(doc.held)) or ""
    arguments = _arguments(keys)
    prompt = _prompt(arguments)
    question = values.text(doc.get(asked, "problem.question"), doc.where(asked)) if asked else ""
    metric, scored = _scored(keys, source)
    resps = keys.require("resps", "solution.text")
    if not isinstance(resps, list) or not resps:
        values.refuse(resps, keys.where("resps"), "a list of responses")
    target = values.text(_first_of(keys.get("target", "problem.answer")), keys.where("target"))
    common: dict[str, Any] = {
        "id": name,
        "question": question or prompt,
        "place": row.place,
        "order": order,
        "prompt": prompt or None,
        "metadata": doc.rest("problem.metadata"),
    }
    keys.get("filtered_resps", "solution.answer")
    if isinstance(resps[0], list) and resps[0] and isinstance(resps[0][0], list):
        by_length = metric == _BY_LENGTH
        made = _choice(resps, arguments, target, scored, by_length, keys, common)
    else:
        made = _generated(resps, rows, row, target, scored, keys, common, source)
    keys.close()
    return made


def _of_filter(rows: list[Row], source: Source) -> Row:
    """The line of the wanted filter, else the first. Raises `DataError` for one that is missing."""
    by_filter: dict[str, Row] = {}
    for row in rows:
        name = str(row.values.get("filter", "none"))
        if name in by_filter:
            raise DataError(
                f"{row.place}: doc_id {row.values.get('doc_id')!r} with filter {name!r} is there "
                f"twice, first in {by_filter[name].place}; import one log at a time"
            )
        by_filter[name] = row
    wanted = source.wanted.filter or next(iter(by_filter))
    if wanted not in by_filter:
        raise DataError(f"{rows[0].place}: no filter {wanted!r}{nearest(wanted, by_filter)}")
    source.trail.took("solution.answer", "filter")
    if len(by_filter) > 1:
        others = ", ".join(name for name in by_filter if name != wanted)
        source.trail.note(f"answers of the filter {wanted}; there are also {others} (--filter)")
    return by_filter[wanted]


def _scored(keys: Keys, source: Source) -> tuple[str, bool | None]:
    """The wanted metric, else the first that is a label; and the label."""
    listed = keys.get("metrics", "solution.correct")
    known = [str(one) for one in listed] if isinstance(listed, list) else _metrics(keys.held)
    wanted = source.wanted.metric or next(
        (one for one in known if _is_grade(keys.held.get(one))), None
    )
    if wanted is None:
        raise DataError(
            f"{keys.place}: none of its metrics ({', '.join(known) or 'there are none'}) says "
            "right or wrong"
        )
    if wanted not in keys.held:
        raise DataError(f"{keys.place}: no metric {wanted!r}{nearest(wanted, known)} (--metric)")
    others = [one for one in known if one != wanted]
    for one in others:
        keys.get(one, "(another metric)")
    if others:
        source.trail.note(f"labels by {wanted}; there are also {', '.join(others)} (--metric)")
    value = keys.get(wanted, "solution.correct")
    return wanted, source.trail.right(value, keys.where(wanted))


def _metrics(held: Mapping[str, Any]) -> list[str]:
    """Metrics of older logs, which don't list them."""
    hashes = ("doc_hash", "prompt_hash", "target_hash")
    return [key for key in held if key not in (*_OWN, *hashes)]


def _is_grade(value: Any) -> bool:
    return isinstance(value, bool | int | float) and 0 <= value <= 1


def _generated(
    resps: list[Any],
    rows: list[Row],
    row: Row,
    target: str,
    scored: bool | None,
    keys: Keys,
    common: dict[str, Any],
    source: Source,
) -> RawProblem:
    nested = (one if isinstance(one, list) else [one] for one in resps)  # one for each request
    responses = [text for one in nested for text in one]
    texts = [values.text(one, f"{keys.where('resps')}[{i}]") for i, one in enumerate(responses)]
    if len(texts) == 1:
        solution = RawSolution(text=texts[0], answer=_answer(row), correct=scored)
        return RawProblem(answer=target or None, solutions=(solution,), **common)
    labels: dict[str, bool] = {}
    for one in (row, *(other for other in rows if other is not row)):
        answer = _answer(one)
        label = _scored(Keys(one.values, one.place, source.trail), source)[1]
        if answer is not None and label is not None:
            labels.setdefault(answer, label)
    return RawProblem(
        answer=target or None,
        solutions=tuple(RawSolution(text=text) for text in texts),
        answer_labels=labels,
        **common,
    )


def _answer(row: Row) -> str | None:
    """The answer that a filter made, None where it found none or several."""
    found = row.values.get("filtered_resps")
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found.strip() or None if isinstance(found, str) and found != _INVALID else None


def _choice(
    resps: list[Any],
    arguments: list[Any],
    target: str,
    scored: bool | None,
    by_length: bool,
    keys: Keys,
    common: dict[str, Any],
) -> RawProblem:
    """A choice by log-likelihoods: the option with the highest, by its length for acc_norm."""
    likely, greedy = zip(*(_loglikelihood(one, keys) for one in resps), strict=True)
    options = [_continuation(one) for one in arguments[: len(likely)]]
    if len(likely) == 1:  # whether the one continuation would have been written
        text = target if greedy[0] else ""
        single = RawSolution(text=text, answer=text or None, correct=scored)
        return RawProblem(answer=target or None, solutions=(single,), **common)
    options += [""] * (len(likely) - len(options))
    lengths = [max(1, len(one)) if by_length else 1 for one in options]
    best = max(range(len(likely)), key=lambda i: likely[i] / lengths[i])
    total = math.fsum(math.exp(one - max(likely)) for one in likely)
    share = math.exp(likely[best] - max(likely)) / total
    solution = RawSolution(
        text=options[best],
        answer=_letter(best),
        correct=scored,
        verifications=(RawVerification(score=share, verifier=CONFIDENCE, tokens=0),),
    )
    place = _gold(target, options[: len(likely)], best, scored)
    gold = target if place is None else _letter(place)
    return RawProblem(answer=gold or None, solutions=(solution,), choices=tuple(options), **common)


def _gold(target: str, options: Sequence[str], best: int, scored: bool | None) -> int | None:
    """Which option is right: a target is its number, as these logs usually have it, or its words.

    Where a number is an option's words, too, the label tells which is meant, if it can: `scored`,
    whether the `best` was right.
    """
    ways = [int(target)] if target.isdecimal() and int(target) < len(options) else []
    ways += [options.index(target)] if target in options else []
    fitting = ways if scored is None else [one for one in ways if (one == best) == scored]
    return next(iter([*fitting, *ways]), None)


def _letter(number: int) -> str:
    letters = string.ascii_uppercase
    return letters[number] if number < len(letters) else str(number + 1)


def _loglikelihood(resp: Any, keys: Keys) -> tuple[float, bool]:
    """Nats and whether it is what greedy decoding writes; numbers are texts in these logs."""
    pair = resp[0] if isinstance(resp, list) and resp and isinstance(resp[0], list) else resp
    if not isinstance(pair, list) or not pair:
        values.refuse(pair, keys.where("resps"), "a log-likelihood and whether it is greedy")
    nats = values.number(pair[0], keys.where("resps"))
    greedy = values.truth(pair[1] if len(pair) > 1 else None, keys.where("resps"))
    if nats is None:
        values.refuse(pair[0], keys.where("resps"), "a log-likelihood")
    return nats, bool(greedy)


def _arguments(keys: Keys) -> list[Any]:
    """What each request was asked with: (prompt, continuation or options)."""
    held = keys.get("arguments", "problem.question")
    if isinstance(held, dict):
        held = [list(one.values()) if isinstance(one, dict) else one for one in held.values()]
    return held if isinstance(held, list) else []


def _prompt(arguments: list[Any]) -> str:
    first = arguments[0] if arguments else None
    prompt = first[0] if isinstance(first, list) and first else None
    return prompt if isinstance(prompt, str) else ""


def _continuation(argument: Any) -> str:
    told = argument[1] if isinstance(argument, list) and len(argument) > 1 else ""
    return told.strip() if isinstance(told, str) else ""


def _first_of(target: Any) -> Any:
    """A target, or the first of several, which these logs write as the text of a list."""
    found = _LISTED.match(target) if isinstance(target, str) else None
    return next(one for one in found.groups() if one is not None) if found else target


FORMAT = Format(
    name="lm-eval",
    about="samples_*.jsonl of lm-evaluation-harness",
    fits=fits,
    read=read,
    rank=20,
    takes=frozenset({"metric", "filter", "right_from"}),
)
