"""The BigQuery engine over a real connection: what the emulator cannot judge is answered by the HTTP fake."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from app.engines.bigquery import BigQueryEngine
from app.engines.bigquery_connection import Cancelled, label_value
from app.errors import Permanent, PortalError, QueryError, Retryable, SettingsError
from app.settings import Settings
from app.sql_files import adhoc
from tests.fixtures.bigquery_http_fake import NEVER, BigQueryFake, Failure

TOKEN = "ya29.a0Secret-Token_Value"


@pytest.fixture
def settings(bq_fake: BigQueryFake, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        gcp_project="lz-test-project",
        bigquery_emulator_host=bq_fake.host,
        bigquery_timeout_seconds=20,
        bigquery_max_bytes_billed=1_000_000,
    )


def rows(settings: Settings, sql: str = "SELECT 1 AS n", **params: object) -> pa.Table:
    engine = BigQueryEngine(settings)
    try:
        return engine.query(adhoc(sql, params), params)
    finally:
        engine.close()


def test_the_job_is_labelled_capped_and_timed(bq_fake: BigQueryFake, settings: Settings) -> None:
    assert rows(settings).to_pydict() == {"n": [1]}
    (config,) = bq_fake.submitted()
    assert config["labels"]["portal"] == "landing-zone"
    assert config["labels"]["query"]
    assert config["query"]["maximumBytesBilled"] == "1000000"
    assert config["query"]["useQueryCache"] is True
    assert config["query"]["useLegacySql"] is False
    assert config["query"]["defaultDataset"] == {"projectId": "lz-test-project", "datasetId": "lz_metrics"}
    assert 1000 <= int(config["jobTimeoutMs"]) <= 20_000
    assert bq_fake.jobs.popitem()[1]["jobReference"]["location"] == "EU"


def test_labels_keep_to_what_bigquery_allows() -> None:
    assert label_value("pages/Infrastructure/counts by type") == "pages-infrastructure-counts-by-type"
    one, two = label_value("saved/" + "x" * 80 + "1"), label_value("saved/" + "x" * 80 + "2")
    assert len(one) <= 63 and len(two) <= 63 and one != two


def test_values_are_bound_and_never_in_the_text(bq_fake: BigQueryFake, settings: Settings) -> None:
    evil = "x' OR 1=1 --"
    rows(settings, "SELECT @project AS n, @types", project=evil, types=["a", "b"])
    query = bq_fake.submitted()[0]["query"]
    assert evil not in query["query"]
    assert query["parameterMode"] == "NAMED"
    by_name = {item["name"]: item for item in query["queryParameters"]}
    assert by_name["project"]["parameterValue"]["value"] == evil
    assert by_name["project"]["parameterType"]["type"] == "STRING"
    assert by_name["types"]["parameterType"] == {"type": "ARRAY", "arrayType": {"type": "STRING"}}
    assert [value["value"] for value in by_name["types"]["parameterValue"]["arrayValues"]] == ["a", "b"]


@pytest.mark.parametrize("kind", ["DELETE", "INSERT", "SCRIPT", "DROP_TABLE", "EXPORT_DATA"])
def test_only_a_select_is_run(bq_fake: BigQueryFake, settings: Settings, kind: str) -> None:
    bq_fake.statement_type = kind
    with pytest.raises(QueryError, match=f"Only a single SELECT.*{kind}"):
        rows(settings)
    assert bq_fake.submitted() == []
    assert len(bq_fake.submitted(dry_run=True)) == 1


def test_a_text_is_checked_once(bq_fake: BigQueryFake, settings: Settings) -> None:
    engine = BigQueryEngine(settings)
    for _ in range(3):
        engine.query(adhoc("SELECT 1 AS n", {}), {})
    assert len(bq_fake.submitted(dry_run=True)) == 1
    assert len(bq_fake.submitted()) == 3


def test_an_estimate_reads_nothing(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.bytes_processed = 123_456_789
    assert BigQueryEngine(settings).estimate(adhoc("SELECT 1 AS n", {}), {}).bytes == 123_456_789
    assert bq_fake.submitted() == []
    assert bq_fake.submitted(dry_run=True)[0]["query"]["useQueryCache"] is False


def test_more_bytes_than_allowed(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.job_errors = [
        {
            "reason": "bytesBilledLimitExceeded",
            "message": "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.",
        }
    ]
    with pytest.raises(QueryError) as caught:
        rows(settings)
    assert "10485760 or higher required" in caught.value.message
    assert "PORTAL_BIGQUERY_MAX_BYTES_BILLED" in caught.value.hint
    assert "1,000,000" in caught.value.hint


def test_bad_sql_says_where(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.failures = [
        ("POST", "/jobs", Failure(400, "invalidQuery", "Unrecognized name: nope at [2:8]")),
    ]
    with pytest.raises(QueryError, match=r"Unrecognized name: nope at \[2:8\]") as caught:
        rows(settings)
    assert "http" not in caught.value.message


def test_too_slow_is_cancelled_in_bigquery(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.polls = NEVER
    quick = settings.model_copy(update={"bigquery_timeout_seconds": 1})
    started = time.monotonic()
    with pytest.raises(Retryable, match="No result in time") as caught:
        rows(quick)
    assert time.monotonic() - started < 5
    assert "PORTAL_BIGQUERY_TIMEOUT_SECONDS" in caught.value.hint
    (job_id,) = bq_fake.jobs
    assert [call.path for call in bq_fake.calls("POST", "/cancel$")] == [
        f"/bigquery/v2/projects/lz-test-project/jobs/{job_id}/cancel"
    ]


def test_giving_up_cancels_in_bigquery(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.polls, gave_up = NEVER, threading.Event()
    threading.Timer(0.3, gave_up.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        BigQueryEngine(settings).query(adhoc("SELECT 1 AS n", {}), {}, cancelled=gave_up)
    assert time.monotonic() - started < 5
    assert len(bq_fake.calls("POST", "/cancel$")) == 1


def test_a_failure_inside_bigquery_is_tried_again(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.job_errors = [{"reason": "backendError", "message": "Error encountered during execution."}]
    assert rows(settings).num_rows == 1
    assert len(bq_fake.submitted()) == 2
    assert len(bq_fake.jobs) == 2


def test_a_busy_api_is_tried_again(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.failures = [
        ("POST", "/jobs", Failure(503, "backendError", "Try again")),
        ("GET", "/queries/", Failure(403, "rateLimitExceeded", "Exceeded rate limits")),
    ]
    assert rows(settings).num_rows == 1
    assert bq_fake.failures == []


@pytest.mark.parametrize(
    ("message", "role"),
    [
        (
            "Access Denied: Project x: User does not have bigquery.jobs.create permission in project x.",
            "roles/bigquery.jobUser on project lz-test-project",
        ),
        (
            "Access Denied: Table x:d.t: User does not have permission to query table x:d.t, or perhaps",
            "roles/bigquery.dataViewer on dataset lz-test-project.lz_metrics",
        ),
        (
            "Access Denied: Table t: Permission bigquery.tables.updateData denied on table t",
            "roles/bigquery.dataEditor on dataset",
        ),
    ],
)
def test_access_denied_names_the_role(
    bq_fake: BigQueryFake, settings: Settings, message: str, role: str
) -> None:
    bq_fake.failures = [("POST", "/jobs", Failure(403, "accessDenied", message))]
    with pytest.raises(Permanent, match="Access denied") as caught:
        rows(settings)
    assert role in caught.value.hint
    assert len(bq_fake.requests) == 1, "a refusal is not tried again"


def test_a_missing_dataset_leads_to_setup(bq_fake: BigQueryFake, settings: Settings) -> None:
    gone = "Not found: Dataset lz-test-project:lz_metrics was not found in location EU"
    bq_fake.failures = [("POST", "/jobs", Failure(404, "notFound", gone))]
    with pytest.raises(Permanent, match="lz_metrics was not found") as caught:
        rows(settings)
    assert "python -m sync_jobs setup bigquery" in caught.value.hint
    assert "PORTAL_BIGQUERY_LOCATION is EU" in caught.value.hint


def test_a_used_up_quota_is_not_tried_again(bq_fake: BigQueryFake, settings: Settings) -> None:
    bq_fake.job_errors = [{"reason": "quotaExceeded", "message": "Quota exceeded: query usage per day"}]
    with pytest.raises(Permanent, match="quota") as caught:
        rows(settings)
    assert not isinstance(caught.value, Retryable)
    assert len(bq_fake.jobs) == 1


def test_no_error_tells_a_token(bq_fake: BigQueryFake, settings: Settings) -> None:
    text = f'denied for "access_token": "{TOKEN}" with Authorization: Bearer {TOKEN}'
    bq_fake.failures = [("POST", "/jobs", Failure(403, "accessDenied", text))]
    with pytest.raises(PortalError) as caught:
        rows(settings)
    error: BaseException | None = caught.value
    assert TOKEN not in str(error) and "Secret" not in str(error)
    assert error is not None and error.__cause__ is None and error.__suppress_context__


def test_nobody_answers(settings: Settings) -> None:
    dead = settings.model_copy(
        update={"bigquery_emulator_host": "127.0.0.1:9", "bigquery_timeout_seconds": 1}
    )
    with pytest.raises(Retryable, match=r"No answer from 127\.0\.0\.1:9"):
        rows(dead)


def test_no_project(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="gcp_project is not set") as caught:
        rows(settings.model_copy(update={"gcp_project": None}))
    assert "PORTAL_GCP_PROJECT" in str(caught.value)


def test_no_credentials_gives_the_three_ways(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with pytest.raises(SettingsError, match="No Google credentials") as caught:
        rows(settings.model_copy(update={"bigquery_emulator_host": None}))
    for way in ("gcloud auth application-default login", "key file", "Workload Identity Federation"):
        assert way in caught.value.hint


@pytest.mark.parametrize(
    "content", [None, "not json", '{"type": "service_account", "private_key": "PRIVATE"}']
)
def test_a_key_file_that_is_none(settings: Settings, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    broken = settings.model_copy(
        update={"bigquery_emulator_host": None, "google_application_credentials": path}
    )
    with pytest.raises(SettingsError) as caught:
        rows(broken)
    assert "key.json" in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


def test_importing_the_engine_does_not_load_googles_client() -> None:
    import subprocess
    import sys

    code = "import sys, app.engines.bigquery; print('google.cloud.bigquery' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
