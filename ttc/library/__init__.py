"""The toolkit from Python: what `import ttc` gives. Reads run folders and runs recipes as the
command line does; what it returns shows itself in notebooks.
"""

from ttc.library.compared import Comparison, compare
from ttc.library.fitted import Fit
from ttc.library.loaded import Run, load, runs
from ttc.library.running import run

__all__ = ["Comparison", "Fit", "Run", "compare", "load", "run", "runs"]
