r"""What an answer is made of: lists, tuples, sets, intervals, relations, matrices, their leaves.

LaTeX parsers guess at what only the whole answer tells (`1,000` in a pair, `\pm` in a fraction,
`x<1 or x>3`), so an answer is first taken apart here, at signs outside all brackets; a leaf is a
plain number or an expression that the LaTeX parser reads by itself. Linear in the text, no parser
of its own below that: what is not understood stays a leaf.
"""

import re
from functools import lru_cache
from itertools import pairwise

from ttc.answers.guards import nesting
from ttc.answers.leaves import leaf_of_kind, read_number
from ttc.answers.limits import MAX_ANSWER_CHARS, MAX_MATH_CHARS, MAX_NESTING
from ttc.answers.node import Node
from ttc.answers.normalise import canonical, tidy
from ttc.answers.numbers import parse_number
from ttc.answers.prose import is_words, told, words_of
from ttc.answers.scan import matches_outside, split_outside
from ttc.answers.units import FUNCTIONS, is_product, split_unit

MAX_ITEMS = 256
_AND = (
    r"\\text ?\{[ ,]*(?:and|or)[ ,]*\}|(?<![A-Za-z\\])(?:and|or)(?![A-Za-z])"
    r"|\\(?:lor|vee)(?![A-Za-z])"
)
_SEPARATOR = re.compile(rf"[,;] ?(?:{_AND})|[,;]|{_AND}")
_SPACED = re.compile(rf", ?(?:{_AND})|, |;|{_AND}")
_ROWS = re.compile(";")
_UNION = re.compile(r"\\(?:cup|bigcup)(?![A-Za-z])")
_RELATION = re.compile(r":=|\\(?:le|ge|ne|in|approx|equiv|sim|to|mapsto)(?![A-Za-z])|[=<>≔]")
_COLON = re.compile(":")
_ROW = re.compile(r"\\\\")
_CELL = re.compile("&")
_NAME = re.compile(
    r"\\?[A-Za-z]+(?:_(?:\{\w{1,9}\}|\w))?'{0,3}"
    r"(?: ?\(\\?[A-Za-z]\w{0,9}(?:, ?\w{1,9})*\))?(?:\^\{?-1\}?)?"
    r"|\( ?\\?[A-Za-z]\w{0,3}(?: ?, ?\\?[A-Za-z]\w{0,3}){1,9} ?\)"
    r"|\\text ?\{[^{}]{1,40}\}|[A-Za-z][A-Za-z ]{0,39}|\{[A-Za-z](?:_\w)?\}"
    r"|\\frac\{d\w?\}\{d\w\}"
)
_QUANTITY = re.compile(  # |AB|, V_1 : V_2, \frac{NO}{BO}, P(A or B): no operation with numbers
    r"(?:\\(?:frac|angle|triangle|overline|overrightarrow|vec|sin|cos|tan|text|cdot|left|right|mathrm)"
    r"|\\?[A-Za-z]+'?(?:_(?:\{\w{1,9}\}|\w))?|[ {}()|:,])+"
)
_SYMBOL = re.compile(r"\\?[A-Za-z]+(?:_(?:\{\w{1,9}\}|\w))?")
_CALL = re.compile(r"[A-Za-z] ?\([A-Za-z]\)")
_LABEL = re.compile(r"^\\text ?\{ ?\(?[A-J][.)]{0,2} ?\}[ :]*(?=[\w$(\\-])")  # (D) 12
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_MATRIX = re.compile(
    r"\\begin ?\{(?P<kind>[pbBv]?matrix|array|smallmatrix)\}(?: ?\{[lcr| ]*\})?(?P<body>.*)"
    r"\\end ?\{(?P=kind)\}",
    re.DOTALL,
)
_LETTERS = re.compile(r"[A-Za-z]+")
_FRENCH = re.compile(r"\][^\][]+[\][]|\[[^\][]+\[")
_REALS = re.compile(
    r"\\(?:mathbb|Bbb|mathbf) ?\{?R\}?|\\R|\(-\\infty, ?\+?\\infty\)"
    r"|\\text\{(?:all )?real numbers\}"
)
_WITHOUT = re.compile(
    r"\\(?:setminus|backslash|smallsetminus)(?![A-Za-z])|\\(?= ?\\\{)|-(?= ?\\\{)"
)
_DANGLING = re.compile(r"^[*/^=<>,;)\]}]|(?:[-+*/^=<>,;(\[{_?]|\\)$|^\W*$(?<!\\infty)")
_COMMAND = re.compile(r"\\[A-Za-z]+|\\begin\{\w+\}|\\end\{\w+\}")
_DOLLARS = re.compile(r"\$([^$]*)\$")
_INTERVAL = {"<": ("(", ")"), "\\le": ("[", "]")}
_MIRRORED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}
_INFINITY = r"\infty"


@lru_cache(maxsize=8192)
def structure(answer: str) -> Node:
    """The structure of an answer; never raises."""
    if len(answer) > MAX_ANSWER_CHARS:
        return Node("words", canonical(answer))
    text = _LABEL.sub("", tidy(answer)).replace("\\langle", "(").replace("\\rangle", ")")
    text = " ".join(_DOLLARS.sub(r" \1 ", text).split())
    if len(text) > MAX_MATH_CHARS or nesting(text) > MAX_NESTING:
        return Node("words", canonical(answer))
    return _whole(text)


def _whole(text: str) -> Node:
    """A list, or what is one item."""
    if _FRENCH.fullmatch(text):  # ]a, b[ is (a, b)
        text = text[0].replace("]", "(") + text[1:-1] + text[-1].replace("[", ")")
    if number := read_number(text):
        return Node("leaf", text, number=number, unit=number.unit)
    text = _without_thousands(text)
    parts = _split_list(text)
    if is_words(text) and not (len(parts) > 1 and all(map(parse_number, parts))):
        return Node("words", words_of(text))
    if text.startswith("\\text") and (inner := _inside(text, "\\text{", "}")) is not None:
        return _whole(inner.strip())
    if not 1 < len(parts) <= MAX_ITEMS:
        return _item(text)
    items = [_whole(part.strip()) if "," in part else _item(part) for part in parts]
    names = [item.name for item in items]
    words = re.sub(r"\\text ?\{([^{}]*)\}", r" \1 ", text)
    if names[0] and not any(names[1:]):  # `n = 1, 2, 3`
        items[0] = items[0].unnamed()
        return Node("list", items=tuple(items), name=names[0])
    if all(names) and len(set(names)) == 1:  # `x = 3 or x = -2`
        return _joined([item.unnamed() for item in items], names[0], " and " in words)
    return _joined(items, "", either=len(items) == 2 and " or " in words)


def _without_thousands(text: str) -> str:
    """`x = 1,000` and `1,200 + 3i`: outside brackets such a comma parts no list."""
    for match in reversed(list(matches_outside(text, _GROUPED)) if "," in text else []):
        text = text[: match.start()] + match[0].replace(",", "") + text[match.end() :]
    return text


def _joined(items: list[Node], name: str, both: bool = False, either: bool = False) -> Node:
    """Alternatives of one unknown; if all are ranges, their union."""
    if len(items) == 2 and both and (found := _overlap(*items)):
        return found
    if all(item.is_range for item in items):
        return Node("union", items=tuple(items), name=name)
    flat = [part for item in items for part in _signs_of(item)]
    return Node("list", "or" if either else "", tuple(flat), name=name)


def _overlap(low: Node, high: Node) -> Node | None:
    """`x > 1 and x < 4`."""
    if not (low.kind == high.kind == "tuple" and low.relation and high.relation):
        return None
    if low.items[0].text == f"-{_INFINITY}":
        low, high = high, low
    if low.items[1].text != _INFINITY or high.items[0].text != f"-{_INFINITY}":
        return None
    brackets = low.text[0] + high.text[1]
    return Node("tuple", brackets, (low.items[0], high.items[1]), relation="range")


def _signs_of(item: Node) -> tuple[Node, ...]:
    return item.items if item.kind == "list" and item.text == "\\pm" else (item,)


def _split_list(text: str) -> list[str]:
    """Parts between separators; commas in `1,000, 2,000` are told from those between numbers."""
    if len(rows := split_outside(text, _ROWS)) > 1 and "," in text:
        return rows
    parts = split_outside(text, _SEPARATOR)
    if len(parts) < 3 or ", " not in text:
        return parts
    spaced = split_outside(text, _SPACED)
    if 1 < len(spaced) < len(parts) and all("," not in p or parse_number(p) for p in spaced):
        return spaced
    return parts


def _item(text: str) -> Node:
    text = text.strip().strip(",").strip()
    if number := parse_number(text):
        return Node("leaf", text, number=number, unit=number.unit)
    signs = list(_outside(text, _RELATION))
    if signs:
        return _related(text, signs)
    if len(parts := split_outside(text, _UNION)) > 1:
        return Node("union", items=tuple(_as_range(_item(part)) for part in parts))
    if found := _reals(text) or _bracketed(text):
        return found
    return _plus_minus(text) if "\\pm" in text or "\\mp" in text else _leaf(text)


def _reals(text: str) -> Node | None:
    r"""All real numbers, or all but some: `\mathbb{R} \setminus \{0\}` as its intervals."""
    if _REALS.fullmatch(text):
        return _between([Node("leaf", f"-{_INFINITY}"), Node("leaf", _INFINITY)])
    all_but = split_outside(text, _WITHOUT)
    if len(all_but) != 2 or not _REALS.fullmatch(all_but[0].strip()):
        return None
    left_out = _item(all_but[1])
    if left_out.kind != "set" or not all(item.number for item in left_out.items):
        return None
    points = sorted(left_out.items, key=lambda item: item.number.value if item.number else 0)
    return _between([Node("leaf", f"-{_INFINITY}"), *points, Node("leaf", _INFINITY)])


def _between(points: list[Node]) -> Node:
    """The open intervals between neighbouring points."""
    sides = [Node("tuple", "()", (low, high), relation="range") for low, high in pairwise(points)]
    return sides[0] if len(sides) == 1 else Node("union", items=tuple(sides))


def _outside(text: str, pattern: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """(before, sign, after) at each match outside brackets."""
    return [(text[: m.start()], m[0], text[m.end() :]) for m in matches_outside(text, pattern)]


def _plus_minus(text: str) -> Node:
    both = [
        text.replace("\\pm", plus).replace("\\mp", minus)
        for plus, minus in ((" + ", " - "), (" - ", " + "))
    ]
    sides = [_whole(re.sub(r"^ *\+ *|(?<=[=(,{]) *\+ *", "", side).strip()) for side in both]
    if sides[0].name and sides[0].name == sides[1].name:
        return Node("list", "\\pm", tuple(side.unnamed() for side in sides), name=sides[0].name)
    return Node("list", "\\pm", tuple(sides))


def _related(text: str, signs: list[tuple[str, str, str]]) -> Node:
    r"""`x = 5`, `f(x) = x^2`, `x \in [0,1]`, `1 < x \le 4`, `2x + z = 1`."""
    left = signs[0][0]
    right, last = signs[-1][2].strip(), signs[-1][1]
    left = left.strip()
    if any(told(side) for _, _, side in signs[:-1]) or told(left):
        return Node("leaf", text)
    if rounded := next((s for s in signs if s[1] == "\\approx"), None):
        shown = rounded[0].strip()
        if shown and not _SYMBOL.fullmatch(shown):
            return _item(shown)  # 7/3, which is about 2.33
    if last in (":=", "=", "≔", "\\in", "\\approx", "\\to", "\\mapsto", "\\equiv", "\\sim"):
        if not right or not left:
            return _item(right or left)
        if {s for _, s, _ in signs} <= {"=", ":=", "\\approx", "≔", "\\in", "\\to", "\\mapsto"}:
            return _equation(left, right, last)
        return Node("leaf", text)
    kinds = {s for _, s, _ in signs}
    if kinds == {"\\ne"} and len(signs) == 1:
        return _unequal(left, right)
    if len(signs) <= 2 and kinds <= set(_MIRRORED):
        sides = [left, *(s[2].strip() for s in signs)]
        if len(signs) == 2:
            sides[1] = signs[1][0][len(signs[0][0]) + len(signs[0][1]) :].strip()
        found = _range(sides, [s for _, s, _ in signs])
        return found or Node("leaf", text)
    return Node("leaf", text)


def _equation(left: str, right: str, sign: str) -> Node:
    difference = f"{left} - ({right})"
    named = _NAME.fullmatch(left) or _QUANTITY.fullmatch(left) or _worked_out(left, right)
    if named and not _mentions(right, left):
        value = _whole(right)
        name = "".join(left.split())
        relation = difference if sign == "=" and value.kind == "leaf" else value.relation
        return Node(value.kind, value.text, value.items, value.number, name, value.unit, relation)
    if _SYMBOL.fullmatch(right) and not _mentions(left, right) and sign == "=":
        return _equation(right, left, sign)  # `5 = x`
    return Node("relation", "=", (_leaf(difference),), relation=difference)


def _worked_out(left: str, right: str) -> bool:
    """`2 + 2 = 4`; `7 = 11a + c` says nothing of a value."""
    unknown = parse_number(left) and re.search(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])", right)
    return not re.search("[A-Za-z]", left) and not unknown


def _mentions(text: str, name: str) -> bool:
    """Whether an equation's other side holds its name, so that it does not define it."""
    bare = name.split("(")[0].strip()
    return bool(bare and re.search(rf"(?<![A-Za-z\\]){re.escape(bare)}(?![A-Za-z])", text))


def _range(sides: list[str], signs: list[str]) -> Node | None:
    """Inequalities of one unknown as intervals, others as a difference and its sign."""
    if len(signs) == 2:
        if not (_SYMBOL.fullmatch(sides[1]) or _CALL.fullmatch(sides[1])):
            return None
        if signs[0] in (">", "\\ge"):
            sides, signs = sides[::-1], [_MIRRORED[s] for s in reversed(signs)]
        if not set(signs) <= set(_INTERVAL):
            return None
        brackets = _INTERVAL[signs[0]][0] + _INTERVAL[signs[1]][1]
        return _interval(brackets, sides[0], sides[2], sides[1])
    left, right, sign = *sides, signs[0]
    if _SYMBOL.fullmatch(right) and not (_SYMBOL.fullmatch(left) and not left.startswith("\\")):
        left, right, sign = right, left, _MIRRORED[sign]
    if _SYMBOL.fullmatch(left) and not _mentions(right, left) and not left.startswith("\\inf"):
        if sign in _INTERVAL:
            brackets, low, high = "(" + _INTERVAL[sign][1], f"-{_INFINITY}", right
        else:
            brackets, low, high = _INTERVAL[_MIRRORED[sign]][0] + ")", right, _INFINITY
        return _interval(brackets, low, high, left, _signed(left, sign, right))
    sign, _, difference = _signed(left, sign, right).partition(" ")
    return Node("relation", sign, (_leaf(difference),))


def _signed(left: str, sign: str, right: str) -> str:
    r"""`< left - (right)`: the sign between a difference and zero, `<` or `\le`."""
    if sign in (">", "\\ge"):
        left, right, sign = right, left, _MIRRORED[sign]
    return f"{sign} ({left}) - ({right})"


def _interval(brackets: str, low: str, high: str, name: str, relation: str = "range") -> Node:
    return Node("tuple", brackets, (_item(low), _item(high)), name=name, relation=relation)


def _unequal(left: str, right: str) -> Node:
    ends = Node("leaf", f"-{_INFINITY}"), Node("leaf", _INFINITY)
    union = _between([ends[0], _item(right), ends[1]])
    return Node("union", items=union.items, name="".join(left.split()))


def _as_range(node: Node) -> Node:
    if node.kind == "tuple" and len(node.items) == 2:
        return Node("tuple", node.text, node.items, name=node.name, relation="range")
    return node


def _bracketed(text: str) -> Node | None:
    """Sets, tuples, intervals and matrices, where the whole text is one."""
    if found := _matrix(text):
        return found
    if (inner := _inside(text, "\\{", "\\}")) is not None:
        return _set(inner)
    opening, closing = text[:1], text[-1:]
    if opening not in "([" or closing not in ")]" or not text or _ends_early(text):
        return None
    parts = _split_list(text[1:-1])
    if len(parts) > MAX_ITEMS:
        return None
    if len(parts) == 1:
        inner = text[1:-1].strip()
        return _whole(inner) if opening == "(" or parse_number(inner) else None
    brackets = opening + closing
    return Node("tuple", brackets, tuple(_item(part) for part in parts))


def _set(inner: str) -> Node:
    for sign in (r"\|", ":"):
        parts = split_outside(inner, re.compile(sign))
        if len(parts) == 2 and _SYMBOL.match(parts[0]):
            condition = _whole(parts[1])
            return condition if condition.kind in ("tuple", "union") else Node("leaf", inner)
    node = _whole(inner.strip())
    if node.kind == "list" and not node.name:
        return Node("set", items=node.items)
    return Node("set", items=(node,)) if inner.strip() else Node("leaf", "\\emptyset")


def _ends_early(text: str) -> bool:
    """Whether the first bracket closes before the end: `(1)(2)`."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth <= 0 and i < len(text) - 1 and text[0] in "([":
            return True
    return False


def _matrix(text: str) -> Node | None:
    stripped = re.sub(r"^[(\[] ?(?=\\begin)|(?<=\}) ?[)\]]$", "", text)
    match = _MATRIX.fullmatch(stripped)
    if match is None or match["kind"] == "vmatrix" or "\\begin" in match["body"]:
        return None
    rows = [row for row in _ROW.split(match["body"].replace("\\hline", "")) if row.strip()]
    cells = [[_item(cell) for cell in _CELL.split(row)] for row in rows]
    if len({len(row) for row in cells}) != 1 or sum(map(len, cells)) > MAX_ITEMS:
        return None
    flat = tuple(cell for row in cells for cell in row)
    if len(cells) == 1 or len(cells[0]) == 1:  # a vector, which is also written (1, 2)
        return Node("tuple", "()", flat)
    return Node("matrix", f"{len(cells)}x{len(cells[0])}", flat)


def _inside(text: str, opening: str, closing: str) -> str | None:
    if not (text.startswith(opening) and text.endswith(closing)):
        return None
    inner = text[len(opening) : len(text) - len(closing)]
    return inner if opening not in inner and closing not in inner else None


def _leaf(text: str) -> Node:
    if found := leaf_of_kind(text):
        return found
    if is_words(text):
        return Node("words", words_of(text))
    parts = split_outside(text, _COLON)
    if 1 < len(parts) <= MAX_ITEMS and all(part.strip() for part in parts):
        return Node("ratio", text, tuple(_item(part) for part in parts))
    body, unit = split_unit(text)
    return Node("leaf", body, number=parse_number(body) if unit else None, unit=unit)


def is_value(answer: str) -> bool:
    """Whether an answer reads as a mathematical value, not as words; asks no worker."""
    return _holds_value(structure(answer))


def _holds_value(node: Node) -> bool:
    if node.kind == "words":
        return False
    if node.items:
        return all(map(_holds_value, node.items))
    if node.number or node.kind in ("clock", "base"):
        return True
    text = node.text
    if re.search(r"\([^()]*[=<>][^()]*\)", text):
        return False  # an aside: 14 (14 = 20 - 6)
    if not text or _DANGLING.search(text) or len(text) > MAX_MATH_CHARS:
        return False
    plain = _COMMAND.sub(" ", text)
    return all(is_product(word) or word in FUNCTIONS for word in _LETTERS.findall(plain))
