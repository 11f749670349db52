"""What the tests of formats share: the logs that tools wrote, and what an import makes of them."""

import json
from pathlib import Path

from ttc.importing import import_pool
from ttc.store.tables import read_frame

LOGS = Path(__file__).parents[1] / "data"


def imported(tmp_path, log, **options):
    """The run that a log becomes, and its solutions as a frame."""
    run = import_pool(LOGS / log, tmp_path / "results" / "log", **options)
    return run, read_frame(run.solutions, "solutions")


def loaded(log):
    return json.loads((LOGS / log).read_text())
