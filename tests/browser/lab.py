"""A notebook open in JupyterLab, as a person at the browser has it.

Commands of the running application are called instead of clicking through its menus, and outputs
are read from its model: both are stable where the page's markup is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

import nbformat
from browser.server import LabServer
from playwright.sync_api import Locator, Page

__all__ = ["Notebook", "OpenNotebook", "Theme", "close_all", "output_text", "write_notebook"]

Theme = Literal["light", "dark"]
Output = dict[str, Any]

LIMIT = 60.0
_HIGHEST = 12_000  # px; Chromium cannot draw much more at once
_KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}

_FIND = """(path) => [...jupyterapp.shell.widgets('main')]
    .find((widget) => widget.context?.path === path)"""
_IS_READY = f"""([path, status]) => {{
    const widget = window.jupyterapp?.shell && ({_FIND})(path);
    return widget?.context.isReady
        && widget.sessionContext.session?.kernel?.status === status;
}}"""
# Commands act on the notebook in front, which changes some time after it was asked to.
_WITH_WIDGET = f"""async ([path, argument]) => {{
    const shell = jupyterapp.shell, widget = ({_FIND})(path);
    if (!widget) throw new Error(path + ' is not open');
    shell.activateById(widget.id);
    for (let i = 0; i < 300 && shell.currentWidget !== widget; i++)
        await new Promise(requestAnimationFrame);
    return await (%s)(widget, argument);
}}"""
# A run may never settle (when the browser has missed a message), and page.evaluate has no limit.
_START = """(widget, [command, args]) => {
    widget.dgfRun = jupyterapp.commands.execute(command, args);
    widget.dgfRun.catch(() => {});
}"""
_FINISH = """(widget, limit) => Promise.race([
    widget.dgfRun.then(() => true),
    new Promise((settle) => setTimeout(() => settle(false), limit)),
])"""
_CELLS = "(widget) => widget.content.model.sharedModel.cells.map((cell) => cell.toJSON())"
_ADD = """(widget, source) => {
    const content = widget.content, index = content.model.sharedModel.cells.length;
    content.model.sharedModel.insertCell(index, {cell_type: 'code', source});
    content.activeCellIndex = index;
    content.deselectAll();
    return index;
}"""
_HEIGHT = """(widget) => {
    const scrolled = widget.node.querySelector('.jp-WindowedPanel-outer');
    scrolled.scrollTop = 0;
    const cells = [...widget.node.querySelectorAll('.jp-Cell')];
    const bottom = Math.max(...cells.map((cell) => cell.getBoundingClientRect().bottom));
    return Math.ceil(bottom + scrolled.scrollTop) + 48;  // the status bar
}"""
_CLOSE_ALL = """async () => {
    if (!window.jupyterapp) return;
    await jupyterapp.serviceManager.sessions.shutdownAll();
    for (const widget of [...jupyterapp.shell.widgets('main')]) widget.dispose();
}"""


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": _KERNELSPEC},
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
    )
    nbformat.write(notebook, path)
    return path


def output_text(output: Output) -> str:
    """What an output says as plain text: a stream's text, an error's message, else text/plain."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return "".join(output["data"].get("text/plain", ""))


def close_all(page: Page) -> None:
    """Stop every kernel and close every notebook; files stay as they are."""
    page.evaluate(_CLOSE_ALL)


class Notebook:
    """One notebook in the browser; made with its kernel idle.

    Attributes
    ----------
    page : playwright.sync_api.Page
        For whatever this class does not do.
    view : playwright.sync_api.Locator
        The notebook's part of the page: ``view.locator(".jp-CodeCell")``.
    path, folder : Path
        The notebook's file, and the folder its kernel works in.
    problems : list of str
        What the page complained of since the test began: errors on its console, exceptions nobody
        caught.
    """

    def __init__(
        self, page: Page, server: LabServer, path: Path, screenshots: Path, problems: list[str]
    ) -> None:
        self.page, self.path, self.folder = page, path, path.parent
        self.screenshots, self.problems = screenshots, problems
        self._name = path.relative_to(server.root).as_posix()
        self._address = server.address(path)
        if page.url == "about:blank":
            self.reload()
        else:  # a second in the page that is up instead of four
            page.evaluate(
                "(path) => jupyterapp.commands.execute('docmanager:open', {path}).then(() => 0)",
                self._name,
            )
            self.wait_for_kernel("idle")

    @property
    def view(self) -> Locator:
        return self.page.locator(f'[id="{self._call("(widget) => widget.id")}"]')

    # Running

    def run_all(self, limit: float = LIMIT) -> None:
        """Run every cell, up to the first that fails."""
        self.start("notebook:run-all-cells")
        self.finish(limit)

    def run(self, source: str, limit: float = LIMIT) -> list[Output]:
        """Run one more cell, at the end of the notebook; its outputs."""
        index = self.start_cell(source)
        self.finish(limit)
        return self.outputs(index)

    def start_cell(self, source: str) -> int:
        """Begin to run one more cell without waiting for it; its place in the notebook."""
        index: int = self._call(_ADD, source)
        self.start("notebook:run-cell")
        return index

    def start(self, command: str, **arguments: Any) -> None:
        """Begin a command of JupyterLab; ``finish`` waits for the latest one."""
        self._call(_START, [command, arguments])

    def finish(self, limit: float = LIMIT) -> None:
        """Wait for what was started last, at most ``limit`` s."""
        if not self._call(_FINISH, limit * 1000):
            raise TimeoutError(f"the cells of {self.path.name} did not finish in {limit:g} s")

    # The kernel

    def wait_for_kernel(self, status: str, limit: float = LIMIT) -> None:
        """Wait until the kernel is ``idle`` or ``busy``."""
        self.page.wait_for_function(_IS_READY, arg=[self._name, status], timeout=limit * 1000)

    def interrupt(self) -> None:
        """Interrupt the kernel, as the toolbar's stop button does."""
        self._call("(widget) => widget.sessionContext.session.kernel.interrupt()")

    def restart(self) -> None:
        """Restart the kernel without the question whether one is sure; outputs stay."""
        self._call("(widget) => widget.sessionContext.session.kernel.restart()")
        self.wait_for_kernel("idle")

    def reload(self) -> None:
        """Load the page again, as after pressing F5; a kernel that runs is found again."""
        self.page.goto(self._address)
        self.wait_for_kernel("idle")

    # What is there

    def cells(self) -> list[dict[str, Any]]:
        """Every cell as in the notebook's file, outputs included."""
        cells: list[dict[str, Any]] = self._call(_CELLS)
        return cells

    def outputs(self, index: int) -> list[Output]:
        """The outputs of one cell; ``-1`` is the last one."""
        outputs: list[Output] = self.cells()[index].get("outputs", [])
        return outputs

    def text(self, index: int) -> str:
        """The outputs of one cell as plain text."""
        return "".join(output_text(output) for output in self.outputs(index))

    def errors(self) -> list[str]:
        """``Name: message`` of every error output in the notebook."""
        outputs = [output for cell in self.cells() for output in cell.get("outputs", [])]
        return [output_text(output) for output in outputs if output["output_type"] == "error"]

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook; what its file then holds."""
        self._call("(widget) => widget.context.save()")
        return nbformat.read(self.path, as_version=4)

    # How it looks

    def set_theme(self, theme: Theme) -> None:
        """Change JupyterLab's theme, as in its settings menu."""
        name = f"JupyterLab {theme.capitalize()}"
        self.page.evaluate(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        self.page.wait_for_function(
            # JupyterLab removes its splash late, and twice when a theme follows at once.
            "(name) => document.body.dataset.jpThemeName === name"
            " && !document.getElementById('jupyterlab-splash')",
            arg=name,
        )

    def style(self, selector: str, name: str) -> str:
        """A computed style, such as ``background-color``, of the first element that matches."""
        value: str = self.view.locator(selector).first.evaluate(
            "(element, name) => getComputedStyle(element).getPropertyValue(name)", name
        )
        return value

    def screenshot(self, name: str, theme: Theme = "light", *, whole: bool = False) -> Path:
        """A picture ``name-theme.png``; ``whole``: of all cells, not of the window alone."""
        self.set_theme(theme)
        window = self.page.viewport_size
        assert window is not None
        height = min(self._call(_HEIGHT), _HIGHEST) if whole else window["height"]
        path = self.screenshots / f"{name}-{theme}.png"
        self.page.set_viewport_size({"width": window["width"], "height": height})
        self.page.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size(window)
        return path

    def _call(self, function: str, argument: Any = None) -> Any:
        """Call ``function(widget, argument)`` in the page, with this notebook in front."""
        return self.page.evaluate(_WITH_WIDGET % function, [self._name, argument])


class OpenNotebook(Protocol):
    """What the fixture ``notebook`` gives: opens a notebook of these cells, or a copy of a file."""

    def __call__(self, *cells: str | Path, run: bool = False) -> Notebook: ...
