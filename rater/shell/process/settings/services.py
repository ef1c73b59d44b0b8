"""The services: a name, which is also their table in the settings file, and where their settings are declared."""

from typing import Final

SERVICES: Final = {
    "charging": "rater.shell.process.settings.worker:ChargingWorkerSettings",
    "recharge": "rater.shell.process.settings.worker:RechargeWorkerSettings",
    "gateway": "rater.shell.gateway.settings:ProcessSettings",
    "notifier": "rater.shell.notifier.settings:NotifierSettings",
    "canary": "rater.shell.canary.settings:CanarySettings",
    "watch": "rater.shell.watch.settings:WatchSettings",
    "reconciler": "rater.shell.follower.settings:FollowerSettings",
    "recycler": "rater.shell.recycler.settings:RecyclerSettings",
    "gatekeeper": "rater.shell.gatekeeper.settings:GatekeeperSettings",
}
SHARED: Final = ("kafka", "log")
"""Tables that every service reads."""
