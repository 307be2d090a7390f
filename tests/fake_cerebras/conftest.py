"""Give these tests a fake_cerebras that no server under test uses."""

from tests.cerebras import free, shared_fake, two_keys  # noqa: F401  # fixtures
