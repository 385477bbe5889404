"""The offline model in process: what it answers, and that it always answers the same."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from typing import Any

import pytest

from datagenflow_nb.llm.base import EndpointError
from datagenflow_nb.llm.offline import OfflineEndpoint, complete, embed

TEXT = (
    "Photosynthesis is the process by which green plants turn sunlight into chemical energy. "
    "It takes place in the chloroplasts, where the pigment chlorophyll absorbs light. "
    "Water is split into oxygen and hydrogen. "
    "The oxygen leaves the plant through small openings called stomata. "
    "Carbon dioxide from the air is then built into sugar. "
    "Without photosynthesis, Dr. Smith said in 1998, almost no animal could live on Earth."
)
QA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
SENTIMENT = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["positive", "negative", "neutral"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["label", "confidence"],
}


def ask(prompt: Any, schema: Any = None, **body: Any) -> str:
    """The text of the answer to one user message."""
    if schema is not None:
        described = {"name": "item", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": described}
    messages = [{"role": "user", "content": prompt}]
    content: str = complete({"messages": messages, **body})["choices"][0]["message"]["content"]
    return content


def test_the_answer_has_every_key_of_a_chat_completion() -> None:
    """Clients find what the API promises, and the usage adds up."""
    answer = complete({"model": "m", "messages": [{"role": "user", "content": "abcdefgh"}]})
    content = answer["choices"][0]["message"]["content"]
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-offline-")
    assert (answer["created"], answer["model"]) == (0, "m")
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": content, "refusal": None},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ]
    usage = answer["usage"]
    assert usage["prompt_tokens"] == 2
    assert usage["completion_tokens"] == math.ceil(len(content) / 4)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("seed", range(6))
def test_a_question_is_built_from_a_keyword_and_answered_by_a_sentence(seed: int) -> None:
    """A question/answer item reads like one: the answer stands in the text word for word."""
    prompt = f"Write one question with its answer about the text below.\n\nText:\n{TEXT}"
    item = json.loads(ask(prompt, QA, seed=seed))
    assert item["answer"] in TEXT
    assert item["answer"].endswith(".")
    assert item["question"].endswith("?")
    word = item["question"].rstrip("?").split()[-1]
    assert word in TEXT or word.capitalize() in TEXT
    assert word.lower() in item["answer"].lower()


def test_a_definition_gives_the_question_what_is() -> None:
    """'X is the ...' is asked for as 'What is x?'."""
    prompt = f"Make a question.\nTEXT:\n{TEXT}"
    assert {
        "question": "What is photosynthesis?",
        "answer": "Photosynthesis is the process by which green plants turn sunlight into "
        "chemical energy.",
    } in [json.loads(ask(prompt, QA, seed=seed)) for seed in range(30)]


def test_a_named_topic_stands_in_question_and_text() -> None:
    """The topic a prompt names is kept as written, in prose and in items."""
    prompt = "Write one clear paragraph about T000042 prime numbers for a child audience."
    text = ask(prompt)
    assert text.count("T000042 prime numbers") >= 4
    assert "child audience" in text
    item = ask(f"From the text below make one question about T000042 prime numbers.\n{text}", QA)
    assert "T000042 prime numbers" in json.loads(item)["question"]


def test_several_items_use_different_sentences() -> None:
    """'three pairs' gives three, each from its own sentence."""
    pairs = {"type": "object", "properties": {"pairs": {"type": "array", "items": QA}}}
    items = json.loads(ask(f"Generate three question-answer pairs from this:\n\n{TEXT}", pairs))
    assert len(items["pairs"]) == 3
    assert len({item["answer"] for item in items["pairs"]}) == 3


@pytest.mark.parametrize(
    ("review", "label"),
    [
        ("The battery died after two days and nobody answered. Terrible.", "negative"),
        ("I love this camera, it takes great pictures!", "positive"),
        ("It is a table and it has four legs.", "neutral"),
    ],
)
def test_a_label_is_chosen_by_the_words_it_shares_with_the_text(review: str, label: str) -> None:
    """Classification gives the fitting label and a confidence in range."""
    prompt = f"Classify the review as positive, negative or neutral.\n\nReview: {review}"
    item = json.loads(ask(prompt, SENTIMENT))
    assert item["label"] == label
    assert 0.5 < item["confidence"] < 1
    assert ask(prompt) == label


def test_a_label_is_known_by_what_the_prompt_says_about_it() -> None:
    """The words after 'label:' or in brackets count as the label's own."""
    schema = {"type": "string", "enum": ["billing", "technical_issue", "shipping", "other"]}
    prompt = (
        "You label tickets. Categories: billing (charges, invoices), technical_issue (crashes, "
        "errors), shipping (parcels, courier), other.\nTicket: "
    )
    assert ask(prompt + "The courier lost my parcel yesterday.", schema) == '"shipping"'
    assert ask(prompt + "I was charged twice for one invoice.", schema) == '"billing"'
    assert ask(prompt + "It crashes whenever I open it.", schema) == '"technical_issue"'
    assert ask(prompt + "Greetings from a sunny island.", schema) == '"other"'


def test_a_prompt_with_a_text_is_answered_with_its_sentences() -> None:
    """Summary, question and keywords all come from the material."""
    summary = ask(f"Summarize this text in two sentences: {TEXT}")
    assert summary in TEXT
    assert summary.count(". ") >= 1
    assert ask(f"What does the plant release through stomata?\n\nContext: {TEXT}") == (
        "The oxygen leaves the plant through small openings called stomata."
    )
    assert ask(f"List three keywords for the text.\nText: {TEXT}") == (
        "photosynthesis, oxygen, chloroplasts"
    )


def test_a_json_object_has_the_fields_the_prompt_names() -> None:
    """Without a schema the names in the prompt are the fields."""
    form = {"type": "json_object"}
    named = f"Return a JSON object with question, answer and keywords.\n\nText:\n{TEXT}"
    item = json.loads(ask(named, response_format=form))
    assert list(item) == ["question", "answer", "keywords"]
    assert item["answer"] in TEXT
    assert len(item["keywords"]) == 3
    assert json.loads(ask(named)) == item
    bare = json.loads(ask(TEXT, response_format=form))
    assert list(bare) == ["title", "summary", "keywords"]


def test_a_schema_written_in_the_prompt_is_filled() -> None:
    """A server without json_schema still gives valid items when the prompt shows the schema."""
    prompt = (
        f"Answer only with JSON for this schema:\n{json.dumps(SENTIMENT)}\n\nReview: It is bad."
    )
    assert json.loads(ask(prompt))["label"] == "negative"
    example = 'Return JSON like {"answer": "...", "score": 0.5, "level": "easy|hard"}.\n' + TEXT
    item = json.loads(ask(example))
    assert item["answer"] in TEXT
    assert 0 <= item["score"] <= 1
    assert item["level"] in ("easy", "hard")


def test_the_same_request_has_the_same_answer_and_another_seed_another() -> None:
    """Repetitions differ by random seed and by nothing else."""
    prompt = f"Make a question.\nTEXT:\n{TEXT}"
    assert ask(prompt, QA, seed=1) == ask(prompt, QA, seed=1, temperature=2, top_p=0.1)
    assert len({ask(prompt, QA, seed=seed) for seed in range(20)}) >= 5
    assert len({ask("Write about prime numbers.", seed=seed) for seed in range(20)}) >= 10


def test_every_process_gives_the_same_answer() -> None:
    """Python's string hash seed has no part in it."""
    program = (
        "import json, sys; from datagenflow_nb.llm.offline import complete, embed\n"
        "bodies = json.load(sys.stdin)\n"
        "print(json.dumps([complete(body) for body in bodies] + [embed({'input': 'one two'})]))"
    )
    schema = {
        "type": "object",
        "properties": {"tags": {"type": "array"}, "map": {"type": "object"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    bodies = [
        {"messages": [{"role": "user", "content": f"Keywords please.\n{TEXT}"}], "seed": 5},
        {"messages": [{"role": "user", "content": TEXT}], "response_format": form},
    ]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(bodies),
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])[:2] == [complete(body) for body in bodies]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_token_limit_cuts_the_answer_and_says_so(name: str) -> None:
    """finish_reason is 'length' exactly when something was cut."""
    whole = ask("Write about tides.")
    body = {"messages": [{"role": "user", "content": "Write about tides."}]}
    cut = complete({**body, name: 5})
    assert cut["choices"][0]["message"]["content"] == whole[:20]
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 5
    assert complete({**body, name: 5000})["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " ",
        "AI",
        "Hello!",
        "🙂🙂",
        "\ud83d",
        "a\x00b",
        "写一段关于光合作用的文章。",
        "...",
        "?" * 9,
    ],
)
def test_any_prompt_has_an_answer(prompt: str) -> None:
    """Empty, tiny, emoji, half an emoji, Chinese: always a text, always a valid item."""
    assert ask(prompt)
    assert set(json.loads(ask(prompt, QA))) == {"question", "answer"}


def test_text_parts_and_other_roles_are_read() -> None:
    """Lists of parts, developer messages and former answers are understood."""
    parts = [{"type": "text", "text": "Summarize this."}, {"type": "text", "text": f"Text: {TEXT}"}]
    assert ask(parts) in TEXT
    messages = [
        {"role": "developer", "content": "You write questions."},
        {"role": "user", "content": f"Make a question.\nTEXT:\n{TEXT}"},
        {"role": "assistant", "content": "no JSON", "tool_calls": None},
        {"role": "user", "content": "That was not valid: Expecting value. Return only JSON."},
    ]
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": QA}}
    answer = complete({"messages": messages, "response_format": form})
    assert json.loads(answer["choices"][0]["message"]["content"])["answer"] in TEXT


@pytest.mark.parametrize("unit", ["word ", "(", "{", "*", "\n", "  \t", '"', "a: ", "json {", ". "])
def test_a_prompt_of_a_megabyte_is_answered(unit: str) -> None:
    """No input makes a pattern explode: the time limit of the run would end this test."""
    prompt = unit * (1_000_000 // len(unit))
    assert ask(prompt)
    assert ask(prompt, QA)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "'messages'"),
        ({"messages": []}, "'messages'"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "'image_url'"),
        ({"messages": [{"role": "user", "content": "x"}], "n": 2}, "'n' must be 1"),
        ({"messages": [{"role": "user", "content": "x"}], "seed": "1"}, "'seed'"),
        ({"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}, "'max_tokens'"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": [{}]}, "tools"),
        (
            {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}},
            "'xml'",
        ),
        (
            {
                "messages": [{"role": "user", "content": "x"}],
                "response_format": {"type": "json_schema"},
            },
            "json_schema.schema",
        ),
    ],
)
def test_a_body_it_cannot_answer_is_refused_by_name(body: dict[str, Any], said: str) -> None:
    """A wrong body is a bad request that names the part, never a guess."""
    with pytest.raises(EndpointError) as caught:
        complete(body)
    assert caught.value.kind == "bad_request"
    assert caught.value.status == 400
    assert said in caught.value.message


def cosine(a: list[float], b: list[float]) -> float:
    """The cosine of two unit vectors."""
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def test_alike_texts_have_near_embeddings_of_length_one() -> None:
    """An inflected paraphrase is nearer than an unrelated sentence."""
    texts = [
        "Plants turn sunlight into energy.",
        "A plant turns the light of the sun into energy.",
        "The invoice was paid twice last month.",
    ]
    answer = embed({"input": texts, "model": "m"})
    vectors = [item["embedding"] for item in answer["data"]]
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    assert all(len(vector) == 256 for vector in vectors)
    assert all(abs(cosine(vector, vector) - 1) < 1e-6 for vector in vectors)
    assert cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.2
    assert answer["usage"] == {"prompt_tokens": 31, "total_tokens": 31}


def test_dimensions_are_honoured_and_odd_texts_embedded() -> None:
    """Any text but the empty one has a unit vector of the wanted size."""
    for text in ("🙂", " ", "...", "写", "\ud83d", "x" * 100_000):
        vector = embed({"input": text, "dimensions": 7})["data"][0]["embedding"]
        assert len(vector) == 7
        assert abs(cosine(vector, vector) - 1) < 1e-6


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": ""},
        {"input": []},
        {"input": ["a", ""]},
        {"input": [1, 2]},
        {"input": "a", "dimensions": 5000},
        {"input": "a", "dimensions": "7"},
        {"input": "a", "encoding_format": "int8"},
    ],
)
def test_embeddings_of_nothing_are_refused(body: dict[str, Any]) -> None:
    """Empty and non-text input is a bad request."""
    with pytest.raises(EndpointError) as caught:
        embed(body)
    assert caught.value.kind == "bad_request"


@pytest.mark.asyncio
async def test_the_endpoint_in_process_answers_like_the_functions() -> None:
    """OfflineEndpoint is the Endpoint protocol over complete and embed."""
    endpoint = OfflineEndpoint()
    body = {"messages": [{"role": "user", "content": "Write about tides."}]}
    assert await endpoint.chat(body, timeout=1) == complete(body)
    assert await endpoint.embeddings({"input": "a"}, timeout=1) == embed({"input": "a"})
    assert await endpoint.models(timeout=1) == ["offline"]
    await endpoint.close()
