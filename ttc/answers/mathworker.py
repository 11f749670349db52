r"""The process in which untrusted LaTeX is parsed and compared; run as a script, knows no `ttc`.

Reads one JSON request a line on stdin and answers one JSON line on stdout:

- `{"do": "describe", "text": ...}` -> null if unparseable, else `{"exact", "rational", "values",
  "other"}`: values of a scalar at fixed points of its symbols, as decimal strings, or, for what has
  no value, sympy's spelling.

Safety: address space is limited; a kernel alarm kills the process when a request outlasts its limit
(a Python signal handler or watchdog thread would wait for a long C call such as a huge power), and
also when it idles, so it can't outlive a killed parent for long. The text goes through
latex2sympy's grammar only, never through sympy's `parse_expr`, which evaluates Python; string
evaluation is switched off in sympy besides (the parser needs it for digits only).
"""

import json
import os
import re
import signal
import sys
import zlib
from functools import lru_cache
from typing import Any

MEMORY = 1 << 30  # bytes of address space; importing sympy takes about 0.1 GiB
IDLE_S = 300.0
DIGITS = 40
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def limit_resources() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent still kills on time-out
        return
    for what, size in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (size, size))
        except (ValueError, OSError):
            continue


def alarm(seconds: float) -> None:
    """Let the kernel end this process after `seconds`, whatever it is doing then."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def refuse_string_evaluation() -> None:
    """Let sympy read digits only: `sympify` of a string, used for numbers, is Python's eval."""
    import sympy.physics.units  # imported by `simplify`, and evaluates its own strings
    from sympy import Expr, Float, Integer, simplify
    from sympy.parsing import sympy_parser

    x = sympy.Symbol("x")
    simplify((x + 1) ** 2 - x**2 - sympy.sin(x) - sympy.sqrt(x))  # loads the rest

    def digits_only(text: object, *_: object, **__: object) -> Expr:
        if not isinstance(text, str) or not NUMBER.fullmatch(text):
            raise ValueError("strings are not evaluated here")
        return Integer(int(text)) if text.lstrip("+-").isdecimal() else Float(text)

    sympy_parser.eval_expr = digits_only
    sympy_parser.parse_expr = digits_only


@lru_cache(maxsize=512)
def parsed(text: str) -> Any:
    """The sympy object of a LaTeX expression; raises what the parser raises."""
    from latex2sympy2_extended import NormalizationConfig, latex2sympy
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig

    return latex2sympy(
        text,
        normalization_config=NormalizationConfig(
            basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none"
        ),
        conversion_config=ConversionConfig(lowercase_symbols=False),
    )


def describe(text: str) -> dict[str, Any] | None:
    expression = parsed(text)
    nothing: dict[str, Any] = {"exact": True, "rational": "", "values": [], "other": ""}
    if is_scalar(expression):
        try:
            return nothing | values_of(prepared(expression))
        except (ArithmeticError, AttributeError, TypeError, ValueError, RecursionError):
            pass
    return nothing | {"other": spelling(expression)}


def is_scalar(expression: Any) -> bool:
    from sympy import Expr, nan, oo, zoo

    return isinstance(expression, Expr) and not expression.has(oo, -oo, zoo, nan)


def spelling(expression: Any) -> str:
    """What has no value is told apart by how sympy writes it."""
    return str(expression.doit() if hasattr(expression, "doit") else expression)[:2000]


def prepared(expression: Any) -> Any:
    """Read i as the imaginary unit, e as Euler's number, and odd roots as real ones."""
    from sympy import E, I, Pow

    named = {s: {"i": I, "e": E}[s.name] for s in expression.free_symbols if s.name in ("i", "e")}
    expression = expression.subs(named) if named else expression
    return expression.replace(lambda part: isinstance(part, Pow), real_root)


def real_root(power: Any) -> Any:
    """The real cube root of -8 is -2; the principal one, which sympy takes, is complex."""
    base, exponent = power.base, power.exp
    if base.is_number and (exact := exponent.doit()).is_Rational and exact.q % 2 and exact.q > 1:
        value = base.doit()
        if value.is_negative:
            return (-1) ** exact.p * (-value) ** exact
    return power


def values_of(expression: Any) -> dict[str, Any]:
    """Exactness, the value if it is a fraction, and (re, im) at the points, forty digits each."""
    from sympy import Float

    exact = not expression.has(Float)
    symbols = sorted(expression.free_symbols, key=str)
    value = expression.doit()
    if not symbols and exact and value.is_Rational:
        if max(abs(value.p), value.q).bit_length() > 13_000:
            raise ValueError("too long to write")
        return {"rational": f"{value.p}/{value.q}", "values": [digits(value)]}
    points = range(4) if symbols else range(1)
    values = [digits(value, {s: place(s, n) for s in symbols}) for n in points]
    return {"exact": exact, "values": values}


def place(symbol: Any, point: int) -> Any:
    """A fixed value of a symbol, by its name: positive at two points, of either sign at two."""
    from sympy import Rational

    mixed = zlib.crc32(f"{symbol}{point}".encode())
    size = Rational(1 + mixed % 9973, 9973) + (point % 2)
    return -size if (point > 1 and mixed & 1 << 20) or point == 3 else size


def digits(expression: Any, at: Any = None) -> list[str]:
    """Real and imaginary part; zero where no digit is significant."""
    value = expression.evalf(DIGITS, subs=at or {}, maxn=200)
    if not value.is_number or value.has(float("nan")):
        raise ValueError("no value")
    return [significant(part) for part in value.as_real_imag()]


def significant(part: Any) -> str:
    part = part.evalf(DIGITS, maxn=200)
    if not part.is_Float and not part.is_Rational:
        raise ValueError("no number")
    return "0" if part.is_zero or getattr(part, "_prec", 99) < 20 else str(part)


def answer(request: dict[str, Any]) -> Any:
    try:
        return describe(request["text"])
    except Exception:  # whatever sympy trips over, including MemoryError and RecursionError
        return None


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing that a library prints is a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_resources()
    alarm(IDLE_S)

    def reply(value: object) -> None:
        replies.write(json.dumps(value) + "\n")
        replies.flush()

    try:
        import latex2sympy2_extended  # noqa: F401

        refuse_string_evaluation()
    except ImportError as error:
        reply({"error": str(error)})
        return
    reply({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        alarm(request["limit"])
        result = answer(request)
        alarm(IDLE_S)
        reply({"id": request["id"], "value": result})


if __name__ == "__main__":
    main()
