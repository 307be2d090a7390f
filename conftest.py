"""The plugins of all tests, which are in tests/."""

pytest_plugins = [
    "tests.fuzzing",
    "tests.apps",
    "tests.figures",
    "tests.real_parts",
    "tests.live_server",
    "tests.databases",
    "tests.fake_ollama",
]
