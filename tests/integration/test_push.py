"""Messages that Pub/Sub pushes: who may, and what becomes of them; the stream paused and resumed."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient
from google.auth import crypt, jwt

from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.push import PATH
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.probe import ProbeLayer

TOKEN = "a-token-for-tests"
AUDIENCE = "https://portal.example.com/push"
ACCOUNT = "pusher@quartz.iam.gserviceaccount.com"
OWN = {
    "event_type": "resource_created",
    "resource": "projects/p-one/topics/t",
    "timestamp": "2026-03-01T10:00:00Z",
}


class Google:
    """A key, and the address where its public half is."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.signer = crypt.RSASigner.from_string(private, key_id="k1")
        body = json.dumps({"k1": public.decode()}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/certs"

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True,
                "iat": now, "exp": now + 600, **claims}  # fmt: skip
        return jwt.encode(self.signer, said).decode()


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    made = Google()
    yield made
    made.server.shutdown()


class Pushed:
    def __init__(self, home: Path, google: Google, **settings: Any) -> None:
        given = {
            "push_audience": AUDIENCE,
            "push_service_account": ACCOUNT,
            "webhook_host": "hooks.example.com",
        }
        made = Settings(home=home, push_certificates_url=google.address, **{**given, **settings})
        self.state = Cache(home).state
        runner = Runner(made, Cache(home), {"probe": ProbeLayer()})
        app = create_app(runner, Scheduler(runner), TOKEN)
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)

    def push(self, data: Any, token: str | None, **more: Any) -> Any:
        body = data if isinstance(data, bytes) else orjson.dumps(data)
        message = {
            "data": base64.b64encode(body).decode(),
            "messageId": "7",
            "publishTime": "2026-03-01T10:00:00Z",
        }
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        envelope = {"message": message, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 1}
        return self.client.post(PATH, json=envelope, headers={**headers, **more})


@pytest.fixture
def pushed(tmp_path: Path, google: Google) -> Pushed:
    return Pushed(tmp_path / "home", google)


def test_a_pushed_message_is_stored_once_before_it_is_answered(pushed: Pushed, google: Google) -> None:
    for _ in range(2):
        assert pushed.push(OWN, google.token()).status_code == 204
        assert len(pushed.state.rows("SELECT * FROM events")) == 1


def test_what_is_not_understood_is_a_dead_letter_and_is_not_sent_again(
    pushed: Pushed, google: Google
) -> None:
    assert pushed.push(b"not json", google.token()).status_code == 204
    (row,) = pushed.state.rows("SELECT * FROM dead_letters")
    assert (row["raw"], row["source"]) == (b"not json", "projects/p/subscriptions/s")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "https://other.example.com"}, 401),
        ({"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}, 401),
        ({"iss": "https://accounts.example.com"}, 401),
        ({"email": "other@quartz.iam.gserviceaccount.com"}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
        ({"email": None}, 403),
    ],
)
def test_another_token_is_refused_and_learns_nothing(
    pushed: Pushed, google: Google, claims: dict[str, Any], code: int
) -> None:
    answer = pushed.push(OWN, google.token(**claims))
    assert answer.status_code == code
    assert AUDIENCE not in answer.text
    assert ACCOUNT not in answer.text
    assert pushed.state.rows("SELECT * FROM events") == []


def test_no_token_one_of_another_key_and_nonsense_are_refused(pushed: Pushed, google: Google) -> None:
    other = Google()
    for token in (None, "x", "a.b.c", other.token(), TOKEN):
        assert pushed.push(OWN, token).status_code == 401
    other.server.shutdown()
    assert pushed.state.rows("SELECT * FROM events") == []


def test_without_settings_nobody_may_push(tmp_path: Path, google: Google) -> None:
    pushed = Pushed(tmp_path, google, push_audience=None)
    assert pushed.push(OWN, google.token()).status_code == 503


def test_an_envelope_that_is_none_is_refused(pushed: Pushed, google: Google) -> None:
    headers = {"Authorization": f"Bearer {google.token()}"}
    for body in (b"", b"[]", b'{"message": 1}', b'{"message": {"data": "***"}}'):
        assert pushed.client.post(PATH, content=body, headers=headers).status_code == 400


def test_from_outside_the_address_answers_and_its_neighbours_do_not(pushed: Pushed, google: Google) -> None:
    host = {"Host": "hooks.example.com"}
    assert pushed.push(OWN, google.token(), **host).status_code == 204
    assert pushed.client.post("/api/v1/events/pause", json={}, headers=host).status_code == 421


def test_paused_and_resumed(pushed: Pushed) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert pushed.client.post("/api/v1/events/pause", json={"who": "ada"}).status_code == 401
    told = pushed.client.post("/api/v1/events/pause", json={"who": "ada"}, headers=bearer).json()
    assert told["status"] == "paused"
    assert told["told"].startswith("by ada, ")
    again = pushed.client.post("/api/v1/events/pause", json={"who": "ben"}, headers=bearer).json()
    assert again == told, "who paused it first stays"
    assert (
        pushed.client.post("/api/v1/events/resume", json={}, headers=bearer).json()["status"] == "listening"
    )
    assert pushed.state.info("events_paused") == ""
    assert pushed.client.post("/api/v1/events/pause", json={"who": "a\nb"}, headers=bearer).status_code == 422
