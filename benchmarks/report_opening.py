"""How fast a report opens in a browser, how large it is, and what making it takes.

    python benchmarks/report_opening.py [--samples 100000] [--characters 600]

A pool is made up of problems with 100 samples each: 20 solutions, with 4 verifications each, and
texts of about so many characters, which pack no better than prose does. Printed are the seconds
that it takes to read the tables and pack them (without fits, which take no longer for longer
texts), the size of the file beside that of its texts, and, where there is a Chromium, the seconds
from the address to the page that can be read and filtered, and those to a problem and back: the
median of five, each in a browser that has not seen the file.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ttc.core import Problem, Solution, Verification
from ttc.report.html.build import HEAD, blocks, head, run_part
from ttc.report.html.chunks import fitting
from ttc.report.html.pack import as_json, packed
from ttc.report.html.page import page
from ttc.store.manifest import Manifest
from ttc.store.rows import problem_row, solution_row, verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import open_table

_SOLUTIONS, _VERIFICATIONS = 20, 4
_EACH = _SOLUTIONS * (1 + _VERIFICATIONS)
_TIMES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--characters", type=int, default=600)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = made_up(Path(folder), asked.samples // _EACH, asked.characters)
        began = time.perf_counter()
        part = run_part(run, deep=False)
        made = fitting([part.kept], None)
        data = {HEAD: packed(as_json(head([part], made))), **dict(blocks(made))}
        file = Path(folder) / "report.html"
        file.write_text(page("made up", data), encoding="utf-8")
        seconds = time.perf_counter() - began
        texts = sum(len(text.text) for kept in part.kept for text in kept.texts)
        size = file.stat().st_size
        print(f"samples {len(part.rows) * _EACH:,}, made in {seconds:.1f} s without fits")
        print(f"size {size / 1e6:.1f} MB, {size / texts:.2f} of its texts ({texts / 1e6:.1f} MB)")
        sys.stdout.flush()
        for name, value in opened(file).items():
            print(f"{name}: {value:.2f} s")


def made_up(folder: Path, problems: int, characters: int) -> RunFolder:
    """A finished run without fits. Words follow Zipf's law, as prose does."""
    run = RunFolder(folder / "made_up" / "s0-1")
    Manifest(recipe_name="made_up", run_id="s0-1", status="complete").write(run.manifest_path)
    rng = np.random.default_rng(0)
    letters = list("etaoinshrdlucmfwypvbgk")
    words = ["".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(20_000)]
    chances = 1.0 / np.arange(1, len(words) + 1)
    chances /= chances.sum()

    def text(share: float = 1.0) -> str:
        count = max(1, int(share * characters / 5.5))
        return " ".join(words[i] for i in rng.choice(len(words), count, p=chances))

    with (
        open_table(run.problems, "problems") as told,
        open_table(run.solutions, "solutions") as solved,
        open_table(run.verifications, "verifications") as judged,
    ):
        for p in range(problems):
            name, classes = f"problem-{p}", rng.integers(0, 4, _SOLUTIONS)
            judgements = _SOLUTIONS * _VERIFICATIONS
            problem = Problem(name, text(0.4), "0", metadata={"level": p % 5 + 1})
            told.write(
                [
                    problem_row(
                        problem, p, gold_class=0, n_solutions=_SOLUTIONS,
                        n_verifications=judgements, n_classes=4,
                    )
                ]
            )  # fmt: skip
            for i, c in enumerate(classes.tolist()):
                one = Solution(name, i, text(), str(c), 80, 200, "stop")
                solved.write([solution_row(one, answer_class=c, correct=c == 0)])
                for v in range(_VERIFICATIONS):
                    yes = bool(rng.random() < (0.8 if c == 0 else 0.3))
                    score = float(yes)
                    verdict = Verification(
                        name, i, v, "genrm", text(), yes, 0.5, score, 300, 90, "stop"
                    )
                    judged.write([verification_row(verdict)])
    return run


def opened(file: Path) -> dict[str, float]:
    """Medians of seconds; nothing without a browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("no chromium: nothing is opened")
        return {}
    from playwright.sync_api import sync_playwright

    times: dict[str, list[float]] = {}
    with sync_playwright() as driver:
        for _ in range(_TIMES):
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
            tab = browser.new_page()
            tab.goto("about:blank")
            began = time.perf_counter()
            tab.goto(file.as_uri(), wait_until="commit")
            tab.wait_for_selector("body[data-ready]", state="attached")
            times.setdefault("open", []).append(time.perf_counter() - began)
            tab.wait_for_load_state("load")
            times.setdefault("read to the end", []).append(time.perf_counter() - began)
            began = time.perf_counter()
            tab.goto(f"{file.as_uri()}#p/0/0")
            tab.wait_for_selector("#problem h1")
            times.setdefault("a problem", []).append(time.perf_counter() - began)
            began = time.perf_counter()
            tab.locator("#back").click()
            tab.wait_for_selector("#problems h2")
            tab.locator("#filter").fill("problem-99")
            tab.get_by_text(" of ").first.wait_for()
            times.setdefault("back and filtered", []).append(time.perf_counter() - began)
            browser.close()
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
