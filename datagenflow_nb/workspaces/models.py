"""The models a workspace has configured."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import runtime
from ..displays.listing import Listing
from ..displays.text import duration, shorten
from ..errors import ConfigError, suggest
from ..llm.base import OFFLINE, ModelConfig
from ..llm.catalog import Models
from ..llm.pairing import pair
from ..records import Usage
from ..settings import Settings
from ..storage.library import ModelTable

__all__ = ["ModelFace", "ModelTest"]

_log = logging.getLogger("datagenflow_nb")

_COUNTS = ("max_tries", "requests_per_minute", "tokens_per_minute")
_LIMITS = ("timeout", "max_wait", *_COUNTS)
_warned: set[tuple[str, str]] = set()  # of limits this version does not know


@dataclass(frozen=True, slots=True)
class ModelTest:
    """A model that answered; ``seconds`` from the question to the answer, tries included."""

    name: str
    endpoint: str | None
    answer: str
    seconds: float
    usage: Usage

    def __repr__(self) -> str:
        place = f" at {self.endpoint}" if self.endpoint else ""
        return (
            f"Model {self.name!r}{place} answered {shorten(self.answer, 60)!r} in "
            f"{duration(self.seconds)}, {self.usage.input_tokens} tokens in, "
            f"{self.usage.output_tokens} out"
        )


class ModelFace:
    """The part of a workspace that configures models."""

    models: Models
    _model_table: ModelTable

    def add_model(
        self,
        name: str,
        *,
        endpoint: str,
        model: str,
        key_env: str | None = None,
        input_price: float | None = None,
        output_price: float | None = None,
        **limits: float,
    ) -> ModelConfig:
        """Configure a model, and allow its key to be sent to that endpoint from this machine.

        Parameters
        ----------
        endpoint : str
            Base URL of an OpenAI-compatible API.
        model : str
            The id sent to it.
        key_env : str, optional
            Name of the environment variable that holds the key.
        input_price, output_price : float, optional
            Per million tokens.
        **limits
            ``timeout`` (s for one try), ``max_tries``, ``max_wait`` (s for all tries),
            ``requests_per_minute``, ``tokens_per_minute``.

        Raises
        ------
        ConfigError
            For a reserved name, an endpoint that is no URL, a key instead of a variable's name, an
            unknown limit or a value out of range.
        """
        endpoint = _checked_model(name, endpoint, model, key_env)
        _check_prices(input_price=input_price, output_price=output_price)
        _check_limits(limits)
        if key_env is not None:
            pair(endpoint, key_env)
        self._model_table.save(
            name,
            endpoint=endpoint,
            model=model,
            key_env=key_env,
            input_price=input_price,
            output_price=output_price,
            limits=dict(limits),
        )
        self.models.forget()
        return self._configured()[name]

    def configured_models(self) -> Listing[ModelConfig]:
        """All configured models by name, the default one noted below."""
        return Listing(
            self._configured().values(),
            ("Name", "Model", "Endpoint", "Key from"),
            lambda config: (config.name, config.model, config.endpoint, config.key_env or "-"),
            title="Models",
            empty="No models are configured: %dgf model add NAME --endpoint URL --model ID",
            notes=[f"default: {self._default_told()}"],
        )

    def test_model(self, name: str | None = None) -> ModelTest:
        """Ask the model one short question.

        Parameters
        ----------
        name : str, optional
            A configured name, or None for the default model.

        Raises
        ------
        ConfigError
            When there is no such model.
        ModelError
            When it gives no usable answer, saying what to check; where no server is, after 2 tries.
        """
        model = self.models.awaited().open(name, journal=None, variation="", block="model test")
        started = time.perf_counter()
        answer = runtime.run(model.chat("Answer with the single word: ok"), "test_model")
        return ModelTest(
            name=model.config.name,
            endpoint=model.config.endpoint,
            answer=answer.text,
            seconds=time.perf_counter() - started,
            usage=answer.usage,
        )

    def _default_told(self) -> str:
        try:
            config = self.models.resolve()
        except ConfigError as error:
            return error.message
        return OFFLINE if config.is_offline else f"{config.name} at {config.endpoint}"

    def delete_model(self, name: str) -> None:
        """Forget a configured model.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        if not self._model_table.delete(name):
            self.models.resolve(name)  # says which models there are
            raise ConfigError(f"model {name!r} is not a configured model of this store")
        self.models.forget()

    def _configured(self) -> dict[str, ModelConfig]:
        return {
            row["name"]: ModelConfig(
                name=row["name"],
                model=row["model"],
                endpoint=row["endpoint"],
                key_env=row["key_env"],
                input_price=row["input_price"],
                output_price=row["output_price"],
                **_known_limits(row["name"], row["limits"]),
            )
            for row in self._model_table.list()
        }


def _checked_model(name: str, endpoint: str, model: str, key_env: str | None) -> str:
    if not isinstance(name, str) or not name.strip() or name == OFFLINE:
        raise ConfigError(f"model name {name!r} is not allowed; {OFFLINE!r} is the embedded model")
    url = Settings.check_endpoint(endpoint, "endpoint")
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"model is {model!r}, expected the id of a model at {url}")
    if key_env is not None and not (isinstance(key_env, str) and key_env.isidentifier()):
        raise ConfigError(
            "key_env is the NAME of an environment variable, such as OPENAI_API_KEY; the key "
            "itself is never stored"
        )
    return url


def _known_limits(name: str, limits: Mapping[str, Any]) -> dict[str, Any]:
    """The limits this version knows: another one's must not keep every model from being used."""
    for limit in sorted(set(limits) - set(_LIMITS)):
        if (name, limit) in _warned:
            continue
        _warned.add((name, limit))
        _log.warning(
            "model %r has the limit %r, which this version does not know; it is left out",
            name, limit,
        )  # fmt: skip
    return {limit: value for limit, value in limits.items() if limit in _LIMITS}


def _check_prices(**prices: float | None) -> None:
    for which, price in prices.items():
        if price is not None and not (_is_number(price) and 0 <= price < math.inf):
            raise ConfigError(f"{which} is {price!r}, expected a number, 0 or more")


def _check_limits(limits: Mapping[str, float]) -> None:
    for limit, value in limits.items():
        if limit not in _LIMITS:
            raise ConfigError(f"model option {limit!r} is unknown; {suggest(limit, _LIMITS)}")
        if not (_is_number(value) and 0 < value < math.inf):
            raise ConfigError(f"model option {limit} is {value!r}, expected a number above 0")
        if limit in _COUNTS and not isinstance(value, int):
            raise ConfigError(f"model option {limit} is {value!r}, expected a whole number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
