r"""Physical constants by their usual symbols, as quantities (values: CODATA, from scipy).

`c`, `2 m_e c^2`, `h/e`, `\frac{\hbar}{m_e}`: products of symbols with whole powers, and one
division. Symbols are read so only where an answer with units stands on the other side.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_SYMBOLS = {
    "c": "speed of light in vacuum",
    "h": "Planck constant",
    "\\hbar": "reduced Planck constant",
    "k_B": "Boltzmann constant",
    "N_A": "Avogadro constant",
    "R": "molar gas constant",
    "G": "Newtonian constant of gravitation",
    "g": "standard acceleration of gravity",
    "e": "elementary charge",
    "m_e": "electron mass",
    "m_p": "proton mass",
    "m_n": "neutron mass",
    "\\epsilon_0": "vacuum electric permittivity",
    "\\mu_0": "vacuum mag. permeability",
    "\\mu_B": "Bohr magneton",
    "a_0": "Bohr radius",
    "\\alpha": "fine-structure constant",
    "R_\\infty": "Rydberg constant",
    "\\sigma": "Stefan-Boltzmann constant",
    "F": "Faraday constant",
}
_FACTOR = re.compile(
    r"(?P<symbol>\\?[A-Za-z]+(?:_(?:\{ ?)?(?:\\?[A-Za-z]+|\d)(?: ?\})?)?)"
    r"(?: ?\^ ?\{? ?(?P<power>-?\d) ?\}?)?(?: ?\\cdot ?| ?\* ?| )?"
)
_OVER = re.compile(r"\\frac ?\{(?P<above>[^{}]*)\} ?\{(?P<below>[^{}]*)\}")
_LONGEST = 80


@lru_cache(maxsize=2048)
def constants_in(text: str) -> Any:
    """The quantity (pint's) of a product of constants; None where the text is none."""
    if not text or len(text) > _LONGEST:
        return None
    plain = text.replace("\\varepsilon", "\\epsilon")
    over = _OVER.fullmatch(plain)
    above, below = (over["above"], over["below"]) if over else (plain, "")
    if not over and plain.count("/") == 1:
        above, below = plain.split("/")
    top, bottom = _product(above), _product(below)
    return None if top is None or bottom is None else top / bottom


def _product(text: str) -> Any:
    from ttc.answers.units import registry

    whole, at = registry().Quantity(1.0), 0
    text = text.strip().removeprefix("(").removesuffix(")").strip()
    while at < len(text):
        factor = _FACTOR.match(text, at)
        if factor is None or (known := _constant(_bare(factor["symbol"]))) is None:
            return None
        whole, at = whole * known ** int(factor["power"] or 1), factor.end()
    return whole


def _bare(symbol: str) -> str:
    return re.sub(r"[{} ]", "", symbol)


@lru_cache(maxsize=64)
def _constant(symbol: str) -> Any:
    from scipy.constants import physical_constants

    from ttc.answers.units import registry

    if symbol not in _SYMBOLS:
        return None
    value, unit, _ = physical_constants[_SYMBOLS[symbol]]
    return registry().Quantity(value, registry().parse_units(unit or "dimensionless"))
