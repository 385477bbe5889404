"""Language models: one small protocol, the OpenAI-compatible client, the embedded offline model.

base        what an endpoint is and how it fails
openai      any OpenAI-compatible server (the only module that imports ``openai``)
offline     the embedded model, in process; ``offline_server`` serves it over HTTP
retry       tries and waits
structured  an answer that must match a JSON Schema
catalog     names -> configured models -> open endpoints
journal     where a block's calls are noted
model       what a block talks to
"""
