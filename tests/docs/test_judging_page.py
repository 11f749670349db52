"""The page on judging verifiers, followed to the letter."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/judge-a-verifier.md"


@pytest.mark.slow
def test_the_pages_commands_show_what_it_explains(follow, tmp_path):
    shown = follow(PAGE.read_text())
    for words in (
        "AUC, two of one problem",
        "first wrong step, F1",
        "t-normalised",
        "min. detection cost, P_target 0.01",
        "ECE, equal mass, 10 bins",
        "How often the best scored of S is wrong",
        "By level",
        "above unaltered",
        "rejected before",
        "judged anew by prm",
    ):
        assert words in shown
    assert len(list(tmp_path.glob("results/verifiers-prm/*/figures/verifier_*.png"))) == 5
