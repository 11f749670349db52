"""The page on planning, followed to the letter."""

import re
from pathlib import Path

import pytest

from ttc.analysis.simulate import Lengths, SimulationConfig

PAGE = Path(__file__).parents[2] / "docs/how-to/plan-an-experiment.md"


@pytest.mark.slow
def test_the_pages_commands_work(follow):
    shown = follow(PAGE.read_text())
    assert "planted truth: accuracy 49" in shown
    assert "To tell best_of_n S=8 V=8 from majority S=8" in shown
    assert "lengths of solver, genrm: quickstart-pilot/" in shown
    assert "32k tokens per problem" in shown


def test_the_page_has_every_parameter_of_the_model():
    table = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    assert {*SimulationConfig.model_fields, *Lengths.model_fields, "seed"} <= table
