"""The example block in the plain style: blocks/word_stats.py."""

from __future__ import annotations

from typing import Any

import pytest
from loading import load_block

from datagenflow_nb.errors import ConfigError, ValidationError

WordStats = load_block("WordStats")


@pytest.mark.parametrize(
    ("text", "words", "sentences", "average"),
    [
        ("The tide turns. It turns twice a day!", 8, 2, 4.0),
        ("No full stop", 3, 1, 3.0),
        ("It isn't well-known.", 3, 1, 3.0),
        ('He asked "Why?" and left... Then 3.5 hours passed.', 10, 3, 3.3),
        ("", 0, 0, 0.0),
        ("...", 0, 0, 0.0),
    ],
)
def test_counts(text: str, words: int, sentences: int, average: float) -> None:
    """Words with apostrophes and hyphens are one; a decimal point ends no sentence."""
    assert WordStats().execute({"assistant": text}) == {
        "word_count": words,
        "sentence_count": sentences,
        "words_per_sentence": average,
    }


def test_configuration() -> None:
    """The field and the rounding are chosen in the configuration."""
    block = WordStats(config={"field_name": "summary", "digits": 3})
    result = block.execute({"summary": "One two. Three four. Five six seven.", "assistant": "x"})
    assert result == {"word_count": 7, "sentence_count": 3, "words_per_sentence": 2.333}


@pytest.mark.parametrize("state", [{"topic": "tea"}, {"topic": "tea", "assistant": None}])
def test_no_text(state: dict[str, Any]) -> None:
    """Without a text the error says which fields there are."""
    with pytest.raises(ValidationError) as caught:
        WordStats().execute(state)
    assert caught.value.message == (
        f"WordStats: field 'assistant' is None, expected text; fields there are: {sorted(state)}"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"field": "x"}, "WordStats: config 'field' is unknown; did you mean 'field_name'?"),
        ({"digits": "2"}, "WordStats: config 'digits' is '2' (str), expected integer"),
        ({"digits": 7}, "WordStats: config 'digits' is 7 (int), expected 6 or less"),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """get_schema is all it takes to have the configuration checked."""
    with pytest.raises(ConfigError) as caught:
        WordStats(config)
    assert caught.value.message == message
