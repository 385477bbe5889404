"""What the original's developer guide documents works as it stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import datagenflow_nb as dgf

# "Block Interface", as written but for its import line and for `process`, which the guide leaves
# to the reader.
GUIDE_BLOCK = """
from datagenflow_nb import BaseBlock
from typing import Any

def process(input_value, param):
    return f"{input_value} / {param}"

class MyBlock(BaseBlock):
    # Required class attributes
    name: str = "My Block"
    description: str = "What this block does"
    inputs: list[str] = ["input_field"]
    outputs: list[str] = ["output_field"]

    # Optional: Get config schema for UI
    def get_schema(self) -> dict[str, Any]:
        return {
            "my_param": {
                "type": "string",
                "default": "default_value",
                "description": "Parameter description"
            }
        }

    # Required: Execute logic
    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        # Access config
        param = self.config.get("my_param", "default")

        # Access input
        input_value = data["input_field"]

        # Your logic here
        result = process(input_value, param)

        # Return only declared outputs
        return {"output_field": result}
"""

# "Testing Custom Blocks", as written but for its import line and the value it expects.
GUIDE_TEST = """
import pytest
from my_block import MyBlock

expected_value = "test data / test"

@pytest.mark.asyncio
async def test_my_block():
    block = MyBlock(config={"my_param": "test"})

    result = await block.execute({"input_field": "test data"})

    assert "output_field" in result
    assert result["output_field"] == expected_value
"""

# "Writing Tests", with its elided pipeline filled in.
GUIDE_PIPELINE_TEST = """
import pytest
from datagenflow_nb import Pipeline

@pytest.mark.asyncio
async def test_pipeline_execution():
    \"\"\"Test pipeline execution with trace\"\"\"
    pipeline = Pipeline("demo", [{"type": "Output", "config": {"template": "{{ input }}"}}])
    result, trace, trace_id = await pipeline.execute({"input": "test"})
    assert "output" in result
    assert len(trace) > 0
    assert trace_id is not None
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project root with the guide's block in blocks/."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "my_block.py").write_text(GUIDE_BLOCK, encoding="utf-8")
    return tmp_path


def test_testing_custom_blocks(project: Path) -> None:
    """The guide's own tests pass in a plain pytest with pytest-asyncio."""
    (project / "test_my_block.py").write_text(GUIDE_TEST, encoding="utf-8")
    (project / "test_pipeline.py").write_text(GUIDE_PIPELINE_TEST, encoding="utf-8")
    (project / "pytest.ini").write_text("[pytest]\npythonpath = blocks\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("2 passed")


@pytest.mark.asyncio
async def test_block_in_a_pipeline(project: Path) -> None:
    """The same file is found in blocks/ of the project root and used from YAML."""
    pipe = dgf.Pipeline.from_yaml(
        """
        name: guide
        blocks:
          - type: MyBlock
            config:
              my_param: from yaml
          - type: MyBlock
            id: defaults
        """
    )
    assert pipe.validate(fields=["input_field"]) == []
    result, trace, trace_id = await pipe.execute({"input_field": "text"})
    assert result == {
        "input_field": "text",
        "output_field": "text / default_value",
        "output": "text / default_value",
    }
    assert [entry["output"] for entry in trace] == [
        {"output_field": "text / from yaml"},
        {"output_field": "text / default_value"},
    ]
    assert trace[0]["accumulated_state"] == {
        "input_field": "text", "output_field": "text / from yaml",
    }  # fmt: skip
    assert len(trace_id) == 36


def test_block_in_the_list(project: Path) -> None:
    """What the block says about itself is what a form gets."""
    registry = dgf.Pipeline("p", [{"type": "MyBlock"}]).services.registry
    (described,) = [item for item in registry.describe() if item["type"] == "MyBlock"]
    assert described == {
        "type": "MyBlock",
        "name": "My Block",
        "description": "What this block does",
        "category": "general",
        "inputs": ["input_field"],
        "outputs": ["output_field"],
        "fan_out": False,
        "config": {
            "my_param": {
                "type": "string",
                "default": "default_value",
                "description": "Parameter description",
            }
        },
        "error": None,
        "source": str(project / "blocks" / "my_block.py"),
    }


def test_error_format() -> None:
    """The error of an unknown block has the guide's shape."""
    with pytest.raises(dgf.BlockNotFoundError) as caught:
        dgf.Pipeline("p", [{"type": "InvalidBlock"}]).execute_sync({})
    body = caught.value.to_dict()
    assert set(body) == {"error", "detail"}
    assert body["detail"]["block_type"] == "InvalidBlock"
    assert {"TextGenerator", "Validator"} <= set(body["detail"]["available_blocks"])


# The pipelines the original's 1.1 ships, in its own words: block types, config keys, prompts.
ORIGINAL_QA = """
name: QA Generation
description: Generate question-answer pairs from text content
example_seed:
  - repetitions: 1
    metadata:
      content: Tea is made from the leaves of Camellia sinensis.
blocks:
  - type: TextGenerator
    config:
      model: null
      temperature: 0.7
      max_tokens: 2048
      system_prompt: You write questions.
      user_prompt: |
        Generate questions about: {{ content }}
  - type: StructuredGenerator
    config:
      json_schema:
        type: object
        properties:
          qa_pairs:
            type: array
            items:
              type: object
              properties:
                question: {type: string}
                answer: {type: string}
              required: [question, answer]
        required: [qa_pairs]
      temperature: 0.5
      prompt: |
        Answer these questions from the text.
        Questions: {{ assistant }}
        Text: {{ metadata.content }}
  - type: JSONValidatorBlock
    config:
      field_name: generated
      required_fields: [qa_pairs]
      strict: true
"""


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.asyncio
async def test_pipeline_of_the_original(as_json: bool) -> None:
    """Its YAML, and the JSON its API stores, load and run unchanged on the offline model."""
    pipe = dgf.Pipeline.from_yaml(ORIGINAL_QA)
    if as_json:
        pipe = dgf.Pipeline.from_json(pipe.to_json())
    assert pipe.validate(fields=["content"]) == []
    result, trace, _ = await pipe.execute({"content": "Tea is made from leaves. Water is hot."})
    assert [entry["block_type"] for entry in trace] == [
        "TextGenerator", "StructuredGenerator", "JSONValidator",
    ]  # fmt: skip
    assert result["valid"] is True
    assert result["parsed_json"] == result["generated"]
    assert result["output"] is True
    assert {"question", "answer"} <= set(result["generated"]["qa_pairs"][0])
    assert [len(entry["calls"]) for entry in trace] == [1, 1, 0]
    assert "type: JSONValidatorBlock" in pipe.to_yaml()


@pytest.mark.asyncio
async def test_state_fields_as_messages() -> None:
    """Without prompts the state's system and user are the messages; old block names work."""
    pipe = dgf.Pipeline.from_dict(
        {
            "name": "old",
            "blocks": [
                {"type": "LLMBlock", "config": {"temperature": 0.7, "max_tokens": 100}},
                {"type": "ValidatorBlock", "config": {"min_length": 1, "forbidden_words": []}},
                {"type": "OutputBlock", "config": {"format_template": "{{ assistant }}"}},
            ],
        }
    )
    result = await pipe.execute({"system": "You are brief.", "user": "Name a tea from Assam."})
    assert result.result["system"] == "You are brief."
    assert result.result["user"] == "Name a tea from Assam."
    assert result.result["valid"] is True
    assert result.result["output"] == result.result["assistant"] != ""
