"""`ttc`: test-time-compute experiments on language models.

The library in a few names; each is loaded when it is first used, so `import ttc` takes no time.

    import ttc

    run = ttc.run("quickstart", {"dataset.problems": 8, "sampler.solutions": 4})
    run = ttc.load("quickstart")       # a run that is there
    run.solutions                      # tables, as pandas frames
    run.figure()                       # success against compute
    run.fit().table                    # as `ttc fit-scaling`
    ttc.compare(run).table             # methods at equal compute, paired
    ttc.runs()                         # what there is

Estimators for arrays of your own are in `ttc.analysis`.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_FROM = {
    **dict.fromkeys(("Comparison", "Fit", "Run", "compare", "load", "run", "runs"), "ttc.library"),
    "TtcError": "ttc.errors",
}
__all__ = ["__version__", *_FROM]


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"module 'ttc' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_FROM[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_FROM})
