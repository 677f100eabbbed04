"""What DuckDB and pandas find in the analytics copy, as JSON. usage: analytics.py FOLDER

FOLDER holds date=YYYY-MM-DD/purchases.parquet files. Both answer, by day: rows, pieces, revenue, different buyers,
first and last instant. Beside that the columns, and every row as DuckDB reads it. Amounts are texts, exact.
"""

import json
import pathlib
import sys

import duckdb
import pandas

folder = pathlib.Path(sys.argv[1])
copy = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
INSTANT = "strftime({} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f')"
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
sums = connection.execute(f"""
    SELECT CAST(date AS VARCHAR), count(*), sum(quantity), CAST(sum(quantity * price) AS VARCHAR),
           count(DISTINCT buyer), {INSTANT.format('min(purchase_date)')}, {INSTANT.format('max(purchase_date)')}
    FROM {copy} GROUP BY date ORDER BY date
""").fetchall()
by_duckdb = {day: [rows, int(pieces), *others] for day, rows, pieces, *others in sums}
rows = connection.execute(f"""
    SELECT CAST(date AS VARCHAR), {INSTANT.format('purchase_date')}, buyer, item_id, quantity,
           CAST(price AS VARCHAR)
    FROM {copy} ORDER BY purchase_date
""").fetchall()

by_pandas, columns = {}, None
for file in sorted(folder.glob("date=*/purchases.parquet")):
    frame = pandas.read_parquet(file)
    assert columns in (None, list(frame.columns)), f"other columns: {list(frame.columns)}"
    columns = list(frame.columns)
    if len(frame) == 0:
        continue
    at = frame["purchase_date"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    revenue = sum(price * quantity for price, quantity in zip(frame["price"], frame["quantity"].tolist()))
    pieces, buyers = int(frame["quantity"].sum()), int(frame["buyer"].nunique())
    day = file.parent.name.removeprefix("date=")
    by_pandas[day] = [len(frame), pieces, str(revenue), buyers, at.min(), at.max()]
print(json.dumps({"duckdb": by_duckdb, "pandas": by_pandas, "columns": columns, "rows": rows}))
