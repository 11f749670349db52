"""One row a solution: tables, and flat logs with one response a line; verifications in the same
row or in a second table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from ttc.datasets.reading.names import find
from ttc.datasets.reading.rows import Row, read_rows
from ttc.errors import DataError
from ttc.importing import objects, values
from ttc.importing.formats import Format
from ttc.importing.grouping import grouped
from ttc.importing.names import TABLE_NAMES, Names, Record, hint
from ttc.importing.records import (
    Raw,
    RawJudgement,
    RawProblem,
    RawSolution,
    RawVerification,
)
from ttc.importing.sources import Glimpse, Source, form_of, rows_of

ENDINGS = (".parquet", ".csv", ".tsv")
_SAID = ("score", "verdict", "p_yes", "step_scores")  # what a row may hold of its verification

# What other people call it, compared without case and signs, the likeliest first.
_USUAL: dict[str, tuple[str, ...]] = {
    "problem.id": (
        *("problemid", "questionid", "taskid", "uniqueid", "docid", "exampleid", "itemid"),
        *("promptid", "qid", "pid", "uid", "uuid", "id", "idx"),
    ),
    "problem.question": ("question", "problem", "prompt", "input", "query", "instruction"),
    "problem.answer": (
        *("goldanswer", "gold", "groundtruth", "goldlabel", "reference", "referenceanswer"),
        *("target", "expected", "expectedanswer", "correctanswer"),
    ),
    "solution.text": (
        *("text", "response", "completion", "generation", "generatedtext", "modeloutput"),
        *("modelresponse", "rawoutput", "rawresponse", "output", "reply", "solution"),
    ),
    "solution.answer": (
        *("extractedanswer", "predictedanswer", "modelanswer", "parsedanswer", "pred"),
        *("prediction", "predicted"),
    ),
    "solution.correct": ("correct", "iscorrect", "passed", "acc", "accuracy", "exactmatch"),
    "solution.tokens": (
        *("tokens", "completiontokens", "outputtokens", "generatedtokens", "numtokens", "ntokens"),
    ),
    "solution.finish_reason": ("finishreason", "stopreason"),
    "solution.index": ("solutionindex", "sampleindex", "sampleidx"),
    "verification.score": ("score", "reward", "rewardscore", "rmscore", "verifierscore"),
    "verification.verdict": ("verdict", "judgement", "judgment"),
    "verification.step_scores": ("stepscores", "prmscores", "steprewards"),
}


def fits(glimpse: Glimpse) -> bool:
    """Whether it is a table by name or container, or its first row holds a response."""
    if glimpse.kind == "folder" and _table_in(glimpse.path, "solutions"):
        return True
    first = glimpse.first
    if first is None or first.kind != "rows":
        return False
    if form_of(first.path, first.head) in ("parquet", "csv", "tsv"):
        return True
    try:
        names = _names(list(glimpse.row), Source(glimpse.path, mapping=glimpse.mapping))
    except DataError:  # a mapping with names of another format
        return False
    return names["solution.text"] in glimpse.row or (
        names["solution.answer"] in glimpse.row and names["problem.answer"] in glimpse.row
    )


def read(source: Source) -> Iterator[Raw]:
    """Problems of a table of solutions, then the judgements of a table of verifications.

    Rows of a problem may stand anywhere. Without a column of solution numbers, solutions are
    numbered as they come; without one of problems, equal questions are one problem. Raises
    `DataError` with file and row.
    """
    files, apart = source.files, source.verifications
    if source.path.is_dir() and (table := _table_in(source.path, "solutions")):
        files = (table,)
        apart = apart or _table_in(source.path, "verifications")
    present = _present(files[0])
    names = _names(present, source)
    needed = () if names["problem.question"] in present else ("problem.id",)
    columns = _columns(files[0], present, names, ("problem", "solution"), needed)
    if not {names["solution.text"], names["solution.answer"]} & set(columns):
        raise DataError(
            f"{files[0]}: needs a column of texts or of answers; has {', '.join(columns)}; "
            "name one with a mapping of solution.text or solution.answer"
        )
    judged = [] if apart else [names[f"verification.{one}"] for one in _SAID]
    columns += [one for one in judged if one in present and one not in columns]
    source.trail.left(one for one in present if one not in columns)
    judge = judged if set(judged) & set(present) else []
    rows = partial(_rows, files, columns)
    for key, order, group in grouped(rows, partial(_id, names=names)):
        yield _problem(key, group, names, order, bool(judge))
    if apart is not None:
        yield from _judgements(apart, names)


def _rows(files: tuple[Path, ...], columns: list[str]) -> Iterator[Row]:
    if len(files) == 1 and files[0].suffix.lower() == ".parquet":
        return read_rows(files[0], columns)
    return chain.from_iterable(rows_of(file) for file in files)


def _names(present: list[str], source: Source) -> Names:
    """Our names, or what is usual where the data has not those and the user named none."""
    given = Names(TABLE_NAMES, source.mapping)
    defaults = dict(TABLE_NAMES)
    taken = [given[name] for name in given.mapped]
    taken += [theirs for name, theirs in TABLE_NAMES.items() if theirs in present]
    for name, usual in _USUAL.items():
        if name in given.mapped or TABLE_NAMES[name] in present:
            continue
        theirs = find(usual, present, taken)
        if theirs is not None:
            defaults[name] = theirs
            taken.append(theirs)
    named = {"problem.answer", "solution.answer"} & given.mapped.keys()
    plain_answer = "answer" in present and defaults["problem.answer"] not in present and not named
    if plain_answer and defaults["solution.text"] not in ("text", *given.mapped):
        # `answer` beside a response is what the data set had, not what the response says
        defaults["problem.answer"] = "answer"
        defaults["solution.answer"] = "extracted_answer"
    return Names(defaults, source.mapping, source.trail)


def _columns(
    path: Path, present: list[str], names: Names, nouns: tuple[str, ...], required: tuple[str, ...]
) -> list[str]:
    """The columns to read: those of ours that are there. Mapped and required ones must be."""
    wanted = [name for noun in nouns for name in names.of(noun)]
    for name in wanted:
        theirs = names[name]
        if theirs in present:
            names.saw(name)
        elif name in required or name in names.mapped:
            there = ", ".join(present)
            raise DataError(
                f"{path}: no column {theirs!r} for {name}{hint(theirs, present)} (columns: {there})"
            )
    return [theirs for theirs in dict.fromkeys(names[name] for name in wanted) if theirs in present]


def _present(path: Path) -> list[str]:
    if path.suffix.lower() == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return [str(name) for name in pq.read_schema(path).names]
        except FileNotFoundError:
            raise DataError(f"{path}: no such file") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{path}: not valid parquet: {reason}") from None
    first = next(rows_of(path), None)
    if first is None:
        raise DataError(f"{path}: no rows")
    return list(first.values)


def _id(row: Row, names: Names) -> str:
    """The problem's id; of a row without a column for it, a hash of its question."""
    column = names["problem.id"]
    if column not in row.values and (question := row.values.get(names["problem.question"])):
        text = values.text(question, f"{row.place}: {names['problem.question']}")
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    key = values.text(row.values.get(column), f"{row.place}: {column}")
    if not key:
        raise DataError(f"{row.place}: the problem's id ({column}) is empty")
    return key


def _problem(key: str, rows: list[Row], names: Names, order: int, judged: bool) -> RawProblem:
    records = [Record(row.values, names, "problem", row.place) for row in rows]
    for record in records:
        record.get("id")
    return RawProblem(
        id=key,
        question=_common(records, "question"),
        answer=_common(records, "answer") or None,
        choices=objects.choices(records[0].get("choices"), records[0].where("choices")),
        solutions=tuple(_solution(row, names, judged) for row in rows),
        place=rows[0].place,
        order=order,
    )


def _common(records: list[Record], name: str) -> str:
    """The value that all rows of a problem share; empty cells say nothing."""
    found = ""
    for record in records:
        value = values.text(record.get(name), record.where(name))
        if value and found and value != found:
            raise DataError(
                f"{record.where(name)}: {value[:40]!r}, but an earlier row of the same problem "
                f"has {found[:40]!r}"
            )
        found = found or value
    return found


def _solution(row: Row, names: Names, judged: bool) -> RawSolution:
    record = Record(row.values, names, "solution", row.place)
    index = values.integer(record.get("index"), record.where("index"))
    return objects.solution(record, _judged_here(row, names) if judged else (), index)


def _judged_here(row: Row, names: Names) -> tuple[RawVerification, ...]:
    """The verification that a solution's own row holds, where it says anything."""
    record = Record(row.values, names, "verification", row.place)

    def read(name: str, how: Any) -> Any:
        return how(record.get(name), record.where(name))

    made = RawVerification(
        score=read("score", values.reward),
        verdict=read("verdict", values.truth),
        p_yes=read("p_yes", values.probability),
        step_scores=read("step_scores", objects.rewards),
        tokens=0,
    )
    return (made,) if made != RawVerification(tokens=0) else ()


def _judgements(path: Path, solutions: Names) -> Iterator[RawJudgement]:
    required = ("verification.problem", "verification.solution")
    present = _present(path)
    names = Names(TABLE_NAMES, solutions.mapped, solutions.trail)
    columns = _columns(path, present, names, ("verification",), required)
    said = [names[f"verification.{name}"] for name in ("text", "verdict", "p_yes", "score")]
    if not set(said) & set(columns):
        raise DataError(f"{path}: needs a column of {', '.join(said)}; has {', '.join(columns)}")
    names.trail.left(f"verifications: {one}" for one in present if one not in columns)
    for row in _rows((path,), columns):
        record = Record(row.values, names, "verification", row.place)
        solution = values.integer(record.get("solution"), record.where("solution"))
        if solution is None:
            raise DataError(f"{record.where('solution')}: empty")
        index = values.integer(record.get("index"), record.where("index"))
        yield RawJudgement(
            problem_id=values.text(record.get("problem"), record.where("problem")),
            solution_index=solution,
            verifications=(objects.verification(record, index=index),),
            place=row.place,
        )


def _table_in(folder: Path, stem: str) -> Path | None:
    paths = (folder / f"{stem}{ending}" for ending in ENDINGS)
    return next((path for path in paths if path.is_file()), None)


FORMAT = Format(
    name="table",
    about="a solution a row or a line: parquet, CSV, TSV, JSON lines or list",
    fits=fits,
    read=read,
    rank=60,
    labels="compare",
    takes=frozenset({"verifications"}),
)
