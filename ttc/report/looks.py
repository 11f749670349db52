"""How figures look: their size, their letters and their style, for every command that draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ttc.errors import UsageError
from ttc.words import nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette: colour-blind readers tell these apart.
BLACK, GREY = "#000000", "#777777"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_GREYS = ("#5a5a5a", "#8c8c8c", "#303030", "#a6a6a6", "#707070", "#bdbdbd")
USUAL_FONT = 10.0
"""Points of the letters that figures are made with, to which `Look.font_size` is relative."""
_OWN: Mapping[str, Mapping[str, float]] = {
    "paper": {"width": 5.5, "font_size": 8.0, "lines": 0.8},  # a text width of usual papers, inches
    "slides": {"width": 12.0, "font_size": 18.0, "lines": 1.7},
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
        height=height,
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


def dress(figure: Figure, chosen: Look) -> None:
    """Give a figure the look that makers of figures know nothing of: size, letters, colours."""
    width, height = figure.get_size_inches()
    if chosen.width is not None or chosen.height is not None:
        wide = chosen.width or width * (chosen.height or height) / height
        figure.set_size_inches(wide, chosen.height or height * wide / width)
    if chosen.font_size is not None:
        _scale_letters(figure, chosen.font_size / USUAL_FONT)
    if chosen.lines != 1.0:
        _scale_lines(figure, chosen.lines)
    if colours := _replacements(chosen):
        _recolour(figure, colours, grounds=True)
    if "text.color" in chosen.settings:  # black on a dark ground would not be seen
        _recolour(figure, {BLACK: chosen.settings["text.color"]}, grounds=False)
    if chosen.grey:
        _grey_images(figure)


def _scale_letters(figure: Figure, factor: float) -> None:
    from matplotlib.text import Text

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):  # ticks are made anew with every drawing
            size = axis.get_tick_params().get("labelsize")
            points = _points(size) if size is not None else _points("medium")
            axis.set_tick_params(which="both", labelsize=points * factor)
    ticks = {id(t) for a in figure.axes for x in (a.xaxis, a.yaxis) for t in x.get_ticklabels()}
    for text in figure.findobj(Text):
        if isinstance(text, Text) and id(text) not in ticks:
            text.set_fontsize(_points(text.get_fontsize()) * factor)


def _points(size: Any) -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def _scale_lines(figure: Figure, factor: float) -> None:
    from matplotlib.lines import Line2D

    for line in figure.findobj(Line2D):
        if isinstance(line, Line2D):
            line.set_linewidth(line.get_linewidth() * factor)
            line.set_markersize(line.get_markersize() * factor)


def _replacements(chosen: Look) -> dict[str, str]:
    """Colours to draw in place of ours, by ours: greys, or those of a matplotlib style."""
    if chosen.grey:
        return dict(zip(map(str.lower, COLOURS), _GREYS, strict=True))
    found = {}
    if cycle := chosen.settings.get("axes.prop_cycle"):
        theirs = [one["color"] for one in cycle if "color" in one]
        found = {c.lower(): theirs[i % len(theirs)] for i, c in enumerate(COLOURS) if theirs}
    return found


def _recolour(figure: Figure, instead: Mapping[str, str], *, grounds: bool) -> None:
    """grounds: also what is filled, such as bars and backgrounds."""
    from matplotlib.artist import Artist
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    kinds: tuple[tuple[type[Artist], tuple[str, ...]], ...] = (
        (Line2D, ("markerfacecolor", "markeredgecolor", "color")),
        (Collection, ("facecolor", "edgecolor")),
        (Text, ("color",)),
        *(((Patch, ("facecolor", "edgecolor")),) if grounds else ()),
    )
    for artist in figure.findobj():
        names = next((names for kind, names in kinds if isinstance(artist, kind)), ())
        before = {name: getattr(artist, f"get_{name}")() for name in names}
        for name, colour in before.items():
            new = _changed(colour, instead)
            if new is not None:
                getattr(artist, f"set_{name}")(new)


def _changed(colour: Any, instead: Mapping[str, str]) -> Any:
    """The colour, or array of colours, that is to be there; None where it stays as it is."""
    from matplotlib.colors import to_hex, to_rgba, to_rgba_array

    if isinstance(colour, str) and colour in ("none", "auto"):
        return None
    one = isinstance(colour, str) or getattr(colour, "ndim", 1) == 1
    try:
        before = [to_rgba(colour)] if one else [tuple(row) for row in to_rgba_array(colour)]
    except ValueError:
        return None
    names = [to_hex(rgba).lower() if rgba[3] > 0 else "" for rgba in before]
    if not any(name in instead for name in names):
        return None
    after = [
        to_rgba(instead[name], rgba[3]) if name in instead else rgba
        for name, rgba in zip(names, before, strict=True)
    ]
    return after[0] if one else after


def _grey_images(figure: Figure) -> None:
    for axes in figure.axes:
        for image in axes.images:
            image.set_cmap("gray")
