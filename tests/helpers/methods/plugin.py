"""What an entry point names: it registers them all."""

from methods.late import Late
from methods.meta import Meta
from methods.refine import Refine
from methods.step_tree import StepTree

from ttc.registry import register

ALL = (StepTree, Meta, Refine, Late)

for one in ALL:
    register(one)
