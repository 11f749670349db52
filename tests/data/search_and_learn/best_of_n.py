"""Run search-and-learn's best-of-N, scoring and writing on the embedded models.

Its own code does everything but call a GPU: the engine and the reward model that it is handed ask
the embedded solver behind a server, and the embedded process reward model.
"""

import json
import os
import subprocess
import sys
import types
import urllib.request
from dataclasses import dataclass

SCORE = """
import json, sys
from ttc.nano import load
from ttc.nano.reward import score_steps
model = load("nano-prm")
print(json.dumps(score_steps(model, json.load(sys.stdin))))
"""


@dataclass
class Output:
    text: str
    token_ids: list


@dataclass
class Reply:
    outputs: list


class Engine:
    """What the search asks of vllm.LLM."""

    def get_tokenizer(self):
        return self

    def apply_chat_template(self, convs, **_):
        return [f"Problem: {conv[-1]['content']}\nSolution:\n" for conv in convs]

    def generate(self, prompts, sampling_params, use_tqdm=False):
        return [self._reply(prompt, sampling_params) for prompt in prompts]

    def _reply(self, prompt, params):
        asked = {"model": "nano-solver", "prompt": prompt, "max_tokens": 96}
        request = urllib.request.Request(
            f"{os.environ['SERVED']}/completions",
            json.dumps(asked | {"temperature": params.temperature}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            told = json.load(reply)
        tokens = [0] * told["usage"]["completion_tokens"]
        return Reply([Output(told["choices"][0]["text"], tokens)])


@dataclass
class SamplingParams:
    temperature: float = 1.0
    max_tokens: int = 96
    top_p: float = 1.0
    n: int = 1
    stop: object = None


sys.modules["vllm"] = types.SimpleNamespace(LLM=Engine, SamplingParams=SamplingParams)

from datasets import load_dataset  # noqa: E402
from sal.config import Config  # noqa: E402
from sal.search.best_of_n import best_of_n  # noqa: E402
from sal.utils.data import save_dataset  # noqa: E402
from sal.utils.score import score  # noqa: E402


class Reward:
    """What the search asks of its PRM: scores of steps by completion."""

    def score(self, questions, outputs):
        asked = [
            (question, [line for line in text.split("\n") if line])
            for question, texts in zip(questions, outputs, strict=True)
            for text in texts
        ]
        done = subprocess.run(
            [os.environ["TTC"], "-c", SCORE],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        )
        scores = iter(json.loads(done.stdout))
        return [[next(scores) for _ in texts] for texts in outputs]


if __name__ == "__main__":
    config = Config(n=8, temperature=1.0, output_dir=os.environ["OUT"])
    data = load_dataset(
        "json", data_files=os.path.join(os.environ["DATA"], "problems.jsonl"), split="train"
    ).rename_columns({"question": "problem", "id": "unique_id"})
    found = data.map(
        best_of_n,
        batched=True,
        fn_kwargs={"config": config, "llm": Engine(), "prm": Reward()},
        load_from_cache_file=False,
        new_fingerprint="best-of-n",
    )
    found = score(found, config)
    save_dataset(found, config)
    found.to_parquet(os.path.join(os.environ["OUT"], "best_of_n_completions.parquet"))
