# What `import ttc` gives, for type checkers; at run time each name is loaded when it is first used.
from ttc.errors import TtcError as TtcError
from ttc.library import Comparison as Comparison
from ttc.library import Fit as Fit
from ttc.library import Run as Run
from ttc.library import compare as compare
from ttc.library import load as load
from ttc.library import run as run
from ttc.library import runs as runs

__version__: str
__all__: list[str]
