"""Somebody signs up, signs in, and is known."""

import httpx

from auth_service.wire import Answer


def test_sign_up_login_me(client: httpx.Client) -> None:
    account = {"email": "Ada@example.org", "password": "violet harbour 9", "name": "Ada"}
    assert client.post("/v1/signup", json=account).status_code == 202
    signed_in = client.post("/v1/login", json={"email": "ada@example.org", "password": "violet harbour 9"})
    assert signed_in.status_code == 200, signed_in.text

    me = client.get("/v1/me", headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"})

    assert me.status_code == 200, me.text
    assert (me.json()["name"], me.json()["roles"]) == ("Ada", ["student"])
    assert Answer.model_config["frozen"]
