"""The timer: time as commands (D6). It changes no account; it says that time has come, and the engine decides."""

from rater.core.account import Account
from rater.wire.outputs import encode


def expire_command(account: Account, due_ms: int) -> bytes:
    """Return the command that expires what is due in an account.

    Its id names the account's sequence number: sent again it is a duplicate, unless the account has changed.
    """
    return encode(
        {
            "type": "expire_lots",
            "command_id": f"expire/{account.tenant_id}/{due_ms}/{account.seq}",
            "tenant_id": account.tenant_id,
            "due_ms": due_ms,
        }
    )
