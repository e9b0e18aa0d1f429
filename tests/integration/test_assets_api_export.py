"""Large scopes are exported to Cloud Storage, and credentials are found or explained."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from app.errors import Permanent, SettingsError
from app.settings import Settings, load_settings
from sync_jobs.layers.assets import api_client
from tests.fixtures.asset_api import AssetApi, Code
from tests.fixtures.exports import ORG, fleet, ndjson, policy, portal
from tests.integration.test_assets_api import Sync


class _Storage(BaseHTTPRequestHandler):
    """Answers downloads of objects."""

    objects: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        name = unquote(urlsplit(self.path).path.partition("/o/")[2])
        body = self.objects.get(name)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sync]:
    _Storage.objects = {}
    storage = ThreadingHTTPServer(("127.0.0.1", 0), _Storage)
    Thread(target=storage.serve_forever, daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{storage.server_port}")

    def written(uri: str, assets: list[dict[str, Any]]) -> None:
        _Storage.objects[uri.partition("gs://lz-exports/")[2]] = ndjson(assets)

    api = AssetApi(write=written)
    with api.serving() as endpoint, portal(tmp_path / "home") as opened:
        made = Sync(tmp_path / "home", api, endpoint)
        made.portal = opened
        yield made
    storage.shutdown()
    storage.server_close()


LARGE = {"asset_export_bucket": "gs://lz-exports/portal", "asset_export_above": 20}


def test_a_large_scope_is_exported_instead_of_paged(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(50))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-007")])
    first = sync.run(**LARGE)
    assert (first["status"], first["error_messages"]) == ("success", [])
    assert len(sync.portal.names()) == 50
    assert sync.portal.asset("till-007")["iam_policy"]
    assert len(sync.api.exports) == 2
    paged, times = len(sync.api.calls), {call.read_time for call in sync.api.exports}
    assert len(times) == 1
    target = sync.api.exports[0].output_config.gcs_destination.uri
    assert target.startswith(f"gs://lz-exports/portal/{first['run_id']}/")
    sync.api.put(ORG, "RESOURCE", fleet(49))
    assert sync.run(**LARGE)["status"] == "success"
    assert len(sync.api.calls) == paged, "known to be large: not paged first"
    assert len(sync.portal.names()) == 49


def test_a_small_scope_is_paged_all_the_same(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(20))
    assert sync.run(**LARGE)["status"] == "success"
    assert sync.api.exports == []


def test_an_export_that_fails_is_named_and_its_content_stays(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(50))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-007")])
    sync.run(**LARGE)
    sync.api.fail(ORG, "IAM_POLICY", Code.PERMISSION_DENIED, "no")
    sync.api.put(ORG, "RESOURCE", fleet(45))
    run = sync.run(**LARGE)
    assert (run["status"], run["missed"]) == ("partial", [f"{ORG} IAM_POLICY"])
    assert len(sync.portal.names()) == 45
    assert sync.portal.asset("till-007")["iam_policy"]


def test_an_object_that_is_not_there_removes_nothing(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(50))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-007")])
    sync.run(**LARGE)
    sync.api.write = lambda uri, assets: None
    run = sync.run(**LARGE)
    assert run["status"] == "failed"
    assert "There is no object" in run["error_messages"][0]
    assert len(sync.portal.names()) == 50


def settings(**given: Any) -> Settings:
    return Settings(gcp_scope=ORG, **given)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without credentials: no file, no gcloud login, no metadata server."""
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "CLOUDSDK_", "GCE_", "GCLOUD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def test_without_credentials_every_way_to_get_them_is_named(nowhere: None) -> None:
    with pytest.raises(Permanent) as caught:
        api_client.credentials(settings())
    text = str(caught.value)
    for way in ("gcloud auth application-default login", "GOOGLE_APPLICATION_CREDENTIALS",
                "Workload Identity Federation", "service account is attached", "PORTAL_IMPERSONATE"):  # fmt: skip
        assert way in text


def test_a_file_that_is_missing_or_no_credentials(nowhere: None, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="which is not a file"):
        api_client.credentials(settings(google_application_credentials=tmp_path / "key.json"))
    (tmp_path / "key.json").write_text('{"type": "song", "private_key": "canary"}')
    with pytest.raises(SettingsError, match="holds no Google credentials") as caught:
        api_client.credentials(settings(google_application_credentials=tmp_path / "key.json"))
    assert "canary" not in str(caught.value)


def test_workload_identity_federation_and_impersonation(nowhere: None, tmp_path: Path) -> None:
    pool = (
        "//iam.googleapis.com/locations/global/workforcePools/ci/providers/git"  # loads without the network
    )
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "wif.json").write_text(
        json.dumps(
            {
                "type": "external_account",
                "audience": pool,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": "https://sts.googleapis.com/v1/token",
                "credential_source": {"file": str(tmp_path / "token")},
            }
        )
    )
    found = api_client.credentials(settings(google_application_credentials=tmp_path / "wif.json"))
    assert type(found).__module__ == "google.auth.identity_pool"
    acting = api_client.credentials(
        settings(
            google_application_credentials=tmp_path / "wif.json",
            impersonate_service_account="portal@lz-tools.iam.gserviceaccount.com",
        )
    )
    assert acting.service_account_email == "portal@lz-tools.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [("127.0.0.1:9", True), ("[::1]:9", True), ("localhost:9", True), ("10.0.0.1:9", False),
     ("localhost.example.com:9", False), ("127.0.0.1.example.com:9", False)],
)  # fmt: skip
def test_only_this_machine_is_called_without_sign_in(endpoint: str, here: bool, nowhere: None) -> None:
    assert api_client.is_loopback(endpoint) is here
    if here:
        api_client.connect(settings(asset_endpoint=endpoint)).transport.close()
    else:
        with pytest.raises(Permanent, match="no Google credentials"):
            api_client.connect(settings(asset_endpoint=endpoint))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GCP_SCOPE", "organizations/1, folders/2,projects/lz-net", None),
        ("GCP_SCOPE", "organizations/1,,", "commas between"),
        ("ASSET_CONTENT_TYPES", "resource,iam-policy", None),
        ("ASSET_CONTENT_TYPES", "RESOURCES", "of RESOURCE"),
        ("ASSET_ENDPOINT", "https://cloudasset.googleapis.com", "without https"),
        ("ASSET_EXPORT_BUCKET", "lz-exports", "gs://BUCKET"),
        ("IMPERSONATE_SERVICE_ACCOUNT", "me@example.com", "service account"),
    ],
)
def test_settings_of_the_sync(name: str, value: str, expected: str | None) -> None:
    environment = {"PORTAL_CONFIG": os.devnull, f"PORTAL_{name}": value}
    if expected is None:
        load_settings(environment)
        return
    with pytest.raises(SettingsError, match=expected):
        load_settings(environment)
