"""How fast the review of a million records is in a real JupyterLab, in Debian's Chromium."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser.chromium import find_chromium  # what drives a browser is the tests' own
from browser.lab import Notebook, write_notebook
from browser.server import lab_server

from datagenflow_nb.query import FieldFilter, RecordQuery, Sort
from datagenflow_nb.storage.indexer import WORDS
from datagenflow_nb.storage.selection import SelectionTable
from datagenflow_nb.storage.store import Store

from .review import COUNT
from .review_store import fill

__all__ = ["measure"]

#: What was measured, in words, in seconds, and its limit.
Figure = tuple[str, str, float, float]

_SEARCHES = ("light water", "w00017", "tide moon rock", "w000*", '"energy cell"')
_FILTERS = ("score >= 0.9", "level = child", "score >= 0.5", "score < 0.99", "topic contains radio")
#: Columns whose names are pressed, again for the other direction.
_SORTS = ("score", "assistant")
_JUMPS = (0.5, 0.99, 0.013, 0.77, 0.25, 0.6, 0.31)
_KEYS = "ararara"

#: Runs the cell that is the active one; milliseconds until the first row is drawn.
_FIRST = """() => new Promise((resolve) => {
    const node = jupyterapp.shell.currentWidget.node;
    for (const old of node.querySelectorAll('.dgf-review')) old.classList.add('bench-old');
    const started = performance.now();
    const look = () => {
        if (node.querySelector('.dgf-review:not(.bench-old) .dgf-grid-view .dgf-status'))
            resolve(performance.now() - started);
        else requestAnimationFrame(look);
    };
    jupyterapp.commands.execute('notebook:run-cell');
    requestAnimationFrame(look);
})"""
#: Moves the scroll bar; milliseconds until the rows there are drawn.
_JUMP = """(grid, part) => new Promise((resolve) => {
    const rows = () => [...grid.querySelectorAll('.dgf-grid-view .dgf-grid-row')];
    const before = rows()[0].ariaRowIndex;
    const started = performance.now();
    grid.scrollTop = Math.round(part * (grid.scrollHeight - grid.clientHeight));
    const look = () => {
        const now = rows();
        if (now[0].ariaRowIndex !== before && !now.some((row) => row.querySelector('.dgf-loading')))
            resolve(performance.now() - started);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
#: Does something; milliseconds until the rows, their number and the counts are these.
_ASK = """(review, [act, given, wanted]) => new Promise((resolve) => {
    const acts = {
        search: (text) => {
            const box = review.querySelector('input[type=search]');
            const {set} = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
            set.call(box, text);
            box.dispatchEvent(new Event('input', {bubbles: true}));
        },
        filter: () => review.querySelector('.dgf-condition').requestSubmit(),
        unfilter: () => review.querySelector('.dgf-chip button').click(),
        sort: (name) => review.querySelector(`[data-head="${name}"] .dgf-column-name`).click(),
    };
    const number = (text) => Number(text.replaceAll(',', ''));
    const isThere = () => {
        if (review.querySelector('.dgf-spinner, .dgf-grid-view .dgf-loading')) return false;
        const counts = [...review.querySelectorAll('.dgf-counts button')].slice(1)
            .map((button) => [button.firstChild.data.trim(), number(button.lastChild.textContent)]);
        const row = (at) => review.querySelector(
            `.dgf-grid-view [aria-rowindex="${at + 2}"] [data-column=id]`);
        return JSON.stringify(counts.sort()) === JSON.stringify(wanted.counts)
            && number(review.querySelector('.dgf-position').textContent.split('/')[1])
                === wanted.total
            && row(wanted.position)
            && wanted.around.every(([at, id]) => !row(at) || number(row(at).textContent) === id);
    };
    const started = performance.now();
    acts[act](given);
    const look = () => {
        if (isThere()) resolve(performance.now() - started);
        else if (performance.now() - started > 30000) resolve(NaN);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
_HEAR_KEYS = """() => document.addEventListener(
    'keydown', () => { window.key_pressed = Date.now(); }, {capture: true})"""


def measure(path: Path | None = None) -> Iterator[Figure]:
    """The figures a user meets.

    Parameters
    ----------
    path : path, optional
        A store that ``review_store.fill`` has made; None: one of a million records is made for it.
    """
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("there is no Chromium")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        lab_server(Path(name)) as server,
        sync_playwright() as playwright,
    ):
        if path is None:
            path = server.root / "bench.db"
            fill(path, COUNT)
        store = Store(path)
        _index(store)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        setup = (
            "%load_ext datagenflow_nb\nimport datagenflow_nb as dgf\n"
            f"ws = dgf.workspace({str(path)!r})"
        )
        book = write_notebook(server.root / "bench.ipynb", setup, "%dgf review 1")
        opened = Notebook(page, server, book, server.root, [])
        _activate(page, 0)
        page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell').then(() => 0)")
        yield from _first_rows(page)
        review = opened.view.locator(".dgf-review")
        yield from _jumps(review)
        yield from _queries(review, store)
        yield from _keys(page, review, store)
        browser.close()
        store.close()


def _activate(page: Page, cell: int) -> None:
    page.evaluate(
        "(cell) => { jupyterapp.shell.currentWidget.content.activeCellIndex = cell; }", cell
    )


def _index(store: Store) -> None:
    """Have the indexes made, which a user waits for once."""
    began = time.monotonic()
    table = SelectionTable(store)
    for query in (
        RecordQuery(job_ids=(1,), sort=tuple(Sort(column) for column in _SORTS)),
        RecordQuery(job_ids=(1,), where=tuple(FieldFilter.parse(text) for text in _FILTERS)),
    ):
        table.prepare(query, words=True)
        table.wait()
    columns = {FieldFilter.parse(text).field for text in _FILTERS} | {*_SORTS, WORDS}
    print(f"{len(columns)} indexes were made in {time.monotonic() - began:.0f} s", flush=True)


def _first_rows(page: Page) -> Iterator[Figure]:
    """From running the cell to its first row, also when it runs again."""
    _activate(page, 1)
    seconds = []
    for _ in range(5):
        seconds.append(page.evaluate(_FIRST) / 1000)
        page.wait_for_timeout(1_500)  # what the review does next is no part of the next one's time
        _activate(page, 1)
    yield "first rows, of a kernel's first widget", f"{seconds[0]:.2f} s", seconds[0], 1.0
    yield "first rows", *_median(seconds[1:]), 1.0


def _jumps(review: Locator) -> Iterator[Figure]:
    grid = review.get_by_role("grid")
    seconds = [grid.evaluate(_JUMP, part) / 1000 for part in _JUMPS]
    grid.evaluate(_JUMP, 0)
    yield "a jump of the scroll bar to its rows", *_median(seconds), 0.3


def _queries(review: Locator, store: Store) -> Iterator[Figure]:
    """From what is typed or pressed to the rows, and the counts that are true."""
    table = SelectionTable(store)

    def ask(act: str, given: str, query: RecordQuery) -> float:
        ids = table.ids(query)
        here = review.locator(".dgf-active [data-column=id]")
        current = int(here.inner_text().replace(",", ""))
        # The cursor stays on its record where that is among those found.
        position = ids.index(current) if current in ids else 0
        nearby = range(max(0, position - 3), min(len(ids), position + 4))
        wanted = {
            "position": position,
            "around": [[at, ids[at]] for at in nearby],
            "total": len(ids),
            "counts": sorted(table.counts(query).items()),
        }
        milliseconds: float = review.evaluate(_ASK, [act, given, wanted])
        if milliseconds != milliseconds:
            raise SystemExit(f"{act} {given!r} never showed {wanted}")
        return milliseconds / 1000

    everything = RecordQuery(job_ids=(1,))
    seconds = []
    for text in _SEARCHES:
        seconds.append(ask("search", text, RecordQuery(job_ids=(1,), search=text)))
        ask("search", "", everything)
    yield "a search, from its last letter", *_median(seconds), 1.0
    seconds = []
    for column in _SORTS:
        for is_descending in (False, True):
            query = RecordQuery(job_ids=(1,), sort=(Sort(column, is_descending),))
            seconds.append(ask("sort", column, query))
        ask("sort", column, everything)
    yield "a sort", *_median(seconds), 1.0
    review.get_by_role("grid").focus()
    review.page.keyboard.press("f")
    seconds = []
    form = review.get_by_role("form", name="Filter by a column")
    for text in _FILTERS:
        condition = FieldFilter.parse(text)
        form.get_by_label("Column").select_option(condition.field)
        form.get_by_label("Operator").select_option(condition.op)
        form.get_by_label("Value").fill(str(condition.value))
        seconds.append(ask("filter", "", RecordQuery(job_ids=(1,), where=(condition,))))
        ask("unfilter", "", everything)
    yield "a filter", *_median(seconds), 1.0
    review.page.keyboard.press("Escape")


def _keys(page: Page, review: Locator, store: Store) -> Iterator[Figure]:
    """From a key to the decision that another process reads from the store."""
    page.evaluate(_HEAR_KEYS)
    review.get_by_role("grid").focus()
    page.keyboard.press("Home")
    review.locator("[aria-rowindex='2'].dgf-active .dgf-status").wait_for()
    seconds = []
    for key in _KEYS:
        active = review.locator(".dgf-active [data-column=id]")
        record = int(active.inner_text())
        wanted = {"a": "accepted", "r": "rejected"}[key]
        page.keyboard.press(key)
        while store.column("SELECT status FROM records WHERE id = ?", [record]) != [wanted]:
            time.sleep(0.001)
        seconds.append(time.time() - page.evaluate("window.key_pressed") / 1000)
        page.wait_for_timeout(300)
    yield "a key, to its decision in the store", *_median(seconds), 0.1


def _median(seconds: list[float]) -> tuple[str, float]:
    median = statistics.median(seconds)
    return f"{median:.3f} s ({', '.join(f'{each:.2f}' for each in seconds)})", median
