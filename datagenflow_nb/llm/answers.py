"""What an endpoint's answer holds: the text of a completion, the vectors of an embedding."""

from __future__ import annotations

from typing import Any

from ..records import Call, encode
from .base import KEPT_CHARACTERS

__all__ = ["read_choice", "read_vectors"]

#: Parts of an answer in which a model thinks aloud; they are no part of its text.
_THOUGHTS = ("thinking", "reasoning")


def read_vectors(answer: dict[str, Any]) -> list[list[float]]:
    """The vectors of an answer in the order of the texts; what is no vector is left out."""
    data = answer.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    items.sort(key=lambda item: item.get("index") or 0)
    return [item["embedding"] for item in items if isinstance(item.get("embedding"), list)]


def read_choice(answer: dict[str, Any], call: Call) -> str | None:
    """Fill ``call`` from the first choice; what is wrong with the answer, or None.

    What holds no text stays in ``call.answer`` as the JSON it came as.
    """
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        call.answer = encode(answer)[:KEPT_CHARACTERS]
        said = answer.get("error")  # some gateways report errors with status 200
        quoted = encode(said)[:300] if said else "nothing"
        return f"the answer has no choices; the server said {quoted}"
    message = choice.get("message")
    if not isinstance(message, dict):
        message = {}
    finish_reason = choice.get("finish_reason")
    call.finish_reason = None if finish_reason is None else str(finish_reason)
    content = message.get("content")
    text = _text_of(content)
    call.answer = encode(choice)[:KEPT_CHARACTERS] if text is None else text
    if message.get("refusal"):
        return f"the model refused: {str(message['refusal'])[:200]}"
    if call.finish_reason == "content_filter":
        return "the answer was held back by the server's content filter"
    if call.finish_reason == "length":
        tokens = call.usage.output_tokens
        return f"the answer was cut off at {tokens} tokens (finish_reason=length); raise max_tokens"
    if text is None and content is not None:
        return (
            f"the answer's content is {_kind(content)}, expected a text or a list of parts of type "
            "'text'; the trace holds it"
        )
    if not text or not text.strip():
        return f"the answer is empty (finish_reason={call.finish_reason})"
    return None


def _text_of(content: Any) -> str | None:
    """The text of a message's content, or of its text parts together; None when it is neither."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [_part_text(part) for part in content]
    return None if None in parts else "".join(part for part in parts if part)


def _part_text(part: Any) -> str | None:
    if not isinstance(part, dict):
        return None
    if part.get("type") in _THOUGHTS:
        return ""
    text = part.get("text") if part.get("type") == "text" else None
    return text if isinstance(text, str) else None


def _kind(content: Any) -> str:
    if not isinstance(content, list):
        return f"{type(content).__name__} ({encode(content)[:80]})"
    wrong = next(part for part in content if _part_text(part) is None)
    return f"a list with the part {encode(wrong)[:80]}"
