"""How much the service takes from whoever asks. The same for everybody; docs/serving.md lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    body_bytes: int = 2**20
    score_bytes: int = 2**24
    """Of the route whose rows of features are many numbers each."""
    bodies_bytes: int = 2**26
    """Of all that arrive or are worked on; who sends more is told to come again."""
    header_bytes: int = 2**15
    """Of the address and all headers together."""
    id_characters: int = 1_000
    at_once: int = 256
    """Requests that are worked on; who comes then is told to come again."""
    connections: int = 4_096
    header_seconds: float = 10.0
    """From the first byte of a request to the last of its headers."""
    body_seconds: float = 10.0
    answer_seconds: float = 30.0
    keep_alive_seconds: float = 75.0
    """How long a connection may say nothing. Longer than load balancers keep theirs."""
    drain_seconds: float = 5.0
    """From SIGTERM to the end of listening: whoever sends requests here learns meanwhile that they go elsewhere."""
    linger_seconds: float = 1.0
    """After that, for who has connected and not asked yet."""
    end_seconds: float = 30.0
    """After that, what is still not answered is broken off."""

    def body_of(self, path: str) -> int:
        """Bytes that a body may have."""
        return self.score_bytes if path == "/score" else self.body_bytes
