"""Jobs: stored runs of a pipeline over seeds.

options  what a run can be told
runner   the pool that works through a job on the loop thread
ledger   what the runner writes down, and when it counts
job      the job as users hold it
launch   from pipeline and seeds to a running job
"""

from .job import Job
from .launch import JobRoom

__all__ = ["Job", "JobRoom"]
