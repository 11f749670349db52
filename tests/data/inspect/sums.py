"""A task for Inspect: sums, matched against the target, and judged by another model."""

import json
import os

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import Score, accuracy, match, scorer
from inspect_ai.solver import generate


@scorer(metrics=[accuracy()])
def judged():
    """Yes or No of the embedded verifier."""

    async def score(state, target):
        verifier = get_model(
            "openai-api/nano/nano-verifier", config=GenerateConfig(max_tokens=160, temperature=1)
        )
        asked = f"{state.input_text}{state.output.completion}\nVerification:\n"
        said = (await verifier.generate(asked)).completion
        right = said.strip().lower().endswith(("yes", "yes."))
        return Score(value="C" if right else "I", explanation=said)

    return score


@task
def sums():
    with open(os.environ["PROBLEMS"]) as file:
        rows = [json.loads(line) for line in file]
    samples = [
        Sample(
            id=row["id"],
            input=f"Problem: {row['question']}\nSolution:\n",
            target=row["answer"],
            metadata={"level": row["level"]},
        )
        for row in rows[:6]
    ]
    return Task(
        dataset=MemoryDataset(samples, name="sums"),
        solver=generate(),
        scorer=[match(location="end", numeric=True), judged()],
        epochs=Epochs(3, "mean"),
    )
