"""What every test can use; the tests themselves are in tests/."""

pytest_plugins = [
    "tests.fuzzing",
    "tests.apps",
    "tests.figures",
    "tests.gevent_process",
    "tests.real_parts",
    "tests.serving",
    "tests.postgres",
    "tests.stores",
    "tests.stand_in_ollama",
]
