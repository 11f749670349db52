"""Helper modules of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest's importlib mode leaves the helper modules of this folder out of sight.
sys.path.insert(0, str(Path(__file__).parent))
