"""What drafts of a smaller network were worth, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttc.report.tables import number, percent


def speculation_lines(role: str, used: Mapping[str, Any]) -> list[str]:
    """Of a role's counters in a manifest; nothing where nobody drafted.

    Fewer passes of the target are what speculation can gain where passes cost the same, its FLOPs
    what it costs; both against the same samples without drafts.
    """
    passes, drafted = used.get("target_passes", 0), used.get("drafted", 0)
    if not passes:
        return []
    accepted, tokens = used["accepted"], used["completion_tokens"]
    share = percent(accepted / drafted) if drafted else "none"
    lines = [
        f"{role}: {drafted:,} tokens drafted, {share} accepted; {tokens / passes:.2f} tokens a "
        "pass of the target, which takes as many times fewer passes"
    ]
    draft, discarded, flops = (used[n] for n in ("draft_flops", "discarded_flops", "flops"))
    plain = flops - draft - discarded
    if plain > 0:
        lines.append(
            f"{role}: {number(flops)} FLOPs, of which {number(draft)} by the draft for its tokens "
            f"and {number(discarded)} by the target for those discarded: {flops / plain:.2f} times "
            "those without drafts"
        )
    return lines
