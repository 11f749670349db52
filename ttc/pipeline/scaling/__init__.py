"""Scaling fits of one or several runs: behind `ttc fit-scaling` and `ttc recommend`."""

from ttc.pipeline.scaling.fits import CoverageOf, FitRequest, MethodFit, ScalingFit, fit_scaling
from ttc.pipeline.scaling.quantities import Interval

__all__ = ["CoverageOf", "FitRequest", "Interval", "MethodFit", "ScalingFit", "fit_scaling"]
