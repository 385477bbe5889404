"""The embedded offline model: no language model, but an answer without a network.

It picks sentences and keywords out of the prompt and fills JSON Schemas with them. The answer
depends on nothing but the messages, the response format and ``seed``: the same on every platform
and in every process; another ``seed`` takes, where there is a choice, another one.

Four characters count as a token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import struct
from functools import lru_cache
from typing import Any

from .base import OFFLINE, EndpointError
from .offline_prompt import Prompt, read_messages
from .offline_schema import fill_schema
from .offline_text import count_tokens, cut_tokens, split_words
from .offline_words import ARRAY_NAMES, SCORE_NAMES, STOP_WORDS
from .offline_write import answer_text, name_fields

__all__ = ["OfflineEndpoint", "complete", "embed"]

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DIMENSIONS = 256
_MAX_DIMENSIONS = 4096
_MAX_INPUTS = 2048


class OfflineEndpoint:
    """The offline model in process, as an ``Endpoint``."""

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """``complete(body)``, after one turn of the event loop."""
        await asyncio.sleep(0)
        return complete(body)

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """``embed(body)``, after one turn of the event loop."""
        await asyncio.sleep(0)
        return embed(body)

    async def models(self, *, timeout: float) -> list[str]:
        """The one model there is."""
        return [OFFLINE]

    async def close(self) -> None:
        """Nothing is open."""


def complete(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a chat completion.

    Parameters
    ----------
    body : dict
        An OpenAI chat body: ``messages`` (text, or lists of text parts), ``response_format``
        (``text``, ``json_object``, ``json_schema``), ``max_tokens`` or ``max_completion_tokens``
        (1 or more), ``seed`` (int). Sampling parameters are ignored.

    Returns
    -------
    dict
        A ``chat.completion`` object; ``finish_reason`` is ``length`` when the answer was cut.

    Raises
    ------
    EndpointError
        ``bad_request`` for a body the model cannot answer.

    Source: https://platform.openai.com/docs/api-reference/chat/create

    Examples
    --------
    >>> text = "Which color has it?\\nTEXT: Chlorophyll is a green pigment."
    >>> answer = complete({"messages": [{"role": "user", "content": text}]})
    >>> answer["choices"][0]["message"]["content"]
    'Chlorophyll is a green pigment.'
    """
    _check(body)
    prompt = read_messages(body)
    content = _content(body.get("response_format"), prompt)
    limit = _token_limit(body)
    finish = "stop"
    spent = count_tokens(content)
    if limit is not None and spent > limit:
        content, spent, finish = cut_tokens(content, limit), limit, "length"
    asked = sum(count_tokens(_plain_text(message.get("content"))) for message in body["messages"])
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": f"chatcmpl-offline-{prompt.draw.key[:12].hex()}",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model") or OFFLINE,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": spent,
            "total_tokens": asked + spent,
        },
    }


def embed(body: dict[str, Any]) -> dict[str, Any]:
    """Embed texts as unit vectors of hashed words and letter triples; alike texts lie near.

    Parameters
    ----------
    body : dict
        An OpenAI embeddings body: ``input`` (a text or 1 to 2048 texts, none empty),
        ``dimensions`` (1 to 4096, 256 when absent), ``encoding_format`` (``float``, ``base64``).

    Returns
    -------
    dict
        A list object with one embedding per text.

    Raises
    ------
    EndpointError
        ``bad_request`` for any other input.

    Source: https://platform.openai.com/docs/api-reference/embeddings/create
    """
    texts = body.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not 1 <= len(texts) <= _MAX_INPUTS:
        raise _bad(f"'input' must be a text or a list of 1 to {_MAX_INPUTS} texts")
    size = body.get("dimensions") or _DIMENSIONS
    if type(size) is not int or not 1 <= size <= _MAX_DIMENSIONS:
        raise _bad(f"'dimensions' must be 1 to {_MAX_DIMENSIONS}, not {size!r}")
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise _bad(f"'encoding_format' must be 'float' or 'base64', not {form!r}")
    data = []
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise _bad(f"input[{index}] must be a text that is not empty")
        vector: Any = _vector(text, size)
        if form == "base64":
            vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = sum(map(count_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {
        "object": "list",
        "model": body.get("model") or OFFLINE,
        "data": data,
        "usage": usage,
    }


def _bad(message: str) -> EndpointError:
    return EndpointError("bad_request", message, status=400)


def _check(body: dict[str, Any]) -> None:
    """Refuse what would be answered wrongly in silence."""
    if body.get("n") not in (None, 1):
        raise _bad(f"the offline model gives one answer: 'n' must be 1, not {body['n']!r}")
    if body.get("tools"):
        raise _bad("the offline model calls no tools; use 'response_format' for structured output")
    seed = body.get("seed")
    if seed is not None and type(seed) is not int:
        raise _bad(f"'seed' must be an integer, not {seed!r}")


def _token_limit(body: dict[str, Any]) -> int | None:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is not None and (type(value) is not int or value < 1):
            raise _bad(f"{name!r} must be an integer of at least 1, not {value!r}")
    return limit


def _content(response_format: Any, prompt: Prompt) -> str:
    """The text of the answer in the format asked for."""
    form = response_format or {"type": "text"}
    kind = form.get("type") if isinstance(form, dict) else form
    if kind == "text":
        if "json" in prompt.asked_lower and (prompt.shape or name_fields(prompt)):
            return _json(_free_object(prompt))
        return answer_text(prompt)
    if kind == "json_object":
        return _json(_free_object(prompt))
    if kind == "json_schema":
        described = form.get("json_schema")
        schema = described.get("schema") if isinstance(described, dict) else None
        if not isinstance(schema, dict | bool):
            raise _bad("'response_format.json_schema.schema' must hold a JSON Schema")
        return _json(fill_schema(schema, prompt))
    raise _bad(
        f"'response_format.type' must be 'text', 'json_object' or 'json_schema', not {kind!r}"
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


def _free_object(prompt: Prompt) -> Any:
    """A JSON object without a schema beside the prompt: after the prompt's own schema or names."""
    shape = prompt.shape
    if shape and ("properties" in shape or "$defs" in shape or shape.get("type") == "object"):
        return fill_schema(shape, prompt)
    if shape:
        properties = {name: _schema_like(name, example) for name, example in shape.items()}
    else:
        names = name_fields(prompt) or ["title", "summary", "keywords"]
        properties = {name: _schema_like(name, None) for name in names}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return fill_schema(schema, prompt)


def _schema_like(name: str, example: Any) -> dict[str, Any]:
    """A schema for a field of which only a name, and maybe an example, is known."""
    if isinstance(example, bool):
        return {"type": "boolean"}
    if isinstance(example, int):
        return {"type": "integer"}
    if isinstance(example, float):
        return {"type": "number", "minimum": 0, "maximum": 1 if example <= 1 else 10}
    if isinstance(example, list):
        return {"type": "array", "items": _schema_like(name, example[0] if example else None)}
    if isinstance(example, dict):
        children = {key: _schema_like(key, item) for key, item in example.items()}
        return {"type": "object", "properties": children, "required": list(children)}
    if isinstance(example, str):
        choices = [part.strip() for part in example.split("|")]
        if len(choices) > 1 and all(choices):
            return {"type": "string", "enum": list(dict.fromkeys(choices))}
        return {"type": "string"}
    lower = name.lower()
    if lower in ARRAY_NAMES:
        return {"type": "array", "items": {"type": "string"}}
    if lower in SCORE_NAMES:
        return {"type": "number", "minimum": 0, "maximum": 1}
    if lower.startswith(("is_", "has_")) or lower == "valid":
        return {"type": "boolean"}
    if lower == "difficulty":
        return {"type": "string", "enum": ["easy", "medium", "hard"]}
    return {"type": "string"}


def _plain_text(content: Any) -> str:
    """The text of a message that ``read_messages`` has checked."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content)
    return content or ""


def _vector(text: str, size: int) -> list[float]:
    """Signed feature hashing, then length 1."""
    sums = [0.0] * size
    words = split_words(text.lower()) or [text]
    for word in words:
        for number, weight in _features(word[:64]):
            sums[(number >> 1) % size] += weight if number & 1 else -weight
    length = math.sqrt(math.fsum(value * value for value in sums))
    if length == 0.0:  # every feature met its opposite
        sums[0] = length = 1.0
    return [round(value / length, 8) for value in sums]


@lru_cache(maxsize=65536)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Hash and weight of a word and its letter triples; little for words that say little."""
    padded = f"<{word}>"
    triples = [padded[i : i + 3] for i in range(len(padded) - 2)]
    scale = 0.15 if word in STOP_WORDS else 1.0
    share = scale * 0.6 / math.sqrt(len(triples) or 1)
    features = [(word, scale), *((triple, share) for triple in triples)]
    return tuple(
        (
            int.from_bytes(
                hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            ),
            weight,
        )
        for name, weight in features
    )
