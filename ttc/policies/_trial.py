"""A policy of somebody else's tried on a made-up problem, before anything is bought for it."""

from __future__ import annotations

import numpy as np

from ttc.errors import TtcError
from ttc.plugins import plugin_of, told
from ttc.policies import Drawn, PolicyPart, StoppingRule


def fault_of(policy: PolicyPart) -> str | None:
    """Why a plug-in's policy can't choose of three solutions; None where it can, and for ours."""
    plugin = plugin_of(type(policy))
    if plugin is None:
        return None
    values = np.array([[0.9, 0.4], [0.2, 1.0], [0.7, 0.6]])
    known = {
        "values": values,
        "raw": values * 3,
        "steps": values[:, :, None] * np.array([1.0, 0.8]),
        "confidence": np.array([-0.2, -0.9, -0.4]),
        "tokens": np.array([12.0, 30.0, 9.0]),
        "pairs": np.array([[np.nan, 0.7, 0.5], [0.3, np.nan, 0.4], [0.5, 0.6, np.nan]]),
    }
    more = {name: array for name, array in known.items() if name in policy.reads}
    judged = policy.reads_verifications
    scores = values.mean(axis=1) if judged else np.full(3, np.nan)
    drawn = Drawn(np.array([0, 1, 0]), scores, np.full(3, 2 if judged else 0), more)
    try:
        policy.picks(drawn, (0,))
        if isinstance(policy, StoppingRule):
            policy.enough(drawn)
    except TtcError as error:
        return str(error)
    except Exception as error:  # foreign code
        return f"{plugin} can't choose of three solutions: {told(error)}"
    return None
