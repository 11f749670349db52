r"""Foreign text that a terminal only shows and never obeys: what is invisible becomes visible.

Texts of models and servers, names in data and words of other programs are data. A control
character in them (an escape sequence, a carriage return, a backspace) or one that reorders or hides
what is read (bidirectional marks, characters of no width) is written as Python would: `\x1b`,
`\u202e`. Line breaks and tabs stay, and so do the joiners and variation selectors of scripts and
emoji where they join or select something.
"""

from __future__ import annotations

import re

# Categories Cc (but tab and line feed), Cs, Zl and Zp, and Unicode's Default_Ignorable_Code_Point
# with the rest of Cf, but for the signs of Cf that are seen (U+0600 and its like). A test compares.
_NEVER = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS, _SELECTORS, _MORE_SELECTORS = "\u200c\u200d", "\ufe00-\ufe0f", "\U000e0100-\U000e01ef"
_HIDING = f"{_NEVER}{_JOINERS}{_SELECTORS}{_MORE_SELECTORS}"
# A joiner has a letter, mark or symbol beyond ASCII on either side, a selector something to select
# from in front of it; elsewhere, and in runs, they do nothing but hide.
_HIDDEN = re.compile(
    f"[{_NEVER}]"
    f"|(?<![^\x00-\x7f{_NEVER}{_JOINERS}])[{_JOINERS}]"
    f"|[{_JOINERS}](?![^\x00-\x7f{_HIDING}])"
    f"|(?<![^\x00-\x20{_HIDING}])[{_SELECTORS}]"
    f"|(?<![^\x00-\x7f{_HIDING}])[{_MORE_SELECTORS}]"
)
_BREAKS = str.maketrans({"\n": "\\n", "\t": "\\t"})


def visible(text: str) -> str:
    """The text with everything that controls a terminal, or hides, written as an escape.

    A line break of two characters, as in text from Windows, becomes one.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_escape, text.replace("\r\n", "\n"))


def visible_line(text: str) -> str:
    """As `visible`, in a single line: no name or message can pretend to be several."""
    return visible(text).translate(_BREAKS)


def visible_json(text: str) -> str:
    """JSON with such characters as escapes of its own: the same data, and no harm in `cat`.

    What JSON itself wants outside of strings (line breaks between values) stays.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return _HIDDEN.sub(_escape_json, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\r":
        return "\\r"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
