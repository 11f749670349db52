"""What servers say when they refuse a call, in their own words, and what we make of it."""

from __future__ import annotations

import pytest
from scripted import answering, call, complete

from ttc.errors import BackendError, CallFailed, RetryableError

TOO_LONG = [
    # OpenAI, Azure
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000",
    "Invalid 'messages[0].content': string too long. Expected a string with maximum length 1048576",
    # Gemini, Vertex
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    "Unable to submit request because the input token count is 1200000 but model only supports up "
    "to 1048576. Reduce the input token count and try again.",
    # xAI
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    # Anthropic
    "prompt is too long: 213462 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input",
    "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude",
    # Bedrock
    "ValidationException: Input is too long for requested model.",
    "Too many input tokens. Max input tokens: 42000, request input token count: 50000",
    "Input exceeds the max input token limit",
    # DeepSeek, Moonshot, GLM, MiniMax, DashScope
    "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
    "tokens in request more than max tokens allowed",
    "Prompt 超长",
    "invalid params, context window exceeds limit (2013)",
    "Range of input length should be [1, 30720]",
    # Mistral, Cohere, Groq, Cerebras, Fireworks, Together, Copilot, watsonx
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
    "context length",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.",
    "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs",
    "total tokens exceeds the model's max of 4096",
    "Please reduce the length of the messages or completion.",
    "Please reduce the length of the messages or completion. Current length is 9000",
    "The prompt is too long: 140000, model maximum context length: 131071",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000",
    "prompt token count of 150000 exceeds the limit of 128000",
    "the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model",
    # vLLM
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "max_tokens must be at least 1, got -904.",
    "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context "
    "length is 4096 tokens and your request has 10 input tokens (5000 > 4096 - 10).",
    "You passed 5000 input tokens and requested 10 output tokens. However, the model's context "
    "length is only 4096 tokens",
    # SGLang, TGI
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).",
    "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
    # llama.cpp, Ollama, LM Studio, OpenRouter
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "the request exceeds the available context size. try increasing the context size",
    "input is too large to process. increase the physical batch size",
    "prompt too long; exceeded max context length by 12 tokens",
    "The number of tokens to keep from the initial prompt is greater than the context length.",
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000",
    "Request payload size exceeds the limit: 20971520 bytes.",
]
FILTERED = [
    "The response was filtered due to the prompt triggering Azure OpenAI's content management "
    "policy",
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
    "Your request was rejected as a result of our safety system.",
    "Content Exists Risk",
    "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
    "Input data may contain inappropriate content.",
    "The generated text has been blocked by our content filters.",
    "Output blocked by content filtering policy",
    "blocked output: please adjust your prompt and try again",
    "The prompt was blocked: PROHIBITED_CONTENT",
    "The request was rejected because it was considered high risk",
    "Your chosen model requires moderation and your input was flagged for violence",
    "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语",
]


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


def failure(body: object, status: int = 400, **headers: str) -> BackendError:
    with pytest.raises(BackendError) as caught:
        complete(answering(body, status, **headers), call())
    return caught.value


def reason(found: BackendError) -> str:
    return found.reason if isinstance(found, CallFailed) else type(found).__name__


@pytest.mark.parametrize("said", TOO_LONG)
def test_prompts_that_are_too_long_in_the_words_of_many_servers(said):
    found = failure(error(said))
    assert reason(found) == "context_length"
    assert "omit" not in str(found)


@pytest.mark.parametrize("said", FILTERED)
@pytest.mark.parametrize("status", [400, 403, 451])
def test_filtered_prompts_in_the_words_of_many_servers(said, status):
    found = failure(error(said), status)
    assert reason(found) == "content_filter"
    assert "omit" not in str(found)
    assert "api_key_env" not in str(found)


@pytest.mark.parametrize(
    "body",
    [
        [{"error": {"code": 400, "message": TOO_LONG[4], "status": "INVALID_ARGUMENT"}}],
        {"error": {"message": "Provider returned error", "code": 400,
                   "metadata": {"raw": '{"error": {"message": "' + TOO_LONG[7] + '"}}'}}},
        {"error": {"message": "Provider returned error", "metadata": {"raw": TOO_LONG[7]}}},
        {"detail": TOO_LONG[7]},
        {"detail": [{"type": "value_error", "loc": ["body", "prompt"], "msg": TOO_LONG[7]}]},
        {"errors": [{"message": TOO_LONG[7]}]},
        {"error": '{"message": "' + TOO_LONG[7] + '"}'},
        {"object": "error", "message": TOO_LONG[7]},
        TOO_LONG[7],
        f"<html><body>{TOO_LONG[7]}</body></html>",
    ],
)  # fmt: skip
def test_bodies_of_many_forms(body):
    found = failure(body)
    assert reason(found) == "context_length"
    assert "tokens" in str(found)
    assert "{" not in str(found)


def test_a_request_that_no_minute_has_room_for_is_not_waited_for():
    said = (
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000. The "
        "input or output tokens must be reduced in order to run successfully."
    )
    assert reason(failure(error(said), 429)) == "context_length"
    assert isinstance(failure(error("Rate limit reached: tokens per min: Limit 3"), 429),
                      RetryableError)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "more", "advice"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead.", {"param": "max_tokens"},
         "max_tokens_key: max_completion_tokens"),
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead.", {}, "max_tokens_key: max_completion_tokens"),
        ("Unrecognized request argument supplied: max_completion_tokens", {},
         "max_tokens_key: max_tokens"),
        ("Unsupported value: 'temperature' does not support 0.7 with this model. Only the default "
         "(1) value is supported.", {"param": "temperature"}, "`omit`: [temperature]"),
        ("`seed` is not supported", {}, "`omit`: [seed]"),
        ("unknown field top_k", {}, "`omit`: [top_k]"),
        ("Invalid 'stop': array too long. Expected an array with maximum length 4", {},
         "`omit`: [stop]"),
        ("'n' must be 1", {}, "n_per_call: 1"),
        ("Requested sample logprobs of 20, which is greater than max allowed: 5", {},
         "max_logprobs"),
        ("property 'continue_final_message' is unsupported", {}, "prefill"),
        ("The model `x` does not exist", {"code": "model_not_found"}, "check the model name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_field_is_named_with_what_helps(said, more, advice, status):
    found = failure(error(said, **more), status)
    assert reason(found) == "BackendError"
    assert found.refused == status
    assert advice in str(found)


def test_a_field_in_pydantics_words():
    detail = [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not "
               "permitted", "input": 5}]  # fmt: skip
    found = failure({"detail": detail}, 422)
    assert "top_k: Extra inputs are not permitted" in str(found)
    assert "`omit`: [top_k]" in str(found)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 410, 418, 422, 424, 451, 499, 501])
@pytest.mark.parametrize("body", [error("I would rather not."), "", "<b>no</b>", {}, [], "null"])
def test_an_unknown_refusal_may_be_this_prompts_and_gives_no_advice_about_fields(status, body):
    found = failure(body, status)
    assert reason(found) == "BackendError"
    assert found.refused == status
    assert "omit" not in str(found)


def test_an_error_under_status_200_says_what_it_is():
    assert reason(failure(error(TOO_LONG[7], code="context_length_exceeded"), 200)) == (
        "context_length"
    )
    assert isinstance(failure(error("upstream died", code="²"), 200), RetryableError)
    assert isinstance(failure({**error("died"), "choices": None}, 200), RetryableError)
    assert isinstance(failure({**error("died"), "choices": []}, 200), RetryableError)
