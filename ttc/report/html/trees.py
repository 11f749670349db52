"""The search tree of each attempt at a problem, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from ttc.report.html.pack import shown_line
from ttc.report.html.rows import ProblemRows
from ttc.report.tree import Node, grown

_MOST = 2000


class NodeData(TypedDict):
    """A sample: its number, whom it goes on from, and what came of it."""

    n: int
    after: int | None
    role: str
    tokens: int
    branch: NotRequired[str]
    ended: NotRequired[str]
    scores: NotRequired[list[str]]
    dropped: NotRequired[bool]
    text: NotRequired[str]
    said: NotRequired[str]


class TreeData(TypedDict):
    """The samples of an attempt. left: how many more there are; beside: judgements by role."""

    repeat: int
    nodes: list[NodeData]
    left: int
    beside: dict[str, int]


def trees(rows: ProblemRows) -> list[TreeData]:
    """Those of attempts in which a sample goes on from another, or was thrown away."""
    found = []
    for repeat in sorted({int(row["repeat"]) for row in rows.samples}):
        nodes, beside = grown(rows.samples, repeat, rows.solutions, rows.final.get(repeat))
        grew = any(n.row["after"] in nodes or n.row["fate"] == "discarded" for n in nodes.values())
        if grew:
            found.append(_tree(repeat, list(nodes.values()), dict(beside)))
    return found


def _tree(repeat: int, nodes: Sequence[Node], beside: dict[str, int]) -> TreeData:
    return {
        "repeat": repeat,
        "nodes": [_node(one) for one in nodes[:_MOST]],
        "left": max(0, len(nodes) - _MOST),
        "beside": beside,
    }


def _node(node: Node) -> NodeData:
    row = node.row
    made: NodeData = {
        "n": int(row["number"]),
        "after": None if row["after"] is None else int(row["after"]),
        "role": str(row["role"]),
        "tokens": int(row["completion_tokens"]),
    }
    if row["branch"]:
        made["branch"] = str(row["branch"])
    if row["finish_reason"] not in ("stop", "read", "imported"):
        made["ended"] = str(row["finish_reason"])
    if node.scores:
        made["scores"] = list(node.scores)
    if row["fate"] == "discarded":
        made["dropped"] = True
    if node.text is not None:
        made["text"] = shown_line(node.text.strip(), 300)
    if node.said:
        made["said"] = shown_line(node.said.removeprefix(" -> "), 300)
    return made
