"""The settings of where things are: the home, the landing zone's repository and the organisation. See app.settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings_values import (
    CONTENT_TYPES,
    DEFAULT_MAPPING,
    AssetTypes,
    BucketFolder,
    ContentTypes,
    Endpoint,
    Files,
    Folder,
    GitMapping,
    GitUrl,
    Project,
    Scope,
    Seconds,
    ServiceAccount,
)


class Places(BaseSettings):
    """The first of the settings."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    home: Folder = Field(Path(".portal"), description="Folder of the local cache and all state")
    engine: Literal["local", "bigquery"] = Field(
        "local", description="Where the pages read: local or bigquery"
    )

    git_url: GitUrl | None = Field(
        None, description="Landing zone repository: https://, ssh://, file:// or git@host:path"
    )
    git_branch: str = Field(
        "HEAD", min_length=1, description="Branch to follow; HEAD is the remote's default"
    )
    git_publish_root: Folder | None = Field(
        None, description="Folder below which the synced files are published; unset: the portal's own"
    )
    git_mapping: GitMapping = Field(
        DEFAULT_MAPPING, description="Which files of the landing zone are published, and where"
    )
    git_file_limit_bytes: int = Field(
        5 * 1024**2, ge=1, description="A larger file of the landing zone is refused"
    )
    git_history_commits: int = Field(
        500, ge=1, le=100_000, description="How many commits of the landing zone are kept"
    )
    terraform_state: Files = Field(
        [], description="Output of `terraform show -json` of states or plans: files or gs:// addresses"
    )
    gcp_scope: Scope | None = Field(
        None,
        description="What to read from Cloud Asset Inventory: organizations/N, folders/N or projects/ID; commas between",
    )
    gcp_project: Project | None = Field(
        None, description="Project that holds the BigQuery dataset and the subscription"
    )

    asset_content_types: ContentTypes = Field(
        list(CONTENT_TYPES),
        description="What is read of each asset; OS_INVENTORY and RELATIONSHIP are read where named",
    )
    asset_types: AssetTypes = Field(
        [],
        description="Asset types to read, also patterns such as compute.googleapis.com.*; unset: all",
    )
    asset_parallel: int = Field(
        4, ge=1, le=32, description="How many content types and scopes are read at the same time"
    )
    asset_page_size: int = Field(1000, ge=1, le=1000, description="Assets per call of the Cloud Asset API")
    asset_requests_per_minute: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Most calls of the Cloud Asset API per minute; unset: as many as it takes",
    )
    asset_retry_seconds: Seconds = Field(
        300, description="How long one content type of one scope may wait for quota and an API that is away"
    )
    asset_export_bucket: BucketFolder | None = Field(
        None, description="Where large scopes are exported to instead of being paged: gs://BUCKET/FOLDER"
    )
    asset_export_above: int = Field(
        200_000, ge=1, description="More assets than this are exported, where there is an export bucket"
    )
    asset_endpoint: Endpoint | None = Field(
        None,
        description="HOST:PORT of the Cloud Asset API in place of Google's; on this machine without TLS and sign-in",
    )
    impersonate_service_account: ServiceAccount | None = Field(
        None, description="Service account that the found credentials act as when they read assets"
    )
