"""The work that is timed: seeds, prompts, schema, and the same as pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = [
    "PROMPT_ITEM",
    "PROMPT_TEXT",
    "SCHEMA",
    "ask_pipeline",
    "chunks_pipeline",
    "seed",
    "templates_pipeline",
    "text_pipeline",
    "write_document",
    "write_seeds",
]  # fmt: skip

_SUBJECTS = ("tides", "volcanoes", "interest rates", "antibodies", "radio", "bridges", "primes")
_LEVELS = ("child", "student", "expert")

PROMPT_TEXT = "Write one paragraph about {{ topic }} for a {{ level }}. Use plain words."
PROMPT_ITEM = (
    "From the text below make one question with its answer for a {{ level }} about {{ topic }}.\n"
    "Give question, answer, difficulty and keywords as JSON.\n\nTEXT:\n{{ assistant }}"
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "minLength": 10},
        "answer": {"type": "string", "minLength": 20},
        "difficulty": {"type": "string", "enum": ["easy", "medium", "hard"]},
        "keywords": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 5},
    },
    "required": ["question", "answer", "difficulty", "keywords"],
    "additionalProperties": False,
}
_FILLER = "light water energy cell carbon oxygen leaf root system process reader method " * 5


def seed(number: int) -> dict[str, str]:
    """The fields of seed ``number``."""
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    return {"topic": f"T{number:06d} {subject}", "level": _LEVELS[number % len(_LEVELS)]}


def write_seeds(path: Path, count: int) -> None:
    """``count`` seeds as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(json.dumps(seed(number)) + "\n")


def write_document(path: Path, chunks: int) -> None:
    """One seed whose document splits into ``chunks`` chunks."""
    parts = [f"T{number:06d} " + "word " * 40 for number in range(chunks)]
    path.write_text(json.dumps({"file_content": "\n\n".join(parts)}) + "\n", encoding="utf-8")


def text_pipeline() -> dict[str, Any]:
    """W1: text from a model, a structured item from a model, validation."""
    return {
        "name": "w1",
        "blocks": [
            {"type": "TextGenerator", "config": {"user_prompt": PROMPT_TEXT}},
            {
                "type": "StructuredGenerator",
                "config": {"prompt": PROMPT_ITEM, "json_schema": SCHEMA},
            },
            {
                "type": "JSONValidator",
                "config": {"field_name": "generated", "required_fields": ["question", "answer"]},
            },
        ],
    }


def ask_pipeline() -> dict[str, Any]:
    """One call."""
    return {"name": "asks", "blocks": text_pipeline()["blocks"][:1]}


def chunks_pipeline() -> dict[str, Any]:
    """One document in many chunks, then W1's two calls for each."""
    prompt = "Write one paragraph about this chunk. Use plain words.\n\n{{ chunk_text }}"
    item = PROMPT_ITEM.replace("{{ level }}", "student").replace("{{ topic }}", "{{ chunk_text }}")
    blocks = text_pipeline()["blocks"]
    blocks[0]["config"]["user_prompt"] = prompt
    blocks[1]["config"]["prompt"] = item
    config = {"chunk_size": 0, "by": "paragraph", "chunk_overlap": 0}
    return {"name": "chunks", "blocks": [{"type": "TextChunker", "config": config}, *blocks]}


def templates_pipeline() -> dict[str, Any]:
    """W2: three template blocks, no model."""
    item = (
        '{"question": "What is said about {{ topic }}?", "answer": "It is told to a {{ level }}.", '
        '"keywords": ["{{ level }}", "{{ text | length }}"]}'
    )
    first = "About {{ topic }}: for a {{ level }}. " + _FILLER
    return {
        "name": "w2",
        "blocks": [
            {"type": "FieldMapper", "id": "text", "config": {"mappings": {"text": first}}},
            {"type": "FieldMapper", "id": "item", "config": {"mappings": {"item": item}}},
            {"type": "Output", "config": {"template": "{{ item.question }} {{ item.answer }}"}},
        ],
    }
