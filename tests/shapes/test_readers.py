"""Each function that reads the JSON of others returns something proper, or refuses it.

Proper is what MLflow can use: what its own server turns into a proto, prints and sorts.
"""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.entities import FileInfo, Metric

from mlflow_oci_aidp.artifacts.object_storage.parts import ObjectHeaders
from mlflow_oci_aidp.artifacts.volume_client import VolumeEntry
from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.registry import entities as registry
from mlflow_oci_aidp.tracking import entities as tracking
from mlflow_oci_aidp.tracking.logged_models import tags as model_tags
from tests.registry.test_entities import MODEL, VERSION
from tests.shapes.mutations import as_read, mutated

METRIC = {"key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": 3}
INFO = {
    "run_id": "r1",
    "experiment_id": "1",
    "user_id": "ana",
    "status": "RUNNING",
    "start_time": "1700000000000",
    "end_time": 1700000000001,
    "lifecycle_stage": "active",
    "artifact_uri": "oci://b@n/x",
    "run_name": "first",
}
SUFFIX = "0123abcd"
PREFIX = f"mlflow_oci_aidp.logged_model.{SUFFIX}"
HEAD = {"name": "m", "type": "t", "folder": f"m.{SUFFIX}", "created": 1, "owns_run": True}
RUN = {
    "info": INFO,
    "data": {
        "metrics": [METRIC],
        "params": [{"key": "depth", "value": "7"}],
        "tags": [
            {"key": "team", "value": "ml"},
            {"key": f"mlflow_oci_aidp.model_output.m-r1-{SUFFIX}", "value": "3"},
            {"key": PREFIX, "value": json.dumps(HEAD)},
            {"key": f"{PREFIX}.status", "value": '{"status": "READY", "updated": 2}'},
            {"key": f"{PREFIX}.params.0.0", "value": '{"depth": "7"}'},
            {"key": f"{PREFIX}.metric.0", "value": json.dumps(METRIC)},
        ],
    },
    "inputs": {
        "dataset_inputs": [
            {
                "dataset": {
                    "name": "d",
                    "digest": "1",
                    "source_type": "local",
                    "source": "{}",
                    "schema": "{}",
                    "profile": "{}",
                },
                "tags": [{"key": "mlflow.data.context", "value": "train"}],
            }
        ],
        "model_inputs": [{"model_id": "m-1"}],
    },
    "outputs": {"model_outputs": [{"model_id": "m-2", "step": 1}]},
}
EXPERIMENT = {
    "experiment_id": "1",
    "name": "first",
    "artifact_location": "/Volumes/c/s/v/x",
    "lifecycle_stage": "active",
    "tags": [{"key": "team", "value": "ml"}],
    "creation_time": 1,
    "last_update_time": "2",
}
LOGGED_MODEL = {
    "info": {
        "experiment_id": "1",
        "model_id": "m-1",
        "name": "m",
        "artifact_uri": "oci://b@n/x",
        "creation_timestamp_ms": 1,
        "last_updated_timestamp_ms": 2,
        "model_type": "t",
        "source_run_id": "r1",
        "status": "LOGGED_MODEL_READY",
        "tags": [{"key": "team", "value": "ml"}],
    },
    "data": {"params": [{"key": "depth", "value": "7"}], "metrics": [METRIC]},
}
ENTRY = {
    "displayName": "a",
    "path": "/x/a",
    "type": "FILE",
    "metadata": {"size": "13", "contentLength": 13},
}
HEADERS = {
    "Content-Length": "13",
    "ETag": "1",
    "content-md5": "x",
    "opc-meta-mlflow-part-size": "5",
    "opc-multipart-md5": "x-3",
}


def _with_models(run: Any) -> Any:
    return model_tags.stored_models(*tracking.info_and_tags(run))


#: The readers by name, with what each documents.
READERS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    "registry.registered_model": (registry.registered_model, MODEL),
    "registry.registered_model_of": (registry.registered_model_of, {"registered_model": MODEL}),
    "registry.model_version": (
        lambda json: registry.model_version(json, lambda name: {"champion": "3"}),
        VERSION,
    ),
    "registry.reported_aliases_and_tags": (registry.reported_aliases_and_tags, MODEL),
    "registry.tags": (registry.tags, MODEL),
    "tracking.experiment": (tracking.experiment, EXPERIMENT),
    "tracking.run_info": (tracking.run_info, INFO),
    "tracking.run": (tracking.run, RUN),
    "tracking.run_of": (tracking.run_of, {"run": RUN}),
    "tracking.info_and_tags": (tracking.info_and_tags, RUN),
    "tracking.metric": (lambda json: tracking.metric(json, "r1"), METRIC),
    "tracking.file_info": (
        tracking.file_info,
        {"path": "a", "is_dir": False, "file_size": "13"},
    ),
    "tracking.logged_model": (tracking.logged_model, LOGGED_MODEL),
    "tracking.tags": (tracking.tags, EXPERIMENT),
    "logged models of a run": (_with_models, RUN),
    "volumes": (VolumeEntry.parse, ENTRY),
}


def use(entity: Any) -> None:
    """Do with an entity what MLflow does with it."""
    repr(entity)
    pickle.loads(pickle.dumps(entity))
    if hasattr(entity, "to_proto"):
        entity.to_proto()
    if hasattr(entity, "to_dictionary"):
        entity.to_dictionary()
    if hasattr(entity, "version"):
        int(entity.version)
    if isinstance(entity, dict):
        assert all(isinstance(text, str) for pair in entity.items() for text in pair)
    for part in entity if isinstance(entity, list | tuple) else ():
        use(part)
    if isinstance(entity, model_tags.StoredLoggedModel):
        use(entity.model)
    if isinstance(entity, VolumeEntry):
        use(FileInfo(entity.name, entity.is_folder, entity.size))


@pytest.mark.parametrize("name", READERS)
def test_what_is_documented_is_read(name):
    reader, document = READERS[name]
    use(reader(as_read(document)))


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_anything_else_is_read_or_refused(name, data):
    reader, document = READERS[name]
    other = data.draw(mutated(document, most=3))
    try:
        entity = reader(other)
    except json_fields.ERRORS:
        return
    use(entity)


def test_each_reader_of_the_stores_is_in_the_table():
    modules = {"registry": registry, "tracking": tracking}
    readers = {
        f"{room}.{name}"
        for room, module in modules.items()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters.values()), None) is not None
        and next(iter(inspect.signature(function).parameters.values())).annotation == "Json"
    }
    assert readers == {name for name in READERS if name.partition(".")[0] in modules}


@given(value=st.one_of(st.text(max_size=10), st.sampled_from(["9" * 5000, "²", "-1", "1e3"])))
@pytest.mark.parametrize("header", HEADERS)
def test_any_header_of_an_object_is_read_or_refused(header, value):
    try:
        stored = ObjectHeaders.read({**HEADERS, header: value})
    except json_fields.ERRORS:
        assert header == "Content-Length"
        return
    assert stored.size >= 0
    assert stored.part_size >= 0


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_tags_of_logged_models_hide_no_other(data):
    """A run's tags are texts, in which another program may write anything."""
    tags = {tag["key"]: tag["value"] for tag in RUN["data"]["tags"]}
    other = {key.replace(SUFFIX, "f" * 8): value for key, value in tags.items()}
    key = data.draw(st.sampled_from([key for key in other if key.startswith(PREFIX[:-8])]))
    text = st.one_of(
        mutated(HEAD).map(json.dumps),
        mutated(METRIC).map(json.dumps),
        st.sampled_from(
            ["", "[", "[]", "5", "null", '"x"', "[" * 4000, '{"a": "\\ud800"}', "9" * 5000]
        ),
    )
    info = tracking.run_info(INFO)
    models = model_tags.stored_models(info, {**tags, **other, key: data.draw(text)})
    assert SUFFIX in [model.id.suffix for model in models]
    use(models)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_numbers_are_numbers(data):
    metric = Metric("a", tracking.float_of(data.draw(st.floats())), 0, 0)
    use(metric)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        ("-7", -7),
        (7.0, 7),
        (1e18, 10**18),
        (2**63 - 1, 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_an_int64_is_a_number_or_a_text_of_digits(value, number):
    assert json_fields.integer_of(value) == number


@pytest.mark.parametrize(
    "value",
    [
        "seven",
        "",
        "7.0",
        " 7",
        "1_0",
        "\uff19",
        "9" * 5000,
        7.5,
        float("nan"),
        float("inf"),
        True,
        None,
        [],
        {},
        2**63,
        -(2**63) - 1,
        10**400,
    ],
)
def test_anything_else_is_no_int64(value):
    with pytest.raises(json_fields.ERRORS):
        json_fields.integer_of(value)
