"""The engine: one seed -> branches -> results. It knows no store and no user interface.

program  a specification with its blocks built and its rules compiled
state    what travels: executions, branches, outcomes
journal  the calls of one block on one branch
step     one block on one branch
branch   all blocks on one branch, to its end or its fan-out
"""

from .branch import run_branch
from .program import Program, build_program, ready_blocks
from .state import Answers, Branch, Execution, Outcome, Sink

__all__ = [
    "Answers",
    "Branch",
    "Execution",
    "Outcome",
    "Program",
    "Sink",
    "build_program",
    "ready_blocks",
    "run_branch",
]
