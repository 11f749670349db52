"""Tasks for lighteval on problems of the nano models' generator, read from this repository."""

import os

from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc

SUMS = os.path.join(os.environ["DATA"], "sums")  # folders with a file test.jsonl
CHOICES = os.path.join(os.environ["DATA"], "choices")


def sum_of(line, task_name=None):
    query = f"Problem: {line['question']}\nSolution:\n"
    return Doc(task_name=task_name, query=query, choices=[line["answer"]], gold_index=0)


def choice_of(line, task_name=None):
    query = f"{line['question']}\nAnswer:"
    return Doc(task_name=task_name, query=query, choices=line["choices"], gold_index=line["answer"])


def config(name, function, folder, metric):
    return LightevalTaskConfig(
        name=name,
        prompt_function=function,
        hf_repo=folder,
        hf_subset="default",
        hf_avail_splits=["test"],
        evaluation_splits=["test"],
        few_shots_split=None,
        few_shots_select=None,
        generation_size=96,
        metrics=[metric],
        stop_sequence=[],
        version=0,
    )


TASKS_TABLE = [
    config("nano_each", sum_of, SUMS, Metrics.expr_gold_metric),
    config("nano_four", sum_of, SUMS, Metrics.avg_at_n_math(sample_params={"n": 4})),
    config("nano_choice", choice_of, CHOICES, Metrics.loglikelihood_acc),
]
