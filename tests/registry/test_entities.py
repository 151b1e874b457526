"""The reference's JSON as MLflow's entities: nothing is lost, and they behave as MLflow's own."""

from __future__ import annotations

import copy
import pickle

import pytest
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag, RegisteredModel

from mlflow_oci_aidp.registry import entities

VERSION = {
    "name": "main.default.iris",
    "version": "3",
    "creation_timestamp": 1700000000001,
    "last_updated_timestamp": 1700000000002,
    "user_id": "ana",
    "current_stage": "Staging",
    "description": "third",
    "source": "runs:/0123/model",
    "run_id": "0123",
    "status": "PENDING_REGISTRATION",
    "status_message": "copying",
    "tags": [{"key": "team", "value": "ml"}],
    "run_link": "https://example.com/run",
    "aliases": ["reported"],
    "model_id": "m-1",
    "model_metrics": [{"key": "accuracy", "value": 0.5, "timestamp": 1700000000003, "step": 4}],
    "model_params": [{"name": "depth", "value": "7"}],
    "deployment_job_state": {
        "job_id": "job-1",
        "run_id": "jobrun-1",
        "job_state": "CONNECTED",
        "run_state": "RUNNING",
        "current_task_name": "approve",
    },
}
MODEL = {
    "name": "main.default.iris",
    "creation_timestamp": 1700000000000,
    "last_updated_timestamp": 1700000000009,
    "description": "flowers",
    "latest_versions": [VERSION],
    "aliases": [{"alias": "reported", "version": "3"}],
    "deployment_job_id": "job-1",
    "deployment_job_state": "REQUIRED_PARAMETERS_CHANGED",
    "tags": [
        {"key": "team", "value": "ml"},
        {"key": "mlflow_oci_aidp.alias.champion", "value": "3"},
    ],
}


def lookup_of(found):
    calls = []

    def lookup(name):
        calls.append(name)
        return found

    return lookup, calls


def version(json=VERSION, found=None):
    return entities.model_version(json, lookup_of(found or {"champion": "3", "other": "2"})[0])


def test_every_field_of_a_model_version_arrives():
    found = version()
    metric, param, state = found.metrics[0], found.params[0], found.deployment_job_state
    assert {
        "name": found.name,
        "version": found.version,
        "creation_timestamp": found.creation_timestamp,
        "last_updated_timestamp": found.last_updated_timestamp,
        "user_id": found.user_id,
        "current_stage": found.current_stage,
        "description": found.description,
        "source": found.source,
        "run_id": found.run_id,
        "status": found.status,
        "status_message": found.status_message,
        "tags": [{"key": key, "value": value} for key, value in found.tags.items()],
        "run_link": found.run_link,
        "aliases": [alias for alias in found.aliases if alias == "reported"],
        "model_id": found.model_id,
        "model_metrics": [
            {
                "key": metric.key,
                "value": metric.value,
                "timestamp": metric.timestamp,
                "step": metric.step,
            }
        ],
        "model_params": [{"name": param.key, "value": param.value}],
        "deployment_job_state": {
            "job_id": state.job_id,
            "run_id": state.run_id,
            "job_state": state.job_state,
            "run_state": state.run_state,
            "current_task_name": state.current_task_name,
        },
    } == VERSION


def test_every_field_of_a_registered_model_arrives():
    found = entities.registered_model(MODEL)
    assert isinstance(found, RegisteredModel)
    assert (found.name, found.description) == ("main.default.iris", "flowers")
    assert (found.creation_timestamp, found.last_updated_timestamp) == (
        1700000000000,
        1700000000009,
    )
    assert (found.deployment_job_id, found.deployment_job_state) == (
        "job-1",
        "REQUIRED_PARAMETERS_CHANGED",
    )
    assert found.tags == {"team": "ml"}
    assert found.aliases == {"reported": "3", "champion": "3"}
    assert found.latest_versions[0].aliases == ["champion", "reported"]


def test_fields_that_are_not_known_are_left_out():
    assert version({**VERSION, "quantum_state": {"spin": "up"}}).to_proto() == version().to_proto()


def test_values_that_mlflow_does_not_know_become_its_words_for_that():
    state = {**VERSION["deployment_job_state"], "job_state": "DREAMING", "run_state": "FLYING"}
    found = version(
        {**VERSION, "status": "ENTANGLED", "status_message": None, "deployment_job_state": state}
    )
    assert (found.status, "'ENTANGLED'" in found.status_message) == ("PENDING_REGISTRATION", True)
    assert found.deployment_job_state.job_state == "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED"
    assert found.deployment_job_state.run_state == "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED"
    assert found.to_proto().name == found.name


@pytest.mark.parametrize("kind", [entities.registered_model, lambda json: version(json)])
def test_a_name_alone_is_enough(kind):
    assert kind({"name": "a", "version": 1}).name == "a"


@pytest.mark.parametrize(
    "broken",
    [
        {"tags": "none"},
        {"tags": [1]},
        {"tags": [{"value": "key is missing"}]},
        {"name": 7},
        {"version": None},
        {"version": True},
        {"creation_timestamp": "yesterday"},
        {"model_metrics": [{"key": "a", "value": "much"}]},
        {"deployment_job_state": "CONNECTED"},
    ],
)
def test_another_shape_is_refused_with_one_of_pythons_errors(broken):
    with pytest.raises((TypeError, ValueError, LookupError, AttributeError)):
        version({**VERSION, **broken})


def test_aliases_are_looked_up_once_and_only_when_they_are_read():
    lookup, calls = lookup_of({"champion": "3"})
    found = entities.model_version(VERSION, lookup)
    assert calls == []
    assert found.aliases == ["champion", "reported"]
    assert found.aliases == ["champion", "reported"]
    assert calls == ["main.default.iris"]


def plain():
    """MLflow's own entity, made by hand."""
    found = version()
    return ModelVersion(
        found.name,
        found.version,
        found.creation_timestamp,
        found.last_updated_timestamp,
        found.description,
        found.user_id,
        found.current_stage,
        found.source,
        found.run_id,
        found.status,
        found.status_message,
        run_link=found.run_link,
        aliases=["champion", "reported"],
        model_id=found.model_id,
        params=found.params,
        metrics=found.metrics,
        deployment_job_state=found.deployment_job_state,
        tags=[ModelVersionTag("team", "ml")],
    )


def test_it_is_a_model_version_that_prints_and_iterates_as_mlflows():
    found, own = version(), plain()
    assert isinstance(found, ModelVersion)
    assert [name for name, _ in found] == [name for name, _ in own]
    assert repr(version({"name": "a", "version": "1"})) == repr(
        ModelVersion("a", "1", None, aliases=[], tags=[])
    )


def test_it_compares_as_mlflows():
    one = {
        name: value
        for name, value in VERSION.items()
        if name not in {"model_metrics", "model_params"}
    }
    assert version(one) == version(one)
    assert version(one) != version({**one, "description": "fourth"})


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda entity: pickle.loads(pickle.dumps(entity))]
)
def test_it_copies_and_pickles_to_mlflows_own(copied):
    found = copied(version())
    assert type(found) is ModelVersion
    assert found.aliases == ["champion", "reported"]
    assert found.model_id == "m-1"


def test_its_proto_has_the_aliases():
    assert list(version().to_proto().aliases) == ["champion", "reported"]


def test_aliases_can_be_set_as_on_mlflows():
    found = version()
    found.aliases = ["mine"]
    assert found.aliases == ["mine"]
