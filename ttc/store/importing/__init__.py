"""Samples that somebody already has, as a run of ours."""

from ttc.store.importing.importer import import_pool
from ttc.store.importing.judging import Judging, Labels, ScoreMode
from ttc.store.importing.layouts import LAYOUTS, Layout, default_name
from ttc.store.importing.tally import Progress, Tally

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
