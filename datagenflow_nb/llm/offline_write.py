"""What the offline model writes: sentences of the material, questions, titles, labels."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from .offline_prompt import Prompt
from .offline_text import find_keywords, split_words, stem, stems_of
from .offline_words import LEXICON, NUMBERS, PRONOUNS, STOP_WORDS

__all__ = [
    "answer_text",
    "choose_label",
    "name_fields",
    "number_asked",
    "write_keyword",
    "write_question",
    "write_sentence",
    "write_summary",
    "write_title",
]

# The topic is never the subject of a sentence, so that "radio waves" and "trade" read equally well.
_OPENINGS = (
    "This paragraph introduces {topic}{audience}.",
    "Here is a short introduction to {topic}{audience}.",
    "The subject of this paragraph is {topic}, explained{audience} in plain words.",
)
_FRAMES = (
    "A good way into {topic} is to start with one plain example.",
    "The main idea behind {topic} can be said in a few words.",
    "To understand {topic}, it helps to ask what goes in, what happens, and what comes out.",
    "Small changes make a difference when we look closely at {topic}.",
    "Many people first meet {topic} in daily life without knowing the name.",
    "What we know about {topic} comes from observation, measurement and careful comparison.",
    "A simple drawing or a table makes {topic} easier to remember.",
    "Experts still discuss some details of {topic}, but the basics are settled.",
    "After the basics, the next step is to use {topic} to explain something new.",
    "One common mistake is to learn the words of {topic} without the idea behind them.",
    "A useful test is to explain {topic} to somebody who has never heard of it.",
)
_QUESTIONS = (
    "What does the text say about {term}?",
    "What is stated in the text about {term}?",
    "According to the text, what should a reader know about {term}?",
)
_AUDIENCE = re.compile(r"\bfor (?:an? |the )?([\w-]{2,30}) (audience|reader|readers|level)\b", re.I)
_DEFINITION = re.compile(
    r"^((?:The |An? )?[^\W\d_][\w'\u2019-]*(?: [\w'\u2019-]+){0,2}) (is|are) (?:an?|the) "
)
_CHOICES = re.compile(
    r"(?:one of|either|labels?|categor(?:y|ies)|classes|options|choices|as|from|between)"
    r"(?: (?:are|is|these|the|following|labels|categories|options|classes|values))*\s*:?\s+"
    r"[\"'`(\[]*([\w -]{1,30}[\"'`]*(?:\s*(?:,|/|\||\bor\b)\s*(?:or )?[\"'`]*[\w-]{1,30}"
    r"(?: [\w-]{1,20}){0,2}[\"'`]*){1,11})",
    re.IGNORECASE,
)
_FALLBACKS = ("neutral", "other", "others", "unknown", "none", "general", "medium")
_FIELDS = re.compile(
    r"\b(?:with|fields?|keys?|properties|containing|contains|has|having)\b\s*(?:the\s+|these\s+|following\s+|exactly\s+"
    r"|two\s+|three\s+|four\s+|fields?\s*|keys?\s*|properties\s*|named\s+)*:?\s*"
    r"((?:an?\s+|the\s+)?[\"'`]?[A-Za-z_]\w{0,40}[\"'`]?"
    r"(?:\s*(?:,\s*(?:and\s+)?|\band\s+)(?:an?\s+|the\s+)?[\"'`]?[A-Za-z_]\w{0,40}[\"'`]?){0,14})",
    re.IGNORECASE,
)
_QUOTED_KEYS = re.compile(r"\"([A-Za-z_]\w{0,40})\"\s*:")


def answer_text(prompt: Prompt) -> str:
    """The answer to a prompt that asks for no JSON."""
    asked = prompt.asked_lower
    if prompt.material and not prompt.asked:
        return write_summary(prompt, "", 0)
    match = (
        _CHOICES.search(prompt.asked) if re.search(r"classif|label|categor|one of", asked) else None
    )
    if match and prompt.material:
        values = re.split(r"\s*(?:,|/|\||\bor\b)\s*", match.group(1))
        labels = [value.strip(" \"'`.") for value in values]
        return str(choose_label(prompt, [label for label in labels if label], "", 0))
    wants_question = re.search(r"\b(?:questions?|q&a|qa)\b", asked) and "answer the" not in asked
    if wants_question and prompt.material:
        question = write_question(prompt, "", 0)
        if "answer" in asked or "q&a" in asked:
            return f"Question: {question}\nAnswer: {write_sentence(prompt, '', 0)}"
        return question
    if re.search(r"\b(?:keywords?|tags)\b", asked):
        return ", ".join(prompt.keywords[: number_asked(prompt, "keywords", "tags") or 5])
    if re.search(r"\b(?:title|headline)\b", asked):
        return write_title(prompt, "", 0)
    if prompt.material:
        return write_summary(prompt, "", 0)
    return _paragraph(prompt)


def write_sentence(prompt: Prompt, path: str, offset: int) -> str:
    """A sentence of the material, or one about the topic when there is none.

    When ``offset`` has gone through all of them, two that follow each other, then three, ...
    """
    return " ".join(_sentences_at(prompt, path, offset))


def write_question(prompt: Prompt, path: str, offset: int) -> str:
    """A question that ``write_sentence`` with the same path and offset answers."""
    sentence, *further = _sentences_at(prompt, path, offset)
    topic = prompt.named_topic
    definition = _DEFINITION.match(sentence)
    if definition and not further and _is_term(definition.group(1)):
        question = f"What {definition.group(2)} {_inner(definition.group(1), prompt)}?"
        if not topic or topic.lower() in question.lower():
            return question
    term = _term_of(sentence, prompt)
    if topic and topic.lower() not in term.lower():
        if topic.lower() not in sentence.lower():
            return f"In the text about {topic}, what is said about {term}?"
        term = topic
    terms = dict.fromkeys((term, *(_term_of(text, prompt) for text in further[:2])))
    turn = prompt.pick(f"{path}?", len(further), len(_QUESTIONS))
    return _QUESTIONS[turn].format(term=" and ".join(terms))


def write_summary(prompt: Prompt, path: str, offset: int) -> str:
    """One to three sentences of the material in their order; without material a paragraph."""
    sentences = prompt.sentences
    if not sentences:
        return _paragraph(prompt, path, offset)
    words = set(split_words(prompt.asked.lower()))
    questions = [line for line in prompt.asked.splitlines() if line.rstrip().endswith("?")]
    if questions:
        wanted = stems_of(" ".join(questions))
        scores = [sum(stem(word) in wanted for word in split_words(text)) for text in sentences]
        if max(scores):
            return sentences[scores.index(max(scores))]
    count = number_asked(prompt, "sentence", "sentences") or (1 if "sentence" in words else 3)
    if count >= len(sentences):
        return " ".join(sentences)
    start = prompt.pick(path, offset, len(sentences) - count + 1)
    return " ".join(sentences[start : start + count])


def write_title(prompt: Prompt, path: str, offset: int) -> str:
    """A title of one or two terms."""
    terms = prompt.keywords
    first = prompt.named_topic if prompt.named_topic and not offset else None
    first = first or terms[prompt.pick(path, offset, min(len(terms), 8))]
    others = [term for term in terms[:8] if stem(term) not in stem(first).split()]
    others = [term for term in others if term.lower() not in first.lower()]
    second = others[prompt.pick(f"{path}&", offset, len(others))] if others else None
    title = f"{first} and {second}" if second else first
    return title[0].upper() + title[1:]


def write_keyword(prompt: Prompt, path: str, offset: int) -> str:
    """One term; the best ones come first, ``offset`` counts through them."""
    terms = prompt.keywords
    top = min(len(terms), 6)
    if offset < top:
        return terms[prompt.pick(path, offset, top)]
    return terms[offset] if offset < len(terms) else f"{terms[offset % len(terms)]} {offset}"


def choose_label(prompt: Prompt, labels: list[Any], path: str, offset: int) -> Any:
    """The label that shares most words with the material; ``offset`` 1 is the second best."""
    stems = prompt.stems
    scores = [
        sum(stems.get(word, 0) for word in _label_stems(str(label), _gloss(prompt, label)))
        for label in labels
    ]
    order = sorted(range(len(labels)), key=lambda index: -scores[index])
    if not any(scores):
        plain = [i for i, label in enumerate(labels) if str(label).lower() in _FALLBACKS]
        rest = [index for index in order if index not in plain]
        turn = prompt.pick(f"{path}=", 0, len(rest)) if rest else 0
        order = plain + rest[turn:] + rest[:turn]
    return labels[order[offset % len(order)]]


def number_asked(prompt: Prompt, *nouns: str) -> int | None:
    """The number in ``three questions``; None when the instructions name none (or 0)."""
    asked = prompt.asked_lower
    if not any(noun in asked for noun in nouns):
        return None
    match = _counted(nouns).search(asked)
    return (NUMBERS.get(match.group(1)) or int(match.group(1))) or None if match else None


@lru_cache(maxsize=1024)
def _counted(nouns: tuple[str, ...]) -> re.Pattern[str]:
    """A number and, at most three words later, one of the nouns."""
    wanted = "|".join(map(re.escape, nouns))
    return re.compile(rf"\b(\d{{1,3}}|{'|'.join(NUMBERS)})\s(?:[\w-]+\s){{0,3}}?(?:{wanted})\b")


def name_fields(prompt: Prompt) -> list[str]:
    """The field names the instructions want in a JSON object; empty when they name none."""
    keys = _QUOTED_KEYS.findall(prompt.asked)
    if keys:
        return list(dict.fromkeys(keys))
    start = max(prompt.asked.lower().find("json"), 0)
    for text in (prompt.asked[start:], prompt.asked):
        match = _FIELDS.search(text)
        if match:
            names = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", match.group(1))
            clean = [re.sub(r"^(?:an?|the)\s+", "", name.strip()).strip("\"'`") for name in names]
            return [
                name for name in dict.fromkeys(clean) if name and name.lower() not in STOP_WORDS
            ]
    return []


def _paragraph(prompt: Prompt, path: str = "", offset: int = 0) -> str:
    """Sentences about the topic, for a prompt that brings no text."""
    if not prompt.asked.strip():
        return "The prompt is empty, so there is nothing to answer."
    audience = _AUDIENCE.search(prompt.asked)
    words = {
        "topic": prompt.topic,
        "audience": f" for the {audience.group(1)} {audience.group(2)}" if audience else "",
    }
    opening = _OPENINGS[prompt.pick(f"{path}opening", offset, len(_OPENINGS))]
    count = (number_asked(prompt, "sentence", "sentences") or 5) - 1
    start = prompt.pick(f"{path}start", offset, len(_FRAMES))
    stride = 1 + prompt.pick(f"{path}stride", 0, len(_FRAMES) - 1)
    frames = [_FRAMES[(start + stride * i) % len(_FRAMES)] for i in range(min(count, len(_FRAMES)))]
    return " ".join(frame.format_map(words) for frame in (opening, *frames))


def _sentences_at(prompt: Prompt, path: str, offset: int) -> list[str]:
    sentences = prompt.sentences
    if not sentences:
        sentences = [frame.format(topic=prompt.topic) for frame in _FRAMES]
    start = prompt.pick(path, offset, len(sentences))
    if offset < len(sentences):
        return [sentences[start]]
    count = min(offset // len(sentences) + 1, 20)
    return [sentences[(start + i) % len(sentences)] for i in range(count)]


def _term_of(sentence: str, prompt: Prompt) -> str:
    """The term of the whole text that this sentence is most about."""
    lower = sentence.lower()
    terms = [term for term in prompt.keywords if term.lower() in lower]
    terms = terms or find_keywords(sentence) or [prompt.topic]
    # "sugar" of "Carbon dioxide makes sugar": a first word's capital may not be its own.
    term = next((term for term in terms if not sentence.startswith(term)), terms[0])
    return _full_name(term, sentence) if term[0].isupper() else term


def _full_name(term: str, sentence: str) -> str:
    """ "Akashi Kaikyo Bridge" for "Bridge": the words with a capital around it."""
    words = sentence.split()
    first = term.split()[0]
    start = next((i for i, word in enumerate(words) if word.startswith(first)), None)
    if start is None:
        return term
    end = start + len(term.split())
    while start > 0 and words[start - 1][0].isupper() and words[start - 1].isalpha():
        start -= 1
    while end < len(words) and words[end][0].isupper() and words[end - 1].isalpha():
        end += 1
    while words[start].lower() in STOP_WORDS and start + 1 < end:
        start += 1
    return " ".join(words[start:end]).rstrip('.,;:!?)"\u201d') if end - start <= 5 else term


def _is_term(subject: str) -> bool:
    words = subject.lower().split()
    inner = words[1:] if words[0] in ("the", "a", "an") else words
    return (
        bool(inner) and not any(word in STOP_WORDS for word in inner) and words[0] not in PRONOUNS
    )


def _inner(subject: str, prompt: Prompt) -> str:
    """A subject inside a sentence: an article, or a word known in lower case, loses its capital."""
    first = subject.split(" ", 1)[0]
    if first in ("The", "A", "An") or (first.lower() in prompt.keywords):
        return subject[0].lower() + subject[1:]
    return subject


def _gloss(prompt: Prompt, label: Any) -> str:
    """What the instructions say a label means: ``billing: invoices, payments``."""
    text = str(label)
    end = 0
    for _ in range(20 if text else 0):
        start = prompt.asked.find(text, end)
        if start < 0:
            break
        end = start + len(text)
        rest = prompt.asked[end : end + 200].lstrip("\"'`*")
        if rest[:2] in (": ", " (", " -", " \u2013", " =") or rest[:1] in ("(", "="):
            return re.split(r"[\n;)]", rest[2:], maxsplit=1)[0]
    return ""


@lru_cache(maxsize=4096)
def _label_stems(label: str, gloss: str) -> frozenset[str]:
    words = split_words(label.replace("_", " ").replace("-", " "))
    known = " ".join(LEXICON.get(word.lower(), "") for word in words)
    return frozenset(stems_of(f"{' '.join(words)} {known} {gloss}"))
