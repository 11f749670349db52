"""Samples that somebody already has, as a run of ours."""

from ttc.importing.importer import import_pool
from ttc.importing.judging import Judging, Labels, ScoreMode
from ttc.importing.layouts import LAYOUTS, Layout, default_name
from ttc.importing.tally import Progress, Tally

__all__ = [
    "LAYOUTS",
    "Judging",
    "Labels",
    "Layout",
    "Progress",
    "ScoreMode",
    "Tally",
    "default_name",
    "import_pool",
]
