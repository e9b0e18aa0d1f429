"""Where settings come from: the configuration file and the environment, with what is wrong in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import SettingsError
from app.settings_errors import PREFIX, did_you_mean, variable

# PORTAL_* variables that are not settings.
_NOT_SETTINGS = ("PORTAL_CONFIG", "PORTAL_TESTS_", "PORTAL_BENCH_")


def read_file(path: Path, fields: list[str], *, named: bool) -> dict[str, Any]:
    """The values of the configuration file; none when there is no file and nobody asked for one."""
    if not path.exists():
        if named:
            raise SettingsError(
                f"PORTAL_CONFIG names {path}, which does not exist.",
                "Create it (config/portal.example.toml shows every setting) or unset PORTAL_CONFIG.",
            )
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # Of a TOML error only the position is told: the line it stands on may hold a secret.
        at = re.search(r"line \d+, column \d+", str(error))
        what = f"is not valid TOML at {at.group()}" if at else f"cannot be read: {type(error).__name__}"
        raise SettingsError(
            f"The configuration file {path} {what}.", 'Expected lines such as: git_branch = "main"'
        ) from None
    for key in values:
        if key not in fields:
            bare = key.lower().removeprefix(PREFIX.lower())
            raise SettingsError(
                f"Unknown setting {key!r} in {path}." + did_you_mean(bare, fields),
                "config/portal.example.toml lists every setting.",
            )
    return {key: value for key, value in values.items() if value != ""}


def refuse_unknown_variables(env: Mapping[str, str], fields: list[str]) -> None:
    """Raises SettingsError for a PORTAL_* variable that is no setting."""
    known = {variable(name) for name in fields}
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in known or name.startswith(_NOT_SETTINGS):
            continue
        foreign = name.removeprefix(PREFIX)
        guess = f" Did you mean {foreign}?" if foreign in known else did_you_mean(name, sorted(known))
        raise SettingsError(
            f"Unknown environment variable {name}: no setting has that name.{guess}",
            "config/portal.example.toml lists every setting; a variable is PORTAL_ and the name in capitals.",
        )
