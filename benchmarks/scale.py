"""What grows with the number of samples: time and memory of each stage, and their slopes.

    python benchmarks/scale.py [--largest 1e5] [--shape deep] [--limit 2] [--keep FOLDER]

Pools of 10,000 to --largest samples, ten times more each time, are drawn from a model whose truth
is known; each stage is the very command that a person would type, in a process of its own, whose
peak of resident memory the system tells. Full is --largest 1e7: most of an hour on two slow cores,
3 GB of disk. Memory that analyses may have is limited to --limit GiB of address space (0: not at
all); what needs more ends with an error, and so does this.

--shape: `deep` has 10,000 samples of each problem (2,000 solutions, 250 of them verified 32 times
each), `wide` has 100 (36, 16 of them verified 4 times).

Printed for each stage and size: seconds of wall clock, seconds of processor time, MiB; then the
slopes between the two largest sizes, as log10 of the ratio of processor seconds for ten times the
samples (1: proportional, 0: constant), and the MiB for a million samples more. The journal is one
of texts of 400 characters, with a tenth of the samples.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SHAPES = {
    "deep": (10_000, "--solutions=2000", "--verified-solutions=250", "--verifications=32"),
    "wide": (100, "--solutions=36", "--verified-solutions=16", "--verifications=4"),
}
FEWEST = 3  # problems that intervals need
TEXT = 400  # characters
AT_ONCE = 64  # samples of a journal's transaction: as many calls return together
LEAN = {
    "OPENBLAS_NUM_THREADS": "2",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
ANALYSES: dict[str, tuple[str, ...]] = {
    "curves": (
        *("curves", "--policy=majority,best_of_n,weighted_majority"),
        *("--k=3,12", "--verifications=3"),
    ),
    "fit-scaling": ("fit-scaling",),
    "compare": ("compare",),
    "show": ("show",),
    "status": ("status",),
}


@dataclass(frozen=True)
class Figures:
    """Of one stage at one size. bytes: on the disk, of what it wrote."""

    seconds: float
    cpu: float
    mib: float
    bytes: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=float, default=1e5, help="samples")
    parser.add_argument("--shape", choices=SHAPES, default="deep")
    parser.add_argument("--limit", type=float, default=2.0, help="GiB of address space")
    parser.add_argument("--keep", type=Path, help="folder of the pools, to be used again")
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.journal is not None:
        asyncio.run(fill(asked.journal, asked.samples))
        return
    each, *how = SHAPES[asked.shape]
    sizes = [10**p for p in range(4, math.floor(math.log10(asked.largest) + 1e-9) + 1)]
    sizes = [max(size, FEWEST * each) for size in sizes]
    print(f"{asked.shape}: {each:,} samples of each problem, {' '.join(how)}")
    print(f"{'stage':<12}" + "".join(f"{size:>26,}" for size in sizes))
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = asked.keep or Path(elsewhere)
        runs = {size: folder / f"{asked.shape}-{size}" for size in sizes}
        measure("simulate", sizes, lambda size: simulated(runs[size], size // each, how))
        for name, words in ANALYSES.items():
            limit = round(asked.limit * 2**30)
            measure(name, sizes, lambda size: analysed(runs[size], words, limit))  # noqa: B023
        measure("journal", sizes, lambda size: journalled(folder, size // 10))


def measure(name: str, sizes: Sequence[int], work: Callable[[int], Figures]) -> None:
    """Do a stage at each size and print what it took, with the slopes."""
    print(f"{name:<12}", end="", flush=True)
    found = []
    for size in sizes:
        figures = work(size)
        found.append(figures)
        told = f"{figures.seconds:.1f} s {figures.cpu:.1f} cpu {figures.mib:,.0f} MiB"
        print(f"{told:>26}", end="", flush=True)
    print()
    if len(found) < 2:
        return
    (few, before), (many, after) = list(zip(sizes, found, strict=True))[-2:]
    steps = math.log10(many / few)
    slope = math.log10(max(after.cpu, 1e-3) / max(before.cpu, 1e-3)) / steps
    memory = (after.mib - before.mib) / ((many - few) / 1e6)
    stored = f", {after.bytes / many:,.1f} bytes of disk a sample" if after.bytes else ""
    print(f"{'':<12}slope of time {slope:.2f}, {memory:,.0f} MiB for a million more{stored}")


def simulated(folder: Path, problems: int, how: Sequence[str]) -> Figures:
    """Draw a pool, write its tables and its curves."""
    if folder.exists():
        return Figures(0.0, 0.0, 0.0, size_of(folder))
    words = ("simulate", "--to", str(folder), f"--problems={problems}", *how, "--json")
    made = ran([sys.executable, "-m", "ttc", *words])
    return Figures(made.seconds, made.cpu, made.mib, size_of(folder))


def analysed(folder: Path, words: Sequence[str], limit: int) -> Figures:
    """One command on a pool."""
    name, *more = words
    (run,) = (path for path in folder.iterdir() if path.is_dir())
    out = ("--out", str(run / "compared")) if name == "compare" else ()
    return ran([sys.executable, "-m", "ttc", name, str(run), *more, *out, "--json"], limit)


def journalled(folder: Path, samples: int) -> Figures:
    """Fill a journal and read all of it."""
    path = folder / f"journal-{samples}.sqlite"
    words = ("--journal", str(path), "--samples", str(samples))
    made = ran([sys.executable, __file__, *words])
    size = path.stat().st_size * 10  # of all the samples
    path.unlink()
    return Figures(made.seconds, made.cpu, made.mib, size)


def ran(words: Sequence[str], limit: int = 0) -> Figures:
    """What a process took. Ends this one with its words where it failed."""

    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        # What allocators and threads of linear algebra reserve and never touch is no memory.
        process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=limited,
            env={**os.environ, **LEAN} if limit else None,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"\n{' '.join(words)}\n{said.read().decode(errors='replace')[-2000:]}")
    mib = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Figures(time.perf_counter() - began, used.ru_utime + used.ru_stime, mib)


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


async def fill(path: Path, samples: int) -> None:
    """Put so many samples into a journal, with keys and texts as they come, and get them back."""
    from ttc.core import Completion
    from ttc.engine.journal import Journal

    rng = random.Random(0)
    words = [f"word{i}" for i in range(2000)]
    journal = Journal(path)
    keys = []
    for first in range(0, samples, AT_ONCE):
        entries = []
        for _ in range(min(AT_ONCE, samples - first)):
            text = " ".join(rng.choices(words, k=TEXT // 8))
            keys.append(rng.randbytes(32))
            entries.append((keys[-1], Completion(text, "stop", 50, 100)))
        await journal.put(entries)
    for first in range(0, samples, 10_000):
        found = await journal.get(keys[first : first + 10_000])
        assert len(found) == min(10_000, samples - first)
    journal.close()


if __name__ == "__main__":
    main()
