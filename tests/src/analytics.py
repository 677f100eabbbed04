"""What DuckDB and pandas find in the analytics copy, as JSON. usage: analytics.py FOLDER

FOLDER holds date=YYYY-MM-DD/purchases.parquet files. Both answer, by day: rows, pieces, revenue, different buyers,
first and last instant.
"""

import json
import pathlib
import sys

import duckdb
import pandas

folder = pathlib.Path(sys.argv[1])
query = f"""
    SELECT CAST(date AS VARCHAR), count(*), sum(quantity), CAST(sum(quantity * price) AS VARCHAR),
           count(DISTINCT buyer), CAST(min(purchase_date) AS VARCHAR), CAST(max(purchase_date) AS VARCHAR)
    FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true) GROUP BY date ORDER BY date
"""
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
by_duckdb = {row[0]: [row[1], int(row[2]), float(row[3]), row[4]] for row in connection.execute(query).fetchall()}

by_pandas, columns = {}, None
for file in sorted(folder.glob("date=*/purchases.parquet")):
    frame = pandas.read_parquet(file)
    columns = list(frame.columns)
    if len(frame) == 0:
        continue
    revenue = sum(price * quantity for price, quantity in zip(frame["price"], frame["quantity"].tolist()))
    date = file.parent.name.removeprefix("date=")
    by_pandas[date] = [len(frame), int(frame["quantity"].sum()), float(revenue), int(frame["buyer"].nunique())]
    assert (frame["purchase_date"].dt.strftime("%Y-%m-%d") == date).all(), "a purchase of another day"
print(json.dumps({"duckdb": by_duckdb, "pandas": by_pandas, "columns": columns}))
