"""Gives figures the look that is asked for: makers of figures know nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ttc.report.direct_labels import break_names, settle
from ttc.report.looks import BLACK, COLOURS, PAGE, SMALLEST, USUAL_FONT, Look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# In the order of COLOURS, neighbours far apart; other colours become as light as they are.
_GREYS = ("#5a5a5a", "#8c8c8c", "#303030", "#a6a6a6", "#707070", "#bdbdbd")
_SHRUNK = SMALLEST / USUAL_FONT  # how small letters become in a narrow figure
_LIGHTEST_TEXT = 0x60
_Change = Callable[[str], str | None]
"""From a colour (#rrggbb) to the one in its place, None where it stays."""


def dress(figure: Figure, chosen: Look) -> None:
    """Give a figure its size, letters, lines and colours. Not twice."""
    width, height = figure.get_size_inches()
    if chosen.width is not None or chosen.height is not None:
        wide = chosen.width or width * (chosen.height or height) / height
        figure.set_size_inches(wide, chosen.height or height * wide / width)
    if chosen.lines != 1.0:
        _scale_lines(figure, chosen.lines)
    if chosen.font_size is not None:
        _scale_letters(figure, chosen.font_size / USUAL_FONT)
    else:
        _scale_letters(figure, min(1.0, max(_SHRUNK, figure.get_figwidth() / width)))
        _enlarge(figure)
    break_names(figure)
    _break_lines(figure)
    settle(figure, may_grow=chosen.height is None)
    if chosen.grey:
        _recolour(figure, _grey, _grey_text, _grey)
        for axes in figure.axes:
            for image in axes.images:
                image.set_cmap("gray")
    else:
        _as_style(figure, chosen)


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


def _enlarge(figure: Figure) -> None:
    """Let no letters be smaller than `SMALLEST` where the figure is printed on a page."""
    from matplotlib.text import Text

    least = SMALLEST * max(1.0, figure.get_figwidth() / PAGE)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            size = axis.get_tick_params().get("labelsize")
            axis.set_tick_params(
                which="both", labelsize=max(least, _points("medium" if size is None else size))
            )
    for text in figure.findobj(Text):
        if isinstance(text, Text) and _points(text.get_fontsize()) < least:
            text.set_fontsize(least)


def _break_lines(figure: Figure) -> None:
    """Break titles and axes' names that are longer than there is room for."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.get_window_extent()
        titles = [getattr(axes, name) for name in ("title", "_left_title", "_right_title")]
        for text in (*titles, axes.xaxis.label):
            _break(text, text.get_window_extent().width, box.width)
        _break(axes.yaxis.label, axes.yaxis.label.get_window_extent().height, box.height)
    top = getattr(figure, "_suptitle", None)
    if top is not None:
        _break(top, top.get_window_extent().width, 0.98 * figure.bbox.width)


def _break(text: Text, long: float, room: float) -> None:
    """long, room: in pixels."""
    if long > room > 0:
        lines = text.get_text().split("\n")
        most = max(8, int(max(map(len, lines)) * room / long))
        text.set_text(
            "\n".join(part for line in lines for part in wrap(line, most, break_long_words=False))
        )


def _points(size: Any) -> float:
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def _scale_lines(figure: Figure, factor: float) -> None:
    from matplotlib.lines import Line2D

    for line in figure.findobj(Line2D):
        if isinstance(line, Line2D):
            line.set_linewidth(line.get_linewidth() * factor)
            line.set_markersize(line.get_markersize() * factor)


def _as_style(figure: Figure, chosen: Look) -> None:
    """The colours of a matplotlib style in place of ours, its text's in place of black."""
    instead: dict[str, str] = {}
    if cycle := chosen.settings.get("axes.prop_cycle"):
        theirs = [one["color"] for one in cycle if "color" in one]
        instead = {c.lower(): theirs[i % len(theirs)] for i, c in enumerate(COLOURS) if theirs}
    filled = instead.get
    if "text.color" in chosen.settings:  # black on a dark ground would not be seen
        instead = instead | {BLACK: chosen.settings["text.color"]}
    if instead:
        _recolour(figure, instead.get, instead.get, filled)


def _grey(colour: str) -> str | None:
    """A grey that is as far from those of other curves as it can be."""
    known = {c.lower(): grey for c, grey in zip(COLOURS, _GREYS, strict=True)}
    if colour in known:
        return known[colour]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if red == green == blue:
        return None
    level = round(0.299 * red + 0.587 * green + 0.114 * blue)
    return f"#{level:02x}{level:02x}{level:02x}"


def _grey_text(colour: str) -> str | None:
    """As `_grey`, but dark enough to be read."""
    grey = _grey(colour)
    level = 0 if grey is None else min(int(grey[1:3], 16), _LIGHTEST_TEXT)
    return grey and f"#{level:02x}{level:02x}{level:02x}"


def _recolour(figure: Figure, lines: _Change, texts: _Change, grounds: _Change) -> None:
    """Change the colours of lines and bands, of texts, and of what is filled: bars, backgrounds."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import FancyArrowPatch, Patch
    from matplotlib.text import Text

    kinds: tuple[tuple[type[Artist], tuple[str, ...], _Change], ...] = (
        (Line2D, ("markerfacecolor", "markeredgecolor", "color"), lines),
        (Collection, ("facecolor", "edgecolor"), lines),
        (Text, ("color",), texts),
        (FancyArrowPatch, ("facecolor", "edgecolor"), lines),
        (Patch, ("facecolor", "edgecolor"), grounds),
    )
    for artist in _artists(figure):
        for kind, names, change in kinds:
            if isinstance(artist, kind):
                before = {name: getattr(artist, f"get_{name}")() for name in names}
                for name, colour in before.items():
                    if (new := _changed(colour, change)) is not None:
                        getattr(artist, f"set_{name}")(new)
                break


def _artists(figure: Figure) -> Iterator[Artist]:
    """All that a figure is made of, and the arrows of annotations, which are no children."""
    from matplotlib.text import Annotation

    for artist in figure.findobj():
        yield artist
        if isinstance(artist, Annotation) and artist.arrow_patch is not None:
            yield artist.arrow_patch


def _changed(colour: Any, change: _Change) -> Any:
    """The colour, or array of colours, that is to be there; None where it stays as it is."""
    from matplotlib.colors import to_hex, to_rgba, to_rgba_array

    if isinstance(colour, str) and colour in ("none", "auto"):
        return None
    one = isinstance(colour, str) or getattr(colour, "ndim", 1) == 1
    try:
        before = [to_rgba(colour)] if one else [tuple(row) for row in to_rgba_array(colour)]
    except ValueError:
        return None
    instead = [change(to_hex(rgba).lower()) if rgba[3] > 0 else None for rgba in before]
    if not any(instead):
        return None
    after = [
        rgba if new is None else to_rgba(new, rgba[3])
        for new, rgba in zip(instead, before, strict=True)
    ]
    return after[0] if one else after
