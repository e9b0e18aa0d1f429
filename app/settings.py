"""One typed, frozen settings object. The only reader of the environment and of `config/portal.toml`.

A value is looked up in the environment first (`PORTAL_<NAME>`), then in the configuration file, then the
default counts. An empty value is the same as no value. Whatever does not fit raises `SettingsError`, which
names the setting, the value seen (never a secret), what is allowed and every place that was looked at.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from app.errors import SettingsError
from app.settings_errors import explain, hint, mask_credentials, places, variable
from app.settings_places import Places
from app.settings_sources import read_file, refuse_unknown_variables
from app.settings_values import (
    Address,
    Addresses,
    ApiUrl,
    Dataset,
    Days,
    Host,
    Location,
    Loopback,
    Memory,
    Port,
    Repository,
    Seconds,
    SecretUrl,
    ServiceAccount,
    Severity,
    Threads,
    Upper,
    WebhookSecret,
    secret_parts,
)

__all__ = [
    "DEFAULT_CONFIG", "PROJECT_ROOT", "Settings", "config_path", "inherited", "load_settings", "mask_credentials",
    "require", "variable",
]  # fmt: skip
PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = PROJECT_ROOT / "config" / "portal.toml"


class Settings(Places):
    """Every setting of the portal. Frozen: read once at the start of a process, then passed on."""

    bigquery_dataset: Dataset = Field("lz_metrics", description="BigQuery dataset")
    bigquery_location: Location = Field("EU", description="Location of that dataset")
    bigquery_max_bytes_billed: int = Field(
        10 * 1024**3, ge=0, description="Most bytes one query may bill; a query above it fails unbilled"
    )
    bigquery_timeout_seconds: Seconds = Field(60, description="Longest a BigQuery query may take")

    pubsub_subscription: str = Field(
        "portal-lz-events", min_length=3, description="Subscription of the event layer"
    )
    pubsub_topic: str = Field("lz-infrastructure-events", min_length=3, description="Topic it belongs to")
    push_audience: str | None = Field(
        None, min_length=1, description="Audience of the tokens of a push subscription; unset: none may push"
    )
    push_service_account: ServiceAccount | None = Field(
        None, description="Service account that a push subscription signs its calls with"
    )
    push_certificates_url: ApiUrl = Field(
        "https://www.googleapis.com/oauth2/v1/certs", description="Where Google's certificates are"
    )
    webhook_secret: WebhookSecret | None = Field(
        None,
        description="Secret GitHub signs webhook deliveries with; two, with a comma, while it is changed",
    )
    webhook_host: Host | None = Field(
        None,
        description="Name under which a proxy passes on webhooks, and nothing else; unset: loopback only",
    )
    github_repository: Repository | None = Field(
        None, description="OWNER/NAME of the landing zone, whose webhooks count; unset: that of git_url"
    )
    portal_repository: Repository | None = Field(
        None, description="OWNER/NAME of the repository that gets the pull requests"
    )
    portal_token: SecretStr | None = Field(
        None, description="GitHub token that may push to portal_repository and open pull requests"
    )
    github_api_url: ApiUrl = Field("https://api.github.com", description="Address of GitHub's REST API")
    slack_webhook: SecretUrl | None = Field(
        None, description="Incoming webhook of Slack that is told of syncs that changed something or failed"
    )
    alert_slack_webhook: SecretUrl | None = Field(
        None, description="Incoming webhook of Slack that is told of alerts"
    )
    alert_slack_severity: Severity = Field("low", description="Least severe alert that Slack is told of")
    alert_webhook_url: SecretUrl | None = Field(None, description="Address that alerts are posted to as JSON")
    alert_webhook_secret: SecretStr | None = Field(
        None, min_length=16, description="Secret that those posts are signed with"
    )
    alert_webhook_severity: Severity = Field("low", description="Least severe alert that is posted there")
    alert_smtp_host: Host | None = Field(None, description="Mail server that alerts are handed to")
    alert_smtp_port: Port = Field(587, description="Port of the mail server")
    alert_smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is protected; none on this machine only"
    )
    alert_smtp_user: str | None = Field(None, description="Account on the mail server; unset: no sign-in")
    alert_smtp_password: SecretStr | None = Field(None, description="Its password")
    alert_email_from: Address | None = Field(None, description="Sender of mails about alerts")
    alert_email_to: Addresses = Field([], description="Who gets mails about alerts")
    alert_email_severity: Severity = Field("low", description="Least severe alert that is mailed")
    alert_pagerduty_key: SecretStr | None = Field(
        None, description="Routing key of a PagerDuty service (Events API v2)"
    )
    alert_pagerduty_url: ApiUrl = Field(
        "https://events.pagerduty.com/v2/enqueue", description="Address of PagerDuty's Events API"
    )
    alert_pagerduty_severity: Severity = Field(
        "high", description="Least severe alert that PagerDuty is told of"
    )
    portal_url: ApiUrl | None = Field(
        None, description="Address at which people open the portal, for links in messages"
    )
    api_token: SecretStr | None = Field(None, description="Operator token for every call that changes state")

    api_host: Loopback = Field("127.0.0.1", description="Address the sidecar listens on; loopback only")
    websocket_clients: int = Field(
        1000, ge=1, le=10_000, description="Most clients of /ws/sync-events at once"
    )
    api_port: Port = Field(8601, description="Port of the sidecar")
    ui_host: Loopback = Field("127.0.0.1", description="Address the pages are served on; loopback only")
    ui_port: Port = Field(8501, description="Port of the pages")

    memory_limit: Memory = Field("1GB", description="DuckDB memory per process, for example 1GB")
    import_memory_limit: Memory = Field(
        "1600MB", description="DuckDB memory of an import, for example 1600MB"
    )
    threads: Threads | None = Field(None, description="DuckDB threads per process; unset: all cores")
    query_timeout_seconds: Seconds = Field(30, description="Longest a local query may take")

    assets_interval_seconds: Seconds = Field(300, description="Time between runs of the assets layer")
    git_interval_seconds: Seconds = Field(21600, description="Time between runs of the git layer")
    layer_timeout_seconds: Seconds = Field(3600, description="A run is given up after this time")
    snapshot_retention_days: Days = Field(400, description="Daily snapshots are kept this long")

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = Field(
        "INFO", description="Least severe log line shown"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, json elsewhere"
    )

    freshness_webhook: Seconds = Field(
        120, description="A webhook served later than this is late, in seconds"
    )
    freshness_git: Seconds = Field(25200, description="Git data older than this is stale, in seconds")
    freshness_assets: Seconds = Field(600, description="Asset data older than this is stale, in seconds")
    freshness_events: Seconds = Field(120, description="Event data older than this is stale, in seconds")
    freshness_metrics: Seconds = Field(93600, description="Metrics older than this are stale, in seconds")
    freshness_policies: Seconds = Field(900, description="Findings older than this are stale, in seconds")

    pubsub_emulator_host: str | None = Field(
        None, description="host:port of a Pub/Sub emulator, in place of Google"
    )
    bigquery_emulator_host: str | None = Field(None, description="host:port or URL of a BigQuery emulator")
    google_application_credentials: Path | None = Field(None, description="File with Google credentials")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values come from `load_settings` alone, which knows where each one was found."""
        return (init_settings,)

    def public_dict(self) -> dict[str, Any]:
        """All settings as plain values; secrets read `set` or None, credentials in addresses are masked."""
        out: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = "set"
            elif isinstance(value, Path):
                value = str(value)
            out[name] = mask_credentials(value) if isinstance(value, str) else value
        return out

    def secrets(self) -> tuple[str, ...]:
        """The values that must never be logged or shown; each of several in one setting as well."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(part for v in values if isinstance(v, SecretStr) for part in secret_parts(v))


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """The configuration file in use, whether or not it exists."""
    named = (os.environ if environ is None else environ).get("PORTAL_CONFIG", "").strip()
    return Path(named).expanduser().absolute() if named else DEFAULT_CONFIG


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings. Raises SettingsError, one line per wrong setting, on whatever does not fit."""
    env = os.environ if environ is None else environ
    path = config_path(env)
    fields = list(Settings.model_fields)
    from_file = read_file(path, fields, named=bool(env.get("PORTAL_CONFIG", "").strip()))
    refuse_unknown_variables(env, fields)
    from_env = {
        name: env[variable(name)]
        for name in Settings.model_fields
        if env.get(variable(name), "").strip() != ""
    }
    try:
        return Settings(**{**from_file, **from_env})
    except ValidationError as error:
        # The cause would repeat the values, secrets included.
        raise explain(error, Settings.model_fields, from_env, path) from None


def inherited(*names: str) -> dict[str, str]:
    """Those variables of this process that a program it starts may have, where set: PATH, proxies, …"""
    return {name: os.environ[name] for name in names if name in os.environ}


def require(settings: Settings, name: str, why: str) -> Any:
    """The value of a setting that a feature cannot do without. Raises SettingsError when it is not set."""
    value = getattr(settings, name)
    if value is None:
        raise SettingsError(
            f"{name} is not set; {why} needs it. Looked at {places(name, config_path())}.",
            hint(name, Settings.model_fields),
        )
    return value
