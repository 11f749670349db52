"""What `ttc doctor sandbox` found, as terminal tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.report.tables import table

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.sandbox.offers import Offer, Offers


def print_offers(console: Console, offers: Offers) -> None:
    """The machine's means, its levels, then which one is used."""
    from ttc.report.console import line

    rows = [
        (one.name, "yes" if one.there else "no", one.finding, one.help or "-")
        for one in offers.means
    ]
    console.print(table("What this machine has", ("means", "there", "finding", "help"), rows))
    levels = [(one.level, _isolates(one), one.finding) for one in offers.levels]
    console.print(table("Levels of isolation", ("level", "isolates", "finding"), levels))
    console.print(line(_verdict(offers), "green" if offers.default else "red"))


def _isolates(offer: Offer) -> str:
    if not offer.runs:
        return "not here"
    if not offer.full:
        return "limits only"
    return "fully" if offer.holds else "BROKEN"


def _verdict(offers: Offers) -> str:
    if offers.default:
        return f"Programs of models run at the level {offers.default}, unless another is asked for."
    return (
        "No level shuts a program in on this machine: programs of models are refused, unless the "
        "level process is asked for by name."
    )
