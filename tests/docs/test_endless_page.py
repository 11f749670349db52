"""The data sets on the page of problems without end can be loaded."""

import re
from pathlib import Path

import yaml

from ttc.datasets.busy_beaver import BusyBeaver
from ttc.datasets.mba import MixedBooleanArithmetic
from ttc.datasets.reasoning_gym import ReasoningGym
from ttc.recipe import load_recipe

PAGE = Path(__file__).parents[2] / "docs/how-to/problems-without-end.md"
PARTS = {
    "busy-beaver": BusyBeaver,
    "mba": MixedBooleanArithmetic,
    "reasoning-gym": ReasoningGym,
}


def test_each_data_set_is_one_and_its_recipe_is_shipped():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    found = [yaml.safe_load(block)["dataset"] for block in blocks]
    assert [one["type"] for one in found] == list(PARTS)
    for fields in found:
        part = PARTS[fields["type"]](**fields)
        if part.type != "reasoning-gym":
            assert len(part.load()) == fields["problems"]
    for name in re.findall(r"`(?:ttc recipes )?(datasets/\w+)`", PAGE.read_text()):
        assert load_recipe(name).dataset.type in PARTS
