"""A Stripe to test against: a real HTTP server that speaks the part of the API that the gateway uses.

Payment methods are named as Stripe's own test ones (`pm_card_visa`, `pm_card_chargeDeclinedExpiredCard`). Idempotency
keys keep the first answer, 402 and 500 included, until `forget_keys`; other parameters under the same key are
refused. `faults` are the next answers to POST /v1/payment_intents, whatever is asked.

    python -m tests.stripe_server 12111     serves until killed; then RATER_STRIPE_API_BASE=http://127.0.0.1:12111
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

DECLINES: dict[str, tuple[str, str | None]] = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None),
    "pm_card_authenticationRequired": ("authentication_required", "authentication_required"),
    "pm_card_novel": ("card_declined", "a_code_of_tomorrow"),
}
"""By method: code and decline code."""

CARD_NUMBER = "4242424242424242"
"""In every message and card, to be found in none of our outputs."""

Fault = Literal["429", "500", "500_after", "hang", "hang_after", "drop", "drop_after", "401"]
"""`_after`: the payment is made first. hang: no answer for a minute; drop: the connection is closed."""

Answer = tuple[int, dict[str, Any]]


@dataclass
class Stripe:
    """The provider's own record, and what a test may do to it."""

    faults: list[Fault] = field(default_factory=list)
    retry_after: str = "0"
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"refunds": [], "disputes": []}
    )
    """Refunds and disputes."""
    keys: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and parameters of every request."""
    search_lags: bool = False
    livemode: bool = False
    """What its payments say of themselves."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def forget_keys(self) -> None:
        """Do what Stripe does after a day."""
        with self.lock:
            self.keys.clear()

    def captures(self) -> Counter[str]:
        """Count the captured payments by command."""
        with self.lock:
            paid = [i for i in self.intents.values() if i["status"] == "succeeded"]
        return Counter(intent["metadata"].get("command_id", "") for intent in paid)

    def create(self, form: dict[str, str], key: str) -> Answer:
        """Make and confirm an intent, or give the key's first answer again."""
        with self.lock:
            print_ = json.dumps(form, sort_keys=True)
            if key in self.keys:
                before, answer = self.keys[key]
                return answer if before == print_ else IDEMPOTENCY_ERROR
            answer = self._made(form)
            self.keys[key] = print_, answer
            return answer

    def _made(self, form: dict[str, str]) -> Answer:
        method = form.get("payment_method", "")
        if (
            method
            and method not in DECLINES
            and not method.startswith("pm_card_")
            and method != "pm_sepa"
        ):
            return error(
                400, "invalid_request_error", "resource_missing", param="payment_method",
                message=f"No such PaymentMethod: '{method}'",
            )  # fmt: skip
        if int(form["amount"]) < 50 and form["currency"] == "usd":
            return error(400, "invalid_request_error", "amount_too_small", param="amount")
        intent = new_intent(f"pi_{next(self.numbers):06d}", form, livemode=self.livemode)
        self.intents[intent["id"]] = intent
        if form.get("confirm") != "true":
            intent["status"] = "requires_payment_method"
            return 200, dict(intent)
        intent["status"] = {"pm_sepa": "processing", "pm_card_action": "requires_action"}.get(
            method, "succeeded"
        )
        if method in DECLINES:
            code, decline = DECLINES[method]
            intent["status"] = "requires_payment_method"
            intent["last_payment_error"] = card_error(code, decline)
            return 402, {"error": {**card_error(code, decline), "payment_intent": dict(intent)}}
        if intent["status"] == "succeeded":
            intent["amount_received"] = intent["amount"]
        return 200, dict(intent)

    def settle(self, intent_id: str, *, paid: bool) -> dict[str, Any]:
        """End an intent that is processing; return it."""
        with self.lock:
            intent = self.intents[intent_id]
            if paid:
                intent.update(status="succeeded", amount_received=intent["amount"])
            else:
                intent.update(
                    status="requires_payment_method",
                    last_payment_error=card_error("card_declined", "insufficient_funds"),
                )
            return dict(intent)

    def move(
        self, what: str, intent_id: str, amount: int, status: str, **more: Any
    ) -> dict[str, Any]:
        """Refund or dispute some of a payment; return what was made."""
        with self.lock:
            number = f"{next(self.numbers):06d}"
            moved = {
                "id": f"{'re' if what == 'refunds' else 'dp'}_{number}",
                "object": what[:-1],
                "amount": amount,
                "currency": self.intents[intent_id]["currency"],
                "payment_intent": intent_id,
                "status": status,
                "created": int(time.time()) + len(self.moved[what]),
                **more,
            }
            self.moved[what].append(moved)
            return moved

    def listed_moves(self, what: str, query: dict[str, str]) -> Answer:
        """List refunds or disputes, newest first, in pages."""
        with self.lock:
            found = [
                dict(each)
                for each in reversed(self.moved[what])
                if query.get("payment_intent", each["payment_intent"]) == each["payment_intent"]
                and each["created"] >= int(query.get("created[gte]", 0))
            ]
            if query.get("expand[0]") == "data.payment_intent":
                for each in found:
                    each["payment_intent"] = dict(self.intents[each["payment_intent"]])
        if after := query.get("starting_after"):
            found = found[[i["id"] for i in found].index(after) + 1 :]
        limit = int(query.get("limit", 10))
        page = {"object": "list", "url": f"/v1/{what}"}
        return 200, {**page, "data": found[:limit], "has_more": len(found) > limit}

    def listed(self, query: dict[str, str]) -> Answer:
        """List a customer's intents, newest first, in pages."""
        if query.get("customer", "").startswith("cus_unknown"):
            return error(400, "invalid_request_error", "resource_missing", param="customer")
        with self.lock:
            found = [
                dict(i)
                for i in reversed(self.intents.values())
                if i["customer"] == query.get("customer")
                and i["created"] >= int(query.get("created[gte]", 0))
            ]
        if after := query.get("starting_after"):
            found = found[[i["id"] for i in found].index(after) + 1 :]
        limit = int(query.get("limit", 10))
        page = {"object": "list", "url": "/v1/payment_intents"}
        return 200, {**page, "data": found[:limit], "has_more": len(found) > limit}

    def searched(self, query: dict[str, str]) -> Answer:
        """Search by a metadata value, as Stripe does: not telling upper from lower case, and late."""
        match = re.fullmatch(r'metadata\["command_id"\]:"((?:[^"\\]|\\.)*)"', query["query"])
        assert match, query
        wanted = re.sub(r"\\(.)", r"\1", match[1]).lower()
        with self.lock:
            found = [
                dict(i)
                for i in self.intents.values()
                if i["metadata"].get("command_id", "").lower() == wanted and not self.search_lags
            ]
        return 200, {
            "object": "search_result", "url": "/v1/payment_intents/search", "data": found,
            "has_more": False, "next_page": None,
        }  # fmt: skip

    def cancelled(self, intent_id: str, form: dict[str, str]) -> Answer:
        """Cancel an intent, unless it is paid."""
        with self.lock:
            intent = self.intents[intent_id]
            if intent["status"] in ("succeeded", "canceled"):
                return error(400, "invalid_request_error", "payment_intent_unexpected_state")
            intent.update(status="canceled", cancellation_reason=form.get("cancellation_reason"))
            return 200, dict(intent)


def new_intent(intent_id: str, form: dict[str, str], *, livemode: bool = False) -> dict[str, Any]:
    metadata = {
        name.removeprefix("metadata[")[:-1]: value
        for name, value in form.items()
        if name.startswith("metadata[")
    }
    return {
        "id": intent_id, "object": "payment_intent", "amount": int(form["amount"]),
        "amount_received": 0, "currency": form["currency"], "customer": form.get("customer"),
        "payment_method": form.get("payment_method"), "metadata": metadata,
        "created": int(time.time()), "last_payment_error": None, "cancellation_reason": None,
        "description": CARD_NUMBER, "livemode": livemode,
    }  # fmt: skip


def card_error(code: str, decline: str | None) -> dict[str, Any]:
    found = {
        "type": "card_error",
        "code": code,
        "message": f"Your card {CARD_NUMBER} was declined.",
    }
    return {**found, "decline_code": decline} if decline else found


def error(status: int, kind: str, code: str | None = None, **more: Any) -> Answer:
    body = {"type": kind, "message": f"Something about {CARD_NUMBER}", **more}
    return status, {"error": {**body, **({"code": code} if code else {})}}


IDEMPOTENCY_ERROR = error(400, "idempotency_error")
UNKNOWN = error(404, "invalid_request_error", "resource_missing")


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        stripe, url = self.server.stripe, urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self._note("GET", url.path, query)
        if url.path == "/v1/payment_intents":
            self._send(*stripe.listed(query))
        elif url.path == "/v1/payment_intents/search":
            self._send(*stripe.searched(query))
        elif url.path in ("/v1/refunds", "/v1/disputes"):
            self._send(*stripe.listed_moves(url.path.rpartition("/")[2], query))
        else:
            found = stripe.intents.get(url.path.rpartition("/")[2])
            self._send(*((200, found) if found else UNKNOWN))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        path = urlsplit(self.path).path
        self._note("POST", path, form)
        if path == "/v1/payment_intents":
            self._create(form)
        elif match := re.fullmatch(r"/v1/payment_intents/(\w+)/cancel", path):
            self._send(*self.server.stripe.cancelled(match[1], form))
        else:
            self._send(*UNKNOWN)

    def _create(self, form: dict[str, str]) -> None:
        stripe, key = self.server.stripe, self.headers["Idempotency-Key"]
        with stripe.lock:
            fault = stripe.faults.pop(0) if stripe.faults else None
        if fault is None:
            self._send(*stripe.create(form, key))
            return
        if fault.endswith("_after"):
            stripe.create(form, key)
        kind = fault.removesuffix("_after")
        if kind == "500" and fault.endswith("_after"):
            with stripe.lock:  # Stripe replays this answer for as long as it keeps the key.
                stripe.keys[key] = stripe.keys[key][0], error(500, "api_error")
        if kind == "hang":
            time.sleep(60)
        if kind in ("hang", "drop"):
            self.close_connection = True
            return
        self._send(*error(int(kind), "rate_limit_error" if kind == "429" else "api_error"))

    def _note(self, method: str, path: str, form: dict[str, str]) -> None:
        with self.server.stripe.lock:
            self.server.stripe.calls[f"{method} {path}"] += 1
            self.server.stripe.seen.append((method, path, form))

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", f"req_{time.monotonic_ns()}")
        if status == 429:
            self.send_header("Retry-After", self.server.stripe.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stripe: Stripe, port: int) -> None:
        self.stripe = stripe
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""


class StripeServer:
    """The server, in a thread; `stripe` is what it knows."""

    def __init__(self, port: int = 0) -> None:
        self.stripe = Stripe()
        self._server = _Server(self.stripe, port)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


if __name__ == "__main__":
    _Server(Stripe(), int(sys.argv[1])).serve_forever()
