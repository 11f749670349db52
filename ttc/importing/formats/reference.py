r"""The layout of the released code of "When To Solve, When To Verify" (arXiv 2504.01005).

`<folder>/<i>.yaml` holds `question`, `prompt`, `samples` and `gt_answer` of problem i;
`<folder>/problem_<i>/solution_<j>.yaml` holds `verifications` of `verification`, `p(yes)` and
`p(no)`, of which -1 means that the token was not among those listed. Any folder names will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ttc.errors import DataError
from ttc.importing import values
from ttc.importing.files import File, file_names, files
from ttc.importing.formats import Format
from ttc.importing.names import hint
from ttc.importing.plainyaml import load_yaml
from ttc.importing.records import Raw, RawJudgement, RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source

_SAMPLES = re.compile(r"(?:^|/)(\d{1,9})\.ya?ml$")
_JUDGED = re.compile(r"(?:^|([^/]+)/)problem_(\d{1,9})/solution_(\d{1,9})\.ya?ml$")
_PLAIN_FOLDER = "verifications"  # says nothing about which verifier it was


def is_reference(name: str) -> bool:
    """Whether a file's path is one of this layout."""
    return bool(_JUDGED.search(name) or _SAMPLES.search(name))


def fits(glimpse: Glimpse) -> bool:
    """Whether it is a tar archive, or a folder with files of such names."""
    if glimpse.kind == "folder":
        return any(is_reference(name) for name in file_names(glimpse.path))
    return glimpse.kind == "tar"


def read(source: Source) -> Iterator[Raw]:
    """Problems and judgements of a folder or an archive; judgements may lie in a second one."""
    if source.mapping:
        raise DataError("the reference layout has fixed names; a mapping means nothing there")
    apart = () if source.verifications is None else read_reference(source.verifications)
    return chain(read_reference(source.path), apart)


def read_reference(path: Path) -> Iterator[Raw]:
    """Problems and judgements of a folder or a tar archive, one file at a time, in its order.

    The verifier is named after the folder that holds the `problem_<i>` folders. Raises
    `DataError` with file and, for bad YAML, line.
    """
    for file in files(path):
        if judged := _JUDGED.search(file.name):
            folder, problem, solution = judged.groups()
            verifier = folder if folder and folder != _PLAIN_FOLDER else None
            yield RawJudgement(
                problem_id=str(int(problem)),
                solution_index=int(solution),
                verifications=_verifications(file, verifier),
                place=file.place,
            )
        elif samples := _SAMPLES.search(file.name):
            yield _problem(file, int(samples[1]))


def _problem(file: File, number: int) -> RawProblem:
    content = _load(file)
    samples = _list(content, "samples", file.place)
    answer = values.text(_require(content, "gt_answer", file.place), f"{file.place}: gt_answer")
    question = content.get("question", content.get("problem"))
    return RawProblem(
        id=str(number),
        question=values.text(question, f"{file.place}: question"),
        answer=answer or None,
        prompt=values.text(content.get("prompt"), f"{file.place}: prompt") or None,
        solutions=tuple(
            RawSolution(text=values.text(sample, f"{file.place}: samples[{i}]"))
            for i, sample in enumerate(samples)
        ),
        place=file.place,
        order=number,
    )


def _verifications(file: File, verifier: str | None) -> tuple[RawVerification, ...]:
    content = _load(file)
    prompt = values.text(content.get("prompt"), f"{file.place}: prompt") or None
    return tuple(
        _verification(one, prompt, verifier, f"{file.place}: verifications[{i}]")
        for i, one in enumerate(_list(content, "verifications", file.place))
    )


def _verification(
    value: Any, prompt: str | None, verifier: str | None, place: str
) -> RawVerification:
    if not isinstance(value, dict):
        values.refuse(value, place, "an object")
    return RawVerification(
        text=values.text(_require(value, "verification", place), f"{place}: verification"),
        p_yes=_p_yes(value, place),
        prompt=prompt,
        verifier=verifier,
    )


def _p_yes(value: Mapping[str, Any], place: str) -> float | None:
    """p(yes) where known, else 1 - p(no) where that is known, else None."""
    yes, no = (values.number(value.get(key), f"{place}: {key}") for key in ("p(yes)", "p(no)"))
    if yes is not None and yes != -1:
        return values.probability(yes, f"{place}: p(yes)")
    if no is not None and no != -1:
        return values.probability(1 - no, f"{place}: 1 - p(no)")
    return None


def _load(file: File) -> Mapping[str, Any]:
    content = load_yaml(file.content, file.place)
    if content is None:
        raise DataError(f"{file.place}: the file is empty")
    if not isinstance(content, dict):
        values.refuse(content, file.place, "an object with keys")
    return content


def _require(content: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in content:
        raise DataError(f"{place}: lacks {key!r}{hint(key, [str(name) for name in content])}")
    return content[key]


def _list(content: Mapping[str, Any], key: str, place: str) -> list[Any]:
    found = _require(content, key, place)
    if not isinstance(found, list):
        values.refuse(found, f"{place}: {key}", "a list")
    return found


FORMAT = Format(
    name="reference",
    about="YAML files of samples and verifications, as the code of arXiv 2504.01005 writes them",
    fits=fits,
    read=read,
    rank=10,
    labels="compare",
    takes=frozenset({"verifications"}),
)
