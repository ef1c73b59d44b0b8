"""Plan load: publishes one version of the plan catalog (`numbered_load`), and tells which there are."""

from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.kafka.broker import Broker
from rater.shell.versions.numbered_load import NumberedLoader, read_published
from rater.wire.plans.plan_records import encode_catalog, plan_reader
from rater.wire.pricing.zones import zone_of
from topics.catalog import RATE_PLANS
from topics.roles import PLAN_LOADER_ID


def plan_loader(broker: Broker) -> NumberedLoader[Catalog]:
    """Return the one loader of plan catalogs."""
    return NumberedLoader(broker, RATE_PLANS, PLAN_LOADER_ID, plan_reader(), encode_catalog)


async def read_plans(broker: Broker) -> PlanBook:
    """Return all that is committed on the topic."""
    published = await read_published(broker, RATE_PLANS, plan_reader())
    return PlanBook(published.versions.values(), zone_of)
