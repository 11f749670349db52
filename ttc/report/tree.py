"""One attempt at a problem as a tree of its samples: what goes on from what, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError
from ttc.report.problem import find_problem
from ttc.store.rows import read_solutions, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    from ttc.core import Solution

_COLUMNS = [
    "problem_id",
    "repeat",
    "branch",
    "number",
    "role",
    "after",
    "completion_tokens",
    "finish_reason",
    "score",
    "verifier",
    "fate",
]
_WIDEST = 60
_MOST = 400
_ENDS = ("stop", "read", "imported")


@dataclass
class _Node:
    """A sample. text: None where no table has it; scores: by who gave them; said: of the solution
    that it ends.
    """

    row: Mapping[str, Any]
    text: str | None = None
    scores: list[str] = field(default_factory=list)
    said: str = ""
    below: list[_Node] = field(default_factory=list)

    @property
    def dropped(self) -> bool:
        """Whether nothing was made of it, nor of anything behind it."""
        return self.row["fate"] == "discarded" and not self.below

    def line(self) -> Text:
        """All of it in one line."""
        from ttc.report.console import line

        row = self.row
        words = [f"{row['number']} {row['role']}", f"{row['completion_tokens']} tokens"]
        words += [f"branch {row['branch']}"] if row["branch"] else []
        words += [f"ended by {row['finish_reason']}"] if row["finish_reason"] not in _ENDS else []
        words += [*self.scores, *(["discarded"] if row["fate"] == "discarded" else [])]
        head = ", ".join(words)
        head += "" if self.text is None else f": {_short(self.text)}"
        return line(head + self.said, "dim" if row["fate"] == "discarded" else "")


def print_tree(console: Console, run: RunFolder, problem_id: str, repeat: int = 0) -> None:
    """Print the samples of an attempt, each under the one that it continues; of these that follow
    each other alone, each in a line.

    Raises `DataError` where there is no such problem or attempt, or nothing recorded of it.
    """
    from rich.tree import Tree

    from ttc.report.console import line, plain

    problem, _ = find_problem(run, problem_id)
    nodes, beside = _nodes(run, problem_id, repeat)
    console.rule(line(f"{problem_id}, attempt {repeat}", "rule.text"), align="left")
    console.print(plain(problem.question))
    tree = Tree(line(f"gold answer: {problem.answer}"))
    roots = [node for node in nodes.values() if node.row["after"] not in nodes]
    drawn = _draw(tree, roots, _MOST)
    for role, n in sorted(beside.items()):
        tree.add(line(f"{role}: {n} beside these, for judgement, that go on from none", "dim"))
    console.print(tree)
    if drawn < len(nodes):
        console.print(f"... and {len(nodes) - drawn} more samples, in the table samples")
    lost = sum(node.text is None for node in nodes.values())
    if lost:
        console.print(
            f"{lost} samples without a text: the tables hold the texts of solutions, and of "
            "samples that are no part of one only what they cost"
        )


def _draw(tree: Tree, roots: Sequence[_Node], most: int) -> int:
    """Draw as many samples as that; how many were."""
    from rich.text import Text

    drawn = 0
    pending = [(tree, node) for node in reversed(roots)]
    while pending and drawn < most:
        above, node = pending.pop()
        lines, last = _run(node)
        drawn += len(lines)
        place = above.add(Text("\n").join(lines))
        pending += [(place, one) for one in reversed(last.below)]
    return drawn


def _run(node: _Node) -> tuple[list[Text], _Node]:
    """The lines of a sample and of all that follow it alone, and the last of these. What was
    dropped beside one of them has its line before it.
    """
    lines = [node.line()]
    while node.below:
        dropped = [one for one in node.below if one.dropped]
        going = [one for one in node.below if not one.dropped]
        if len(going) != 1:
            break
        lines += [*(_indented(one.line()) for one in dropped), going[0].line()]
        node = going[0]
    return lines, node


def _indented(line: Text) -> Text:
    line.pad_left(2)
    return line


def _nodes(
    run: RunFolder, problem_id: str, repeat: int
) -> tuple[dict[int, _Node], Mapping[str, int]]:
    """The samples that the sampler drew, by number, and how many were judgements beside them."""
    path = run.table("samples")
    if not path.is_file():
        raise DataError(f"{run.name} has no table of samples; a run of ttc's own has one")
    rows = read_table(path, "samples", _COLUMNS, problem_id=problem_id).to_pylist()
    repeats = sorted({row["repeat"] for row in rows})
    own = [row for row in rows if row["repeat"] == repeat and row["verifier"] is None]
    if not own:
        there = f"its attempts are {', '.join(map(str, repeats))}" if repeats else "none was begun"
        raise DataError(f"{run.name} has no attempt {repeat} at {problem_id}: {there}")
    nodes = {row["number"]: _Node(row) for row in own if row["fate"] != "judged"}
    beside: Counter[str] = Counter()
    for row in own:
        above = nodes.get(row["after"])
        if row["fate"] == "judged":
            if above is None or row["score"] is None:
                beside[row["role"]] += 1
            else:
                above.scores.append(f"{row['role']} {row['score']:.2f}")
        elif above is not None:
            above.below.append(nodes[row["number"]])
    _tell(run, problem_id, repeat, nodes)
    return nodes, beside


def _tell(run: RunFolder, problem_id: str, repeat: int, nodes: Mapping[int, _Node]) -> None:
    """Write down at the samples what the solutions that they are parts of say, and what came of
    these.
    """
    grades = read_table(
        run.solutions, "solutions", ["problem_id", "correct"], problem_id=problem_id
    )
    final = _final(run, problem_id, repeat)
    verdicts = _verdicts(run, problem_id)
    right = grades.column("correct").to_pylist()
    for one, correct in zip(read_solutions(run.solutions, problem_id), right, strict=True):
        if one.repeat != repeat or one.last_sample not in nodes:
            continue
        chain = list(_chain(nodes, one))
        if len(chain) == len(one.steps):  # a step each
            for node, step in zip(chain, reversed(one.steps), strict=True):
                node.text = step
        else:
            chain[0].text = one.text
        answer = "no answer" if one.answer is None else f"answer {_short(one.answer)}"
        said = f" -> {answer} ({'right' if correct else 'wrong'})"
        said += "".join(f", {who} {score}" for who, score in verdicts.get(one.index, {}).items())
        said += "" if one.returned else ", on the way and not returned"
        said += ", THE ANSWER" if one.index == final else ""
        chain[0].said += said


def _chain(nodes: Mapping[int, _Node], solution: Solution) -> Iterator[_Node]:
    """The samples that a solution is made of, the last one first; none that only the first of them
    goes on from.
    """
    place = solution.last_sample
    while place is not None and place in nodes and place >= (solution.first_sample or 0):
        yield nodes[place]
        place = nodes[place].row["after"]


def _final(run: RunFolder, problem_id: str, repeat: int) -> int | None:
    """The index of the solution that an attempt answered with last."""
    path = run.table("answers")
    if not path.is_file():
        return None
    columns = ["problem_id", "repeat", "final", "solution_index"]
    rows = read_table(path, "answers", columns, problem_id=problem_id).to_pylist()
    own = [row["solution_index"] for row in rows if row["final"] and row["repeat"] == repeat]
    return int(own[-1]) if own else None


def _verdicts(run: RunFolder, problem_id: str) -> dict[int, dict[str, str]]:
    """By solution, the mean score of each who judged it."""
    found: dict[int, dict[str, list[float]]] = {}
    if run.verifications.is_file():
        for one in read_verifications(run.verifications, problem_id):
            if one.score is not None:
                scores = found.setdefault(one.solution_index, {})
                scores.setdefault(one.verifier, []).append(one.score)
    return {
        index: {who: f"{sum(own) / len(own):.2f}" for who, own in scores.items()}
        for index, scores in found.items()
    }


def _short(text: str) -> str:
    """A text in a part of a line."""
    words = " ".join(text[: 4 * _WIDEST].split())
    return words if len(words) <= _WIDEST else words[: _WIDEST - 3] + "..."
