"""`ttc fit-scaling` while it fits, on a terminal; and what its exponents are said to be for."""

import os
import pty
import re

import pytest
from processes import Command, ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.pipeline.scaling.progress import Steps
from ttc.store.simulated import simulate_run

GOOD = SimulationConfig(
    problems=40,
    solutions=32,
    verified_solutions=16,
    verifications=8,
    true_positive_rate=0.9,
    false_positive_rate=0.15,
    error_correlation=0.05,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("fit")
    simulate_run(GOOD, 1, place / "results" / "sim")
    return place


@pytest.mark.slow
def test_every_resample_of_every_method_is_counted(folder):
    told = []
    (run,) = (folder / "results" / "sim").iterdir()
    from ttc.store.run_folder import RunFolder

    request = FitRequest(policies=("best_of_n", "weighted_majority"), draws=20)
    fit_scaling([RunFolder(run)], request, lambda *step: told.append(step))
    assert told[0] == ("best_of_n (1 of 2)", 0, 40)
    assert told[-1] == ("weighted_majority (2 of 2)", 40, 40)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_steps_need_nobody_who_watches():
    each = Steps(None, 1, 2).of("majority")
    each()


@pytest.mark.slow
def test_a_terminal_shows_how_far_it_is_and_standard_output_does_not(folder):
    words = ("fit-scaling", "sim", "--policy", "best_of_n", "--draws", "60")
    ours, its = pty.openpty()
    command = Command(folder, *words, terminal=its, TERM="xterm", COLUMNS="150")
    os.close(its)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the last one that held the terminal is gone
            break
        if not part:
            break
        shown += part
    assert command.wait() == 0
    text = shown.decode("utf-8", "replace")
    assert "fitting best_of_n" in text
    assert re.search(r"\d+ of 60 resamples", text)
    done = ttc(folder, *words)
    assert done.returncode == 0, done.stderr
    assert "resamples" not in done.stdout + done.stderr


@pytest.mark.slow
def test_exponents_stand_under_what_they_are_for(folder):
    done = ttc(folder, "fit-scaling", "sim", "--policy", "best_of_n", "--draws", "40")
    shown = " ".join(done.stdout.split())
    assert "To plan for other budgets, as compute C grows (in tokens): S ~ C^a, V ~ C^b" in shown
    found = re.search(r"10 times the compute is best spent on ([\d.]+) times the solutions", shown)
    exponent = re.search(r"a of S, recommended ([\d.]+)", shown)
    assert (found is None) == (exponent is None)
    if found is not None and exponent is not None:
        assert float(found[1]) == pytest.approx(10 ** float(exponent[1]), rel=0.05)
