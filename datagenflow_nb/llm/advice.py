"""What to do about a call that failed."""

from __future__ import annotations

from .base import EndpointError, ModelConfig

__all__ = ["advice"]

_ADVICE = {
    "auth": "check the key and what it may use",
    "not_found": "check the endpoint's path (it usually ends in /v1) and the model's id",
    "bad_request": "check the request's parameters and the model's limits",
    "connection": "check that the server runs and that the endpoint's host and port are right",
    "timeout": "check the server's load, or raise the model's timeout",
    "rate_limit": "lower the concurrency, or wait for the quota",
    "server": "the server failed; try again later",
    "certificate": "check the server's certificate: its host name, its dates and who signed it "
    "(the environment variable SSL_CERT_FILE names a file of authorities of your own)",
    "bad_answer": "check that the endpoint is an OpenAI-compatible API",
}


def advice(error: EndpointError, config: ModelConfig) -> str:
    """What the user can check or change, in a few words."""
    if error.kind == "auth" and not config.api_key:
        source = config.key_env
        cure = f"set {source}" if source else "add the model again with key_env="
        return f"no key was sent; {cure}"
    return _ADVICE[error.kind]
