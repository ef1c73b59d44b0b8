"""Stories, continued: the plan catalog.

    plans sample_plans.toml
    plans sample_plans.toml 2 2024-03-01T00:00:00Z

A plan file that ships, or one of the scenarios' folder; its version, and from when on it is in force.
"""

import json
from pathlib import Path

from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.wire.plans.plan_file import read_plan_file
from rater.wire.plans.plan_records import decode_catalog
from rater.wire.pricing.zones import zone_of

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "rater" / "data", ROOT / "tests" / "scenarios")


def with_plans(
    book: PlanBook, name: str, version: str = "1", since: str = "2000-01-01T00:00:00Z"
) -> PlanBook:
    """Return a book with the plans of a file, as one version more."""
    (path,) = [folder / name for folder in FOLDERS if (folder / name).exists()]
    record = {"version": int(version), "valid_from": since, **read_plan_file(path.read_bytes())}
    catalog = decode_catalog(json.dumps(record).encode())
    assert isinstance(catalog, Catalog), catalog
    return PlanBook((*book.versions, catalog), zone_of)
