"""The prompt cache: which beginning of a prompt counts as cached, and for how long."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cerebras import Fake, fake_cerebras
from tests.fake_cerebras.client import (
    AGENT,
    CHAT,
    COMPLETIONS,
    GPT,
    HEADERS,
    KEY,
    OTHER,
    QWEN,
    chat_body,
    conversation,
    post,
)
from tests.fake_cerebras.test_images import JPEG, PNG, data_uri

BLOCK = 128  # tokens
TEMPLATE, ROLE = 60, 6  # tokens
LONG = "word" * 400  # 400 tokens: with template and role, three whole blocks


@pytest.fixture
def cache(two_keys: Fake) -> Fake:
    """A fake with two keys and an empty cache; its clock stands."""
    two_keys.reset()
    two_keys.set_clock(at=6000)
    return two_keys


def read_usage(
    fake: Fake, body: Any, path: str = CHAT, headers: Mapping[str, str] = HEADERS
) -> dict[str, Any]:
    response = post(fake, body, path, headers)
    assert response.status == 200, response.body
    last = response.chunks[-1] if body.get("stream") else response.json
    usage: dict[str, Any] = last["usage"]
    return usage


def count_cached(fake: Fake, body: Any, **options: Any) -> int:
    """Send a request and return the `cached_tokens` of its response."""
    cached: int = read_usage(fake, body, **options)["prompt_tokens_details"][
        "cached_tokens"
    ]
    return cached


def say(role: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "prompt"),
    [
        (CHAT, {"messages": [say("user", LONG)]}),
        (COMPLETIONS, {"prompt": LONG}),
        (COMPLETIONS, {"prompt": [LONG]}),
        (COMPLETIONS, {"prompt": list(range(100_000, 100_400))}),
    ],
    ids=["chat", "text", "texts", "token ids"],
)
def test_repeated_prompt_is_cached_in_whole_blocks(
    cache: Fake, path: str, prompt: dict[str, Any], stream: bool
) -> None:
    body = {"model": GPT, "stream": stream, **prompt}

    first, second = (read_usage(cache, body, path) for _ in range(2))

    assert first["prompt_tokens_details"] == {"cached_tokens": 0}
    assert second["prompt_tokens_details"] == {"cached_tokens": 3 * BLOCK}
    assert first["prompt_tokens"] == second["prompt_tokens"] > 400


def test_prompt_shorter_than_a_block_has_zero_cached_tokens(cache: Fake) -> None:
    assert [count_cached(cache, chat_body("hi")) for _ in range(2)] == [0, 0]


def test_next_turn_has_the_earlier_prompt_cached(cache: Fake) -> None:
    first = [say("system", LONG), say("user", LONG)]
    count_cached(cache, conversation(*first))
    turn = [say("assistant", LONG, reasoning="hm"), say("user", "go on")]

    cached = count_cached(cache, conversation(*first, *turn))

    assert cached == (TEMPLATE + 2 * (ROLE + 400)) // BLOCK * BLOCK


def make_tool(description: str) -> dict[str, Any]:
    function = {"name": "look", "description": description}
    return {"type": "function", "function": function}


def make_call(call_id: str, name: str = "look") -> dict[str, Any]:
    function = {"name": name, "arguments": "{}"}
    return {"id": call_id, "type": "function", "function": function}


def test_cached_prefix_ends_before_the_first_difference(cache: Fake) -> None:
    messages = [say("system", LONG), say("user", LONG)]
    tools = [make_tool("x")]
    count_cached(cache, conversation(*messages) | {"tools": tools})

    other_end = conversation(messages[0], say("user", "!" + LONG)) | {"tools": tools}
    other_start = conversation(say("system", "!" + LONG), messages[1])
    other_tools = conversation(*messages) | {"tools": [make_tool("y")]}

    assert 400 - BLOCK < count_cached(cache, other_end) < 400 + 2 * BLOCK
    assert count_cached(cache, other_start | {"tools": tools}) == 0
    assert count_cached(cache, other_tools) == 0


def test_tools_are_cached_before_the_messages(cache: Fake) -> None:
    tools = {"tools": [make_tool(LONG)]}
    count_cached(cache, chat_body("hi", **tools))

    assert count_cached(cache, chat_body("something else", **tools)) == 3 * BLOCK


@pytest.mark.parametrize(
    ("call", "result", "is_cached"),
    [
        (make_call("a2"), say("tool", "5", tool_call_id="a2"), True),
        (make_call("a1", "listen"), say("tool", "5", tool_call_id="a1"), False),
        (make_call("a1"), say("tool", "6", tool_call_id="a1"), False),
        (make_call("a1"), say("tool", "5", tool_call_id="a1", name="look"), False),
    ],
    ids=["other id", "other tool", "other result", "with a name"],
)
def test_tool_calls_are_part_of_the_prefix_but_not_their_ids(
    cache: Fake, call: dict[str, Any], result: dict[str, Any], is_cached: bool
) -> None:
    def body(call: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        asked = {"role": "assistant", "tool_calls": [call]}
        return conversation(say("user", "hi"), asked, result, say("user", LONG))

    first = body(make_call("a1"), say("tool", "5", tool_call_id="a1"))
    count_cached(cache, first)

    assert count_cached(cache, body(call, result)) == (3 * BLOCK if is_cached else 0)


def test_image_is_part_of_the_prefix(cache: Fake) -> None:
    def body(url: str) -> dict[str, Any]:
        image = {"type": "image_url", "image_url": {"url": url}}
        parts = [image, {"type": "text", "text": LONG}]
        return conversation(say("user", parts), model=QWEN)

    png, jpeg = data_uri(PNG), data_uri(JPEG, "image/jpeg")
    assert [count_cached(cache, body(url)) for url in (png, png, jpeg)] == [0, 640, 0]


def test_each_model_and_key_has_its_own_cache(cache: Fake) -> None:
    count_cached(cache, chat_body(LONG))

    assert count_cached(cache, chat_body(LONG, QWEN)) == 0
    assert count_cached(cache, chat_body(LONG), headers=OTHER) == 0
    assert count_cached(cache, chat_body(LONG), headers=OTHER) == 3 * BLOCK


def test_keys_of_one_organisation_share_the_cache(cache: Fake) -> None:
    cache.unite_keys("csk-simulated", "csk-other")
    count_cached(cache, chat_body(LONG))

    assert count_cached(cache, chat_body(LONG), headers=OTHER) == 3 * BLOCK

    cache.reset()
    count_cached(cache, chat_body(LONG))
    assert count_cached(cache, chat_body(LONG), headers=OTHER) == 0


def test_block_expires_five_minutes_after_its_last_use(cache: Fake) -> None:
    count_cached(cache, chat_body(LONG))

    cache.set_clock(advance=299)
    assert count_cached(cache, chat_body(LONG)) == 3 * BLOCK
    cache.set_clock(advance=299)
    assert count_cached(cache, chat_body(LONG)) == 3 * BLOCK
    cache.set_clock(advance=300)
    assert count_cached(cache, chat_body(LONG)) == 0


@pytest.mark.parametrize("script", [{"status": 500}, {"fault": "cut"}], ids=str)
def test_request_without_a_response_is_not_cached(
    cache: Fake, script: dict[str, Any]
) -> None:
    cache.script(script)
    if "status" in script:
        assert post(cache, chat_body(LONG)).status == 500
    else:
        with pytest.raises(ConnectionError):
            post(cache, chat_body(LONG))

    assert count_cached(cache, chat_body(LONG)) == 0


def test_cached_tokens_take_no_prompt_time(cache: Fake) -> None:
    first, second = (
        post(cache, chat_body(LONG)).json["time_info"]["prompt_time"] for _ in range(2)
    )

    assert second < first / 2


def test_size_and_lifetime_of_blocks_can_be_set(cache: Fake) -> None:
    cache.set_cache(block_tokens=50, lifetime_s=10)

    assert [count_cached(cache, chat_body(LONG)) for _ in range(2)] == [0, 450]
    cache.set_clock(advance=10)
    assert count_cached(cache, chat_body(LONG)) == 0

    cache.set_cache()
    assert [count_cached(cache, chat_body(LONG)) for _ in range(2)] == [0, 3 * BLOCK]


def test_options_set_organisations_and_blocks() -> None:
    options = ("--organisation", "csk-simulated,csk-other", "--key", "csk-third")
    blocks = ("--cache-block-tokens", "100", "--cache-lifetime", "60")
    third = {**AGENT, "authorization": "Bearer csk-third"}
    with fake_cerebras("--tokens-per-second", "0", *options, *blocks) as fake:
        fake.set_clock(at=6000)
        count_cached(fake, chat_body(LONG))

        assert count_cached(fake, chat_body(LONG), headers=third) == 0
        assert count_cached(fake, chat_body(LONG), headers=OTHER) == 400
        fake.set_clock(advance=60)
        assert count_cached(fake, chat_body(LONG), headers=OTHER) == 0


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("cache", {"block_tokens": 0}),
        ("cache", {"size": 1}),
    ],
    ids=str,
)
def test_invalid_setting_returns_400(
    cache: Fake, route: str, body: dict[str, Any]
) -> None:
    assert post(cache, body, f"/_fake/{route}", headers=KEY).status == 400
