"""What an entry point names: it registers them all."""

from methods.late import Late
from methods.redraft import Redraft
from methods.step_tree import StepTree
from ttc.registry import register

PARTS = (StepTree, Redraft, Late)


def load() -> None:
    """Register them for good, in a process of its own."""
    for one in PARTS:
        register(one)
