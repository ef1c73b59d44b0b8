"""Published: what holds for all accounts: rate decks, charging settings, plan catalogs, each in its versions."""

from typing import NamedTuple

from rater.reconcile.folds.deck_versions import DeckVersions
from rater.reconcile.folds.plan_versions import PlanVersions
from rater.reconcile.folds.settings_versions import SettingsVersions


class Published(NamedTuple):
    """As it lies on the topics."""

    shelf: DeckVersions
    settings: SettingsVersions
    plans: PlanVersions
