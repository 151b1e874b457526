"""Carry out the operations of model deployments, without HTTP.

Each operation of the contract is a method of the same name. It takes the body or the query as a
checked dict and the caller's OCID, and returns a dict in the contract's shape, or raises
``Refusal``.

What takes long is done in a thread: activation, deactivation, and rolling to another version.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from ..contract.refusal import Refusal, invalid, missing, not_found
from ..serving.process import LoadError, ServingProcess
from ..state.deployments import DeploymentStore
from .activities import MOST, ActivityService, Job, in_order
from .model_files import ModelFiles, OutsideError
from .paging import offset_page, with_values
from .registry import RegistryService

Json = dict[str, Any]

OPERATION_KEY = "aidp-async-operation-key"
"""The header with the key of an asynchronous operation, as a method returns it in its answer."""

_LONGEST_NAME = 255
_LONGEST_TEXT = 2000
_THIN = (
    "deployment_id",
    "name",
    "description",
    "model_name",
    "status",
    "created_by",
    "created_time",
    "activated_time",
    "activated_by",
    "serving_uri",
    "updated_time",
    "updated_by",
)
_COMPLETE = "SUCCEEDED"


class DeploymentService(ActivityService):
    """The model deployments of one instance. Safe for use by several threads.

    Args:
        store: Keeps the deployments.
        registry: Has the registered models.
        files: Have the files of model versions.
        process: Loads models, and answers for them.
        uri_of: Makes the ``serving_uri`` of a deployment.
        clock: Gives seconds since 1970.
    """

    def __init__(
        self,
        store: DeploymentStore,
        registry: RegistryService,
        files: ModelFiles,
        process: ServingProcess,
        uri_of: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(store, clock)
        self._registry = registry
        self._files = files
        self._process = process
        self._uri_of = uri_of
        self._threads: list[threading.Thread] = []
        self._is_closed = threading.Event()
        registry.count_deployments = self.counts

    def resume(self) -> None:
        """Load again what was active when the emulator stopped."""
        for row in self._store.rows("deployments"):
            if row["status"] in {"ACTIVE", "ACTIVATING", "UPDATING"}:
                self._set(row["deployment_id"], status="ACTIVATING", serving_uri=None)
                self._later(self._activate, row["deployment_id"], Job("ACTIVATE", "", None))
            elif row["status"] == "DEACTIVATING":
                self._set(row["deployment_id"], status="INACTIVE", serving_uri=None)

    def reset(self) -> None:
        """Remove everything that the service holds. The serving process stays."""
        self._store.clear()
        self._join()
        self._store.clear()
        self._process.unload_all()
        self._files.clear()

    def close(self) -> None:
        """End the serving process, and what is being done."""
        self._is_closed.set()
        self._process.stop()
        self._join()
        self._store.close()

    def counts(self, model_name: str) -> tuple[int, int]:
        """Return how many deployments a registered model has, and how many of them are active."""
        states = [
            row["status"]
            for row in self._store.rows("deployments")
            if row["model_name"] == model_name
        ]
        return len(states), states.count("ACTIVE")

    # -- deployments

    def create_model_deployment(self, details: Json, user: str) -> Json:
        """Make a deployment, which is inactive."""
        _check_texts(details)
        targets = _check_targets(details["deployment_targets"])
        for target in targets:
            self._require_version(details["model_name"], target["model_version"])
        _check_authentication(details)
        key, now = uuid.uuid4().hex, self._milliseconds()
        row = {
            "deployment_id": key,
            "name": details["name"],
            "description": details.get("description"),
            "model_name": details["model_name"],
            "deployment_targets": targets,
            "workspaceKey": details["workspaceKey"],
            "computeKey": details["computeKey"],
            "status": "INACTIVE",
            "created_time": now,
            "updated_time": now,
            "created_by": user,
            "updated_by": user,
            "tags": details.get("tags") or [],
            "authType": details["authType"],
            "authDetails": details.get("authDetails"),
        }
        self._store.put("deployments", key, key, row)
        self._note(key, Job("CREATE", user, None))
        return with_values(row)

    def get_model_deployment(self, query: Json, user: str) -> Json:
        """Return a deployment."""
        return with_values(self._require(query["deployment_id"]))

    def search_model_deployments(self, details: Json, user: str) -> Json:
        """Return a page of the deployments of a registered model, without most of their fields."""
        self._registry.get_registered_model({"name": details["model_name"]}, user)
        rows = [
            with_values({name: row.get(name) for name in _THIN})
            for row in self._store.rows("deployments")
            if row["model_name"] == details["model_name"]
            and details.get("status") in (None, row["status"])
        ]
        return offset_page("deployments", in_order(rows, details.get("order_by")), details, MOST)

    def update_model_deployment(self, details: Json, user: str) -> Json:
        """Change a deployment, but not what it serves."""
        row = self._require(details["deployment_id"])
        _check_texts(details)
        if "deployment_targets" in details and (
            _check_targets(details["deployment_targets"]) != row["deployment_targets"]
        ):
            raise invalid("'deployment_targets' change by rolling alone.")
        changes: Json = {
            name: details[name]
            for name in (
                "name",
                "description",
                "workspaceKey",
                "computeKey",
                "authType",
                "authDetails",
            )
            if name in details
        }
        if details.get("authType") == "AIDP":
            changes["authDetails"] = None
        _check_authentication({**row, **changes})
        with self._store.lock:
            row = self._require(details["deployment_id"])
            is_changed = any(changes.get(name, row.get(name)) != row.get(name) for name in _SIGN_IN)
            if is_changed and row["status"] == "ACTIVE":
                raise _wrong_state("The authentication cannot change while it is ACTIVE.")
            self._set(row["deployment_id"], **changes, **self._updated(user))
        self._note(row["deployment_id"], Job("EDIT", user, None))
        return with_values(self._require(details["deployment_id"]))

    def update_model_deployment_tags(self, details: Json, user: str) -> Json:
        """Set and delete tags."""
        if not details.get("deployment_id"):
            raise missing("Field 'deployment_id' is required.")
        with self._store.lock:
            row = self._require(details["deployment_id"])
            tags = {tag["key"]: tag.get("value", "") for tag in row["tags"]}
            for tag in details.get("set_tags") or ():
                if not tag.get("key"):
                    raise invalid("The key of a tag must not be empty.")
                tags[tag["key"]] = tag.get("value", "")
            for tag in details.get("delete_tags") or ():
                tags.pop(tag["key"], None)
            changed = [{"key": key, "value": value} for key, value in tags.items()]
            self._set(row["deployment_id"], tags=changed, **self._updated(user))
        return {}

    def delete_model_deployment(self, details: Json, user: str) -> Json:
        """Delete a deployment that is not active."""
        with self._store.lock:
            row = self._require(details["deployment_id"], "INACTIVE")
            self._store.delete(row["deployment_id"])
        return {}

    def get_model_deployment_contract(self, query: Json, user: str) -> Json:
        """Return what a model takes and returns."""
        row = self._require(query["deployment_id"])
        version = str(query.get("model_version") or row["deployment_targets"][0]["model_version"])
        try:
            return with_values(self._files.contract(row["model_name"], version))
        except OutsideError:
            return {}

    # -- what is done in a thread

    def activate_model_deployment(self, details: Json, user: str) -> Json:
        """Begin to load the model."""
        job = Job("ACTIVATE", user, details.get("message"))
        with self._store.lock:
            row = self._require(details["deployment_id"], "INACTIVE")
            self._begin(row["deployment_id"], "ACTIVATING", job)
        self._later(self._activate, row["deployment_id"], job)
        return {OPERATION_KEY: job.key}

    def deactivate_model_deployment(self, details: Json, user: str) -> Json:
        """Begin to unload the model."""
        job = Job("DEACTIVATE", user, details.get("message"))
        with self._store.lock:
            row = self._require(details["deployment_id"], "ACTIVE")
            self._begin(row["deployment_id"], "DEACTIVATING", job)
        self._later(self._deactivate, row["deployment_id"], job)
        return {}

    def roll_forward_model_deployment(self, details: Json, user: str) -> Json:
        """Begin to serve a higher version."""
        return self._begin_roll(details, user, "ROLL_FORWARD")

    def roll_back_model_deployment(self, details: Json, user: str) -> Json:
        """Begin to serve a lower version."""
        return self._begin_roll(details, user, "ROLL_BACK")

    def _begin_roll(self, details: Json, user: str, operation: str) -> Json:
        targets = _check_targets(details["deployment_targets"])
        if len(targets) != 1 or targets[0]["traffic_percentage"] != 100:
            raise invalid("A deployment rolls to exactly one version, with all of the traffic.")
        job = Job(operation, user, details.get("message"))
        with self._store.lock:
            row = self._require(details["deployment_id"], "ACTIVE", "INACTIVE")
            version = targets[0]["model_version"]
            self._require_version(row["model_name"], version)
            served = [int(target["model_version"]) for target in row["deployment_targets"]]
            is_right = (
                int(version) > max(served)
                if operation == "ROLL_FORWARD"
                else int(version) < min(served)
            )
            if not is_right:
                kind = "higher" if operation == "ROLL_FORWARD" else "lower"
                raise invalid(f"Version {version} is no {kind} one than those that are served.")
            was_active = row["status"] == "ACTIVE"
            self._begin(row["deployment_id"], "UPDATING", job)
        self._later(self._roll, row["deployment_id"], job, targets, was_active)
        return {}

    def _activate(self, key: str, job: Job) -> None:
        row = self._store.find("deployments", key)
        if row is None:
            return
        failure = self._load(row, row["deployment_targets"])
        if failure:
            self._end(key, job, failure, status="INACTIVE")
            return
        self._end(
            key,
            job,
            status="ACTIVE",
            serving_uri=self._uri_of(key),
            activated_time=int(self._clock() * 1000),
            activated_by=job.user or row["updated_by"],
        )

    def _deactivate(self, key: str, job: Job) -> None:
        row = self._store.find("deployments", key)
        if row is not None:
            self._unload(row, row["deployment_targets"])
            self._end(key, job, status="INACTIVE", serving_uri=None)

    def _roll(self, key: str, job: Job, targets: list[Json], was_active: bool) -> None:
        row = self._store.find("deployments", key)
        if row is None:
            return
        status = "ACTIVE" if was_active else "INACTIVE"
        failure = self._load(row, targets) if was_active else ""
        if failure:
            self._end(key, job, failure, status=status)
            return
        # The old version serves until the new one is loaded.
        self._end(key, job, status=status, deployment_targets=targets)
        if was_active:
            self._unload(row, row["deployment_targets"])

    def _load(self, row: Json, targets: list[Json]) -> str:
        """Load versions; return why that failed, or ``""``."""
        try:
            for target in targets:
                folder = self._files.folder_of(row["model_name"], target["model_version"])
                self._process.load(model_key(row["deployment_id"], target), str(folder))
        except (OutsideError, LoadError) as problem:
            return str(problem)
        except Refusal as refusal:
            return refusal.message
        except Exception as problem:  # noqa: BLE001 - told to the client, as a failed activity
            return f"{type(problem).__name__}: {problem}"
        return ""

    def _unload(self, row: Json, targets: list[Json]) -> None:
        for target in targets:
            self._process.unload(model_key(row["deployment_id"], target))

    def _later(self, work: Callable[..., None], key: str, *arguments: Any) -> None:
        def run() -> None:
            # The emulator may be stopped meanwhile, and its file is closed then.
            if not self._is_closed.is_set():
                work(key, *arguments)

        thread = threading.Thread(target=run, name=f"aidp-emulator-deployment-{key}", daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()] + [thread]
        thread.start()

    def _join(self) -> None:
        for thread in list(self._threads):
            thread.join(timeout=60)
        self._threads.clear()

    # -- the beginning and the end of what takes time

    def _begin(self, key: str, status: str, job: Job) -> None:
        job.started = self._clock()
        self._set(key, status=status, **self._updated(job.user))
        self._log(key, "INFO", f"{job.operation} began")
        if job.operation == "ACTIVATE":
            self._store.put("operations", job.key, key, self._operation(key, job, "IN_PROGRESS"))

    def _end(self, key: str, job: Job, failure: str = "", **fields: Any) -> None:
        with self._store.lock:
            if self._is_closed.is_set() or self._set(key, **fields) is None:
                return
            self._note(key, job, failure)
            if job.operation == "ACTIVATE":
                status = "FAILED" if failure else _COMPLETE
                row = self._operation(key, job, status, failure)
                self._store.put("operations", job.key, key, row)

    # -- for tests: states that take long to reach

    def seed_deployment(self, key: str, **fields: Any) -> None:
        """Make the platform report these fields of a deployment, such as its status."""
        self._set(key, **fields)

    # -- helpers

    def _require(self, key: str, *states: str) -> Json:
        """Return a deployment; refuse (409) one in another state, if states are given."""
        row = self._store.find("deployments", key)
        if row is None:
            raise not_found("Authorization failed or requested resource not found.")
        if states and row["status"] not in states:
            raise _wrong_state(f"The deployment is {row['status']}, not {' or '.join(states)}.")
        return row

    def _require_version(self, name: str, version: str) -> None:
        answer = self._registry.get_model_version({"name": name, "version": version}, "")
        if answer["model_version"]["status"] != "READY":
            raise _wrong_state(f"Version {version} is not READY.")

    def _set(self, key: str, **fields: Any) -> Json | None:
        return self._store.change(key, lambda row: row.update(fields))

    def _updated(self, user: str) -> Json:
        return {"updated_time": self._milliseconds(), **({"updated_by": user} if user else {})}


_SIGN_IN = ("authType", "authDetails")


def model_key(deployment_id: str, target: Json) -> str:
    """Return the key of a version of a deployment in the serving process."""
    return f"{deployment_id}-{target['model_version']}"


def _wrong_state(message: str) -> Refusal:
    return Refusal(409, "IncorrectState", message)


def _check_texts(details: Json) -> None:
    for name in ("name", "model_name", "workspaceKey", "computeKey", "description"):
        value = details.get(name)
        longest = _LONGEST_TEXT if name == "description" else _LONGEST_NAME
        if value is not None and len(value.encode()) > longest:
            raise invalid(f"'{name}' has at most {longest} bytes.")
        if value is not None and name != "description" and not value.strip():
            raise invalid(f"'{name}' must not be empty.")


def _check_targets(targets: list[Json]) -> list[Json]:
    """Refuse (400) targets that are no versions, or do not share the whole traffic."""
    versions = [target["model_version"] for target in targets]
    if not versions or not all(version.isascii() and version.isdecimal() for version in versions):
        raise invalid("'deployment_targets' name versions by their numbers.")
    shares = [target["traffic_percentage"] for target in targets]
    if len(set(versions)) < len(versions) or sum(shares) != 100 or min(shares) < 1:
        raise invalid("'deployment_targets' share 100 percent of the traffic.")
    return targets


def _check_authentication(details: Json) -> None:
    claims = details.get("authDetails")
    if (details.get("authType") == "OAUTH") != bool(claims):
        raise invalid("'authDetails' belong to the authType OAUTH, which needs them.")
    if claims:
        for address in (claims["issuerClaim"], claims["jwksUri"], *claims["audienceClaim"]):
            if not address.startswith("https://"):
                raise invalid("Issuer, audiences and keys are https addresses.")
