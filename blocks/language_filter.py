"""A block of one's own, in the typed style: a nested `Config`, and `Drop` to leave a record out.

The tests are in tests/user_blocks/test_language_filter.py.
"""

import re
from typing import Any, Literal

from pydantic import Field

from datagenflow_nb import BaseBlock, BlockConfig, Drop, ValidationError

# Short words that are frequent in one of these languages and rare in the others.
COMMON_WORDS = {
    "de": "der die das und ist nicht ein eine mit von zu den dem für auf im sich auch es wird",
    "en": "the of and to is that it for was with as on are this be not have by from which",
    "es": "el los las que del una por con para es como más pero su al lo fue son está y",
    "fr": "le les des et est une que dans pour qui sur pas au avec par ce du sont il elle",
    "it": "il di che è la per una sono con non del della gli nel anche come più alla dei ma",
}
WORDS = {language: frozenset(words.split()) for language, words in COMMON_WORDS.items()}

Language = Literal["de", "en", "es", "fr", "it"]


class LanguageFilter(BaseBlock):
    """Keep texts in the wanted languages; the others become filtered records.

    The language is the one whose common words make up most of the text. With a share below
    ``min_share``, or as many common words of two languages, it is ``unknown``: very short texts
    often are.
    """

    name = "Language Filter"
    description = "Drop texts that are not in the wanted languages"
    category = "validators"
    inputs = ["*"]
    outputs = ["language"]
    field_references = ["field_name"]

    class Config(BlockConfig):
        """What is kept."""

        field_name: str = Field("assistant", description="Field that holds the text")
        languages: list[Language] = Field(["en"], min_length=1, description="Languages to keep")
        min_share: float = Field(
            0.1, ge=0, le=1, description="Smallest share of common words that tells a language"
        )
        keep_unknown: bool = Field(False, description="Keep texts whose language is not known")

    async def execute(self, data: dict[str, Any]) -> dict[str, Any] | Drop:
        name = self.config.field_name
        text = data.get(name)
        if not isinstance(text, str):
            raise ValidationError(
                f"LanguageFilter: field {name!r} is {text!r}, expected text; fields there are: "
                f"{sorted(data)}"
            )
        language = guess_language(text, self.config.min_share)
        kept = (
            self.config.keep_unknown
            if language == "unknown"
            else (language in self.config.languages)
        )
        if not kept:
            wanted = ", ".join(self.config.languages)
            return Drop(f"language of {name!r} is {language}, wanted: {wanted}")
        return {"language": language}


def guess_language(text: str, min_share: float) -> str:
    """The code of the text's language, or ``unknown``."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {language: sum(word in common for word in words) for language, common in WORDS.items()}
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    clear = counts[first] > counts[second] and counts[first] >= min_share * len(words)
    return first if clear else "unknown"
