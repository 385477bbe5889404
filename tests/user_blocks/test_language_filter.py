"""The example block in the typed style: blocks/language_filter.py."""

from __future__ import annotations

from typing import Any

import pytest
from loading import load_block

from datagenflow_nb.blocks.base import Drop
from datagenflow_nb.errors import ConfigError, ValidationError

LanguageFilter = load_block("LanguageFilter")

TEXTS = {
    "en": "The water of the bay is high in the morning and low in the evening.",
    "de": "Das Wasser der Bucht ist am Morgen hoch und am Abend nicht mehr zu sehen.",
    "fr": "La mer est haute le matin, et les bateaux qui sont dans la baie partent avec elle.",
    "es": "El agua de la bahía es alta por la mañana y los barcos salen con el viento.",
    "it": "Il mare è alto la mattina e le barche della baia sono più in alto che di sera.",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("language", TEXTS)
async def test_languages(language: str) -> None:
    """A sentence in each language is recognised and kept where it is wanted."""
    block = LanguageFilter(languages=[language])
    assert await block.execute({"assistant": TEXTS[language]}) == {"language": language}


@pytest.mark.asyncio
async def test_other_languages_are_dropped() -> None:
    """The reason names the field, its language and the wanted ones."""
    block = LanguageFilter(field_name="answer", languages=["en", "fr"])
    assert await block.execute({"answer": TEXTS["de"]}) == Drop(
        "language of 'answer' is de, wanted: en, fr"
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", "12 + 30 = 42", "Photosynthesis"])
async def test_unknown_language(text: str) -> None:
    """Texts without common words are dropped unless they are to be kept."""
    dropped = await LanguageFilter().execute({"assistant": text})
    assert dropped == Drop("language of 'assistant' is unknown, wanted: en")
    kept = await LanguageFilter(keep_unknown=True).execute({"assistant": text})
    assert kept == {"language": "unknown"}


@pytest.mark.asyncio
async def test_min_share() -> None:
    """A single common word among many is no evidence when a larger share is asked for."""
    text = "Photosynthesis converts sunlight within the chloroplasts"
    assert await LanguageFilter().execute({"assistant": text}) == {"language": "en"}
    dropped = await LanguageFilter(min_share=0.5).execute({"assistant": text})
    assert isinstance(dropped, Drop)


@pytest.mark.asyncio
async def test_no_text() -> None:
    """Without a text the error says which fields there are."""
    with pytest.raises(ValidationError) as caught:
        await LanguageFilter().execute({"text": "tea"})
    assert caught.value.message == (
        "LanguageFilter: field 'assistant' is None, expected text; fields there are: ['text']"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"languages": ["xx"]},
            "LanguageFilter: config 'languages.0' is 'xx': input should be 'de', 'en', 'es', 'fr' "
            "or 'it'",
        ),
        (
            {"languages": []},
            "LanguageFilter: config 'languages' is []: list should have at least 1 item after "
            "validation, not 0",
        ),
        (
            {"min_share": 2},
            "LanguageFilter: config 'min_share' is 2: input should be less than or equal to 1",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """The typed Config checks values, ranges and choices."""
    with pytest.raises(ConfigError) as caught:
        LanguageFilter(config)
    assert caught.value.message == message
