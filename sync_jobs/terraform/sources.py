"""Where state and plan documents come from: files and objects of Cloud Storage that PORTAL_TERRAFORM_STATE names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.errors import Permanent, SettingsError
from sync_jobs.layers.assets.files import download

SIZE_LIMIT = 256 * 1024**2  # bytes of one document


def state_documents(given: Sequence[str], folder: Path) -> list[tuple[str, bytes]]:
    """(address, content) of each. `folder` is the run's own, for what is downloaded.

    Raises SettingsError for a file that is not there, Permanent for one too large or not to be read, Retryable when the
    network failed.
    """
    return [(name, _content(name, folder / f"state-{number}.json")) for number, name in enumerate(given)]


def _content(name: str, target: Path) -> bytes:
    path = download(name, target) if name.startswith("gs://") else Path(name).expanduser()
    hint = "PORTAL_TERRAFORM_STATE names the output of `terraform show -json`."
    if not path.is_file():
        raise SettingsError(f"There is no file {name}.", hint)
    if path.stat().st_size > SIZE_LIMIT:
        raise Permanent(f"{name} is larger than {SIZE_LIMIT // 1024**2} MiB.", hint)
    try:
        return path.read_bytes()
    except OSError as error:
        raise Permanent(
            f"{name} cannot be read: {error.strerror}.", "Give this user read access to it."
        ) from error
