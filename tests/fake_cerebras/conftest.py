"""A stand-in of its own, which no server under test asks for anything."""

from tests.cerebras import shared_fake  # noqa: F401  # a fixture
