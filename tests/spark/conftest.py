"""A Spark session whose executors run on a cluster of their own.

It lives as long as the tests of this folder.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator

import pytest

from tests.spark.cluster import WORKERS, Cluster, cluster
from tests.support.needs import needs


@pytest.fixture(scope="package", autouse=True)
def needs_spark():
    """Skips where there is none, unless the caller says that there has to be one."""
    needs(
        "REQUIRE_SPARK",
        {
            "Java 17 or newer (Debian: apt-get install default-jre-headless)": shutil.which("java")
            is not None,
            "PySpark (pip install 'pyspark>=4.0')": importlib.util.find_spec("pyspark") is not None,
        },
    )


@pytest.fixture(scope="package")
def machines(needs_spark, tmp_path_factory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("spark")) as running:
        yield running


@pytest.fixture(scope="package")
def spark(machines, tmp_path_factory):
    """The session of a driver that is this process."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("driver")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executorEnv.PYTHONPATH": str(machines.packages),
        "spark.executor.cores": "1",
        "spark.executor.memory": "512m",
        # Work is given out when all executors are there: each gets some.
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        "spark.task.maxFailures": "1",
    }
    builder = SparkSession.builder.master(machines.master).appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with pytest.MonkeyPatch.context() as patch:
        # The executors' Python: else whichever `python3` their machine finds first.
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        # PySpark takes a main module without a file, as the workers of pytest-xdist have, for one
        # of its doctests.
        if not hasattr(sys.modules["__main__"], "__file__"):
            patch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture
def rows(spark):
    """Twenty rows, in two parts for each executor."""
    return spark.range(20, numPartitions=2 * WORKERS).selectExpr("cast(id as double) as x")
