"""litellm as a library, loaded quietly: for its providers and for its table of prices."""

from __future__ import annotations

import logging
import os
from typing import Any


def load_litellm() -> Any:
    """Import litellm (seconds) so that it neither fetches its price table, nor reads `.env`,
    nor prints adverts into a user's terminal, nor reports home.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm
