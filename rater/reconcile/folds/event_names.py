"""Event names: how a balance event is called, which entry has it, and what caused it."""

WORDS = {
    "threshold_crossed": "crossed/",
    "threshold_rearmed": "rearmed/",
    "balance_exhausted": "exhausted",
    "balance_restored": "restored",
    "funds_credited": "credited",
    "payment_reversed": "payment_reversed/",
    "payment_restored": "payment_restored/",
    "funds_expired": "expired/",
    "settings_changed": "settings",
    "auto_recharge_changed": "auto_recharge",
    "payment_methods_changed": "payment_methods",
    "recipients_changed": "recipients",
    "recharge_resumed": "resumed",
    "funds_expiring": "expiring/",
    "fraud_suspected": "fraud/",
    "account_closed": "closed",
    "account_reopened": "reopened",
    "credits_opened": "credits_opened",
    "entitlements_changed": "entitlements",
    "billing_mode_changed": "billing_mode",
    "credit_limit_reached": "credit_limit",
    "pool_used": "pool_used/",
    "month_ended": "month_ended",
}
SETTINGS = {
    "thresholds_set": "settings_changed",
    "auto_recharge_set": "auto_recharge_changed",
    "payment_methods_set": "payment_methods_changed",
    "recipients_set": "recipients_changed",
    "spend_limits_set": None,
    "time_zone_set": None,
    "recharge_resumed": "recharge_resumed",
    "account_closed": "account_closed",
    "account_reopened": "account_reopened",
    "credits_opened": "credits_opened",
    "entitlements_set": "entitlements_changed",
    "billing_mode_set": "billing_mode_changed",
}
"""The event of an entry that is told before what it causes; None: none."""
CAUSES = {
    "funds_added": "credit",
    "payment_reversed": "reversal",
    "payment_restored": "reversal",
    "adjusted": "adjustment",
    "account_closed": "close",
    "account_reopened": "reopen",
    "balance_carried_forward": "carry_forward",
}
"""Of what a command asked for; all else that one asks for is a setting."""
