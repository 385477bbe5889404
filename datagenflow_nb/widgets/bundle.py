"""The widgets' code in the browser: one copy a kernel, whatever the number of widgets.

A widget's code is part of each instance's state; ten editors would send it ten times and save it
ten times in the notebook. So one model holds it, and the widgets carry a loader that asks for it.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .free_route import FreeRoute

__all__ = ["LOADER", "STATIC", "Bundle", "sources_digest"]

STATIC = Path(__file__).parent / "static"

#: A bundle is imported once a page, under the digest of its code.
LOADER = """
const loaded = (globalThis.__datagenflow ??= new Map());
async function load(model) {
  const host = await model.widget_manager.get_model(model.get("bundle").slice("IPY_MODEL_".length));
  const key = host.get("digest");
  if (!loaded.has(key)) {
    const url = URL.createObjectURL(new Blob([host.get("code")], { type: "text/javascript" }));
    loaded.set(key, import(url).finally(() => URL.revokeObjectURL(url)));
    const style = document.createElement("style");
    style.dataset.datagenflow = key;
    style.textContent = host.get("style");
    document.head.append(style);
  }
  return (await loaded.get(key)).default;
}
export default { async render(context) { return (await load(context.model)).render(context); } };
"""


class Bundle(FreeRoute, anywidget.AnyWidget):
    """The model that holds the code; it is never shown."""

    _esm = "export default {}"
    code = traitlets.Unicode().tag(sync=True)
    style = traitlets.Unicode().tag(sync=True)
    digest = traitlets.Unicode().tag(sync=True)

    _one: Bundle | None = None

    def __repr__(self) -> str:
        return "Bundle()"

    @classmethod
    def get(cls) -> Bundle:
        """The kernel's one, made anew when its channel was closed."""
        if cls._one is None or cls._one.comm is None:
            code, style, digest = _read()
            cls._one = cls(code=code, style=style, digest=digest)
        return cls._one


@functools.cache
def _read() -> tuple[str, str, str]:
    code = (STATIC / "widgets.js").read_text(encoding="utf-8")
    style = (STATIC / "widgets.css").read_text(encoding="utf-8")
    digest = hashlib.sha256((code + style).encode()).hexdigest()[:16]
    return code, style, digest


def sources_digest(sources: Path) -> str:
    """SHA-256 over the names and bytes of what the bundle is made of, as the build computes it.

    Parameters
    ----------
    sources : path
        The folder ``js/`` of a checkout.
    """
    names = ["build.mjs", "package.json", "package-lock.json"]
    files = (path for path in (sources / "src").rglob("*") if path.is_file())
    names.extend(path.relative_to(sources).as_posix() for path in files)
    total: Any = hashlib.sha256()
    for name in sorted(names):
        total.update(name.encode() + b"\0" + (sources / name).read_bytes() + b"\0")
    return str(total.hexdigest())
