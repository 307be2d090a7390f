"""The account that clients ask about before they use a model of the cloud."""

from __future__ import annotations

# The CLI starts a cloud model only for a user with a name, and sends others to a
# page of ollama.com. Here nobody has to sign in, so everybody is the same user.
USER = {
    "id": "00000000-0000-0000-0000-000000000000",
    "email": "",
    "name": "cerellama",
    "plan": "free",
}
SIGNED_OUT = "you are not currently signed in"

STATUS = {"cloud": {"disabled": False, "source": "none"}}
