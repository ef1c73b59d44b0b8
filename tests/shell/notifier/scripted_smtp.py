"""A mail server that says what a test wants it to say, and hangs up where it is told to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANG_UP = "hang up"
SILENCE = "silence"
ORDINARY = {
    "greeting": "220 ready", "EHLO": "250 scripted", "MAIL": "250 ok", "RCPT": "250 ok",
    "DATA": "354 go on", "message": "250 kept", "RSET": "250 ok", "QUIT": "221 bye",
}  # fmt: skip


@dataclass
class ScriptedServer:
    """`answers` holds, for each verb, what is said instead of the ordinary, in order."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def script(self, verb: str, *answers: str) -> None:
        """Have a verb answered so, once each."""
        self.answers.setdefault(verb, []).extend(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb = "greeting"
        while True:
            answer = self._answer(verb)
            if answer == HANG_UP:
                return
            if answer != SILENCE:
                writer.write(answer.encode() + b"\r\n")
                await writer.drain()
            if verb == "DATA" and answer.startswith("354"):
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                verb = "message"
                continue
            line = await reader.readuntil(b"\r\n")
            self.said.append(line.decode().strip())
            verb = self.said[-1].split(":")[0].split(" ")[0].upper()

    def _answer(self, verb: str) -> str:
        script = self.answers.get(verb)
        return script.pop(0) if script else ORDINARY[verb]


@asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedServer]:
    """Run one on a free port."""
    server = ScriptedServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
