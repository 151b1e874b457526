"""Score a table on a Spark cluster with a registered model.

    export MLFLOW_REGISTRY_URI=aidp://<OCID of your AI Data Platform>
    spark-submit spark_batch.py main.default.iris@champion flowers.parquet scored.parquet

The model is the version that the alias points to when the job starts. The new table has the
predictions in one column, and in another the model's name and version, so that each row says what
scored it. The driver alone asks the registry; the machines that score need MLflow and what the
model imports.
"""

import click
import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from pyspark.sql import SparkSession
from pyspark.sql.functions import lit, struct


@click.command()
@click.argument("model")
@click.argument("source")
@click.argument("target")
@click.option("--column", default="prediction", show_default=True, help="Where predictions go.")
@click.option(
    "--type", "kind", default="double", show_default=True, help="Their type, as Spark calls it."
)
def main(model: str, source: str, target: str, column: str, kind: str) -> None:
    """Score the table SOURCE with MODEL, and write the table TARGET (both Parquet).

    MODEL is catalog.schema.model@alias.
    """
    version = find(MlflowClient(), model)
    spark = SparkSession.builder.appName(f"score {model}").getOrCreate()
    # By its number: the alias may move while the job runs.
    predict = mlflow.pyfunc.spark_udf(
        spark, f"models:/{version.name}/{version.version}", result_type=kind, env_manager="local"
    )
    table = spark.read.parquet(source)
    scored = table.withColumn(column, predict(struct(*table.columns)))
    scored.withColumn("scored_by", lit(f"{version.name}/{version.version}")).write.parquet(target)
    click.echo(f"{target}: scored by {version.name} version {version.version}")


def find(client: MlflowClient, model: str) -> ModelVersion:
    """The version that an alias points to."""
    name, _, alias = model.partition("@")
    if not alias:
        raise click.UsageError(f"{model} names no alias: write {model}@champion")
    return client.get_model_version_by_alias(name, alias)


if __name__ == "__main__":
    main()
