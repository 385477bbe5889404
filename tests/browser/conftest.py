"""Fixtures of the browser tests: one JupyterLab and one page for all, a notebook for each.

Playwright's synchronous API leaves an event loop running in its thread, in which no other test
could then start one. All of it, the tests included, therefore runs in a thread of its own.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from browser.chromium import HOW_TO_GET_ONE, find_chromium, is_required
from browser.lab import Notebook, OpenNotebook, close_all, write_notebook
from browser.server import LabServer, lab_server
from playwright.sync_api import ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from run_notebooks import set_up_folder

_Result = TypeVar("_Result")

_ARGUMENTS = (
    "--no-sandbox",  # containers and root have none; the pages are our own, on loopback
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WINDOW: ViewportSize = {"width": 1200, "height": 900}
_NOT_RUN = "no browser"
#: Milliseconds that an expectation may take to come true; the machine may be busy.
expect.set_options(timeout=20_000)
_FAILED = pytest.StashKey[bool]()


class _Thread:
    """Calls in one thread, in the context of the caller."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="browser")

    def call(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result:
        context = contextvars.copy_context()
        return self._pool.submit(context.run, function, *args, **kwargs).result()

    def close(self) -> None:
        self._pool.shutdown()


class _Browser:
    """Chromium, and the page that has JupyterLab up: a second notebook opens in it in a second."""

    def __init__(self, executable: str) -> None:
        self.problems: list[str] = []
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(
            executable_path=executable, args=_ARGUMENTS
        )
        self._page: Page | None = None

    def page(self) -> Page:
        if self._page is None:
            self._page = page = self._chromium.new_page(viewport=_WINDOW)
            page.on("console", self._hear)
            page.on(
                "pageerror", lambda error: self.problems.append(f"uncaught: {error} {error.stack}")
            )
            page.on("crash", lambda _: self.problems.append("the page crashed"))
        return self._page

    def drop_page(self) -> None:
        """After a failed test nobody knows what its page is up to."""
        if self._page is not None:
            self._page.close()
            self._page = None

    def close(self) -> None:
        self._chromium.close()
        self._playwright.stop()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)


@pytest.fixture(scope="session")
def browser_thread() -> Iterator[_Thread]:
    """The thread everything of Playwright happens in."""
    thread = _Thread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def chromium(browser_thread: _Thread) -> Iterator[_Browser]:
    """The browser; without one its tests are skipped, in continuous integration they fail."""
    executable = find_chromium()
    if executable is None:
        if is_required():
            pytest.fail(f"CI is set and there is no browser. {HOW_TO_GET_ONE}", pytrace=False)
        pytest.skip(_NOT_RUN)
    browser = browser_thread.call(_Browser, executable)
    yield browser
    browser_thread.call(browser.close)


@pytest.fixture(scope="session")
def lab(chromium: _Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab; its kernels are the Python that runs the tests."""
    with lab_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def notebook(
    lab: LabServer,
    chromium: _Browser,
    browser_thread: _Thread,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[OpenNotebook]:
    """Opens notebooks, each test's in a folder (and with a store) of its own.

    ``notebook("1 + 1", "2 + 2")`` writes one from the sources of its cells; ``notebook(path)``
    copies a file, with the data and blocks it needs. Several can be open, each with its kernel; a
    call brings its own to the front.
    """
    folder = lab.root / tmp_path.name
    folder.mkdir()
    named = os.environ.get("DGF_SCREENSHOTS")
    screenshots = request.config.invocation_params.dir / named if named else tmp_path
    screenshots.mkdir(parents=True, exist_ok=True)
    chromium.problems.clear()

    def open_one(*cells: str | Path, run: bool = False) -> Notebook:
        path = _file(folder, cells)
        opened = Notebook(chromium.page(), lab, path, screenshots, chromium.problems)
        opened.set_theme("light")
        if run:
            opened.run_all()
        return opened

    yield open_one
    if request.node.stash.get(_FAILED, False):
        browser_thread.call(_keep_failure, chromium.page(), screenshots, request.node.name)
        browser_thread.call(chromium.drop_page)
    else:
        browser_thread.call(close_all, chromium.page())


def _file(folder: Path, cells: tuple[str | Path, ...]) -> Path:
    first = cells[0] if cells else ""
    if isinstance(first, Path):
        return set_up_folder(first, folder)
    count = len(list(folder.glob("*.ipynb")))
    return write_notebook(folder / f"notebook{count + 1}.ipynb", *map(str, cells))


def _keep_failure(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"failed-{name}.png", timeout=10_000)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Tests of notebooks run where Playwright does."""
    thread = pyfuncitem.funcargs.get("browser_thread")
    if isinstance(thread, _Thread) and "notebook" in pyfuncitem.funcargs:
        test = pyfuncitem.obj
        pyfuncitem.obj = lambda **arguments: thread.call(test, **arguments)
        try:
            return (yield)
        finally:
            pyfuncitem.obj = test
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the fixture know whether its test failed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says so when the browser tests were not run: a line among hundreds is overlooked."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if _NOT_RUN in str(r.longrepr)]
    if skipped:
        terminalreporter.section(
            f"THE {len(skipped)} BROWSER TESTS WERE NOT RUN: no Chromium", red=True, bold=True
        )
        terminalreporter.line(HOW_TO_GET_ONE, red=True, bold=True)
