"""Samples that somebody already has, as a run of ours."""

from ttc.importing.formats import AUTO, formats
from ttc.importing.importer import import_pool
from ttc.importing.judging import Aggregate, Judging, Labels, ScoreMode
from ttc.importing.naming import default_name
from ttc.importing.preview import Preview, preview
from ttc.importing.sources import Wanted
from ttc.importing.tally import Progress, Tally

__all__ = [
    "AUTO",
    "Aggregate",
    "Judging",
    "Labels",
    "Preview",
    "Progress",
    "ScoreMode",
    "Tally",
    "Wanted",
    "default_name",
    "formats",
    "import_pool",
    "preview",
]
