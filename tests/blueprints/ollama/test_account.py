"""Nobody has to sign in."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_there_is_always_a_user_with_a_name(client: FlaskClient) -> None:
    answer = client.post("/api/me")

    assert answer.status_code == 200
    assert answer.json == {
        "id": "00000000-0000-0000-0000-000000000000",
        "email": "",
        "name": "cerellama",
        "plan": "free",
    }


def test_nobody_can_sign_out(client: FlaskClient) -> None:
    answers = [client.post("/api/signout"), client.delete("/api/user/keys/c3No")]

    for answer in answers:
        assert answer.status_code == 401
        assert answer.json == {"error": "you are not currently signed in"}


def test_the_cloud_is_not_switched_off(client: FlaskClient) -> None:
    answer = client.get("/api/status")

    assert answer.json == {"cloud": {"disabled": False, "source": "none"}}
