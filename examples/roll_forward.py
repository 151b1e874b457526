"""Roll a deployment forward to the version of an alias, and back if its predictions are worse.

    python roll_forward.py DEPLOYMENT MODEL ALIAS DATA.csv TARGET_COLUMN

The tracking URI, ``aidp://<aiDataPlatformId>/<workspaceKey>``, is that of MLFLOW_TRACKING_URI. The
deployment is created if there is none yet; COMPUTE_KEY names where it runs.
"""

from __future__ import annotations

import os
import sys

import mlflow
import pandas as pd
from mlflow.deployments import get_deploy_client
from mlflow.exceptions import MlflowException


def mean_error(client, deployment: str, inputs: pd.DataFrame, wanted: pd.Series) -> float:
    """Ask the deployment itself, as its users do."""
    answer = client.predict(deployment, inputs).get_predictions("ndarray").ravel()
    return float(abs(answer - wanted.to_numpy()).mean())


def main(deployment: str, model: str, alias: str, file: str, target: str) -> int:
    data = pd.read_csv(file)
    inputs, wanted = data.drop(columns=[target]), data[target]
    client = get_deploy_client(mlflow.get_tracking_uri())
    candidate = f"models:/{model}@{alias}"
    try:
        serving = client.get_deployment(deployment)["targets"][0]["model_version"]
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        config = {"compute_key": os.environ["COMPUTE_KEY"]}
        client.create_deployment(deployment, candidate, config=config)
        print(f"{deployment} is new; error {mean_error(client, deployment, inputs, wanted):.4f}")
        return 0
    before = mean_error(client, deployment, inputs, wanted)
    client.update_deployment(deployment, model_uri=candidate)
    after = mean_error(client, deployment, inputs, wanted)
    if after <= before:
        print(f"{deployment} serves {alias}; error {before:.4f} before, {after:.4f} now")
        return 0
    client.update_deployment(deployment, model_uri=f"models:/{model}/{serving}")
    print(f"{deployment} is back at {serving}: error {before:.4f} before, {after:.4f} with {alias}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
