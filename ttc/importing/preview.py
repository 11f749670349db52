"""How the first record of foreign data is read, without importing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing.formats import AUTO, Format
from ttc.importing.importer import opened_source, usual
from ttc.importing.judging import Judging, answers_of, gold_of, labelled, score_of, verdict_of
from ttc.importing.records import RawProblem, RawVerification
from ttc.importing.sources import Source, Wanted

_HIDDEN = ("place", "order", "solutions", "verifications", "answer_labels", "prompt", "returned")


@dataclass(frozen=True)
class Preview:
    """The first problem of a source as it would be imported.

    format, about: which format it was taken for. place: where the record stands. rows: name of
    ours, their key, what it holds. judged: sentences on how answers and labels come out. unused:
    keys of this record that nothing is made of. notes: further sentences.
    """

    format: str
    about: str
    place: str
    rows: tuple[tuple[str, str, str], ...]
    judged: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def preview(
    path: Path,
    *,
    layout: str = AUTO,
    verifications: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    answers: AnswerRule | None = None,
    judging: Judging | None = None,
    wanted: Wanted | None = None,
) -> Preview:
    """Read the first problem as `import_pool` would. Raises `DataError` as it does."""
    form, source = opened_source(path, layout, verifications, mapping, wanted)
    if form.adopt is not None:
        return Preview(form.name, form.about, str(path), ())
    options, rule = usual(judging or Judging(), form), answers or AnswerRule()
    raw = _first(form, source)
    return Preview(
        format=form.name,
        about=form.about,
        place=raw.place,
        rows=tuple(_rows(raw, {n: ", ".join(k) for n, k in source.trail.read.items()})),
        judged=tuple(_judged(raw, rule, options)),
        unused=tuple(source.trail.unused),
        notes=tuple(source.trail.notes),
    )


def _first(form: Format, source: Source) -> RawProblem:
    """The first problem of the data, which a reader may hand on later than others."""
    found: RawProblem | None = None
    for one in form.read(source):
        if isinstance(one, RawProblem) and (found is None or one.order < found.order):
            found = one
            if one.order == 0:
                break
    if found is None:
        raise DataError(f"{source.path}: there are no problems in the data")
    return found


def _rows(raw: RawProblem, keys: Mapping[str, str]) -> list[tuple[str, str, str]]:
    held: list[tuple[str, Any]] = [("problem", raw)]
    if raw.solutions:
        first = raw.solutions[0]
        held += [("solution", first), *(("verification", one) for one in first.verifications[:1])]
    return [
        (f"{noun}.{field.name}", keys.get(f"{noun}.{field.name}", ""), _shown(value))
        for noun, one in held
        for field in fields(one)
        if field.name not in _HIDDEN
        and (value := getattr(one, field.name)) is not None
        and value not in ("", (), {})
    ]


def _judged(raw: RawProblem, rule: AnswerRule, options: Judging) -> list[str]:
    """What becomes of the first solution, and how many there are."""
    answers = answers_of(raw, rule)
    raw = labelled(raw, answers)
    gold = gold_of(raw, answers, rule)
    told = [f"solutions of this problem: {len(raw.solutions)}"]
    if not raw.solutions:
        return told
    first, ours = raw.solutions[0], bool(rule.classify(answers, gold).correct[0])
    trusted = options.labels == "trust" and first.correct is not None
    told.append(
        f"first solution: answer {answers[0]!r}, gold {gold!r}, {_word(ours)} by our rule, "
        + ("without a label" if first.correct is None else f"{_word(first.correct)} by its label")
        + f": counts as {_word(bool(first.correct) if trusted else ours)}"
    )
    told += [_verification(one, options) for one in first.verifications]
    return told


def _verification(one: RawVerification, options: Judging) -> str:
    how = options.aggregate or "min"
    verdict = verdict_of(one, how)
    found = score_of(one, verdict, options.score, how)
    steps = f" ({how} of {len(one.step_scores)} steps)" if one.step_scores else ""
    score = "none" if found is None else f"{found:.6g}"
    return f"verified by {one.verifier or options.verifier}: score {score}{steps}"


def _word(right: bool) -> str:
    return "right" if right else "wrong"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    plain = " ".join(text.split())
    return plain if len(plain) <= 60 else f"{plain[:57]}..."
