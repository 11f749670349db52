"""The page on stopping early: its commands, on a smaller run of the recipe, and its rules."""

from pathlib import Path

import pytest

from ttc.policies import StoppingRule
from ttc.registry import parts

PAGE = Path(__file__).parents[2] / "docs/how-to/stop-early.md"


@pytest.mark.slow
def test_the_pages_commands_work(follow):
    text = PAGE.read_text()
    small = "ttc run adaptive --set dataset.problems=8 --set sampler.solutions=8"
    text = text.replace("ttc run adaptive\n", f"{small} --set 'grid.solutions=[8]'\n")
    text = text.replace("ttc adapt adaptive\n", "ttc adapt adaptive --orders 4\n")
    judged = "ttc run verifiers/genrm --set dataset.problems=6 --set sampler.solutions=4"
    text = text.replace("ttc run verifiers/genrm\n", f"{judged}\n")
    text = text.replace(
        "--verdicts weighted_majority\n", "--verdicts weighted_majority --orders 4\n"
    )
    shown = " ".join(follow(text).split())
    assert "on the 4 problems that nothing was tuned on" in shown
    assert "clairvoyant stop" in shown
    assert "rules that stop the verdicts of genrm, of at most 4 of each of 4 solutions" in shown


def test_every_rule_is_in_the_table():
    rules = [cls for cls in parts("policy").values() if issubclass(cls, StoppingRule)]
    own = [cls() for cls in rules if cls.__module__.startswith("ttc.")]
    names = [one.type for one in own if not one.reads_verifications]
    assert "esc" in names
    assert [name for name in names if f"`{name}`" not in PAGE.read_text()] == []
