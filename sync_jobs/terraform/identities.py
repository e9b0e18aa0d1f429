"""Which Cloud asset a resource stands for, and the attributes that follow from those in the text.

A name holds the project's id where Terraform knows only that; Cloud Asset Inventory writes the number for some services.
`match_key` is the form both sides are brought to (see sql/drift): the id, and `locations` for zones of clusters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sync_jobs.terraform.identity_table import COMPUTED, IAM_OWNERS, KINDS, NO_ASSET, Kind
from sync_jobs.terraform.values import Fault, Unknown, Value, text_of

AFTER_APPLY = "known only after apply"
NO_ASSET_OF_ITS_OWN = "type without an asset of its own"
Get = Callable[[str], Value]
_FIELD = re.compile(r"\{(\w+)\}")
_IAM = re.compile(r"(google_\w+?)_iam_(?:member|binding|policy|audit_config)$")
_LAST_PART = frozenset(
    (
        "region", "zone", "topic", "subscription", "subnetwork", "bucket", "dataset_id", "secret_id", "cluster",
        "project", "project_id", "org_id", "repository",
    )
)  # fmt: skip
_PATHS = frozenset(("key_ring", "key_ring_id", "crypto_key_id", "service_account_id"))


@dataclass(frozen=True)
class Identity:
    """`asset_name` as Cloud Asset Inventory would write it (with the project's id), `match_key` to join on."""

    asset_type: str | None
    asset_name: str | None
    match_key: str | None
    project_id: str | None
    unknown: tuple[tuple[str, Unknown], ...] = ()


def identity(type_: str, get: Get) -> Identity:
    """Of one resource. `get` gives its attributes, and what the provider's settings give for them."""
    iam = _IAM.fullmatch(type_)
    kind = IAM_OWNERS.get(iam[1]) if iam else KINDS.get(type_)
    if kind is None:
        why = Unknown(NO_ASSET_OF_ITS_OWN, type_) if type_ in NO_ASSET else _no_kind(type_)
        return Identity(None, None, None, _project(get), (("", why),))
    if type_ == "google_folder":
        return _folder(kind, get)
    missing: list[tuple[str, Unknown]] = []
    name = _filled(kind.name, get, missing)
    in_project = "{project}" in kind.name or type_ == "google_storage_bucket"
    project = _project(get) if in_project else _project_in(name)
    if kind.asset_type == "cloudresourcemanager.googleapis.com/Project":
        project = name.rpartition("/")[2] if name else None
    key = match_key(kind.asset_type, name) if name else None
    if name is None and len(missing) == 1 and missing[0][1].key:
        key = missing[0][1].key  # a folder whose number only the cloud knows
    return Identity(kind.asset_type, name, key, project, tuple(missing))


def match_key(asset_type: str, name: str) -> str:
    """What both sides are brought to: clusters in a zone are listed under `zones` or `locations`."""
    return name.replace("/zones/", "/locations/") if asset_type.startswith("container.") else name


def computed(type_: str, name: str, get: Get, address: str) -> Value:
    """An attribute that is not in the text but follows from it; otherwise Unknown."""
    if type_ == "google_folder" and name in ("name", "id", "folder_id"):
        folder = identity(type_, get)
        return Unknown(AFTER_APPLY, f"{address}.{name}", key=folder.match_key)
    pattern = COMPUTED.get(type_, {}).get(name)
    if pattern is None and name in ("id", "self_link"):
        kind = KINDS.get(type_)
        pattern = _own_path(kind, name) if kind else None
    missing: list[tuple[str, Unknown]] = []
    value = _filled(pattern, get, missing) if pattern else None
    return Unknown(AFTER_APPLY, f"{address}.{name}") if value is None else value


def _own_path(kind: Kind, name: str) -> str | None:
    if name == "id":
        return kind.name.split("/", 3)[3] if kind.has_id else None
    if kind.asset_type.startswith("compute."):
        return kind.name.replace("//compute.googleapis.com/", "https://www.googleapis.com/compute/v1/")
    return None


def _no_kind(type_: str) -> Unknown:
    if type_.startswith("google_"):
        return Unknown("type whose asset is not known here", type_)
    return Unknown("type of another provider", type_)


def _filled(pattern: str, get: Get, missing: list[tuple[str, Unknown]]) -> str | None:
    """The pattern with its fields; None, and what is missing, where one is not known."""
    made = pattern
    for field in _FIELD.findall(pattern):
        value = get(field)
        if value is None:
            value = Unknown("attribute that is not set", field)
        try:
            text = text_of(value)
        except Fault as fault:
            text = Unknown("attribute that is no text", f"{field}: {fault}")
        bare = text if isinstance(text, Unknown) else _plain(field, text)
        if isinstance(bare, Unknown):
            missing.append((field, bare))
        else:
            made = made.replace("{" + field + "}", bare)
    return None if missing else made


def _plain(field: str, text: str) -> str | Unknown:
    """Paths and links are accepted for a bare name, as the provider does."""
    text = re.sub(r"^https://[\w.-]*googleapis\.com/(?:\w+/v\w+/)?", "", text)
    if field == "folder":
        return text if text.startswith("folders/") else f"folders/{text}"
    if field in _PATHS:
        whole = text.startswith("projects/")
        return text if whole else Unknown("name in a form that is not followed here", f"{field} {text[:80]}")
    return text.rpartition("/")[2] if field in _LAST_PART else text


def _project(get: Get) -> str | None:
    value = get("project")
    return value.rpartition("/")[2] if isinstance(value, str) and value else None


def _project_in(name: str | None) -> str | None:
    found = re.search(r"/projects/([^/]+)", name or "")
    return found[1] if found else None


def _folder(kind: Kind, get: Get) -> Identity:
    """Only the cloud knows a folder's number: it is found by its parent and its name."""
    given = get("name")
    if isinstance(given, str) and given.startswith("folders/"):  # of a state
        name = f"//cloudresourcemanager.googleapis.com/{given}"
        return Identity(kind.asset_type, name, name, None)
    parent, title = get("parent"), get("display_name")
    missing = [
        (name, value)
        for name, value in (("parent", parent), ("display_name", title))
        if isinstance(value, Unknown)
    ]
    above = parent.key if isinstance(parent, Unknown) else None
    if isinstance(parent, str):
        path = parent if "/" in parent else f"folders/{parent}"
        above = f"folder:{path}"
    key = f"{above}/{title}" if above and isinstance(title, str) else None
    number = Unknown(AFTER_APPLY, "the number of the folder", key=key)
    return Identity(kind.asset_type, None, key, None, (*missing, ("name", number)))
