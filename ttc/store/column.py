"""What a column of a table is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "label", "int", "float", "bool", "texts", "floats"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A `label` is a text with few distinct values, kept dictionary-encoded.

    `unit` is empty where there is none. A nullable column says in its description what null means.
    `later`: tables of 0.1.0 may lack it, which reads as null.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    nullable: bool = False
    later: bool = False
