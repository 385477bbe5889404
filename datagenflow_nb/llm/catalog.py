"""From a name in a block's ``model:`` to an open endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

from ..errors import ConfigError, suggest
from ..records import Usage
from ..redaction import learn_keys
from .base import OFFLINE, Endpoint, ModelConfig
from .model import Dialect, Journal, Model
from .pairing import is_paired, paired_variables

__all__ = ["ModelSettings", "Models"]

_OFFLINE_MODEL = ModelConfig(name=OFFLINE, model=OFFLINE)


class ModelSettings(Protocol):
    """The part of the settings that names the default model."""

    @property
    def llm_endpoint(self) -> str | None: ...
    @property
    def llm_model(self) -> str | None: ...
    @property
    def llm_api_key(self) -> str | None: ...
    @property
    def key_is_paired(self) -> bool: ...
    @property
    def names_a_model(self) -> bool: ...


class Models:
    """Configured models by name, and one open client per endpoint and event loop.

    Parameters
    ----------
    settings : ModelSettings
        The ``LLM_*`` settings.
    configured : callable, optional
        Returns the stored models by name; asked at each look-up, so that a new one is seen.
    default : str, optional
        What a block without a model gets (``--model``); None: ``LLM_MODEL``, else offline.
    hand_over : callable, optional
        Runs a coroutine on the loop thread, for blocks that call from another loop: alone in a
        notebook, or with ``asyncio.run`` in their worker thread.
    """

    def __init__(
        self,
        settings: ModelSettings,
        configured: Callable[[], Mapping[str, ModelConfig]] | None = None,
        *,
        default: str | None = None,
        hand_over: Callable[[Coroutine[Any, Any, Any]], Any] | None = None,
    ) -> None:
        self._settings = settings
        self._configured = configured or dict
        self._default = default
        self._hand_over = hand_over
        self._needs_keys = True
        self._is_awaited = False
        self._resolved: dict[str | None, ModelConfig] = {}
        #: Variables that hold keys; None: not looked up yet.
        self._key_variables: set[str] | None = None
        #: Names that have no model; None: they are looked up again, as they may get one.
        self._failed: dict[str | None, ConfigError] | None = None
        self._endpoints: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[tuple[str | None, str], Endpoint]
        ] = weakref.WeakKeyDictionary()
        self._dialects: dict[tuple[str | None, str], Dialect] = {}
        learn_keys([settings.llm_api_key])

    def with_default(self, name: str | None) -> Models:
        """The models one run uses: as they are now, with another default.

        The open clients are shared. The stored models are read once, here, and a name that cannot
        be resolved is looked up once: its error is the same for every record.
        """
        stored = dict(self._configured())
        other = Models(self._settings, lambda: stored, default=name, hand_over=self._hand_over)
        other._endpoints, other._dialects = self._endpoints, self._dialects
        other._needs_keys, other._is_awaited = self._needs_keys, self._is_awaited
        other._failed = {}
        return other

    def without_keys(self) -> Models:
        """The same models as they are now, to be looked up only: missing keys are no error."""
        other = self.with_default(self._default)
        other._needs_keys = False
        return other

    def awaited(self) -> Models:
        """The same models as they are now, for somebody who waits: less patience with no server."""
        other = self.with_default(self._default)
        other._is_awaited = True
        return other

    def with_own_clients(self) -> Models:
        """The same models as they are now, asked on the loop that runs; ``close`` them on it."""
        other = self.with_default(self._default)
        other._hand_over, other._endpoints = None, weakref.WeakKeyDictionary()
        return other

    def forget(self) -> None:
        """Look every name up afresh: a model was added or deleted."""
        self._resolved.clear()
        self._key_variables = None
        if self._failed is not None:
            self._failed.clear()

    def resolve(self, name: str | None = None) -> ModelConfig:
        """The configuration behind ``name``.

        None is the default model; ``offline`` the embedded one; a configured name wins over a
        model id at ``LLM_ENDPOINT``.

        Raises
        ------
        ConfigError
            When nobody configured that model, or its key may not be sent to its endpoint.
        """
        wanted = name or self._default
        if wanted in self._resolved:
            return self._resolved[wanted]
        if self._failed is not None and wanted in self._failed:
            # A new error each time: tracebacks and traces are added to the one that is raised.
            known = self._failed[wanted]
            raise ConfigError(known.message, dict(known.detail))
        try:
            found = self._find(wanted)
        except ConfigError as error:
            if self._failed is not None:
                self._failed[wanted] = ConfigError(error.message, dict(error.detail))
            raise
        self._resolved[wanted] = found
        return found

    def check(self, names: Iterable[str | None]) -> dict[str | None, ModelConfig]:
        """Resolve all models of a pipeline before anything runs.

        From then on no key of any configured model gets into what is stored, logged or raised.

        Raises
        ------
        ConfigError
            As ``resolve``; and when some blocks name a model while others would silently be
            answered by the offline one.
        """
        found = {name: self.resolve(name) for name in names}
        self._learn_keys(found.values())
        default = found.get(None)
        named = sorted(
            config.name for key, config in found.items() if key and not config.is_offline
        )
        if default is not None and default.is_offline and named and not self._default:
            raise ConfigError(
                f"a block names the model {named[0]!r}, another names none, and there is no "
                "default model: set LLM_ENDPOINT and LLM_MODEL, choose one for the run "
                f"(model={named[0]!r}), or write model: offline in that block"
            )
        return found

    def open(
        self, name: str | None, *, journal: Journal | None, variation: str, block: str
    ) -> Model:
        """The model of that name for one block; see ``resolve``."""
        config = self.resolve(name)
        key = config.client_key
        return Model(
            config=config,
            endpoint=_OnThisLoop(self, config),
            dialect=self._dialects.setdefault((key[0], config.model), Dialect()),
            block=block,
            journal=journal,
            variation=variation,
            hand_over=self._hand_over,
            is_awaited=self._is_awaited,
        )

    async def close(self) -> None:
        """Close the clients of the running loop."""
        for endpoint in self._endpoints.pop(asyncio.get_running_loop(), {}).values():
            await endpoint.close()

    def endpoint_for(self, config: ModelConfig) -> Endpoint:
        """The open client of ``config`` on the running loop."""
        clients = self._endpoints.setdefault(asyncio.get_running_loop(), {})
        if config.client_key not in clients:
            clients[config.client_key] = _connect(config)
        return clients[config.client_key]

    def _learn_keys(self, used: Iterable[ModelConfig]) -> None:
        """The keys of ``used`` models, and all others that a block may find in the environment."""
        if self._key_variables is None:
            configured = self._configured().values()
            wanted = [(config.endpoint, config.key_env) for config in configured]
            self._key_variables = {"LLM_API_KEY"}
            with contextlib.suppress(ConfigError):  # told to whoever needs one of those keys
                self._key_variables |= paired_variables(wanted)
        learn_keys(map(os.environ.get, self._key_variables))
        learn_keys(config.api_key for config in used)

    def _find(self, name: str | None) -> ModelConfig:
        if name == OFFLINE:
            return _OFFLINE_MODEL
        configured = self._configured()
        if name is not None and name in configured:
            return _with_key(configured[name]) if self._needs_keys else configured[name]
        if self._settings.llm_endpoint is not None:
            return self._at_default_endpoint(name)
        if name is None and not self._settings.names_a_model:
            return _OFFLINE_MODEL
        if name is None or self._settings.names_a_model:
            raise ConfigError(
                "LLM_MODEL or LLM_API_KEY is set but LLM_ENDPOINT is not; set it to the URL of an "
                "OpenAI-compatible API such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1"
            )
        raise ConfigError(
            f"model {name!r} is not configured and LLM_ENDPOINT is not set; "
            f"{suggest(name, [*configured, OFFLINE])}",
            {"model": name, "configured": sorted(configured)},
        )

    def _at_default_endpoint(self, name: str | None) -> ModelConfig:
        model = name or self._settings.llm_model
        endpoint = self._settings.llm_endpoint
        if model is None:
            raise ConfigError(
                f"LLM_ENDPOINT is {endpoint} but LLM_MODEL is not set; set it to the id of a model "
                "that server has"
            )
        if self._needs_keys and not self._settings.key_is_paired:
            raise ConfigError(
                f"LLM_API_KEY and LLM_ENDPOINT ({endpoint}) come from different places, so the key "
                "is not sent there; set both in the environment or both in the project's .env file"
            )
        prices = self._prices_at(endpoint, model)
        return ModelConfig(
            # A server's model of that id is not the embedded one, which records call so.
            name=f"{OFFLINE} at {endpoint}" if model == OFFLINE else model,
            model=model,
            endpoint=endpoint,
            api_key=self._settings.llm_api_key,
            key_env="LLM_API_KEY",
            input_price=prices[0],
            output_price=prices[1],
        )

    def _prices_at(self, endpoint: str | None, model: str) -> tuple[float | None, float | None]:
        """What that model of that server costs, by the models that are configured."""
        prices = {
            (config.input_price, config.output_price)
            for config in self._configured().values()
            if (config.endpoint, config.model) == (endpoint, model)
            and config.cost(Usage()) is not None
        }
        return prices.pop() if len(prices) == 1 else (None, None)


def _with_key(config: ModelConfig) -> ModelConfig:
    """``config`` with its key out of the environment, if the user paired them on this machine."""
    if config.endpoint is None or config.key_env is None:
        return config
    if not is_paired(config.endpoint, config.key_env):
        raise ConfigError(
            f"model {config.name!r}: {config.key_env} was never paired with {config.endpoint} on "
            "this machine, so the key is not sent; if you trust that address, add the model again "
            f"(add_model({config.name!r}, endpoint={config.endpoint!r}, model={config.model!r}, "
            f"key_env={config.key_env!r}))",
            {"model": config.name, "endpoint": config.endpoint, "key_env": config.key_env},
        )
    key = os.environ.get(config.key_env, "").strip()
    if not key:
        raise ConfigError(
            f"model {config.name!r} needs a key in the environment variable {config.key_env}, "
            "which is not set",
            {"model": config.name, "key_env": config.key_env},
        )
    return dataclasses.replace(config, api_key=key)


def _connect(config: ModelConfig) -> Endpoint:
    if config.endpoint is None:
        from .offline import OfflineEndpoint

        return OfflineEndpoint()
    from .openai import OpenAIEndpoint

    return OpenAIEndpoint(config.endpoint, config.api_key)


class _OnThisLoop:
    """An endpoint that is opened on first use, by whichever loop uses it."""

    __slots__ = ("_config", "_models")

    def __init__(self, models: Models, config: ModelConfig) -> None:
        self._models = models
        self._config = config

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        return await self._models.endpoint_for(self._config).chat(body, timeout=timeout)

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        return await self._models.endpoint_for(self._config).embeddings(body, timeout=timeout)

    async def models(self, *, timeout: float) -> list[str]:
        return await self._models.endpoint_for(self._config).models(timeout=timeout)

    async def close(self) -> None:
        await self._models.endpoint_for(self._config).close()
