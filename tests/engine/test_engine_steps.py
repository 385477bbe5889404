"""One block on one branch: what goes in, what may come out, where it runs."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from datagenflow_nb import (
    BaseBlock,
    BlockContext,
    BlockExecutionError,
    Changes,
    ConfigError,
    DataGenFlowError,
    Drop,
    Pipeline,
    ValidationError,
    runtime,
)
from datagenflow_nb.engine import Branch, Execution, Program, run_branch
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.settings import Settings


def returning(value: Any, **attributes: Any) -> BaseBlock:
    """A block called ``Gives`` that returns ``value``, or what it returns when called."""

    async def execute(self: BaseBlock, data: dict[str, Any]) -> Any:
        return value() if callable(value) else value

    kind = type("Gives", (BaseBlock,), {"outputs": ["x"], **attributes, "execute": execute})
    made: BaseBlock = kind()
    return made


def raising(error: BaseException, *, is_async: bool) -> BaseBlock:
    """A block called ``Raises`` that raises ``error``."""

    async def execute_async(self: BaseBlock, data: dict[str, Any]) -> Any:
        raise error

    def execute_sync(self: BaseBlock, data: dict[str, Any]) -> Any:
        raise error

    execute = execute_async if is_async else execute_sync
    made: BaseBlock = type("Raises", (BaseBlock,), {"execute": execute})()
    return made


def run(*blocks: Any, **seed: Any) -> dict[str, Any]:
    """The final state."""
    return Pipeline("p", blocks).execute_sync(seed).result


def error_of(*blocks: Any, **seed: Any) -> DataGenFlowError:
    """The error these blocks end with."""
    with pytest.raises(DataGenFlowError) as caught:
        Pipeline("p", blocks).execute_sync(seed)
    return caught.value


def refused(value: Any, **attributes: Any) -> str:
    """The message of the ValidationError for what a block returned."""
    error = error_of(returning(value, **attributes))
    assert type(error) is ValidationError
    return error.message


# -- inputs


@pytest.mark.parametrize(
    ("inputs", "seed"),
    [
        (["a"], {"a": 1}),
        (["a"], {"a": None}),
        (["a?"], {}),
        (["a|b"], {"b": 1}),
        (["a | b"], {"a": 1}),
        (["a|b?"], {}),
        (["*"], {}),
        ([], {}),
        (["ключ"], {"ключ": 1}),
    ],
)
def test_inputs_that_are_there(inputs: list[str], seed: dict[str, Any]) -> None:
    """Required, optional, one of several, any."""
    assert run(returning({"x": 1}, inputs=inputs), **seed)["x"] == 1


def test_missing_input() -> None:
    """The error names the block, the field, and the nearest field there is."""
    error = error_of(returning({"x": 1}, inputs=["topic"]), topik="tea")
    assert type(error) is ValidationError
    assert error.message == ("block 'gives' (Gives) needs the field 'topic'; did you mean 'topik'?")
    assert error.detail["missing"] == ["topic"]
    assert error.detail["fields"] == ["topik"]


def test_missing_alternatives() -> None:
    """All alternatives are named."""
    error = error_of(returning({"x": 1}, inputs=["a|b"]), c=1)
    assert error.message == "block 'gives' (Gives) needs the field 'a' or 'b'; there are: 'c'"


# -- outputs


def test_undeclared_output() -> None:
    """What a block did not declare it may not set."""
    assert refused({"x": 1, "y": 2}) == (
        "block 'gives' (Gives) returned the undeclared field 'y'; declared outputs: 'x'"
    )
    assert refused({"y": 2}, outputs=[]).endswith("declared outputs: none")


def test_any_output() -> None:
    """Outputs ["*"] are decided at run time."""
    assert run(returning({"y": 2, "z": 3}, outputs=["*"])) == {"y": 2, "z": 3, "output": 2}


def test_forgotten_return() -> None:
    """None is an error, with and without fan-out."""
    assert refused(None) == (
        "block 'gives' (Gives) returned None, expected a dictionary of fields; is a return missing?"
    )
    assert refused(None, fan_out=True).endswith("fan_out = True); is a return missing?")


def test_list_without_fan_out() -> None:
    """A list needs fan_out = True."""
    assert refused([{"x": 1}]) == (
        "block 'gives' (Gives) returned list ([{'x': 1}]), expected a dictionary of fields; "
        "declare fan_out = True to continue with several branches"
    )


@pytest.mark.parametrize("value", ["text", 3, ("x", 1), {"x"}])
def test_no_dictionary(value: Any) -> None:
    """Anything else is shown."""
    assert refused(value).startswith(
        f"block 'gives' (Gives) returned {type(value).__name__} ({value!r}), expected a dictionary"
    )


def test_fan_out_without_a_list() -> None:
    """With fan_out a dictionary alone is an error, and so is an item that is none."""
    assert "returned dict ({'x': 1}), expected a list of dictionaries" in refused(
        {"x": 1}, fan_out=True
    )
    assert refused([{"x": 1}, None], fan_out=True) == (
        "block 'gives' (Gives) item 1: None, expected a dictionary of fields; is a return missing?"
    )
    assert "item 0: the undeclared field 'y'" in refused([{"y": 1}], fan_out=True)


class Custom:
    """No JSON."""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (float("nan"), "field 'x': nan is not a JSON number; use None for a missing value"),
        ({"a": [0, float("inf")]}, "field 'x.a[1]': inf is not a JSON number"),
        ({"a": Custom()}, "field 'x.a': Custom is not a JSON value; return str, int"),
        ({1: 2}, "field 'x': key 1 is int, JSON keys are strings"),
        (b"bytes", "field 'x': bytes is not a JSON value"),
        (Custom, "field 'x': type is not a JSON value"),
    ],
)
def test_what_json_cannot_hold(value: Any, problem: str) -> None:
    """The field's path and the reason."""
    assert refused({"x": value}).startswith(f"block 'gives' (Gives) returned {problem}")


def test_keys_that_are_no_text() -> None:
    """Field names are strings."""
    message = refused({1: 2}, outputs=["*"])
    assert message.startswith("block 'gives' (Gives) returned key 1 is int, JSON keys are strings")


def test_value_in_itself() -> None:
    """A list that holds itself is an error, not the end of the process."""
    value: list[Any] = []
    value.append(value)
    assert "nested too deeply, or contains itself" in refused({"x": value})


def test_values_that_run_code() -> None:
    """An error inside a value's own conversion is the block's error."""

    class Array:
        def tolist(self) -> Any:
            raise RuntimeError("no memory")

    error = error_of(returning(lambda: {"x": Array()}))
    assert type(error) is BlockExecutionError
    assert error.message == "block 'gives' (Gives) raised RuntimeError: no memory"


def test_values_become_plain() -> None:
    """Tuples, sets, dates and dataclasses become what JSON has."""

    @dataclasses.dataclass
    class Point:
        at: tuple[int, int]

    value = {"t": (1, 2), "d": dt.date(2026, 1, 2), "s": {"b", "a"}, "p": Point((3, 4))}
    assert run(returning({"x": value}))["x"] == {
        "t": [1, 2], "d": "2026-01-02", "s": ["a", "b"], "p": {"at": [3, 4]},
    }  # fmt: skip


# -- Changes and Drop


def test_changes() -> None:
    """Fields are set and removed; removal needs no declaration."""
    pipe = Pipeline("p", [returning(Changes(set={"x": 1}, remove=["a"]))])
    result, trace, _ = pipe.execute_sync({"a": 0, "b": 2})
    assert result == {"b": 2, "x": 1, "output": 1}
    assert trace[0]["output"] == {"x": 1}
    assert trace[0]["input"] == {"a": 0, "b": 2}
    assert trace[0]["accumulated_state"] == {"b": 2, "x": 1}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (Changes(remove=["y"]), "Changes: removes the field 'y', which is not there; there are: "),
        (Changes(remove="ab"), "Changes(remove='ab'): expected a list of field names"),
        (Changes(remove=3), "Changes(remove=3): expected a list of field names"),  # type: ignore[arg-type]  # the mistake under test
        (Changes(remove=[["a"]]), "Changes(remove=[['a']]): expected a list of field names"),  # type: ignore[list-item]  # the mistake under test
        (Changes(set={"y": 1}), "Changes: set is the undeclared field 'y'"),
        (Changes(set=None), "Changes: set is None, expected a dictionary of fields"),  # type: ignore[arg-type]  # the mistake under test
    ],
)
def test_wrong_changes(changes: Changes, problem: str) -> None:
    """Removing what is not there, and lists that are none."""
    error = error_of(returning(changes), a=1)
    assert type(error) is ValidationError
    assert error.message.startswith(f"block 'gives' (Gives) {problem}")


def test_drop_without_reason() -> None:
    """A Drop that does not say why is the block's mistake."""
    error = error_of(returning(lambda: Drop("")))
    assert type(error) is ValidationError
    assert error.detail["block_id"] == "gives"


# -- errors


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("no tea"), StopIteration(3), StopAsyncIteration(), SystemExit(2),
        KeyboardInterrupt(), asyncio.CancelledError(), RecursionError("deep"),
        BaseExceptionGroup("many", [SystemExit(1)]), AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_everything_raised_is_that_blocks_failure(error: BaseException, is_async: bool) -> None:
    """Any exception, also one that ends programs, becomes BlockExecutionError; the loop lives."""
    loop = runtime.loop()
    wrapped = error_of(returning({"x": [1]}), raising(error, is_async=is_async), a=1)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if is_async and isinstance(error, StopIteration):
        text = "RuntimeError: coroutine raised StopIteration"  # Python itself sees to that
    assert type(wrapped) is BlockExecutionError
    assert wrapped.message == f"block 'raises' (Raises) raised {text}"
    assert wrapped.detail == {
        "block_type": "Raises", "step": 1, "error": text, "block_id": "raises",
        "input": {"a": 1, "x": [1]},
    }  # fmt: skip
    assert error in (wrapped.__cause__, getattr(wrapped.__cause__, "__cause__", None))
    assert runtime.loop() is loop
    assert run(returning({"x": 1}))["x"] == 1


def test_generator_exit_in_a_thread() -> None:
    """Also the exception that closes coroutines, out of a sync block."""
    error = error_of(raising(GeneratorExit(), is_async=False))
    assert error.message == "block 'raises' (Raises) raised GeneratorExit"


def test_exception_without_a_message() -> None:
    """An exception whose text cannot be made is told by its type."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    error = error_of(raising(Mute(), is_async=True))
    assert error.message == ("block 'raises' (Raises) raised Mute: (its message cannot be shown)")


def test_our_own_errors_pass() -> None:
    """A block's own DataGenFlowError stays itself, with place, input and trace added."""
    mine = ValidationError("no tea today", {"mood": "bad", "thing": Custom()})
    for is_async in (True, False):
        error = error_of(raising(mine, is_async=is_async), a=1)
        assert error is mine
        assert (error.message, error.detail["mood"]) == ("no tea today", "bad")
        assert (error.detail["block_type"], error.detail["step"]) == ("Raises", 0)
        assert error.detail["input"] == {"a": 1}
        assert error.detail["thing"] == "<Custom>"
        assert error.trace is not None
        assert error.trace[0]["error"] == {
            "error": "no tea today",
            "type": "ValidationError",
            "detail": {
                "mood": "bad", "thing": "<Custom>", "block_type": "Raises", "block_id": "raises",
                "step": 0,
            } | ({} if is_async else {"input": {"a": 1}}),
        }  # fmt: skip


# -- where blocks run


class Where(BaseBlock):
    """Tells its thread."""

    outputs = ["thread"]

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"thread": threading.current_thread().name}


class WhereAsync(Where):
    """Tells its thread too."""

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]  # a block may be sync or async
        return {"thread": threading.current_thread().name}


def test_threads() -> None:
    """Async blocks run on the loop thread, sync ones in a worker."""
    assert run(WhereAsync)["thread"] == "datagenflow-loop"
    assert run(Where)["thread"].startswith("datagenflow-block")


@pytest.mark.asyncio
async def test_sync_blocks_do_not_stall_the_loop() -> None:
    """Many sync blocks wait at once for something an async block of another pipeline does."""
    gate, waiting = threading.Event(), threading.Barrier(41)

    class Wait(BaseBlock):
        outputs = ["x"]

        def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            waiting.wait(30)
            return {"x": gate.wait(30)}

    class Open(BaseBlock):
        outputs = ["x"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            await asyncio.to_thread(waiting.wait, 30)
            gate.set()
            return {"x": True}

    pipes = [Pipeline("wait", [Wait])] * 40 + [Pipeline("open", [Open])]
    results = await asyncio.gather(*(pipe.execute({}) for pipe in pipes))
    assert [result.result["x"] for result in results] == [True] * 41


def test_pipelines_inside_sync_blocks() -> None:
    """A sync block may run a pipeline with sync blocks, however many do so at once."""
    inner = Pipeline("inner", [Where])
    started = threading.Barrier(20)

    class Outer(BaseBlock):
        outputs = ["inner"]

        def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            started.wait(30)
            return {"inner": inner.execute_sync({}).result["thread"][:17]}

    async def all_at_once() -> list[Any]:
        pipe = Pipeline("outer", [Outer])
        return await asyncio.gather(*(pipe.execute({}) for _ in range(20)))

    results = asyncio.run(all_at_once())
    assert [result.result["inner"] for result in results] == ["datagenflow-block"] * 20


def test_sync_function_that_returns_an_awaitable() -> None:
    """A decorated async execute may be a plain function; its awaitable is awaited."""

    class Decorated(BaseBlock):
        outputs = ["x"]

        def execute(self, data: dict[str, Any]) -> Any:
            async def later() -> dict[str, Any]:
                return {"x": threading.current_thread().name}

            return later()

    assert run(Decorated)["x"] == "datagenflow-loop"


def test_context_by_keyword_or_position() -> None:
    """ctx may be an ordinary, an optional or a keyword-only parameter."""

    class Ordinary(BaseBlock):
        outputs = ["a"]

        async def execute(self, data: dict[str, Any], ctx: BlockContext) -> dict[str, Any]:  # type: ignore[override]  # a block may take a context
            return {"a": ctx.block_id}

    class Keyword(BaseBlock):
        outputs = ["b"]

        def execute(self, data: dict[str, Any], *, ctx: BlockContext) -> dict[str, Any]:  # type: ignore[override]  # a block may take a context
            return {"b": (ctx.block_type, ctx.job_id, ctx.render("{{ metadata.n }} {{ a }}"))}

    result = run(Ordinary, Keyword, n=3)
    assert (result["a"], result["b"]) == ("ordinary", ["Keyword", None, "3 ordinary"])


def test_execute_with_other_parameters() -> None:
    """A parameter nobody fills is told when the pipeline is built."""

    class Wrong(BaseBlock):
        async def execute(self, data: dict[str, Any], context: Any) -> Any:
            return {}

    error = error_of(Wrong)
    assert type(error) is ConfigError
    assert error.message == (
        "block 'wrong' (Wrong): execute takes (data, context), expected (data) or (data, ctx)"
    )


def test_cancelled_while_a_block_runs() -> None:
    """Cancelling execute ends it as cancelled, not as the block's failure."""
    entered = threading.Event()

    class Sleep(BaseBlock):
        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            entered.set()
            await asyncio.Event().wait()
            return {}

    async def cancel() -> None:
        task = asyncio.create_task(Pipeline("p", [Sleep]).execute({}))
        await asyncio.to_thread(entered.wait, 30)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


# -- a block cannot rewrite history


class Vandal(BaseBlock):
    """Changes everything it gets hold of."""

    inputs = ["tags"]
    outputs = ["kept"]

    def __init__(self) -> None:
        self.returned: dict[str, Any] = {"list": [1]}

    async def execute(self, data: dict[str, Any], ctx: BlockContext) -> dict[str, Any]:  # type: ignore[override]  # a block may take a context
        data["tags"].append("vandal")
        data["new"] = 1
        del data["topic"]
        ctx.metadata["tags"].append("metadata")  # type: ignore[index]  # what a user may try
        return {"kept": self.returned}


class Later(BaseBlock):
    """Changes what an earlier block returned."""

    def __init__(self, vandal: Vandal | None = None) -> None:
        self.vandal = vandal

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        assert self.vandal is not None
        self.vandal.returned["list"].append(2)
        data["kept"]["list"].append(3)
        return {}


def test_mutation_changes_nothing() -> None:
    """Neither the state, nor the seed, nor earlier trace entries, nor the caller's objects."""
    vandal, later = Vandal(), Later()
    later.vandal = vandal
    seed = {"topic": "tea", "tags": ["a"]}
    result, trace, _ = Pipeline("p", [vandal, later]).execute_sync(seed)
    assert seed == {"topic": "tea", "tags": ["a"]}
    state = {"topic": "tea", "tags": ["a"], "kept": {"list": [1]}}
    assert result == {**state, "output": None}
    assert [entry["input"] for entry in trace] == [seed, state]
    assert trace[0]["output"] == {"kept": {"list": [1]}}
    assert [entry["accumulated_state"] for entry in trace] == [state, state]
    trace[0]["input"]["tags"].append("mine")
    assert trace[1]["input"]["tags"] == ["a"]


def test_config_belongs_to_one_block() -> None:
    """A block that changes its configuration changes neither the pipeline nor another block."""

    class Grow(BaseBlock):
        outputs = ["n"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            self.config["words"].append("x")
            return {"n": len(self.config["words"])}

    words: list[str] = []
    pipe = Pipeline("p", [Grow(words=words)])
    before = pipe.to_yaml()
    pipe.execute_sync({})
    assert pipe.to_yaml() == before


def test_execution_time() -> None:
    """Seconds as float, of the failing step too."""

    class Slow(BaseBlock):
        def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            started = time.perf_counter()
            while time.perf_counter() - started < 0.01:
                pass
            return {}

    error = error_of(Slow, raising(ValueError(), is_async=True))
    assert error.trace is not None
    times = [entry["execution_time"] for entry in error.trace]
    assert [type(seconds) for seconds in times] == [float, float]
    assert times[0] >= 0.01
    assert times[1] >= 0


class Reader(BaseBlock):
    """Keeps its promise."""

    inputs = ["tags"]
    outputs = ["x"]
    reads_only = True

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"x": len(data["tags"])}


class Writer(Reader):
    """Has an ``execute`` of its own, which nobody promised anything about."""

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        data["tags"].append("mine")
        return await super().execute(data)


class Longer(Reader):
    """Has its parent's ``execute``."""

    description = "The same"


def test_reads_only_goes_with_execute() -> None:
    """A subclass that writes ``execute`` anew gets a copy again; one that does not, does not."""
    assert (Reader.reads_only, Writer.reads_only, Longer.reads_only) == (True, False, True)
    result, trace, _ = Pipeline("p", [Writer]).execute_sync({"tags": ["a"]})
    assert (result["tags"], result["x"]) == (["a"], 2)
    assert trace[0]["input"] == {"tags": ["a"]}


def test_inline_program() -> None:
    """Made inline, sync blocks run on the loop's own thread, where no loop seems to run."""

    def execute(self: BaseBlock, data: dict[str, Any]) -> Any:
        asyncio.run(asyncio.sleep(0))
        return {"x": threading.current_thread().name}

    kind = type("Where", (BaseBlock,), {"outputs": ["x"], "execute": execute})
    program = Pipeline("p", [kind()]).program()
    models = Models(Settings(root=Path()))

    async def name_in(run: Program) -> Any:
        branch = Branch.start(Execution({}, "t", 1))
        await run_branch(run, branch, models)
        assert asyncio.current_task() is not None
        return branch.state["x"]

    assert asyncio.run(name_in(program)).startswith("datagenflow-block")
    assert asyncio.run(name_in(program.inline())) == threading.current_thread().name
