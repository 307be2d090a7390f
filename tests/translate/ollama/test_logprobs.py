from __future__ import annotations

from typing import Any

import pytest

from app.translate.ollama.reply import logprob_entries

CASES: dict[str, tuple[dict[str, Any] | None, list[dict[str, Any]]]] = {
    "none": (None, []),
    "empty": ({"content": []}, []),
    "null": ({"content": None}, []),
    "bytes-added": (
        {"content": [{"token": "é", "logprob": -0.5}]},
        [{"token": "é", "logprob": -0.5, "bytes": [195, 169]}],
    ),
    "bytes-kept": (
        {"content": [{"token": "\ufffd", "logprob": -0.5, "bytes": [195]}]},
        [{"token": "\ufffd", "logprob": -0.5, "bytes": [195]}],
    ),
    "empty-token": (
        {"content": [{"token": "", "logprob": 0.0, "bytes": None}]},
        [{"token": "", "logprob": 0.0}],
    ),
    "no-top": (
        {"content": [{"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}]},
        [{"token": "a", "logprob": -1, "bytes": [97]}],
    ),
    "top-sorted": (
        {
            "content": [
                {
                    "token": "a",
                    "logprob": -1,
                    "top_logprobs": [
                        {"token": "b", "logprob": -2},
                        {"token": "a", "logprob": -1, "bytes": [97]},
                    ],
                }
            ]
        },
        [
            {
                "token": "a",
                "logprob": -1,
                "bytes": [97],
                "top_logprobs": [
                    {"token": "a", "logprob": -1, "bytes": [97]},
                    {"token": "b", "logprob": -2, "bytes": [98]},
                ],
            }
        ],
    ),
    "raw": (
        {
            "tokens": ["a", "b"],
            "token_logprobs": [None, -1],
            "top_logprobs": [None, {"c": -3, "b": -1}],
        },
        [
            {
                "token": "b",
                "logprob": -1,
                "bytes": [98],
                "top_logprobs": [
                    {"token": "b", "logprob": -1, "bytes": [98]},
                    {"token": "c", "logprob": -3, "bytes": [99]},
                ],
            }
        ],
    ),
    "raw-without-top": (
        {"tokens": ["a"], "token_logprobs": [-1], "top_logprobs": None},
        [{"token": "a", "logprob": -1, "bytes": [97]}],
    ),
}


@pytest.mark.parametrize(("logprobs", "told"), CASES.values(), ids=CASES)
def test_logprobs_are_told_as_ollama_does(
    logprobs: dict[str, Any] | None, told: list[dict[str, Any]]
) -> None:
    given = logprob_entries(logprobs)

    assert given == told
    assert [list(entry) for entry in given] == [list(entry) for entry in told]
