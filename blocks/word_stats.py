"""A block of one's own, in the plain style: `get_schema` describes the configuration.

Copy this file to start another; every `.py` file in this folder is loaded, and loaded again when it
changes. The tests are in tests/user_blocks/test_word_stats.py.
"""

import re
from typing import Any

from datagenflow_nb import BaseBlock, ValidationError

WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
SENTENCE_END = re.compile(r"[.!?…]+(?=[\s\"'\u201d\u2019)]|$)")


class WordStats(BaseBlock):
    """Count the words and sentences of a field.

    A text with words has at least one sentence; a text without words has none, and its sentences
    have an average length of 0.
    """

    name = "Word Stats"
    description = "Count words and sentences of a text"
    category = "metrics"
    inputs = ["*"]
    outputs = ["word_count", "sentence_count", "words_per_sentence"]
    field_references = ["field_name"]  # this option names a field: checked before anything runs

    def get_schema(self) -> dict[str, Any]:
        return {
            "field_name": {
                "type": "string",
                "default": "assistant",
                "description": "Field that holds the text",
            },
            "digits": {
                "type": "integer",
                "default": 1,
                "minimum": 0,
                "maximum": 6,
                "description": "Decimal places of words_per_sentence",
            },
        }

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Not async: it runs in a worker thread and may take its time."""
        name = self.config["field_name"]
        text = data.get(name)
        if not isinstance(text, str):
            raise ValidationError(
                f"WordStats: field {name!r} is {text!r}, expected text; fields there are: "
                f"{sorted(data)}"
            )
        words = len(WORD.findall(text))
        # The last sentence may lack its full stop.
        parts = [part for part in SENTENCE_END.split(text) if WORD.search(part)]
        sentences = len(parts)
        average = words / sentences if sentences else 0.0
        return {
            "word_count": words,
            "sentence_count": sentences,
            "words_per_sentence": round(average, self.config["digits"]),
        }
