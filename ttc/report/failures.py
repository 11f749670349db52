"""What people are told of failed samples."""

from __future__ import annotations

from collections.abc import Mapping

from ttc.store.failures import Failure
from ttc.store.manifest import Manifest

_RETRY = "engine.retry_failed: true asks for them again"


def failure_lines(failures: Mapping[str, Failure], samples: int) -> list[str]:
    """How many of a run's samples failed, and for each reason an example and what would help."""
    if not failures:
        return []
    failed = sum(one.samples for one in failures.values())
    lines = [f"{failed:,} of {max(samples, failed):,} samples failed:"]
    for reason, one in failures.items():
        lines.append(f"  {reason} ({one.samples:,}): {one.example}; {one.fix}")
    if old := sum(one.from_journal for one in failures.values()):
        lines.append(f"  {old:,} of them failed in an earlier run and are in the journal; {_RETRY}")
    return lines if len(lines) > 2 else [" ".join(line.strip() for line in lines)]


def of_manifest(manifest: Manifest) -> list[str]:
    """The lines for a run that has ended."""
    samples = sum(int(used.get("samples", 0)) for used in manifest.roles.values())
    return failure_lines(manifest.failures, samples)
