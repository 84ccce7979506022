"""Spark on several machines: a cluster of two worker processes, and a server of Spark Connect.

Each runs in a process of its own, since a process has one Spark. Needs Java 17 and PySpark.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
from engine_worlds import assert_same_files, odd_tables, spark_missing, write_firm

from profitchain.core.periods import Period
from profitchain.panel import edition as panel_edition
from profitchain.sources.company import load_company

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]

PERIOD = "2026Q3"
TABLES = ("customers", "orders", "responses")
LIMITS = {"set_aside": 0.2}  # five odd answers are much of so few
CODE = (
    "import sys\nfrom pathlib import Path\n"
    "from profitchain.core.periods import Period\n"
    "from profitchain.panel import edition\n"
    "from profitchain.sources.company import load_company\n"
    "edition._prepare(load_company(Path(sys.argv[1])), Period(sys.argv[2]), Path(sys.argv[3]))\n"
)
CLUSTER = {"master": "local-cluster[2,1,1024]", "spark.sql.shuffle.partitions": 2}
CONNECT = {"remote": "local[2]", "spark.sql.shuffle.partitions": 2}


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    pytest.importorskip("pyspark", reason="needs PySpark: pip install './lib[spark]'")
    if reason := spark_missing():
        pytest.skip(reason)
    return {name: table for name, table in odd_tables(100, seed=7).items() if name in TABLES}


@pytest.fixture(scope="module")
def by_duckdb(tables, tmp_path_factory) -> Path:
    """The summaries that DuckDB makes of the firm."""
    folder = tmp_path_factory.mktemp("summaries")
    firm = write_firm(tmp_path_factory.mktemp("embedded") / "firm", tables, limits=LIMITS)
    panel_edition._prepare(load_company(firm), Period(PERIOD), folder)
    return folder


@pytest.fixture
def spark_home(tmp_path) -> Path:
    """A Spark of links to the installed one, so that its workers write into a folder of ours."""
    home = tmp_path / "spark"
    home.mkdir()
    for path in Path(find_spec("pyspark").origin).parent.iterdir():
        (home / path.name).symlink_to(path)
    (home / "work").unlink(missing_ok=True)
    return home


def prepared(folder: Path, tables: Mapping[str, pa.Table], connect: Mapping, home: Path) -> Path:
    """Return the summaries that a Spark of another process makes of the firm."""
    firm = write_firm(folder / "firm", tables, connect={"backend": "pyspark"} | connect,
                      limits=LIMITS)  # fmt: skip
    (out := folder / "summaries").mkdir()
    path = os.pathsep.join(map(str, sys.path))
    subprocess.run(
        [sys.executable, "-c", CODE, str(firm), PERIOD, str(out)],
        check=True, env=os.environ | {"PYTHONPATH": path, "SPARK_HOME": str(home)},
    )  # fmt: skip
    return out


def test_two_worker_processes_give_the_same_sums(tables, by_duckdb, spark_home, tmp_path):
    found = prepared(tmp_path, tables, CLUSTER, spark_home)
    assert len(list(found.glob("*.parquet"))) > 10
    assert_same_files(found, by_duckdb)
    said = [log.read_text() for log in (spark_home / "work").glob("app-*/[0-9]*/stderr")]
    finished = [len(re.findall("Finished task", log)) for log in said]
    assert sum(tasks > 20 for tasks in finished) >= 2, "one worker did all"


def test_a_server_of_spark_connect_gives_the_same_sums(tables, by_duckdb, spark_home, tmp_path):
    pytest.importorskip("grpc", reason="needs Spark Connect: pip install 'pyspark[connect]'")
    found = prepared(tmp_path, tables, CONNECT, spark_home)
    assert len(list(found.glob("*.parquet"))) > 10
    assert_same_files(found, by_duckdb)
