"""Replies about the account, which clients request before they use a cloud model."""

from __future__ import annotations

# The CLI runs a cloud model only for a user with a name and sends others to ollama.com
# to sign in. Cerellama has no accounts, so all clients are this user.
USER = {
    "id": "00000000-0000-0000-0000-000000000000",
    "email": "",
    "name": "cerellama",
    "plan": "free",
}
SIGNED_OUT = "you are not currently signed in"

STATUS = {"cloud": {"disabled": False, "source": "none"}}
