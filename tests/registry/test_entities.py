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


def lookup_of(aliases):
    calls = []

    def lookup(name):
        calls.append(name)
        return aliases

    return lookup, calls


def version(json=VERSION, aliases=None):
    return entities.model_version(json, lookup_of(aliases or {"champion": "3", "other": "2"})[0])


def test_every_field_of_a_model_version_arrives():
    entity = version()
    metric, param, state = entity.metrics[0], entity.params[0], entity.deployment_job_state
    assert {
        "name": entity.name,
        "version": entity.version,
        "creation_timestamp": entity.creation_timestamp,
        "last_updated_timestamp": entity.last_updated_timestamp,
        "user_id": entity.user_id,
        "current_stage": entity.current_stage,
        "description": entity.description,
        "source": entity.source,
        "run_id": entity.run_id,
        "status": entity.status,
        "status_message": entity.status_message,
        "tags": [{"key": key, "value": value} for key, value in entity.tags.items()],
        "run_link": entity.run_link,
        "aliases": [alias for alias in entity.aliases if alias == "reported"],
        "model_id": entity.model_id,
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
    model = entities.registered_model(MODEL)
    assert isinstance(model, RegisteredModel)
    assert (model.name, model.description) == ("main.default.iris", "flowers")
    assert (model.creation_timestamp, model.last_updated_timestamp) == (
        1700000000000,
        1700000000009,
    )
    assert (model.deployment_job_id, model.deployment_job_state) == (
        "job-1",
        "REQUIRED_PARAMETERS_CHANGED",
    )
    assert model.tags == {"team": "ml"}
    assert model.aliases == {"reported": "3", "champion": "3"}
    assert model.latest_versions[0].aliases == ["champion", "reported"]


def test_fields_that_are_not_known_are_left_out():
    assert version({**VERSION, "quantum_state": {"spin": "up"}}).to_proto() == version().to_proto()


def test_values_that_mlflow_does_not_know_become_its_words_for_that():
    state = {**VERSION["deployment_job_state"], "job_state": "DREAMING", "run_state": "FLYING"}
    entity = version(
        {**VERSION, "status": "ENTANGLED", "status_message": None, "deployment_job_state": state}
    )
    assert (entity.status, "'ENTANGLED'" in entity.status_message) == ("PENDING_REGISTRATION", True)
    assert entity.deployment_job_state.job_state == "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED"
    assert entity.deployment_job_state.run_state == "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED"
    assert entity.to_proto().name == entity.name


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
    entity = entities.model_version(VERSION, lookup)
    assert calls == []
    assert entity.aliases == ["champion", "reported"]
    assert entity.aliases == ["champion", "reported"]
    assert calls == ["main.default.iris"]


def plain():
    """MLflow's own entity, made by hand."""
    entity = version()
    return ModelVersion(
        entity.name,
        entity.version,
        entity.creation_timestamp,
        entity.last_updated_timestamp,
        entity.description,
        entity.user_id,
        entity.current_stage,
        entity.source,
        entity.run_id,
        entity.status,
        entity.status_message,
        run_link=entity.run_link,
        aliases=["champion", "reported"],
        model_id=entity.model_id,
        params=entity.params,
        metrics=entity.metrics,
        deployment_job_state=entity.deployment_job_state,
        tags=[ModelVersionTag("team", "ml")],
    )


def test_it_is_a_model_version_that_prints_and_iterates_as_mlflows():
    entity, own = version(), plain()
    assert isinstance(entity, ModelVersion)
    assert [name for name, _ in entity] == [name for name, _ in own]
    names = ("description", "user_id", "current_stage", "source", "run_id", "run_link")
    assert repr(version({"name": "a", "version": "1"})) == repr(
        ModelVersion("a", "1", 0, aliases=[], tags=[], **dict.fromkeys(names, ""))
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
    entity = copied(version())
    assert type(entity) is ModelVersion
    assert entity.aliases == ["champion", "reported"]
    assert entity.model_id == "m-1"


def test_its_proto_has_the_aliases():
    assert list(version().to_proto().aliases) == ["champion", "reported"]


def test_aliases_can_be_set_as_on_mlflows():
    entity = version()
    entity.aliases = ["mine"]
    assert entity.aliases == ["mine"]
