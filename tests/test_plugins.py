"""What is ttc's own, and what is not."""

from pathlib import Path

import ttc
from ttc.plugins import OWN, owner
from ttc.registry import FOLDERS


def test_what_ttc_ships_is_listed():
    """Whatever else is in these folders is somebody's own: its code belongs to a run's identity."""
    for folder in FOLDERS.values():
        place = Path(ttc.__file__).parent / folder.partition(".")[2]
        files = {one.stem for one in place.glob("*.py")} - {"__init__"}
        there = files | {one.parent.name for one in place.glob("*/__init__.py")}
        assert there == OWN[place.name], f"list new ones in ttc/plugins.py, OWN[{place.name!r}]"


def test_whose_a_module_is():
    assert owner("ttc.samplers.independent") is None
    assert owner("ttc.engine.model") is None
    assert owner("ttc.samplers") is None
    assert owner("ttc.samplers.mine.deeper") == "ttc.samplers.mine"
    assert owner("somebody.s.module") == "somebody"
