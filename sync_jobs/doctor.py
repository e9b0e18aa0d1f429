"""doctor: every setting, file, program and service the portal uses, each checked with the way to mend it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import httpx

from app.errors import PortalError
from app.settings import Settings, load_settings

LOW_DISK_BYTES = 1024**3
NETWORK_SECONDS = 10.0
CREDENTIALS_HINT = (
    "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a key file, "
    "or run where a service account is attached."
)

Status = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Check:
    """What was found. `mend` says what to do about a warning or failure."""

    name: str
    status: Status
    message: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {key: str(value) for key, value in asdict(self).items()}


def examine() -> list[Check]:
    """Run all checks. One that cannot be made never stops the others."""
    try:
        settings = load_settings()
    except PortalError as error:
        skipped = Check("everything else", "skipped", "The settings must be right first.")
        return [Check("settings", "fail", error.message, error.hint), skipped]
    checks = [Check("settings", "ok", "All settings are valid.")]
    for name, check in CHECKS.items():
        try:
            checks.extend(check(settings))
        except PortalError as error:
            checks.append(Check(name, "fail", error.message, error.hint))
        except Exception as error:  # noqa: BLE001  a check that breaks is a finding, not a crash
            text = f"The check itself failed: {type(error).__name__}: {error}"
            checks.append(Check(name, "fail", text, "Look at the message; the other checks still count."))
    return checks


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home
    parent = next(path for path in (home, *home.parents) if path.exists())
    if not home.exists() and os.access(parent, os.W_OK):
        yield Check("home", "ok", f"{home} does not exist yet and can be created.")
        return
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix="doctor-"):
            pass
    except OSError as error:
        mend = "Give this user write access to it, or set PORTAL_HOME to another folder."
        yield Check("home", "fail", f"{home} cannot be written: {error.strerror}.", mend)
        return
    yield Check("home", "ok", f"{home} can be written.")


def _disk(settings: Settings) -> Iterator[Check]:
    parent = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(parent).free
    text = f"{free / 1024**3:.1f} GiB free at {parent}."
    mend = "Free some space; an import needs about twice the size of its Parquet files."
    yield Check("disk", "ok", text) if free >= LOW_DISK_BYTES else Check("disk", "warn", text, mend)


def _store(settings: Settings) -> Iterator[Check]:
    from sync_jobs.store import state

    if not (settings.home / state.STATE_FILE).exists():
        yield Check("state", "skipped", "The home holds no data yet.", "Run a layer, or import-assets.")
        return
    opened = state.State(settings.home)
    found = [row["quick_check"] for row in opened.rows("PRAGMA quick_check")]
    if found != ["ok"]:
        mend = "Stop the portal, move state.sqlite aside and run the layers again, or restore a backup."
        yield Check("state", "fail", f"{opened.path} is damaged: {'; '.join(found[:3])}", mend)
        return
    yield Check("state", "ok", f"{opened.path} is sound.")


def _manifest(settings: Settings) -> Iterator[Check]:
    from sync_jobs.store.cache import Cache
    from sync_jobs.store.state import STATE_FILE

    if not (settings.home / STATE_FILE).exists():
        yield Check("cache", "skipped", "The home holds no data yet.")
        return
    source = Cache(settings.home).has_source()
    words = {"none": "holds no data", "sample": "holds the sample landing zone", "real": "holds real data"}
    yield Check("cache", "ok", f"The local cache {words.get(source, source)}.")


def _leases(settings: Settings) -> Iterator[Check]:
    from sync_jobs import runs
    from sync_jobs.store.state import STATE_FILE, State

    if not (settings.home / STATE_FILE).exists():
        yield Check("leases", "skipped", "The home holds no data yet.")
        return
    state = State(settings.home)
    mended = runs.repair(state)
    if mended:
        text = f"{len(mended)} run(s) whose process had died are now marked failed: {', '.join(mended)}."
        yield Check("leases", "warn", text, "Run those layers again.")
        return
    held = [str(row["name"]) for row in state.rows("SELECT name FROM leases ORDER BY name")]
    yield Check("leases", "ok", f"Held: {', '.join(held)}." if held else "No run is under way.")


def _sidecar(settings: Settings) -> Iterator[Check]:
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    url = f"http://{host}:{settings.api_port}/readyz"
    try:
        answer = httpx.get(url, timeout=3, trust_env=False)
    except httpx.HTTPError as error:
        mend = "Start it: python -m app, or python -m sync_jobs serve."
        yield Check("sidecar", "warn", f"Nothing answers at {url} ({type(error).__name__}).", mend)
        return
    if answer.status_code == 200:
        yield Check("sidecar", "ok", f"It answers at {url}.")
    else:
        yield Check("sidecar", "warn", f"{url} says {answer.text[:300]}", "Look at the sidecar's log.")


def _git(settings: Settings) -> Iterator[Check]:
    found = shutil.which("git")
    if found is None:
        status: Status = "fail" if settings.git_url else "warn"
        yield Check("git", status, "There is no git program.", "Install git: the git layer needs it.")
        return
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=10, check=False)
    yield Check("git", "ok", version.stdout.strip())
    if settings.git_url is None:
        yield Check("git source", "skipped", "PORTAL_GIT_URL is not set.", "Set it to your repository.")


def _credentials(settings: Settings) -> Iterator[Check]:
    path = settings.google_application_credentials
    if path is not None and not path.is_file():
        mend = "Correct the path or unset the variable."
        yield Check(
            "credentials", "fail", f"GOOGLE_APPLICATION_CREDENTIALS names {path}: no such file.", mend
        )
        return
    if not _uses_google(settings):
        yield Check("credentials", "skipped", "No setting asks for Google Cloud.")
        return
    import google.auth
    import google.auth.exceptions

    started = time.monotonic()
    try:
        _, project = google.auth.default()
    except google.auth.exceptions.GoogleAuthError as error:
        yield Check("credentials", "fail", f"No Google credentials: {error}", CREDENTIALS_HINT)
        return
    took = time.monotonic() - started
    yield Check("credentials", "ok", f"Found for project {project or 'unknown'} in {took:.1f} s.")


def _bigquery(settings: Settings) -> Iterator[Check]:
    if settings.engine != "bigquery" and not settings.bigquery_emulator_host:
        yield Check("bigquery", "skipped", "PORTAL_ENGINE is local.", "Set it to bigquery to use BigQuery.")
        return
    from app import queries, sql_files

    engine = queries.engine("bigquery")
    question = sql_files.adhoc("SELECT COUNT(*) AS runs FROM sync_runs")
    engine.query(question, {})
    yield Check("bigquery", "ok", f"The dataset {settings.bigquery_dataset} answers queries.")


def _pubsub(settings: Settings) -> Iterator[Check]:
    if settings.gcp_project is None:
        mend = "Set PORTAL_GCP_PROJECT to the project that holds the subscription."
        yield Check("pubsub", "skipped", "PORTAL_GCP_PROJECT is not set.", mend)
        return
    from google.api_core import exceptions
    from google.cloud.pubsub_v1 import SubscriberClient

    with SubscriberClient() as client:
        path = client.subscription_path(settings.gcp_project, settings.pubsub_subscription)
        try:
            client.get_subscription(request={"subscription": path}, timeout=NETWORK_SECONDS)
        except exceptions.GoogleAPICallError as error:
            mend = "Create it, grant roles/pubsub.subscriber, or correct PORTAL_PUBSUB_SUBSCRIPTION."
            yield Check("pubsub", "fail", f"{path}: {error.message}", mend)
            return
    yield Check("pubsub", "ok", f"{path} exists.")


def _assets(settings: Settings) -> Iterator[Check]:
    if settings.gcp_scope is None:
        mend = "Set PORTAL_GCP_SCOPE to the organisation, folders or projects to read."
        yield Check("assets", "skipped", "PORTAL_GCP_SCOPE is not set.", mend)
        return
    from sync_jobs.layers.assets import api_client, scopes

    client = api_client.connect(settings)
    try:
        for scope in scopes.parse(settings.gcp_scope):
            refused = api_client.probe(client, scope, NETWORK_SECONDS)
            if refused is None:
                yield Check("assets", "ok", f"Cloud Asset Inventory lists {scope}.")
            else:
                yield Check("assets", "fail", refused.message, refused.hint)
    finally:
        client.transport.close()


def _uses_google(settings: Settings) -> bool:
    emulated = settings.bigquery_emulator_host and settings.pubsub_emulator_host
    asked = settings.engine == "bigquery" or settings.gcp_project or settings.gcp_scope
    return bool(asked) and not emulated


def _sources(settings: Settings) -> Iterator[Check]:
    configured = [name for name in ("git_url", "gcp_scope", "gcp_project") if getattr(settings, name)]
    if configured:
        yield Check("sources", "ok", f"Set: {', '.join(configured)}.")
    else:
        mend = "Set PORTAL_GCP_SCOPE, PORTAL_GIT_URL and PORTAL_GCP_PROJECT to see your own landing zone."
        yield Check("sources", "warn", "No source is set.", mend)


def _config(_settings: Settings) -> Iterator[Check]:
    from app.settings import config_path

    path: Path = config_path()
    text = f"{path} is read." if path.exists() else f"{path} does not exist; the environment alone counts."
    yield Check("configuration file", "ok", text)


CHECKS: dict[str, Callable[[Settings], Iterator[Check]]] = {
    "configuration file": _config,
    "sources": _sources,
    "home": _home,
    "disk": _disk,
    "state": _store,
    "cache": _manifest,
    "leases": _leases,
    "sidecar": _sidecar,
    "git": _git,
    "credentials": _credentials,
    "bigquery": _bigquery,
    "pubsub": _pubsub,
    "assets": _assets,
}
