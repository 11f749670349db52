"""What is ttc's own, and what is not."""

from ttc.plugins import owner


def test_whose_a_module_is():
    assert owner("ttc.samplers.independent") is None
    assert owner("ttc.engine.model") is None
    assert owner("ttc") is None
    assert owner("ttc_samplers.mine") == "ttc_samplers"
    assert owner("somebody.s.module") == "somebody"
