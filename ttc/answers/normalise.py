r"""One spelling for answers that differ only in typography.

`canonical` is the key of the `string` rule and the first step of all others. It covers what the
Minerva and Hendrycks normalisations are known for (\dfrac, \left, \text, \frac12, spaces, dollar
signs, thousands separators) and leaves meaning alone: units and percent signs stay.
"""

import re
import unicodedata
from functools import lru_cache

from ttc.answers.limits import MAX_ANSWER_CHARS
from ttc.answers.scan import closing_brace

_SIGNS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "﹣": "-",
    "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "÷": "/", "⁄": "/", "∕": "/",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "⩽": r"\le ", "⩾": r"\ge ",
    "≈": r"\approx ", "≡": r"\equiv ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ",
    "∖": r"\setminus ",
    "∅": r"\emptyset ", "Ø": r"\emptyset ", "±": r"\pm ", "∓": r"\mp ", "∨": r"\lor ",
    "∧": r"\land ",
    "Å": r"\text{angstrom}", "µ": r"\mu ", "Ω": r"\Omega ",
    "º": "°", "˚": "°", "、": ",", "。": ".", "⟨": r"\langle ", "⟩": r"\rangle ", "〈": r"\langle ",
    "〉": r"\rangle ", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'",
    "′": "'", "…": r"\ldots ", "⋯": r"\cdots ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "ⅇ": "e", "ⅈ": "i", "ⅉ": "j",
    "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}",
    "¾": r"\frac{3}{4}", "⅕": r"\frac{1}{5}", "⅖": r"\frac{2}{5}", "⅗": r"\frac{3}{5}",
    "⅘": r"\frac{4}{5}", "⅙": r"\frac{1}{6}", "⅚": r"\frac{5}{6}", "⅛": r"\frac{1}{8}",
    "⅜": r"\frac{3}{8}", "⅝": r"\frac{5}{8}", "⅞": r"\frac{7}{8}", "⅑": r"\frac{1}{9}",
    "⅒": r"\frac{1}{10}", "⅐": r"\frac{1}{7}",
} | {
    chr(code): f"\\{name} "
    for name, code in {
        "alpha": 0x3B1, "beta": 0x3B2, "gamma": 0x3B3, "delta": 0x3B4, "epsilon": 0x3B5,
        "zeta": 0x3B6, "eta": 0x3B7, "theta": 0x3B8, "kappa": 0x3BA, "lambda": 0x3BB,
        "mu": 0x3BC, "nu": 0x3BD, "xi": 0x3BE, "pi": 0x3C0, "rho": 0x3C1, "sigma": 0x3C3,
        "tau": 0x3C4, "phi": 0x3C6, "chi": 0x3C7, "psi": 0x3C8, "omega": 0x3C9,
        "Gamma": 0x393, "Delta": 0x394, "Theta": 0x398, "Lambda": 0x39B, "Pi": 0x3A0,
        "Sigma": 0x3A3, "Phi": 0x3A6, "Psi": 0x3A8, "Omega": 0x3A9,
    }.items()
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋]+")
_DIGIT = re.compile(r"(?![0-9])\d")
_ASCII = re.compile(r"[\x20-\x7e]*")

_SWITCHES = (
    *("big", "bigl", "bigr", "bigm", "Big", "Bigl", "Bigr", "Bigm", "bigg", "biggl", "biggr"),
    *("Bigg", "Biggl", "Biggr", "left", "right", "middle", "displaystyle", "textstyle", "limits"),
    *("scriptstyle", "nolimits", "bf", "rm", "it", "sf", "tt", "sl", "sc", "bfseries", "itshape"),
    *("boldmath", "tiny", "scriptsize", "footnotesize", "small", "normalsize", "large", "Large"),
    *("LARGE", "huge", "Huge", "centering", "noindent", "hfill"),
)
_RENAMED = dict.fromkeys(_SWITCHES, "") | {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "dbinom": r"\binom",
    "tbinom": r"\binom", "leq": r"\le ", "leqslant": r"\le ", "leqq": r"\le ", "geq": r"\ge ",
    "geqslant": r"\ge ", "geqq": r"\ge ", "lt": "<", "gt": ">", "neq": r"\ne ", "lbrace": r"\{",
    "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "vert": "|", "lvert": "|", "rvert": "|",
    "mid": "|", "colon": ":", "varnothing": r"\emptyset ", "O": r"\emptyset ", "degree": "°",
    "AA": r"\text{angstrom}", "dots": r"\ldots ", "dotsc": r"\ldots ", "dotsb": r"\ldots ",
    "cdots": r"\ldots ", "hdots": r"\ldots ", "cdotp": r"\cdot ", "ast": r"\cdot ",
    "star": r"\cdot ", "bullet": r"\cdot ", "infin": r"\infty ", "infinity": r"\infty ",
    "quad": " ", "qquad": " ", "thinspace": " ", "enspace": " ", "space": " ", "newline": " ",
}  # fmt: skip
_NAMED = re.compile(r"\\([A-Za-z]+)")
_GAPS = re.compile(
    r"\\(?:hspace|phantom|vphantom|hphantom) ?\{[^{}]{0,99}\}"
    r"|\\color ?(?:\[[^\][]{0,20}\])?\{[^{}]{0,50}\}"
)
# Commands that only dress what stands in their braces; all of them become \text or nothing.
_DRESS = re.compile(
    r"\\(?:(?:text|f)?color(?:box)? ?(?:\[[^\][]{0,20}\])? ?\{[^{}]{0,50}\}"
    r"(?:\{[^{}]{0,50}\}(?=\{))?"
    r"|(?:mathbf|mathit|mathsf|mathtt|mathnormal|boldsymbol|bm|pmb|ensuremath|underline"
    r"|underbar|cancel|bcancel|mathop|mathord|mathstrut|smash|fbox|framebox|emph|hbox|strut))"
    r" ?(?=\{)"
)
_LATEX: list[tuple[re.Pattern[str], str]] = [  # only where there is a backslash
    (re.compile(r"(?<!\\)\\!"), ""),
    (re.compile(r"(?<!\\)\\[,;:/ >]"), " "),
    (re.compile(r"\^ ?\{ ?\\circ ?\}|\^ ?\\circ(?![A-Za-z])"), "°"),
    (re.compile(r"(?<!\\)\\([%$#&_])"), r"\1"),
    (re.compile(r"\\not ?="), r"\\ne "),
    (re.compile(r"\\\{ ?\\\}"), r"\\emptyset "),
    (re.compile(r"\\mathring ?\{ ?A ?\}|\\r ?\{A\}"), r"\\text{angstrom}"),
    (
        re.compile(
            r"\\(?:mbox|(?:math|text)(?:rm|bf|it|sf|tt|normal|up|md)?|operatorname\*?) ?(?=\{)"
        ),
        r"\\text",
    ),
    (re.compile(r"\\text\{ ?(\d+(?:[./]\d+)?) ?\}"), r" \1"),
    (re.compile(r"\\text\{ ?(:) ?\}"), r"\1"),
    (re.compile(r"\\frac ?(\d) ?(\d)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac ?(\d) ?(?=\{)"), r"\\frac{\1}"),
    (re.compile(r"\\frac ?(\{[^{}]{0,99}\}) ?(\d)"), r"\\frac\1{\2}"),
    (re.compile(r"\\sqrt ?(\w)"), r"\\sqrt{\1}"),
    (re.compile(r"\\binom ?(\d) ?(\d)"), r"\\binom{\1}{\2}"),
    (re.compile(r"^([^{}]{1,40})\\choose(?![A-Za-z])([^{}]{1,40})$"), r"\\binom{\1}{\2}"),
    (re.compile(r"\{([^{}]{1,40})\\choose(?![A-Za-z])([^{}]{1,40})\}"), r"\\binom{\1}{\2}"),
    (re.compile(r"\\dot ?\{?(\d)\}?(\d*)\\dot ?\{?(\d)\}?"), r"\\overline{\1\2\3}"),
    (re.compile(r"^\\text\{ ?(?:[Tt]he )?(?:final )?[Aa]nswer(?: is)? ?:? ?\} ?(?=.)"), ""),
]  # fmt: skip
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])(?!hline)(?![A-Za-z]\b)")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|\\[,;: !]|~|\{ \}|,(?:\\[,;: !]|\{\})) ?(?=\d{3}(?!\d))")
_SPELLINGS: list[tuple[str, re.Pattern[str], str]] = [  # only where the first text is in it
    ("{,}", re.compile(r"(?<=\d)\{,\}(?=\d)"), "."),
    ("{}", re.compile(r"(?<![A-Za-z}\]^_])\{\}"), ""),
    ("~", re.compile("~"), " "),
    ("<=", re.compile("<="), r"\\le "),
    (">=", re.compile(">="), r"\\ge "),
    ("!=", re.compile("!="), r"\\ne "),
    ("...", re.compile(r"\.\.\.+"), r"\\ldots "),
    ("°", re.compile(r"\^ ?°|\^ ?\{ ?° ?\}"), "°"),
    ("√", re.compile(r"√ ?\(([^()]{0,99})\)"), r"\\sqrt{\1}"),
    ("√", re.compile(r"√ ?\{([^{}]{0,99})\}"), r"\\sqrt{\1}"),
    ("√", re.compile(r"√ ?(\d+(?:\.\d+)?|\w)"), r"\\sqrt{\1}"),
    ("∛", re.compile(r"∛ ?\(?(\d+|\w)\)?"), r"\\sqrt[3]{\1}"),
    ("_", re.compile(r"_ ?\{ ?(\w) ?\}"), r"_\1"),
]  # fmt: skip
_WRAPPERS = [
    ("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("***", "***"), ("**", "**"),
    ("*", "*"), ("__", "__"), ("_", "_"), ("`", "`"), ('"', '"'), ("~~", "~~"), ("<b>", "</b>"),
    ("<strong>", "</strong>"), ("<answer>", "</answer>"), ("``", "''"),
]  # fmt: skip
_WRAPPING = frozenset(left[0] for left, _ in _WRAPPERS)
_MOST_WRAPPERS = 20
_COMMANDS = [r"\boxed{", r"\fbox{", r"\text{", "{"]
_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_INTEGER = re.compile(r"([+-]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.0*)?", re.ASCII)
_WORDS = re.compile(r"[A-Za-z][A-Za-z'. -]*")
_SIMPLE = re.compile(r"[A-Za-z0-9+/ -]*(?:[.,][A-Za-z0-9+/ -]+)*")  # nothing in it to replace


def plain_signs(text: str) -> str:
    """Digits, letters and signs of other alphabets and widths as ASCII or LaTeX; no format marks.

    Decimal digits of every script (`٧`, `７`), full-width forms, raised and lowered digits, and
    what Unicode calls format characters (zero-width spaces, direction marks), which nobody sees.
    """
    if _ASCII.fullmatch(text):
        return text
    text = _RAISED.sub(lambda m: f"^{{{m[0].translate(_SUPERSCRIPTS)}}}", text)
    text = _LOWERED.sub(lambda m: f"_{{{m[0].translate(_SUBSCRIPTS)}}}", text)
    return "".join(map(_plain_sign, text))


def ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0 to 9; all else stays."""
    return text if text.isascii() else _DIGIT.sub(lambda m: str(unicodedata.decimal(m[0])), text)


@lru_cache(maxsize=4096)
def _plain_sign(char: str) -> str:
    if char.isascii():
        return " " if char in "\t\r\n\v\f" else "" if char < " " or char == "\x7f" else char
    if sign := _SIGNS.get(char):
        return sign
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    if category in ("Cf", "Cc"):
        return ""
    if "\uff01" <= char <= "\uff5e" or "\U0001d400" <= char <= "\U0001d7ff":
        return unicodedata.normalize("NFKC", char)
    return char


def tidy(text: str) -> str:
    """Untangle typography, keep the structure: still LaTeX, spaces and units kept."""
    text = " ".join(plain_signs(text).split())
    if _SIMPLE.fullmatch(text):
        return text
    text = unwrap(text)
    if "\\\\" in text:
        text = _DOUBLED.sub(r"\\", text)
    text = _THOUSANDS.sub("", text)
    if "\\" in text:
        text = _GAPS.sub("", _DRESS.sub(r"\\text", text))
        text = _NAMED.sub(lambda m: _RENAMED.get(m[1], m[0]), text)
        for pattern, by in _LATEX:
            text = pattern.sub(by, text)
    for sign, pattern, by in _SPELLINGS:
        if sign in text:
            text = pattern.sub(by, text)
    return unwrap(" ".join(text.split()))


def unwrap(text: str) -> str:
    r"""Strip what surrounds a whole answer: $...$, \(...\), \boxed{...}, **...**, a full stop."""
    for _ in range(_MOST_WRAPPERS):
        before = text
        text = text.strip().rstrip(";:,").strip()
        if text.endswith("\\") and not text.endswith("\\\\\\"):
            text = text.rstrip("\\").strip()  # `5\ ` and `5\\`
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
        for left, right in _WRAPPERS if text[:1] in _WRAPPING else ():
            inner = text[len(left) : len(text) - len(right)]
            if text.startswith(left) and text.endswith(right) and inner and left not in inner:
                text = inner
        for command in _COMMANDS:
            if text.startswith(command) and _closes_at_end(text, len(command)):
                text = text[len(command) : -1]
        if text == before:
            break
    return text


def _closes_at_end(text: str, start: int) -> bool:
    return closing_brace(text, start) == len(text) - 1


def canonical(text: str) -> str:
    """Key under which equal spellings meet; never raises. Over-long texts are only stripped."""
    return _integer(text.strip()) if len(text) > MAX_ANSWER_CHARS else _canonical(text)


@lru_cache(maxsize=8192)
def _canonical(text: str) -> str:
    text = tidy(text)
    plain = _TEXT.sub(r"\1", text)
    if len(plain) > 1 and _WORDS.fullmatch(plain):
        return " ".join(plain.split()).casefold()
    return _integer(plain.replace(" ", "")) or text


def _integer(text: str) -> str:
    """Integers of any length lose their plus sign, separators, leading zeros and `.0`."""
    match = _INTEGER.fullmatch(text)
    if not match:
        return text
    digits = match[2].replace(",", "").lstrip("0") or "0"
    return f"-{digits}" if match[1] == "-" and digits != "0" else digits
