"""Register a model of a run that another MLflow server keeps.

    export MLFLOW_TRACKING_URI=https://mlflow.example.com
    export MLFLOW_REGISTRY_URI=aidp://<OCID of your AI Data Platform>
    python register_from_run_elsewhere.py <run id> main.default.iris

Runs and artifacts stay where they are: the new version points to them, and says in its tags and its
description where it comes from. Whoever loads the model needs access to that artifact store.
"""

import click
import mlflow


@click.command()
@click.argument("run_id")
@click.argument("name")
@click.option(
    "--artifact-path", default="model", show_default=True, help="The model's name in the run."
)
def main(run_id: str, name: str, artifact_path: str) -> None:
    """Register the model of RUN_ID as a new version of NAME, as catalog.schema.model."""
    run = mlflow.get_run(run_id)
    version = mlflow.register_model(
        f"runs:/{run_id}/{artifact_path}",
        name,
        tags={"tracking_uri": mlflow.get_tracking_uri(), "run_name": run.info.run_name or ""},
    )
    metrics = ", ".join(f"{key} {value:g}" for key, value in sorted(run.data.metrics.items()))
    mlflow.MlflowClient().update_model_version(
        name, version.version, description=metrics or "no metrics"
    )
    click.echo(f"{name} version {version.version}: {metrics or 'no metrics'}")


if __name__ == "__main__":
    main()
