"""Runs of the same problems side by side, at equal compute: behind `ttc compare`."""

from ttc.pipeline.comparing.compare import compare
from ttc.pipeline.comparing.methods import VOTE, Method
from ttc.pipeline.comparing.result import Comparison, Flip, Overtakes, Point
from ttc.pipeline.comparing.wanted import LATENCY, By, Request

__all__ = [
    "LATENCY",
    "VOTE",
    "By",
    "Comparison",
    "Flip",
    "Method",
    "Overtakes",
    "Point",
    "Request",
    "compare",
]
