"""What was done with deployments: activities, and asynchronous operations."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any

from ..contract.refusal import invalid, not_found
from .inferences import InferenceService
from .paging import offset_page, with_values

Json = dict[str, Any]

MOST = 1000
"""The most rows of a page."""


class Job:
    """Something that is done with a deployment.

    Attributes:
        operation: As activities name it.
        user: OCID of the caller; ``""`` for the emulator itself.
        message: The caller's comment.
        key: The key of the asynchronous operation.
        started: Seconds since 1970; 0 for what takes no time.
    """

    def __init__(self, operation: str, user: str, message: str | None) -> None:
        self.operation = operation
        self.user = user
        self.message = message
        self.key = str(uuid.uuid4())
        self.started = 0.0


class ActivityService(InferenceService):
    """The activities of the deployments of one instance."""

    def list_model_deployment_activities(self, details: Json, user: str) -> Json:
        """Return a page of what was done with a deployment, without the reasons of failures."""
        self._require(details["deployment_id"])
        rows = []
        for row in self._store.rows("activities", details["deployment_id"]):
            if details.get("status") in (None, row["status"]):
                thin = {k: v for k, v in row.items() if k not in ("message", "status_message")}
                thin["deployment_details"] = {
                    name: row["deployment_details"][name]
                    for name in ("model_name", "deployment_targets")
                }
                rows.append(thin)
        return offset_page("activities", in_order(rows, details.get("order_by")), details, MOST)

    def get_model_deployment_activity(self, query: Json, user: str) -> Json:
        """Return an activity, with the reason of its failure."""
        row = self._store.find("activities", query["activity_id"])
        if row is None:
            raise not_found("There is no such activity.")
        return with_values(row)

    def get_async_operation(self, query: Json, user: str) -> Json:
        """Return how an asynchronous operation went."""
        row = self._store.find("operations", query["asyncOperationKey"])
        if row is None:
            raise not_found("There is no such operation.")
        return with_values(row)

    def _note(self, key: str, job: Job, failure: str = "") -> None:
        """Keep an activity that has ended."""
        row = self._require(key)
        activity = uuid.uuid4().hex
        self._store.put(
            "activities",
            activity,
            key,
            {
                "activity_id": activity,
                "operation_type": job.operation,
                "status": "FAILURE" if failure else "SUCCESS",
                "start_time": str(int((job.started or self._clock()) * 1000)),
                "end_time": self._milliseconds(),
                "user": job.user or row["updated_by"],
                "message": job.message,
                "status_message": failure or None,
                "deployment_details": {
                    **{
                        name: row.get(name)
                        for name in (
                            "name",
                            "description",
                            "model_name",
                            "deployment_targets",
                            "status",
                            "workspaceKey",
                            "computeKey",
                        )
                    },
                    "tags": {tag["key"]: tag.get("value", "") for tag in row["tags"]},
                },
            },
        )
        outcome = f"failed: {failure}" if failure else "ended"
        self._log(key, "ERROR" if failure else "INFO", f"{job.operation} {outcome}")

    def _operation(self, key: str, job: Job, status: str, failure: str = "") -> Json:
        started = datetime.fromtimestamp(job.started or self._clock(), timezone.utc)
        finished = datetime.fromtimestamp(self._clock(), timezone.utc)
        return {
            "key": job.key,
            "resourceType": "MODEL_DEPLOYMENT",
            "actionType": f"{job.operation}_MODEL_DEPLOYMENT",
            "resourceName": key,
            "createdBy": job.user,
            "timeStarted": started.isoformat(),
            "timeFinished": None if status == "IN_PROGRESS" else finished.isoformat(),
            "status": status,
            "errorCode": "ActivationFailed" if failure else None,
            "errorMessage": failure or None,
        }

    def _milliseconds(self) -> str:
        return str(int(self._clock() * 1000))


def in_order(rows: list[Json], order_by: list[str] | None) -> list[Json]:
    """Return rows in the order that was asked for; refuse (400) a column that is none."""
    for column in reversed(order_by or []):
        name, _, direction = column.strip().partition(" ")
        if direction.strip().upper() not in {"", "ASC", "DESC"} or (rows and name not in rows[0]):
            raise invalid(f"'order_by' names columns, such as 'created_time DESC', not {column!r}.")
        # They come the newest first, and times have milliseconds: equal ones stay as they are.
        is_descending = direction.strip().upper() == "DESC"
        rows = sorted(rows, key=lambda row: str(row.get(name, "")), reverse=is_descending)
    return rows
