"""Draws which rooms of ttc import which, from its modules, into docs/architecture.md.

`make docs` runs it. An arrow that others imply (A to C, where there are A to B and B to C) is left
out; so are `core`, which all rooms know, and imports for type checkers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grimp

PAGE = Path(__file__).parent / "architecture.md"
BEGIN, END = "<!-- rooms: made by docs/draw_rooms.py -->\n", "<!-- rooms end -->"
Arrows = dict[str, set[str]]


def arrows() -> Arrows:
    """By room, the rooms that it imports."""
    graph = grimp.build_graph("ttc", exclude_type_checking_imports=True, cache_dir=None)
    rooms = [name for name in graph.find_children("ttc") if graph.find_descendants(name)]
    for room in rooms:
        graph.squash_module(room)
    found = {
        room.removeprefix("ttc."): {
            name.removeprefix("ttc.")
            for name in graph.find_modules_directly_imported_by(room)
            if name in rooms and name not in (room, "ttc.core")
        }
        for room in rooms
    }
    return {room: found[room] for room in sorted(found) if room != "core"}


def reduced(found: Arrows) -> Arrows:
    """Without the arrows that others imply. Raises `ValueError` for a circle."""
    return {
        room: {one for one in near if not any(one in _below(found, o) for o in near - {one})}
        for room, near in found.items()
        if _below(found, room) is not None
    }


def _below(found: Arrows, room: str) -> set[str]:
    """All that a room comes to by arrows."""
    seen: set[str] = set()
    pending = list(found.get(room, ()))
    while pending:
        one = pending.pop()
        if one == room:
            raise ValueError(f"the rooms' imports go in a circle, through {room}")
        if one not in seen:
            seen.add(one)
            pending += found.get(one, ())
    return seen


def drawing() -> str:
    """The diagram, for Mermaid."""
    lines = [f"    {a} --> {b}\n" for a, near in reduced(arrows()).items() for b in sorted(near)]
    return f"{BEGIN}```mermaid\nflowchart TD\n{''.join(lines)}```\n{END}"


def redrawn(page: str) -> str:
    """A page with the drawing in its place."""
    before, _, rest = page.partition(BEGIN)
    return before + drawing() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
