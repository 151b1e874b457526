"""Logs of deployments, and the predictions that they were asked for."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..contract.refusal import invalid, not_found
from ..server.validation import moment
from ..state.credentials import REGION
from ..state.deployments import DeploymentStore
from .paging import offset_page, with_values

Json = dict[str, Any]

_DAY = 86_400.0
_LONGEST_RANGE = 14 * _DAY
_INFERENCES = 20
_LOGS = 100
_MOST_LOGS = 1000


class InferenceService:
    """Logs and predictions of the deployments of one instance.

    Args:
        store: Keeps them.
        clock: Gives seconds since 1970.
    """

    def __init__(self, store: DeploymentStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def note_inference(self, key: str, request_uri: str, row: Json) -> None:
        """Keep a prediction.

        Args:
            key: The deployment.
            request_uri: The address that was asked.
            row: Status, latency, version, caller, request and response.
        """
        # An id has slashes in it, as the platform's have. [aidp-python-client 5.1.1]
        request_id = "/".join(uuid.uuid4().hex for _ in range(3))
        self._store.put(
            "inferences",
            f"{key}/{request_id}",
            key,
            {"moment": self._clock(), "requestId": request_id, "requestUri": request_uri, **row},
        )

    # -- logs

    def search_deployment_logs(self, details: Json, user: str) -> Json:
        """Return a page of log records, the newest first, without their texts."""
        key = details.pop("deploymentId")
        self._require(key)
        begin, end = self._range(details, _DAY)
        rows = [
            with_values({name: row[name] for name in row if name not in ("moment", "text")})
            for row in self._store.rows("logs", key)
            if begin <= row["moment"] <= end
            and row["level"] in (details.get("levels") or [row["level"]])
            and details.get("opcRequestId") in (None, row.get("opcRequestId"))
        ]
        limit = details.get("limit", _LOGS)
        if not 1 <= limit <= _MOST_LOGS:
            raise invalid(f"'limit' must be from 1 to {_MOST_LOGS}.")
        page = offset_page(
            "items", rows, {"max_results": limit, "page_token": details.get("pageToken")}, limit
        )
        token = page.pop("next_page_token", None)
        return {
            "deploymentId": key,
            "logs": {**page, **({"nextPageToken": token} if token else {})},
            "query": {
                "timeStart": details["timeStart"],
                "timeEnd": details["timeEnd"],
                "timeEvaluated": _text(self._clock()),
                "consistency": "BEST_EFFORT",
            },
            "coverage": {"state": "COMPLETE_WITHIN_RETENTION"},
        }

    def get_deployment_log(self, query: Json, user: str) -> Json:
        """Return a log record with its text."""
        self._require(query["deploymentId"])
        row = self._store.find("logs", query["logId"])
        if row is None:
            raise not_found("There is no such log record.")
        return {
            "deploymentId": query["deploymentId"],
            **{name: row[name] for name in ("recordId", "logId", "timestamp", "timestampSource")},
            "level": row["level"],
            "message": {"state": "AVAILABLE", "text": row["text"], "isTruncated": False},
            "metadata": {"region": REGION},
        }

    def _log(self, key: str, level: str, text: str) -> None:
        log_id, now = uuid.uuid4().hex, self._clock()
        row = {
            "recordId": log_id,
            "logId": log_id,
            "timestamp": _text(now),
            "timestampSource": "EVENT_TIME",
            "level": level,
            "isDetailAvailable": True,
            "moment": now,
            "text": text,
        }
        self._store.put("logs", log_id, key, row)

    # -- predictions

    def search_model_deployment_inferences(self, details: Json, user: str) -> Json:
        """Return a page of predictions, the newest first, without what was sent."""
        key = details.pop("deploymentId")
        self._require(key)
        begin, end = self._range(details, _DAY)
        everything = self._inferences(key, begin, end)
        rows = [
            _inference(row)
            for row in everything
            if details.get("status") in (None, row["status"])
            and details.get("modelVersion") in (None, row["modelVersion"])
            and details.get("requestUri") in (None, row["requestUri"])
        ]
        asked = {"max_results": _INFERENCES, "page_token": details.get("pageToken")}
        page = offset_page("items", rows, asked, _INFERENCES)
        token = page.pop("next_page_token", None)
        return {
            "timeStart": _text(begin),
            "timeEnd": _text(end),
            **page,
            **({"nextPageToken": token} if token else {}),
            "statuses": sorted({row["status"] for row in everything}),
            "requestUris": sorted({row["requestUri"] for row in everything}),
            "modelVersions": sorted({row["modelVersion"] for row in everything}),
        }

    def get_model_deployment_inference_details(self, query: Json, user: str) -> Json:
        """Return a prediction with what was sent and answered."""
        self._require(query["deploymentId"])
        row = self._store.find("inferences", f"{query['deploymentId']}/{query['requestId']}")
        if row is None:
            raise not_found("There is no such prediction.")
        return with_values(
            {
                **_inference(row),
                "requestPayload": row["request"],
                "responsePayload": row["response"],
                "metadata": {"region": REGION, "caller": row["caller"]},
            }
        )

    def get_model_deployment_inference_summary(self, query: Json, user: str) -> Json:
        """Return how many predictions there were, and how long they took."""
        key = query["deploymentId"]
        self._require(key)
        begin, end = self._range(query, _DAY)
        rows = self._inferences(key, begin, end)
        states = [row["status"] for row in rows]
        good = states.count("SUCCESS")
        return {
            "timeStart": _text(begin),
            "timeEnd": _text(end),
            "summary": {
                "totalRequests": len(rows),
                "successfulRequests": good,
                "failedRequests": states.count("FAILED"),
                "malformedRequests": states.count("MALFORMED"),
                "successRatePercent": 100.0 * good / len(rows) if rows else 0.0,
                "averageResponseTimeMs": (
                    sum(row["latencyMs"] for row in rows) / len(rows) if rows else 0.0
                ),
            },
        }

    def export_model_deployment_inferences(self, details: Json, user: str) -> Json:
        """Check the arguments of an export. The emulator writes no file."""
        self._require(details["deploymentId"])
        if not details["volume_location"].startswith("/Volumes/"):
            raise invalid("'volume_location' is the path of a file in a volume.")
        return {}

    def _inferences(self, key: str, begin: float, end: float) -> list[Json]:
        rows = self._store.rows("inferences", key)
        return [row for row in rows if begin <= row["moment"] <= end]

    def _range(self, asked: Json, default: float) -> tuple[float, float]:
        """Return the span of time that is asked for, in seconds since 1970."""
        # What is asked for has no parts of a second that the records have.
        end = moment(asked.get("timeEnd") or "") or self._clock() + 1
        begin = moment(asked.get("timeStart") or "") or end - default
        if begin > end or end - begin > _LONGEST_RANGE:
            raise invalid("'timeStart' is at most 14 days before 'timeEnd'.")
        return begin, end

    def _require(self, key: str, *states: str) -> Json:
        raise NotImplementedError


def _inference(row: Json) -> Json:
    names = ("requestUri", "modelVersion", "status", "latencyMs", "requestId")
    return {"requestTimestamp": _text(row["moment"]), **{name: row[name] for name in names}}


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
