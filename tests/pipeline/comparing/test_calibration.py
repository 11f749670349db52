"""A small part of benchmarks/compare_calibration.py: equals seldom differ, gains are found."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PATH = Path(__file__).parents[3] / "benchmarks/compare_calibration.py"


@pytest.fixture(scope="module")
def calibration():
    import sys

    spec = spec_from_file_location("compare_calibration", PATH)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_equal_recipes_are_told_apart_no_more_often_than_the_level_says(calibration):
    pools = 60  # of which 5 % are 3; more than 7 are there by chance in 2 % of the cases
    assert calibration.decided(calibration.World(noise=0.5), 40, pools) * pools <= 7


def test_planted_gains_are_found_about_as_often_as_planned(calibration):
    world = calibration.World(shift=0.8, noise=0.5)
    gain, power = calibration.planned(world, 60)
    assert 0.15 < gain < 0.2
    found = calibration.decided(world, 60, 40)
    assert found > power - 0.16
