"""Scaling fits of one or several runs: behind `ttc fit-scaling` and `ttc recommend`."""

from ttc.pipeline.interval import Interval
from ttc.pipeline.scaling.fits import CoverageOf, FitRequest, MethodFit, ScalingFit, fit_scaling

__all__ = ["CoverageOf", "FitRequest", "Interval", "MethodFit", "ScalingFit", "fit_scaling"]
