"""What is wrong with a model endpoint, as the end of a sentence that begins with its name."""

from __future__ import annotations

UNREACHABLE = "cannot be reached. Is the server running, and is the address right?"
TOO_SLOW = "did not answer in time. Raise request_timeout, or use a smaller model."
UNREADABLE = "sent a reply that cannot be read. Check that it speaks OpenAI's API."


def refusal(status: int, wait: float = 0.0) -> str:
    """What an endpoint that answers with this HTTP status does, and what to do about it.

    ``wait`` are the seconds after which it asks to be asked again.
    """
    if status in (400, 413, 422):
        return f"does not take the request (HTTP {status}). Check model, or choose another one."
    if status in (401, 403):
        return f"refused the key (HTTP {status}). Set api_key (ASSISTANT_API_KEY)."
    if status == 404:
        return "knows no such model or address (HTTP 404). Check model and endpoint."
    if status == 429:
        when = f"in {wait:.0f} seconds" if wait >= 1 else "in a little while"
        return f"is over its rate limit (HTTP 429). Ask again {when}."
    return f"failed with HTTP {status}. Ask again, or look at the server's log."
