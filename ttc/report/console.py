"""Rich's console for texts that are data: it obeys no markup and lets no control character through.

Import it where something is printed, not before: Rich takes its time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Any

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from ttc.redact import redact
from ttc.terminal import harmless
from ttc.visible import visible, visible_line

_WIDTH = 120  # where there is no terminal


class Console(rich.console.Console):
    """The only console of ttc.

    What reaches it may come from a model, a server or a file. So a plain text is never markup, and
    of all that is rendered, whoever made it, only Rich's own control codes and styles pass as such:
    no call has to remember that.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        """Standard output or standard error; of a steady width where that is no terminal."""
        stream = sys.stderr if stderr else sys.stdout
        super().__init__(
            stderr=stderr,
            width=None if stream.isatty() else _WIDTH,
            markup=False,
            emoji=False,
            highlight=False,
        )

    @property
    def file(self) -> IO[str]:
        """Past a live display's stream and the gate's plain side, whichever stand before it."""
        found = super().file
        return getattr(found, "rich_proxied_file", found)

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def render_str(self, text: str, **options: Any) -> Text:
        """The text as it stands, without markup, emoji codes or highlighting."""
        justify, overflow = options.get("justify"), options.get("overflow")
        return Text(harmless(text), options.get("style") or "", justify=justify, overflow=overflow)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Segments whose texts are harmless."""
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        elif isinstance(renderable, Text):
            renderable = _harmless_text(renderable)
        for segment in super().render(renderable, options):
            yield segment if segment.control else _harmless_segment(segment)


def plain(text: str, style: str = "") -> Text:
    """A text as any console prints it, line by line and unformatted."""
    return Text(harmless(text), style=style)


def line(text: str, style: str = "") -> Text:
    """A text of one line."""
    return Text(visible_line(redact(text)), style=style)


def _harmless_text(text: Text) -> Text:
    """A secret may span styles and break at a line's end, so it is looked for before both.

    A text with something to hide loses the styles of its parts.
    """
    cleaned = harmless(text.plain)
    if cleaned == text.plain:
        return text
    return text.blank_copy(cleaned)


def _harmless_segment(segment: Segment) -> Segment:
    text, style = visible(segment.text), segment.style
    if style is not None and style.link:
        style = style.update_link(None)
    if text == segment.text and style is segment.style:
        return segment
    return Segment(text, style)
