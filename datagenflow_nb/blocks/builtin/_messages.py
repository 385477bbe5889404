"""The messages a generator sends: its own prompts, else fields of the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ValidationError
from ..context import BlockContext

__all__ = ["Conversation", "compose", "message_fields"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is sent; ``system`` is "" when there is no system message."""

    system: str
    user: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """In the form of the chat API."""
        user = {"role": "user", "content": self.user}
        return [{"role": "system", "content": self.system}, user] if self.system else [user]


def message_fields(prompt: str) -> list[str]:
    """The fields of the state that are messages, in the notation of ``inputs``."""
    return ["system?"] if prompt.strip() else ["system?", "user|text"]


def compose(
    data: Mapping[str, Any], ctx: BlockContext, system_prompt: str, prompt: str, prompt_key: str
) -> Conversation:
    """Render the prompts; without ``prompt`` the state's ``user``, else ``text`` is the message.

    Without ``system_prompt`` the state's ``system`` is the system message. Fields of the state are
    sent as they are: text out of a seed is never read as a template.

    Raises
    ------
    ValidationError
        When nothing is left to send; ``prompt_key`` is the config key the message advises to set.
    TemplateError
        For a prompt that cannot be rendered.
    """
    if system_prompt.strip():
        system = ctx.render(system_prompt)
    else:
        system = _text_of(data, "system", ctx, "system_prompt")
    if prompt.strip():
        user = ctx.render(prompt)
        missing = f"config {prompt_key!r} rendered to an empty text"
    else:
        user = _text_of(data, "user", ctx, prompt_key) or _text_of(data, "text", ctx, prompt_key)
        missing = (
            f"nothing to send: config {prompt_key!r} is not set and the state has neither 'user' "
            "nor 'text'"
        )
    if not user.strip():
        known = ", ".join(repr(name) for name in data) or "none"
        raise ValidationError(
            f"{ctx.block_type}: {missing}; set {prompt_key} to a prompt such as "
            f"'Write about {{{{ topic }}}}.' (fields there are: {known})",
            {"block_type": ctx.block_type, "key": prompt_key, "fields": list(data)},
        )
    return Conversation(system if system.strip() else "", user)


def _text_of(data: Mapping[str, Any], name: str, ctx: BlockContext, key: str) -> str:
    """The text in a field; "" when it is absent, null (a skipped block's) or blank."""
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValidationError(
            f"{ctx.block_type}: field {name!r} is {type(value).__name__}, expected text to send; "
            f"set {key} to say how it is written, such as '{{{{ {name} | tojson }}}}'",
            {"block_type": ctx.block_type, "field": name},
        )
    return value if value.strip() else ""
