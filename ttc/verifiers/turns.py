"""In which order several solutions are judged, so that a budget may end it anywhere. No verifier.

What is left must be the first solutions, each judged whole. Were it those that happened to be done,
short solutions would be judged more often than long ones, and whoever chooses among the judged
would choose among easy ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TypeVar

T = TypeVar("T")


def turns(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """One item, the next two, the next four, and so on: what is judged together in several stages.

    All at once, a budget may end before the last stage of any. So it buys one as soon as it
    suffices for one, and loses no more than a turn, which is about as much as was judged before.
    """
    begin, size = 0, 1
    while begin < len(items):
        yield items[begin : begin + size]
        begin, size = begin + size, 2 * size


def whole_first(items: Sequence[T], whole: Callable[[T], bool]) -> list[T]:
    """Those before the first that is not whole."""
    return [*takewhile(whole, items)]
