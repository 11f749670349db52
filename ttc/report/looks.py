"""How figures are to look: size, letters and style, for every command that draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ttc.errors import UsageError
from ttc.words import nearest

# Okabe and Ito's palette: colour-blind readers tell these apart.
BLACK, GREY = "#000000", "#777777"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
USUAL_FONT = 10.0
"""Points of the letters that figures are made with, to which `Look.font_size` is relative."""
PAGE = 7.2
"""Inches: the widest that a figure is printed."""
SMALLEST = 7.0
"""Points of the smallest letters, at the width that a figure is printed."""
_OWN: Mapping[str, Mapping[str, float]] = {
    "paper": {"width": 5.5, "font_size": 8.0, "lines": 0.8},  # a text width of usual papers, inches
    "slides": {"width": 12.0, "height": 6.75, "font_size": 18.0, "lines": 1.7},  # 16 to 9
    "grey": {},
}
_LEAST_INCH, _MOST_INCH = 1.0, 60.0
_LEAST_POINT, _MOST_POINT = 3.0, 72.0


@dataclass(frozen=True, slots=True)
class Look:
    """Width and height in inches, font size in points; None: as the figure is made.

    styles: `paper`, `slides`, `grey`, and names or files of matplotlib's, the later ones on top.
    """

    width: float | None = None
    height: float | None = None
    font_size: float | None = None
    styles: tuple[str, ...] = ()
    lines: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def grey(self) -> bool:
        """Whether greys stand for colours."""
        return "grey" in self.styles


_now: ContextVar[Look | None] = ContextVar("look", default=None)


def current() -> Look:
    """The look of what is drawn now."""
    return _now.get() or Look()


def look(
    width: float | None = None,
    height: float | None = None,
    font_size: float | None = None,
    style: str | None = None,
) -> Look:
    """The look that options ask for; what a style says of sizes gives way to them.

    style: names or files, with commas between them. Raises `UsageError` for an unknown style and
    for sizes that no figure has.
    """
    for name, value, least, most in (
        ("width", width, _LEAST_INCH, _MOST_INCH),
        ("height", height, _LEAST_INCH, _MOST_INCH),
        ("font-size", font_size, _LEAST_POINT, _MOST_POINT),
    ):
        if value is not None and not least <= value <= most:
            unit = "points" if name == "font-size" else "inches"
            raise UsageError(f"--{name} {value:g}: expected {least:g} to {most:g} {unit}")
    styles = tuple(word.strip() for word in (style or "").split(",") if word.strip())
    own: dict[str, float] = {}
    for name in styles:
        own |= _OWN.get(name, {})
    settings = _of_matplotlib([name for name in styles if name not in _OWN])
    return Look(
        width=own.get("width") if width is None else width,
        height=height if height is not None or width is not None else own.get("height"),
        font_size=own.get("font_size") if font_size is None else font_size,
        styles=styles,
        lines=own.get("lines", 1.0),
        settings=settings,
    )


def _of_matplotlib(names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    from matplotlib import rc_params_from_file, style

    settings: dict[str, Any] = {}
    for name in names:
        if name in style.library:
            settings.update(cast(Any, style.library[name]))
        elif Path(name).is_file():
            try:
                read = rc_params_from_file(name, use_default_template=False)
                settings.update(cast(Any, read))
            except (OSError, ValueError) as error:
                raise UsageError(f"--style {name}: no style file of matplotlib: {error}") from None
        else:
            known = [*_OWN, *style.available]
            raise UsageError(f"--style {name}: neither a style nor a file{nearest(name, known)}")
    # Names of data stand in figures; TeX would obey them. A window is no business of a file's.
    return {k: v for k, v in settings.items() if k not in ("text.usetex", "backend")}


@contextmanager
def drawn_in(chosen: Look) -> Iterator[None]:
    """What is drawn in the block has this look."""
    from matplotlib import rc_context

    token = _now.set(chosen)
    try:
        with rc_context(cast(Any, dict(chosen.settings))):
            yield
    finally:
        _now.reset(token)
