"""Refusals of many servers, in their own words: (status, message)."""

from __future__ import annotations

#: The response_format is not known.
UNSUPPORTED = [
    (400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
     "model. Learn more about supported models at the Structured Outputs guide."),
    (400, "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input "
     "should be 'text' or 'json_object'\", 'input': 'json_schema'}]"),
    (400, "[{'type': 'extra_forbidden', 'loc': ('body', 'response_format', 'json_schema'), 'msg': "
     "'Extra inputs are not permitted'}]"),
    (400, 'response_format type must be one of "text" or "json_object", but got: json_schema'),
    (400, "'response_format.type' must be 'json_object' or 'text'"),
    (400, "This response_format type is unavailable now"),
    (400, "This model does not support response format `json_schema`. See supported models."),
    (400, "response_format value as json_schema is enabled only for api versions "
     "2024-08-01-preview and later"),
    (422, "Unknown field: response_format"),
    (404, "No endpoints found that support response_format"),
    (501, "response_format is not implemented"),
    (400, "unrecognized request argument supplied: response_format"),
]  # fmt: skip
#: Something else is wrong.
OTHER_FAULTS = [
    (400, "Invalid schema for response_format 'answer': In context=(), 'additionalProperties' is "
     "required to be supplied and to be false."),
    (400, "Invalid schema for response_format 'answer': In context=('properties', 'x'), "
     "'minLength' is not permitted."),
    (400, "This model's maximum context length is 8192 tokens."),
    (400, "Unsupported value: 'temperature' does not support 0.7 with this model."),
    (400, "'messages' must contain the word 'json'"),
    (404, "The model `gpt-9` does not exist or you do not have access to it."),
]  # fmt: skip
