"""One attempt at a problem as a tree of its samples: what goes on from what, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError
from ttc.report.judged import Judged
from ttc.report.problem import find_problem, read_judged
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    from ttc.core import Solution

COLUMNS = [
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
class Node:
    """A sample of an attempt. text: None where no table has it; scores: by who gave them; said: of
    the solution that it ends.
    """

    row: Mapping[str, Any]
    text: str | None = None
    scores: list[str] = field(default_factory=list)
    said: str = ""
    below: list[Node] = field(default_factory=list)

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
    nodes, beside = tree_nodes(run, problem_id, repeat)
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


def _draw(tree: Tree, roots: Sequence[Node], most: int) -> int:
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


def _run(node: Node) -> tuple[list[Text], Node]:
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


def tree_nodes(
    run: RunFolder, problem_id: str, repeat: int
) -> tuple[dict[int, Node], Mapping[str, int]]:
    """The samples that the sampler drew, by number, and how many were judgements beside them."""
    path = run.table("samples")
    if not path.is_file():
        raise DataError(f"{run.name} has no table of samples; a run of ttc's own has one")
    rows = read_table(path, "samples", COLUMNS, problem_id=problem_id).to_pylist()
    found = grown(rows, repeat, read_judged(run, problem_id), _final(run, problem_id, repeat))
    if not found[0] and not found[1]:
        repeats = sorted({row["repeat"] for row in rows})
        there = f"its attempts are {', '.join(map(str, repeats))}" if repeats else "none was begun"
        raise DataError(f"{run.name} has no attempt {repeat} at {problem_id}: {there}")
    return found


def grown(
    rows: Sequence[Mapping[str, Any]], repeat: int, solutions: Sequence[Judged], final: int | None
) -> tuple[dict[int, Node], Mapping[str, int]]:
    """The samples that an attempt's sampler drew, by number, and how many were judgements that go
    on from none of them, by role; nothing of an attempt that there is not.

    rows: of `samples`, of one problem; final: the index of the attempt's answer.
    """
    own = [row for row in rows if row["repeat"] == repeat and row["verifier"] is None]
    nodes = {row["number"]: Node(row) for row in own if row["fate"] != "judged"}
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
    for one in solutions:
        if one.solution.repeat == repeat and one.solution.last_sample in nodes:
            _tell(one, nodes, last=one.solution.index == final)
    return nodes, beside


def _tell(one: Judged, nodes: Mapping[int, Node], *, last: bool) -> None:
    """Write down at the samples what the solution that they are parts of says, and what came of
    it. last: whether it is the attempt's answer.
    """
    solution = one.solution
    chain = list(_chain(nodes, solution))
    if len(chain) == len(solution.steps):  # a step each
        for node, step in zip(chain, reversed(solution.steps), strict=True):
            node.text = step
    else:
        chain[0].text = solution.text
    answer = "no answer" if solution.answer is None else f"answer {_short(solution.answer)}"
    said = f" -> {answer} ({'right' if one.correct else 'wrong'})"
    scores = {who: one.score(who) for who in one.by_verifier}
    said += "".join(f", {who} {score:.2f}" for who, score in scores.items() if score == score)
    said += "" if solution.returned else ", on the way and not returned"
    chain[0].said += said + (", THE ANSWER" if last else "")


def _chain(nodes: Mapping[int, Node], solution: Solution) -> Iterator[Node]:
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


def _short(text: str) -> str:
    """A text in a part of a line."""
    words = " ".join(text[: 4 * _WIDEST].split())
    return words if len(words) <= _WIDEST else words[: _WIDEST - 3] + "..."
