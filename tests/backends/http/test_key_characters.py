"""A key that no header can carry has its own sentence, which does not quote it."""

import pytest

from ttc.backends.openai import OpenAI
from ttc.backends.openai.client import find_key
from ttc.errors import BackendError

URLS = ("http://localhost:1/v1",)


@pytest.mark.parametrize(
    "key",
    ["sk-schlüssel", "sk-a\nb", "sk-a b", "sk-\u200bzero", "“sk-quoted”", "sk-\x7f", "\ud800"],
)
def test_a_key_with_other_characters_is_told(key):
    config = OpenAI(base_url=URLS[0], model="m", api_key_env="MY_KEY")
    with pytest.raises(BackendError, match="the API key in the environment variable") as said:
        find_key(config, URLS, {"MY_KEY": key})
    assert key not in str(said.value)
    assert "\n" not in str(said.value)


def test_spaces_around_a_key_do_not_matter():
    config = OpenAI(base_url=URLS[0], model="m", api_key_env="MY_KEY")
    assert find_key(config, URLS, {"MY_KEY": " sk-abc_~! \n"}) == ("MY_KEY", "sk-abc_~!")
