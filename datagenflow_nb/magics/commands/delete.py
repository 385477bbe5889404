"""``%dgf delete``: pipelines and jobs, after a question."""

from __future__ import annotations

from ...displays.text import Note, plural
from ...errors import ConfigError
from ..command import Call, Command
from ..parser import Parser, names

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    parser.add_argument("what", choices=("pipeline", "job"), help="pipeline or job")
    names(parser.add_argument("name", metavar="NAME", help="name of the pipeline, or number of "
                              "the job"), "named")  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _run(call: Call) -> Note:
    return _pipeline(call) if call.args.what == "pipeline" else _job(call)


def _pipeline(call: Call) -> Note:
    name = call.args.name
    saved = call.workspace.saved_pipeline(name)
    _confirm(call, f"Delete the pipeline {name!r} with its {plural(saved.version, 'version')}?")
    call.workspace.delete_pipeline(name)
    return Note(f"Deleted the pipeline {name!r}; its jobs and their records stay.")


def _job(call: Call) -> Note:
    if not call.args.name.isdecimal():
        raise ConfigError(
            f"a job is deleted by its number, not {call.args.name!r}; %dgf jobs lists them"
        )
    job = call.workspace.job(int(call.args.name))
    counts = call.workspace.record_counts(job.id)
    records = sum(counts.values())
    reviewed = counts.get("accepted", 0) + counts.get("rejected", 0)
    told = plural(records, "record") + (f" ({reviewed:,} reviewed)" if reviewed else "")
    _confirm(call, f"Delete job {job.id} with its {told} and their traces?")
    job.delete()
    return Note(f"Deleted job {job.id} with its {told}.")


def _confirm(call: Call, question: str) -> None:
    if call.args.yes or call.ask(question):
        return
    raise ConfigError("nothing was deleted; --yes deletes without a question")


COMMAND = Command(
    "delete", "delete a pipeline or a job; asks first", _run, _arguments,
    examples="%dgf delete pipeline demo\n%dgf delete job 3 --yes",
)  # fmt: skip
