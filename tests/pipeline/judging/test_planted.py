"""A simulated run has what was planted in it, within intervals."""

from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
from ttc.pipeline.simulating import Simulation, simulate_to

PLANTED = {
    "problems": 80,
    "solutions": 16,
    "verifications": 8,
    "true_positive_rate": 0.85,
    "false_positive_rate": 0.3,
    "error_correlation": 0.35,
    "invalid_verdict_rate": 0.0,
    "invalid_rate": 0.0,
}


def test_planted_rates_and_correlation_are_found(tmp_path):
    run = simulate_to(Simulation.model_validate(PLANTED), tmp_path / "sim")
    (part,) = judge_run(run, JudgingRequest(draws=300)).each
    rho = part.figure("rho_errors")
    assert rho.low < 0.35 < rho.high
    assert rho.high - rho.low < 0.1
    worth = part.figure("effective_verdicts", 8.0)
    assert worth.low < 8 / (1 + 7 * 0.35) < worth.high
    # One verdict alone: its rates are those planted.
    once = part.series("verifications", "balanced_accuracy")[0]
    assert once.low < (0.85 + 0.7) / 2 < once.high
    # Errors know nothing of how frequent an answer is.
    solver = part.figure("solver_wrong")
    assert solver.low < 0 < solver.high
    right = part.figure("right")
    assert right.low < 0.8 / 1.8 < right.high
