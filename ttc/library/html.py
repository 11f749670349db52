"""What a notebook shows: small tables whose every text is data, and stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ttc.redact import redact
from ttc.visible import visible_line

# A `$` in a name begins no formula.
_OPEN = '<div class="tex2jax_ignore mathjax_ignore">'


def text(value: object) -> str:
    """A value in one line, without a key, as HTML that obeys nothing in it."""
    return escape(visible_line(redact(str(value))))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def card(title: str, lines: Iterable[str], *tables: str) -> str:
    """A title, lines below it, and tables made by `table`."""
    said = "".join(f"<br>{text(one)}" for one in lines)
    return f"{_OPEN}<p><b>{text(title)}</b>{said}</p>{''.join(tables)}</div>"
