"""A picture that is shown and a tool that was called, in the words of each dialect."""

from __future__ import annotations

from tests.blueprints.talking import (
    CHAT,
    GENERATE,
    MESSAGES,
    OPENAI,
    RESPONSES,
    Object,
    picture,
    user,
)

PNG = picture("PNG")
DATA = f"data:image/png;base64,{PNG}"
TEXT = "What is it?"
SHOWN: dict[str, Object] = {
    CHAT: {"messages": [{**user(TEXT), "images": [PNG]}]},
    GENERATE: {"prompt": TEXT, "images": [PNG]},
    OPENAI: {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": TEXT},
                    {"type": "image_url", "image_url": {"url": DATA}},
                ],
            }
        ]
    },
    RESPONSES: {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": TEXT},
                    {"type": "input_image", "image_url": DATA},
                ],
            }
        ]
    },
    MESSAGES: {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": TEXT},
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": PNG,
                        },
                    },
                ],
            }
        ]
    },
}

ARGUMENTS = '{"town":"Oslo"}'
CALLED = {"name": "weather", "arguments": ARGUMENTS}
CALL = {"id": "call_1", "type": "function", "function": CALLED}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Rain."}
ASSISTANT = {"role": "assistant", "content": "I look."}
TWO_TURNS: dict[str, Object] = {
    CHAT: {
        "messages": [
            user(),
            {
                **ASSISTANT,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "function": {"name": "weather", "arguments": {"town": "Oslo"}},
                    }
                ],
            },
            RESULT,
        ]
    },
    OPENAI: {"messages": [user(), {**ASSISTANT, "tool_calls": [CALL]}, RESULT]},
    RESPONSES: {
        "input": [
            user(),
            ASSISTANT,
            {"type": "function_call", "call_id": "call_1", **CALLED},
            {
                "type": "function_call_output",
                "call_id": "call_1",
                "output": "Rain.",
            },
        ]
    },
    MESSAGES: {
        "messages": [
            user(),
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool_use",
                        "id": "call_1",
                        "name": "weather",
                        "input": {"town": "Oslo"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "call_1",
                        "content": "Rain.",
                    }
                ],
            },
        ]
    },
}
