"""A custom model for lighteval: whatever an OpenAI-compatible server completes."""

import json
import os
import urllib.request

from lighteval.models.abstract_model import LightevalModel
from lighteval.models.model_output import ModelResponse
from lighteval.utils.cache_management import SampleCache


def completed(prompt: str, n: int) -> list[str]:
    asked = {"model": "nano-solver", "prompt": prompt, "n": n, "max_tokens": 96, "temperature": 1.0}
    request = urllib.request.Request(
        f"{os.environ['SERVED']}/completions",
        json.dumps(asked).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        return [choice["text"] for choice in json.load(reply)["choices"]]


class Served(LightevalModel):
    def __init__(self, config):
        self.config = config
        self.model_name = config.model_name
        self._cache = SampleCache(config)

    @property
    def tokenizer(self):
        return None

    def tok_encode(self, text):
        return text

    @property
    def add_special_tokens(self):
        return False

    @property
    def max_length(self):
        return 256

    def greedy_until(self, docs):
        made = []
        for doc in docs:
            texts = completed(doc.query, doc.num_samples)
            made.append(ModelResponse(input=doc.query, text=texts))
        return made

    def loglikelihood(self, docs):
        """Log-likelihoods of options: how far each is from 50, which is no model's, but a log."""
        return [
            ModelResponse(
                input=doc.query,
                logprobs=[-abs(int(choice) - 50) / 10 for choice in doc.choices],
                argmax_logits_eq_gold=[False for _ in doc.choices],
            )
            for doc in docs
        ]

    def loglikelihood_rolling(self, docs):
        raise NotImplementedError
