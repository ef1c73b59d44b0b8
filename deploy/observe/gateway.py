"""Gateway: payments that fail, hang, or come to nobody knows what, at the provider or on the way to it."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import share

_GATEWAY = 'job="rater-gateway",instance="a"'
_ASKED = f'rater_gateway_provider_requests_total{{{_GATEWAY},operation="charge"'

ALERTS: Final = (
    Alert(
        name="RaterRechargeDeclineSpike",
        expr=(
            share(
                'rater_gateway_commands_total{outcome="declined"}',
                'rater_gateway_commands_total{outcome=~"declined|succeeded"}',
                "30m",
            )
            + " > 0.5\n"
            "and\n"
            'sum(increase(rater_gateway_commands_total{outcome="declined"}[30m])) > 10'
        ),
        for_="5m",
        severity="warning",
        summary="The provider declines more than half of the payments.",
        description=(
            "{{ $value | humanizePercentage }} of the payments of 30 minutes were declined: one cause, not many "
            "cards."
        ),
        case=Case(
            series={
                f'rater_gateway_commands_total{{{_GATEWAY},outcome="succeeded"}}': "0+9x60 541+1x60 602+9x60",
                f'rater_gateway_commands_total{{{_GATEWAY},outcome="declined"}}': "0+1x60 70+9x60 611+1x60",
            },
            silent="60m",
            fires="110m",
            over="175m",
            value="90%",
        ),
    ),
    Alert(
        name="RaterGatewayOutcomesUnknown",
        expr='sum(increase(rater_gateway_commands_total{outcome="unknown"}[30m])) > 5',
        for_="0m",
        severity="critical",
        summary="The gateway cannot find out what becomes of payments.",
        description=(
            '{{ $value | printf "%.0f" }} results of 30 minutes say: not known. Each is asked again, under the '
            "same id."
        ),
        case=Case(
            series={
                f'rater_gateway_commands_total{{{_GATEWAY},outcome="unknown"}}': "0x40 1+1x30 31x60",
                # A provider that decides later and says so: it is no trouble.
                f'rater_gateway_commands_total{{{_GATEWAY},outcome="undecided"}}': "0+2x140",
            },
            silent="40m",
            fires="70m",
            over="110m",
            value="30",
        ),
    ),
    Alert(
        name="RaterGatewayStuck",
        expr=(
            "sum(rater_gateway_in_flight) > 0\n"
            "unless\n"
            "sum(rate(rater_gateway_commands_total[15m])) > 0"
        ),
        for_="15m",
        severity="critical",
        summary="The gateway has payments at work and finishes none.",
        description=(
            '{{ $value | printf "%.0f" }} commands are read and not done, and none was done for 15 minutes and '
            "more."
        ),
        case=Case(
            series={
                f"rater_gateway_in_flight{{{_GATEWAY}}}": "4x90",
                f'rater_gateway_commands_total{{{_GATEWAY},outcome="succeeded"}}': "0+1x20 20x50 21+1x20",
            },
            silent="45m",
            fires="55m",
            over="80m",
            value="4",
        ),
    ),
    Alert(
        name="RaterProviderFailing",
        expr=share(
            'rater_gateway_provider_requests_total{status!~"succeeded|declined|undecided|unknown|none"}',
            "rater_gateway_provider_requests_total",
            "10m",
        )
        + "\n> 0.2",
        for_="5m",
        severity="critical",
        summary="The payment provider does not answer as it should.",
        description=(
            "{{ $value | humanizePercentage }} of the questions of 10 minutes came to nothing: no connection, or "
            "an HTTP error."
        ),
        case=Case(
            series={
                f'{_ASKED},status="succeeded"}}': "0+6x90",
                f'{_ASKED},status="503"}}': "0x20 4+4x30 124x40",
            },
            silent="23m",
            fires="40m",
            over="70m",
            value="40%",
        ),
    ),
    Alert(
        name="RaterProviderWebhooksRefused",
        expr='sum by (outcome) (increase(rater_gateway_webhooks_total{outcome=~"refused|unreadable"}[30m])) > 5',
        for_="0m",
        severity="warning",
        summary="Webhooks that should be the provider's are {{ $labels.outcome }}.",
        description=(
            '{{ $value | printf "%.0f" }} within 30 minutes: refunds, disputes and late results are not heard of '
            "by them."
        ),
        case=Case(
            series={
                f'rater_gateway_webhooks_total{{{_GATEWAY},outcome="refused"}}': "0x40 1+1x30 31x60"
            },
            silent="40m",
            fires="70m",
            over="110m",
            labels={"outcome": "refused"},
            value="30",
        ),
    ),
)
