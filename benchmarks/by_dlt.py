"""The same job with dlt (https://dlthub.com): `python by_dlt.py URL TARGET FOLDER`, with `dlt[sqlalchemy]` installed.

The target is a SQLite database or the address of an API that takes batches of 100; FOLDER holds what dlt keeps between runs.
"""

import sys
from typing import Any

import dlt
from by_hand import COLUMNS, row
from dlt.sources.helpers import requests


@dlt.resource(name="people", write_disposition="merge", primary_key="source")
def people(url: str) -> Any:
    """Every page of the API, its records mapped as by hand."""
    page = 1
    while items := requests.get(f"{url}/people", params={"page": page, "per_page": 100}).json()["items"]:
        yield [dict(zip(COLUMNS, row(record), strict=True)) for record in items]
        page += 1


def main(url: str, target: str, folder: str) -> None:
    """One run of the pipeline."""
    destination: Any
    if target.startswith("http"):

        @dlt.destination(name="contacts", batch_size=100, loader_file_format="typed-jsonl")
        def contacts(records: Any, table: Any) -> None:
            sent = [{name: record.get(name) for name in COLUMNS} for record in records]
            requests.post(f"{target}/contacts/batch", json={"records": sent}).raise_for_status()

        destination = contacts()
    else:
        destination = dlt.destinations.sqlalchemy(f"sqlite:///{target}")
    pipeline = dlt.pipeline("people", destination=destination, dataset_name="main", pipelines_dir=folder)
    pipeline.run(people(url))


if __name__ == "__main__":
    main(*sys.argv[1:])
