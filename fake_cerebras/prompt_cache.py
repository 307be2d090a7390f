"""The prompt cache: beginnings of earlier prompts, in blocks of tokens, that expire."""

from collections import OrderedDict

from fake_cerebras.prompt import Prompt

# The documentation names 128 in one version and "typically 100-600" in another.
BLOCK_TOKENS = 128
# Documented: at least five minutes, at most an hour. Guess: use renews it.
LIFETIME_S = 300.0


class PromptCache:
    """The cached blocks of all organisations and models."""

    def __init__(
        self, block_tokens: int = BLOCK_TOKENS, lifetime_s: float = LIFETIME_S
    ) -> None:
        self._initial = (block_tokens, lifetime_s)
        self.reset()

    def reset(self) -> None:
        """Empty the cache and return to the settings given at the start."""
        self.configure(*self._initial)

    def configure(
        self, block_tokens: int = BLOCK_TOKENS, lifetime_s: float = LIFETIME_S
    ) -> None:
        """Empty the cache and set the size and the lifetime of its blocks."""
        if block_tokens < 1:
            raise ValueError("a block has at least one token")
        self._block_tokens = block_tokens
        self._lifetime_s = lifetime_s
        # By organisation, model and key; the block that was used last is at the end.
        self._used_at: OrderedDict[tuple[str, str, int], float] = OrderedDict()

    def cached_tokens(
        self, organisation: str, model: str, prompt: Prompt, now: float
    ) -> int:
        """Return the length of the longest cached prefix, in tokens of whole blocks."""
        tokens = 0
        for key in prompt.block_keys(self._block_tokens):
            used_at = self._used_at.get((organisation, model, key))
            if used_at is None or self._is_expired(used_at, now):
                break
            tokens += self._block_tokens
        return tokens

    def store(self, organisation: str, model: str, prompt: Prompt, now: float) -> None:
        """Cache all whole blocks of a prompt, and remove expired ones."""
        for key in prompt.block_keys(self._block_tokens):
            block = (organisation, model, key)
            self._used_at[block] = now
            self._used_at.move_to_end(block)
        while self._used_at and self._is_expired(
            next(iter(self._used_at.values())), now
        ):
            self._used_at.popitem(last=False)

    def _is_expired(self, used_at: float, now: float) -> bool:
        return now - used_at >= self._lifetime_s
