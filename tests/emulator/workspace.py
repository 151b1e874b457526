"""One workspace's operations by Oracle's SDK, and what they answer."""

from __future__ import annotations

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models as m

from .conftest import path_of, prepared, sdk_client, send

ABSENT = "0" * 32

INVALID = (400, "InvalidParameter")
MISSING = (404, "NotAuthorizedOrNotFound")
TAKEN = (409, "NotAuthorizedOrResourceAlreadyExists")


class Workspace:
    """The operations of one workspace, without its address in each call."""

    def __init__(self, aidp, key=None):
        self.sdk = sdk_client(aidp)
        self.at = (aidp.ai_data_platform_id, key or aidp.workspace_key)

    def experiment(self, name="e", **fields):
        return self.sdk.create_experiment(
            *self.at, m.CreateExperimentDetails(name=name, **fields)
        ).data.experiment_id

    def get_experiment(self, experiment_id):
        return self.sdk.get_experiment_by_id(*self.at, experiment_id).data.experiment

    def experiments(self, **asked):
        return self.sdk.list_experiments(*self.at, m.ListExperimentsDetails(**asked)).data

    def run(self, **fields):
        return self.sdk.create_experiment_run(
            *self.at, m.CreateExperimentRunDetails(**fields)
        ).data.run.info.run_id

    def get_run(self, run_id):
        return self.sdk.get_experiment_run_by_id(*self.at, run_id).data.run

    def runs(self, **asked):
        asked.setdefault("experiment_ids", ["0"])
        return self.sdk.list_experiment_runs(*self.at, m.ListExperimentRunsDetails(**asked)).data

    def log(self, run_id, **things):
        self.sdk.log_experiment_run_batch(
            *self.at, m.LogExperimentRunBatchDetails(run_id=run_id, **things)
        )

    def metric(self, run_id, key, value, **fields):
        details = m.LogExperimentRunMetricDetails(
            run_id=run_id, key=key, value=value, timestamp=1, **fields
        )
        self.sdk.log_experiment_run_metric(*self.at, details)

    def history(self, run_id, key, **asked):
        return self.sdk.get_experiment_run_metric_history(*self.at, run_id, key, **asked).data

    def logged_models(self, **asked):
        return self.sdk.list_logged_models(*self.at, m.ListLoggedModelsDetails(**asked)).data


def pairs(entities):
    return {entity.key: entity.value for entity in entities or []}


def refusal(call, *arguments, **fields):
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        call(*arguments, **fields)
    return caught.value.status, caught.value.code


def tracking_call(aidp, operation, body):
    return send(prepared(aidp, "POST", path_of(aidp, operation, aidp.workspace_key), body=body))
