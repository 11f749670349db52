"""What a recipe buys and none of its policies reads: told before it is bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ttc.words import counted

if TYPE_CHECKING:
    from ttc.recipe.model import Recipe


def unread(recipe: Recipe) -> list[str]:
    """A sentence on each, with the key and what would read it; none where all is read."""
    return [*_verifications(recipe), *_logprobs(recipe)]


def _verifications(recipe: Recipe) -> Iterator[str]:
    if not recipe.verifiers or any(one.reads_verifications for one in recipe.policies):
        return
    labels = ", ".join(one.label for one in recipe.verifiers)
    policies = ", ".join(one.label for one in recipe.policies)
    readers = dict.fromkeys(name for one in recipe.verifiers for name in one.read_by)
    yield (
        f"verifiers: no policy reads what {labels} "
        f"{'says' if len(recipe.verifiers) == 1 else 'say'}, though it is paid for "
        f"({counted(recipe.verifications, 'verification')} of a solution; policies: {policies}); "
        f"add {' or '.join(readers) or 'one that does'} to policies, or take the verifiers out"
    )


def _logprobs(recipe: Recipe) -> Iterator[str]:
    """Of solutions: a verifier's own are asked for only where its score needs them."""
    for path, part, outer in recipe.methods():
        if part.kind != "sampler" or getattr(part, "logprobs", None) is not True:
            continue
        inside = recipe.sampler if outer is not None else part
        readers = [*recipe.policies, getattr(inside, "rule", None)]
        if any("confidence" in getattr(one, "reads", ()) for one in readers):
            continue
        key = ".".join(map(str, path))
        yield (
            f"{key}.logprobs: no policy reads confidences, which log-probabilities are for; leave "
            "it out, unless their means in the table of solutions are wanted"
        )
