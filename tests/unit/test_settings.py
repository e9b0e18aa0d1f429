"""Settings: where values come from, and what a wrong one is told."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.errors import SettingsError
from app.settings import DEFAULT_CONFIG, PROJECT_ROOT, Settings, load_settings, require, variable

NOTHING = {"PORTAL_CONFIG": os.devnull}  # not the file of the person who runs the tests


def load(tmp_path: Path, toml: str | None = None, **environ: str) -> Settings:
    path = tmp_path / "portal.toml"
    if toml is not None:
        path.write_text(toml, encoding="utf-8")
        environ["PORTAL_CONFIG"] = str(path)
    return load_settings(environ)


def refused(tmp_path: Path, toml: str | None = None, **environ: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, toml, **environ)
    assert caught.value.exit_code == 2
    return caught.value


def test_defaults_need_nothing() -> None:
    settings = load_settings(NOTHING)
    assert (settings.engine, settings.api_port, settings.bigquery_dataset) == ("local", 8601, "lz_metrics")
    assert settings.home == Path.cwd() / ".portal"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    toml = 'api_port = 9001\nui_port = 9002\ngit_branch = "main"'
    settings = load(tmp_path, toml, PORTAL_API_PORT="9100")
    assert (settings.api_port, settings.ui_port, settings.git_branch) == (9100, 9002, "main")


def test_empty_is_unset(tmp_path: Path) -> None:
    settings = load(tmp_path, 'git_url = ""\ngit_branch = "main"', PORTAL_GIT_BRANCH=" ", PORTAL_API_TOKEN="")
    assert (settings.git_url, settings.git_branch, settings.api_token) == (None, "main", None)


def test_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings(NOTHING).api_port = 1  # type: ignore[misc]


def test_clients_own_variables_have_no_prefix() -> None:
    settings = load_settings(
        {"PUBSUB_EMULATOR_HOST": "localhost:8085", "BIGQUERY_EMULATOR_HOST": "localhost:9050"}
    )
    assert (settings.pubsub_emulator_host, settings.bigquery_emulator_host) == (
        "localhost:8085",
        "localhost:9050",
    )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ENGINE", "duck", "'local' or 'bigquery'"),
        ("API_PORT", "99999", "65535"),
        ("THREADS", "many", "integer"),
        ("MEMORY_LIMIT", "lots", "such as 512MB"),
        ("GIT_URL", "ftp://example.test/x", "https://, ssh:// or file://"),
        ("GCP_SCOPE", "organisation/1", "organizations/NUMBER"),
        ("GCP_PROJECT", "No Project", "a project id"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
        ("QUERY_TIMEOUT_SECONDS", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_value_names_everything(tmp_path: Path, name: str, value: str, allowed: str) -> None:
    error = refused(tmp_path, "", **{f"PORTAL_{name}": value})
    assert f"{name.lower()} is '{value}'" in error.message
    assert allowed in error.message
    assert f"environment variable PORTAL_{name}" in error.message
    assert str(tmp_path / "portal.toml") in error.message


def test_a_missing_file_is_said_to_be_missing() -> None:
    error = refused(Path(), PORTAL_ENGINE="duck")
    assert DEFAULT_CONFIG.exists() or f"{DEFAULT_CONFIG} (no such file)" in error.message


def test_a_wrong_value_in_the_file_names_the_file(tmp_path: Path) -> None:
    assert f"(from {tmp_path / 'portal.toml'})" in refused(tmp_path, "api_port = 0").message


def test_all_wrong_values_are_told_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, "", PORTAL_ENGINE="x", PORTAL_API_PORT="y").message
    assert "engine is" in message
    assert "api_port is" in message


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "portal.example.test", "::"])  # noqa: S104
def test_only_loopback_may_be_bound(tmp_path: Path, host: str) -> None:
    assert "no sign-in yet" in refused(tmp_path, PORTAL_API_HOST=host).message
    assert "no sign-in yet" in refused(tmp_path, f'ui_host = "{host}"').message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_fine(host: str) -> None:
    assert load_settings({**NOTHING, "PORTAL_UI_HOST": host}).ui_host == host


def test_unknown_key_in_the_file(tmp_path: Path) -> None:
    error = refused(tmp_path, "api_prot = 1")
    assert "Unknown setting 'api_prot'" in error.message
    assert "Did you mean api_port?" in error.message


def test_unknown_variable() -> None:
    error = refused(Path(), PORTAL_GIT_URI="https://example.test/x")
    assert "PORTAL_GIT_URI" in error.message
    assert "Did you mean PORTAL_GIT_URL?" in error.message
    assert "Did you mean PUBSUB_EMULATOR_HOST?" in refused(Path(), PORTAL_PUBSUB_EMULATOR_HOST="x").message


def test_variables_that_are_no_settings() -> None:
    assert load_settings({**NOTHING, "PORTAL_TESTS_REQUIRE": "pubsub"})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path, PORTAL_CONFIG=str(tmp_path / "nowhere.toml")).message


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = load_settings(
        {"PORTAL_API_TOKEN": "canary-token", "PORTAL_GIT_URL": "https://me:canary-pw@h.test/x"}
    )
    assert "canary" not in str(settings.public_dict())
    assert "canary-token" not in repr(settings)
    assert settings.public_dict()["api_token"] == "set"
    assert settings.secrets() == ("canary-token",)
    assert "canary" not in str(refused(tmp_path, 'api_token = ["canary"]'))
    assert "canary" not in str(refused(tmp_path, 'api_token = "canary', PORTAL_ENGINE="local"))
    assert "canary" not in str(refused(tmp_path, PORTAL_GIT_URL="ftp://me:canary@h.test/x"))


def test_a_setting_that_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        require(load_settings(NOTHING), "gcp_project", "BigQuery")
    assert "gcp_project is not set; BigQuery needs it" in caught.value.message
    assert "PORTAL_GCP_PROJECT" in str(caught.value)


def test_the_example_lists_every_setting_with_its_default() -> None:
    text = (PROJECT_ROOT / "config" / "portal.example.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == {}, "the example must change nothing when it is copied"
    values = tomllib.loads(
        "\n".join(line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line)
    )
    assert list(values) == list(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert f"# {field.description}" in text, name
        assert variable(name) in text, name
        default = str(field.default) if isinstance(field.default, Path) else field.default
        assert values[name] == (default if default is not None else ""), name


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
