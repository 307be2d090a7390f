"""What every test can use; the tests themselves are in tests/."""

pytest_plugins = [
    "tests.fuzzing",
    "tests.apps",
    "tests.figures",
    "tests.gevent_scenes",
    "tests.real_parts",
    "tests.live_server",
    "tests.databases",
    "tests.fake_ollama",
]
