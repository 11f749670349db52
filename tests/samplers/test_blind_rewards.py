"""A process reward that knows nothing of what is right gains no search anything."""

import asyncio
import math

import pytest
from letter_tree import blind, said, searched, settings

from ttc.samplers.beam import Beam
from ttc.samplers.dvts import DVTS
from ttc.samplers.particle import ParticleFilter
from ttc.samplers.particle_gibbs import ParticleGibbs

RIGHT, WRONG = "abcdefghijklmnop", "qrst"
TRIES = 300


def chances(path):
    """Twenty steps as likely, of which sixteen are right, and then twenty more."""
    letters = RIGHT + WRONG
    return dict.fromkeys(letters.upper() if path else letters, 1 / 20)


@pytest.mark.parametrize(
    "sampler",
    [
        Beam(**settings(beams=8, width=4)),
        Beam(**settings(beams=8, width=4, look_ahead=1, sort_completed=True)),
        DVTS(**settings(beams=8, width=4)),
        ParticleFilter(**settings(particles=8, entropy=0.9)),
        ParticleGibbs(**settings(particles=4, iterations=2)),
    ],
    ids=["beam", "beam, looking ahead", "dvts", "particle", "particle-gibbs"],
)
def test_it_is_as_often_right_as_a_single_sample(sampler):
    """The reward is a hash of the text, so which of the texts it likes says nothing of right and
    wrong; both steps of a sample are right in 0.8 x 0.8 of all cases, and so are the two of 16
    solutions' worth of steps that it chose. (Were texts of other chances as good as others, it
    would even lose: it picks rare ones as gladly.)
    """
    right = 0
    for i in range(TRIES):
        attempt, _ = searched(sampler, chances, blind(i), of=f"p{i}")
        asyncio.run(sampler.solve(attempt))
        right += all(letter.lower() in RIGHT for letter in said(attempt)[-1])
    error = math.sqrt(0.64 * 0.36 / TRIES)
    assert abs(right / TRIES - 0.64) < 3.3 * error
