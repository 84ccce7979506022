"""The data path by other means: a bare scan, plain SQL, pandas, polars.

Each panel counts, for every answer, the orders before it, days since the last and the first of
them, and whether anything was bought within 90 days after it, for how much; then sums all up.
"""

from __future__ import annotations

from pathlib import Path

from clock import Clock, main, parquet

WINDOW = 90  # days
DAY = 86_400
SUMS = """
SELECT count(*), sum(prior), sum(recency), sum(tenure), sum((later > 0)::INT), sum(spend) FROM (
  SELECT count(*) FILTER (bought AND before) AS prior,
    coalesce((epoch(asked) - epoch(max(made) FILTER (bought AND before)))::BIGINT // 86400, -1)
      AS recency,
    coalesce((epoch(asked) - epoch(min(made) FILTER (bought AND before)))::BIGINT // 86400, 0)
      AS tenure,
    count(*) FILTER (bought AND after) AS later,
    coalesce(sum(cents) FILTER (after), 0) AS spend
  FROM (
    SELECT response_id, responded_at AS asked, ordered_at AS made,
      (revenue * 100)::BIGINT AS cents, revenue >= 0 AS bought, made < asked AS before,
      made > asked AND made <= asked + INTERVAL 90 DAY AS after
    FROM read_parquet('{answers}') AS answered
    LEFT JOIN read_parquet('{orders}') AS ordered USING (customer_id)
    WHERE nps IS NOT NULL
  ) GROUP BY response_id, asked
)
"""


def scan(company: str) -> dict:
    """Read every column of every table once: count, smallest and largest value of each."""
    files = [*Path(company).glob("*.parquet"), *Path(company).glob("[a-z]*/*.parquet")]
    names = {path.relative_to(company).parts[0] for path in files}
    return _scanned({Path(name).stem: () for name in sorted(names)}, company)


def scan_used(company: str) -> dict:
    """Read once the columns that the panel needs."""
    orders = ("customer_id", "ordered_at", "revenue")
    answers = ("response_id", "customer_id", "responded_at", "nps")
    return _scanned({"orders": orders, "responses": answers}, company)


def _scanned(tables: dict[str, tuple[str, ...]], company: str) -> dict:
    """Return what it takes to read columns (none named: all) of a firm's tables."""
    import duckdb

    clock, rows = Clock(), 0
    for table, columns in tables.items():
        source = f"read_parquet('{parquet(company, table)}')"
        names = columns or [row[0] for row in duckdb.sql(f"DESCRIBE FROM {source}").fetchall()]
        ends = ", ".join(f'count("{name}"), min("{name}"), max("{name}")' for name in names)
        rows += duckdb.sql(f"SELECT count(*), {ends} FROM {source}").fetchone()[0]
    clock.stop()
    return {**clock.told, "result": f"{rows:,} rows"}


def sql(company: str) -> dict:
    """The panel in plain DuckDB SQL."""
    import duckdb

    orders, answers = parquet(company, "orders"), parquet(company, "responses")
    clock = Clock()
    row = duckdb.sql(SUMS.format(orders=orders, answers=answers)).fetchone()
    clock.stop()
    return {**clock.told, "result": told(row)}


def with_pandas(company: str) -> dict:
    """The panel by pandas: merge, then group."""
    import pandas as pd

    clock = Clock()
    orders = pd.read_parquet(
        parquet(company, "orders").removesuffix("*.parquet"),
        columns=["customer_id", "ordered_at", "revenue"],
    )
    columns = ["response_id", "customer_id", "responded_at", "nps"]
    answers = pd.read_parquet(
        parquet(company, "responses").removesuffix("*.parquet"), columns=columns
    ).dropna(subset=["nps"])
    orders["cents"] = (orders.pop("revenue").astype(float) * 100).round().astype("int64")
    orders = orders[orders["customer_id"].isin(answers["customer_id"].unique())]
    pairs = answers[["response_id", "customer_id", "responded_at"]].merge(
        orders, "left", on="customer_id"
    )
    bought, at = pairs["cents"] >= 0, pairs["responded_at"]
    before = bought & (pairs["ordered_at"] < at)
    after = (pairs["ordered_at"] > at) & (pairs["ordered_at"] <= at + pd.Timedelta(days=WINDOW))
    past = pairs["ordered_at"].where(before)
    grouped = pd.DataFrame(
        {"row": pairs["response_id"], "prior": before, "last": past, "first": past,
         "later": after & bought, "spend": pairs["cents"].where(after, 0)}
    ).groupby("row")  # fmt: skip
    counts = grouped.agg(
        {"prior": "sum", "last": "max", "first": "min", "later": "sum", "spend": "sum"}
    )
    answered_at = answers.set_index("response_id")["responded_at"]
    recency = (answered_at - counts["last"]).dt.total_seconds().floordiv(DAY).fillna(-1)
    tenure = (answered_at - counts["first"]).dt.total_seconds().floordiv(DAY).fillna(0)
    sums = [len(counts), counts["prior"].sum(), recency.sum(), tenure.sum(),
            (counts["later"] > 0).sum(), counts["spend"].sum()]  # fmt: skip
    clock.stop()
    return {**clock.told, "result": told(sums)}


def with_polars(company: str) -> dict:
    """The panel by polars, lazily and streaming."""
    import polars as pl

    clock = Clock()
    orders = pl.scan_parquet(parquet(company, "orders")).select(
        "customer_id", "ordered_at", cents=(pl.col("revenue") * 100).cast(pl.Int64)
    )
    answers = pl.scan_parquet(parquet(company, "responses")).filter(pl.col("nps").is_not_null())
    answers = answers.select("response_id", "customer_id", at="responded_at")
    made, bought = pl.col("ordered_at"), pl.col("cents") >= 0
    before = bought & (made < pl.col("at"))
    after = (made > pl.col("at")) & (made <= pl.col("at") + pl.duration(days=WINDOW))
    counts = (
        answers.join(orders, on="customer_id", how="left")
        .group_by("response_id", "at")
        .agg(prior=before.sum(), last=made.filter(before).max(), first=made.filter(before).min(),
             later=(after & bought).sum(), spend=pl.col("cents").filter(after).sum())
    )  # fmt: skip
    since = {
        end: (pl.col("at") - pl.col(end)).dt.total_seconds() // DAY for end in ("last", "first")
    }
    sums = counts.select(
        pl.len(), prior=pl.col("prior").sum(), recency=since["last"].fill_null(-1).sum(),
        tenure=since["first"].fill_null(0).sum(), repeats=(pl.col("later") > 0).sum(),
        spend=pl.col("spend").sum(),
    ).collect(engine="streaming")  # fmt: skip
    clock.stop()
    return {**clock.told, "result": told(sums.row(0))}


def told(sums: object) -> str:
    """Return the sums by which panels are compared."""
    return "/".join(f"{int(value):d}" for value in sums)


if __name__ == "__main__":
    main(
        {
            "scan": scan,
            "scan_used": scan_used,
            "sql": sql,
            "pandas": with_pandas,
            "polars": with_polars,
        }
    )
