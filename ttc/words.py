"""Small words of messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2,048 problems`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
