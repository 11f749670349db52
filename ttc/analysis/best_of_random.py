"""Exact best-of-S when scores are themselves random: S solutions and V verifications drawn.

Scores are independent given the pool, solution i's follows its kind's law; the S solutions are
drawn without replacement, ties are shared uniformly. With H_j(l, u) = P(score_j < l) + u P(score_j
= l), and C_i = 1 for right solutions,

    P = 1/C(N,S) sum_l int_0^1 du sum_i C_i P(score_i = l) [z^(S-1)] prod_{j != i} (1 + z H_j(l,u)),

because u, a uniform tie-break, makes the ranks of drawn solutions distinct. The subset sum is read
off the unit circle, as N coin tosses conditioned on S heads (`contour`): 1 + z H becomes q + p z H.

The sums over solutions of log(q + p z H) and C f / (q + p z H), f = P(score = l), are needed for
every point (l, u), every z and every S. Both functions are smooth in 0 <= H <= 1, so each is a
short Chebyshev series whose coefficients depend on z alone, and the sums over solutions reduce to
moments sum_j T_m(2 H_j - 1) that serve all S at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from ttc.analysis.contour import (
    Circle,
    ComplexArray,
    binomial_circle_near,
    combine,
    tie_points,
    unit_legendre,
)
from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.analysis.scores import ScoreLattice

NEGLIGIBLE = 1e-18
SERIES_POINTS = 128
BLOCK = 1_000_000


@dataclass(frozen=True)
class KindLaw:
    """Solutions grouped by score law. size, right: (T,) solutions and right ones of each kind;
    mass, upper: (T, L) probability of each score level, and of that level or a lower one.
    """

    size: FloatArray
    right: FloatArray
    mass: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, lattice: ScoreLattice, correct: BoolArray) -> KindLaw:
        """Count the solutions of each kind."""
        kinds = len(lattice.mass)
        return cls(
            np.bincount(lattice.kind, minlength=kinds).astype(np.float64),
            np.bincount(lattice.kind, correct, kinds).astype(np.float64),
            lattice.mass,
            np.minimum(np.cumsum(lattice.mass, axis=1), 1.0),
        )

    @property
    def total(self) -> int:
        return int(self.size.sum())


def best_of_random(
    lattice: ScoreLattice, correct: BoolArray, s: Sequence[int], max_cost: float = np.inf
) -> FloatArray:
    """Probability that the best scored of s solutions is right, for each s: (len(s),).

    lattice: laws of the n solutions' scores; correct: (n,). The average is over random s-subsets
    and over the scores. NaN for the s of a computation that would take more than `max_cost`
    complex multiplications.
    """
    law = KindLaw.of(lattice, correct)
    points = np.array([level_points(law, k) for k in s])
    out = np.full(len(s), np.nan)
    shared = points.max(axis=0)
    nodes = _Nodes.of(law, shared)
    order = max((series(law.total, k).order for k in s), default=0)
    if 2.0 * len(law.size) * len(nodes.weight) * max(order, 1) > max_cost:
        return out
    moments = _moments(law, nodes, order)
    for i, k in enumerate(s):
        alive = points[i][nodes.level] > 0
        expansion = series(law.total, k)
        if expansion.order:
            out[i] = _by_series(
                expansion, moments[0][:, alive], moments[1][:, alive], nodes.weight[alive]
            )
        elif 8.0 * len(law.size) * alive.sum() * len(expansion.circle.z) <= max_cost:
            out[i] = _directly(law, expansion.circle, nodes, alive)
    return np.where(np.isnan(out), out, np.clip(out, 0.0, 1.0))


def level_points(law: KindLaw, s: int) -> NDArray[np.int64]:
    """(L,) integration points over u for each score level; 0 where the level can't be the best.

    Level l matters if the probability that all s scores are at or below it is not negligible.
    """
    ring = binomial_circle_near(law.total, s)
    p = ring.probability
    inside = np.maximum(1 - p + p * law.upper, 1e-300)
    bound = np.exp(combine(law.size, np.log(inside))) / ring.peak
    ties = combine(law.size, p * law.mass / inside)
    limit = np.minimum(s - 1, combine(law.size, (law.mass > 0).astype(np.float64)) - 1)
    return np.where((bound > NEGLIGIBLE) & (ties > 0), tie_points(bound, ties, limit), 0)


@dataclass(frozen=True)
class _Nodes:
    """Integration points (l, u): level and weight (Q,); below, mass: (T, Q) H and P(score = l)."""

    level: NDArray[np.int64]
    weight: FloatArray
    below: FloatArray
    mass: FloatArray

    @classmethod
    def of(cls, law: KindLaw, points: NDArray[np.int64]) -> _Nodes:
        level = np.repeat(np.arange(len(points)), points)
        rules = [unit_legendre(int(n)) for n in points if n]
        u = np.concatenate([node for node, _ in rules])
        mass = law.mass[:, level]
        below = np.clip(law.upper[:, level] - (1 - u) * mass, 0.0, 1.0)
        return cls(level, np.concatenate([w for _, w in rules]), below, mass)


@dataclass(frozen=True)
class Series:
    """Chebyshev coefficients in 2H - 1 of log(q + p z H) and p / (q + p z H): (order, Z) each.

    `order` 0: the series converges too slowly (small pools drawn nearly whole); sum directly.
    """

    circle: Circle
    log: ComplexArray
    inverse: ComplexArray

    @property
    def order(self) -> int:
        return len(self.log)


@lru_cache(maxsize=256)
def series(n: int, s: int) -> Series:
    """Series for draws of s out of n, cut where coefficients fall below 1e-15."""
    ring = binomial_circle_near(n, s)
    p = ring.probability
    empty = np.zeros((0, len(ring.z)), np.complex128)
    none = Series(ring, empty, empty)
    if p >= 1.0:
        return none
    angle = (np.arange(SERIES_POINTS) + 0.5) * np.pi / SERIES_POINTS
    height = (1 + np.cos(angle)) / 2
    factor = 1 - p + p * height[:, None] * ring.z
    log, inverse = _chebyshev(np.log(factor)), _chebyshev(p / factor)
    size = np.maximum(np.abs(log), np.abs(inverse) * min(1.0, (1 - p) / p)).max(axis=1)
    order = int(np.flatnonzero(size > 1e-15)[-1]) + 1
    if order > SERIES_POINTS * 0.6:
        return none
    return Series(ring, np.ascontiguousarray(log[:order]), np.ascontiguousarray(inverse[:order]))


def _chebyshev(values: ComplexArray) -> ComplexArray:
    """Chebyshev coefficients from values at the Chebyshev points, along the first axis."""
    coefficients = dct(values.real, axis=0) + 1j * dct(values.imag, axis=0)
    coefficients /= len(values)
    coefficients[0] /= 2
    return coefficients


def _moments(law: KindLaw, nodes: _Nodes, order: int) -> tuple[FloatArray, FloatArray]:
    """sum_j T_m(2 H_j - 1), and the same weighted by C_j P(score_j = l): (order, Q) each."""
    count = len(nodes.weight)
    plain, gain = np.empty((order, count)), np.empty((order, count))
    step = max(1, BLOCK // len(law.size))
    for start in range(0, count, step):
        part = slice(start, start + step)
        x = 2 * nodes.below[:, part] - 1
        before, now = np.ones_like(x), x
        share = law.right[:, None] * nodes.mass[:, part]
        for m in range(order):
            plain[m, part] = combine(law.size, before)
            gain[m, part] = np.einsum("tq,tq->q", share, before)
            before, now = now, 2 * x * now - before
    return plain, gain


def _by_series(expansion: Series, plain: FloatArray, gain: FloatArray, weight: FloatArray) -> float:
    """Sum over integration points and circle, from the moments (order, Q)."""
    ring, order = expansion.circle, expansion.order
    product = np.exp(_real_times(plain[:order].T, expansion.log))
    product *= _real_times(gain[:order].T, expansion.inverse)
    return float(np.real(combine(weight, product) @ (ring.weight * ring.z)))


def _real_times(left: FloatArray, right: ComplexArray) -> ComplexArray:
    """Matrix product of a real and a complex matrix, without making the former complex.

    In slices of rows that BLAS does not hand to several threads (see `combine`).
    """
    parts = right.view(np.float64)
    out = np.empty((len(left), parts.shape[1]))
    step = max(1, 250_000 // parts.size)
    for start in range(0, len(left), step):
        np.matmul(left[start : start + step], parts, out=out[start : start + step])
    return out.view(np.complex128)


def _directly(law: KindLaw, ring: Circle, nodes: _Nodes, alive: BoolArray) -> float:
    """The same sum without series: kinds x points x circle."""
    p = ring.probability
    if p >= 1.0:
        return _best_of_all(law, nodes, alive)
    below, mass = nodes.below[:, alive], nodes.mass[:, alive]
    factor = 1 - p + (p * below[:, :, None]) * ring.z
    product = np.exp(np.tensordot(law.size, np.log(factor), axes=1))
    gain = np.einsum("t,tq,tqz->qz", law.right * p, mass, 1.0 / factor)
    return float(np.real(nodes.weight[alive] @ (gain * product) @ (ring.weight * ring.z)))


def _best_of_all(law: KindLaw, nodes: _Nodes, alive: BoolArray) -> float:
    """S = N: every solution is drawn, no coefficient to read off."""
    below, mass = nodes.below[:, alive], nodes.mass[:, alive]
    safe = np.where(below > 0, below, 1.0)
    held = (below > 0) | (law.size[:, None] == 0)
    product = np.where(held.all(axis=0), np.exp(law.size @ np.log(safe)), 0.0)
    return float(nodes.weight[alive] @ (product * (law.right @ (mass / safe))))
