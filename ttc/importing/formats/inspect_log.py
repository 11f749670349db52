"""Logs of Inspect (inspect_ai): `.eval` archives and `.json` files; epochs are solutions.

One scorer's values are the labels, by default the first's; what the others say of a sample is a
verification of it, by a verifier of the scorer's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ttc.errors import DataError
from ttc.importing import objects, values
from ttc.importing.formats import Format
from ttc.importing.records import RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source
from ttc.importing.trail import Keys
from ttc.importing.zipped import Archive, opened
from ttc.words import counted, nearest

_HEADER = ("header.json", "_journal/start.json")
_SAMPLE = re.compile(r"samples/(.+)_epoch_(\d{1,9})\.json")
_BEGINS = re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,')
_ATTACHED = "attachment://"
Sample = tuple[str, Mapping[str, Any]]  # place and content


def fits(glimpse: Glimpse) -> bool:
    """Whether it is an archive with a header and samples, or JSON that begins as these logs do."""
    first = glimpse.first
    if first is None:
        return False
    if first.kind == "zip":
        return bool({*_HEADER} & first.names) and "manifest.json" not in first.names
    start = first.head.lstrip()
    return bool(_BEGINS.match(start)) and b'"eval"' in start


def read(source: Source) -> Iterator[RawProblem]:
    """Problems with a solution for each epoch. Raises `DataError` for a damaged or empty log."""
    if source.mapping:
        raise DataError("Inspect logs have fixed names; a mapping means nothing there")
    if len(source.files) > 1:
        raise DataError(
            f"{source.path} holds {len(source.files)} logs, such as {source.files[0].name}; "
            "import one at a time"
        )
    (path,) = source.files
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if zipped:
        with opened(path) as archive:
            yield from _of_archive(archive, source)
    else:
        yield from _of_json(str(path), path.read_bytes(), source)


def _of_archive(archive: Archive, source: Source) -> Iterator[RawProblem]:
    header = next(name for name in _HEADER if name in archive.names)
    _facts(parsed(archive.read(header), archive.place(header)), archive.place(header), source)
    by_problem: dict[str, list[tuple[int, str]]] = {}
    for name in archive.names:
        if found := _SAMPLE.fullmatch(name):
            by_problem.setdefault(found[1], []).append((int(found[2]), name))
    if not by_problem:
        raise DataError(f"{archive.path}: holds no samples (a log written without them?)")
    for order, names in enumerate(by_problem.values()):
        samples: list[Sample] = [
            (archive.place(name), parsed(archive.read(name), archive.place(name)))
            for _, name in sorted(names)
        ]
        yield from _problem(samples, order, source)


def _of_json(place: str, content: bytes, source: Source) -> Iterator[RawProblem]:
    log = parsed(content, place)
    _facts(log, place, source)
    listed = log.get("samples")
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{place}: holds no samples (a log written without them?)")
    by_problem: dict[str, list[Sample]] = {}
    for number, sample in enumerate(listed):
        where = f"{place} sample {number + 1}"
        if not isinstance(sample, dict):
            values.refuse(sample, where, "an object")
        by_problem.setdefault(str(sample.get("id")), []).append((where, sample))
    for order, samples in enumerate(by_problem.values()):
        yield from _problem(samples, order, source)


def parsed(content: bytes, place: str) -> dict[str, Any]:
    """A JSON object. Raises `DataError` for what is none, or too deep."""
    try:
        found = json.loads(content)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}:{error.lineno}: not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise DataError(f"{place}: not UTF-8 text") from None
    except (RecursionError, ValueError):
        raise DataError(f"{place}: JSON that is too deep or has too long a number") from None
    if not isinstance(found, dict):
        values.refuse(found, place, "an object")
    return found


def _facts(header: Mapping[str, Any], place: str, source: Source) -> None:
    """Model, task, and how the log ended; one that is not complete is told."""
    told = header.get("eval")
    if not isinstance(told, dict):
        raise DataError(f"{place}: lacks 'eval': no log of Inspect")
    for name in ("model", "task"):
        if isinstance(told.get(name), str):
            source.trail.facts[name] = told[name]
    status = header.get("status", "started")
    if status != "success":
        source.trail.note(f"the log's status is {status}: it may lack samples")


def _problem(samples: list[Sample], order: int, source: Source) -> Iterator[RawProblem]:
    """The problem of samples of one id; none where all of them ended in an error."""
    kept = [(place, one) for place, one in samples if one.get("scores") or not one.get("error")]
    if len(kept) < len(samples):
        source.trail.note(f"samples that ended in an error are left out, such as {samples[0][0]}")
    _refuse_repeated(samples)
    if not kept:
        return
    place, first = kept[0]
    keys = Keys(first, place, source.trail)
    name = values.text(keys.require("id", "problem.id"), keys.where("id"))
    asked, prompt = _asked(first, keys)
    target = keys.get("target", "problem.answer")
    several = target if isinstance(target, list) else [target]
    metadata = dict(keys.inner("metadata").rest("problem.metadata"))
    if len(several) > 1:
        metadata["targets"] = several
    yield RawProblem(
        id=name,
        question=asked,
        answer=values.text(several[0] if several else None, keys.where("target")) or None,
        choices=objects.choices(keys.get("choices", "problem.choices"), keys.where("choices")),
        metadata=metadata,
        solutions=tuple(_solution(where, one, source) for where, one in kept),
        place=place,
        order=order,
        prompt=prompt if prompt != asked else None,
    )


def _refuse_repeated(samples: list[Sample]) -> None:
    seen: dict[Any, str] = {}
    for place, sample in samples:
        epoch = str(sample.get("epoch"))
        if epoch in seen:
            raise DataError(
                f"{place}: epoch {epoch} of sample {sample.get('id')!r} is there twice, first in "
                f"{seen[epoch]}"
            )
        seen[epoch] = place


def _asked(sample: Mapping[str, Any], keys: Keys) -> tuple[str, str]:
    """The question (the last of a user's messages) and all that the model was given."""
    given = keys.require("input", "problem.question")
    messages = given if isinstance(given, list) else [{"role": "user", "content": given}]
    told = []
    for one in messages:
        if not isinstance(one, dict):
            values.refuse(one, keys.where("input"), "a text or a list of messages")
        told.append((one.get("role"), _content(one.get("content"), sample, keys.where("input"))))
    asked = [text for role, text in told if role == "user"] or [text for _, text in told]
    return (asked[-1] if asked else ""), "\n".join(text for _, text in told)


def _solution(place: str, sample: Mapping[str, Any], source: Source) -> RawSolution:
    keys = Keys(sample, place, source.trail)
    for key in ("id", "input", "target", "choices", "metadata"):  # the problem's
        keys.get(key, "problem")
    for key in ("error", "attachments"):
        keys.get(key, "(looked into)")
    keys.get("epoch", "solution number")
    output = keys.inner("output")
    choice = _first_choice(output)
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if content is None:
        content = output.get("completion", "solution.text")
    usage = output.inner("usage")
    text = _content(content, sample, output.where("choices"))
    label, answer, others = _judged(keys, text, sample, source)
    keys.close()
    output.close()
    return RawSolution(
        text=text,
        answer=answer,
        correct=label,
        tokens=values.integer(
            usage.get("output_tokens", "solution.tokens"), usage.where("output_tokens")
        ),
        prompt_tokens=values.integer(
            usage.get("input_tokens", "solution.prompt_tokens"), usage.where("input_tokens")
        ),
        finish_reason=values.text(choice.get("stop_reason"), output.where("choices")) or None,
        verifications=others,
    )


def _first_choice(output: Keys) -> Mapping[str, Any]:
    choices = output.get("choices", "solution.text")
    first = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(first, dict):
        values.refuse(first, output.where("choices"), "an object")
    return first


def _content(content: Any, sample: Mapping[str, Any], place: str) -> str:
    """A message's text: of several parts the texts, not what was thought; attachments read."""
    if isinstance(content, list):
        texts = [one.get("text") for one in content if isinstance(one, dict)]
        return "\n".join(_content(text, sample, place) for text in texts if text)
    text = values.text(content, place)
    attached = sample.get("attachments")
    if text.startswith(_ATTACHED) and isinstance(attached, dict):
        return values.text(attached.get(text.removeprefix(_ATTACHED), text), place)
    return text


def _judged(
    keys: Keys, text: str, sample: Mapping[str, Any], source: Source
) -> tuple[bool | None, str | None, tuple[RawVerification, ...]]:
    """The label, the answer that its scorer read, and what other scorers say."""
    scores = keys.inner("scores")
    if not scores.held:
        return None, None, ()
    wanted, _, part = (source.wanted.metric or next(iter(scores.held))).partition(".")
    if wanted not in scores.held:
        raise DataError(f"{scores.where(wanted)}: no such scorer{nearest(wanted, scores.held)}")
    label, answer, others = None, None, []
    for name in scores.held:
        score = scores.inner(name)
        value = _value(score, part if name == wanted else "")
        told = score.get("answer", "solution.answer" if name == wanted else "(another scorer)")
        score.get("history", "(looked into)")
        said = _content(score.get("explanation", "verification.text"), sample, score.where("x"))
        score.close()
        place = score.where("value")
        if name == wanted:
            label = source.trail.right(value, place)
            answer = told.strip() or None if isinstance(told, str) else None
        elif (grade := _grade(value, place, name, source)) is not None:
            found = "" if said.strip() == text.strip() else said
            verdict = grade >= source.wanted.right_from if grade in (0, 1) else None
            others.append(
                RawVerification(
                    text=found,
                    verdict=verdict,
                    score=grade,
                    verifier=name,
                    tokens=None if found else 0,
                )
            )
    if len(scores.held) > 1:
        source.trail.note(f"labels by {wanted}; other scorers are verifiers (--metric)")
    return label, answer, tuple(others)


def _value(score: Keys, part: str) -> Any:
    """A scorer's value, or of several the named one."""
    value = score.get("value", "solution.correct")
    if isinstance(value, dict):
        if part not in value:
            known = ", ".join(map(str, value))
            raise DataError(
                f"{score.where('value')}: has {counted(len(value), 'value')} ({known}); name one "
                "with --metric SCORER.VALUE"
            )
        return value[part]
    return value


def _grade(value: Any, place: str, name: str, source: Source) -> float | None:
    """What another scorer says, None where that is no grade, which is told."""
    try:
        return values.grade(value, place)
    except DataError:
        source.trail.note(f"values of the scorer {name} are no grades and not used")
        return None


FORMAT = Format(
    name="inspect",
    about="a log of Inspect, .eval or .json",
    fits=fits,
    read=read,
    rank=20,
    takes=frozenset({"metric", "right_from"}),
)
