"""Jobs: stored runs of a pipeline over seeds.

options  what a run can be told
feed     the executions of a new job, or what is left of one that has ended
runner   the pool that works through a job on the loop thread
steering  what goes on, waits or stops; what limits are
bounds   which limits a job has: limits (time, records), spending (tokens, money)
target   exactly so many accepted records; passes: the seeds again and again for them
goals    when a job is completed
estimate  what a job will take: a sample of it, and its extrapolation
budget   what may be spent, and what calls in flight may take
ledger   what the runner writes down, and when it counts
forecast  what a re-run will reuse and make
rerun    an edited pipeline over the seeds of an earlier job
rerunning  what a room of jobs does for it
waits    calls that wait for another try
steering what may go on: the one place that says go, wait or stop
bounds   which limits keep a job within bounds
early_stop  when it is of no use to go on
causes   messages that have one cause
failures why records failed, by cause
usage    tokens and money, by block and by model
reopening  an execution that has begun under an earlier runner
lines    what blocks print and log, line by line
streams  who prints, and where it goes
questions  who asks, and that nobody answers
statuses  which records
job      the job as users hold it
aside    calls into the file, off the loop and safe from Ctrl-C
steering whether a running job goes on, waits or stops
control  a runner follows its job's row
wishes   a job is waited for, paused and stopped, from any process
again    a job that has ended runs again
detached  what a process of its own may run, and is told
handover  how it is started and takes its job
detaching  the part of a room that has to do with it
outside  what it writes outside its blocks
listing  jobs as a table
launch   from pipeline and seeds to a running job
"""

from .job import Job
from .launch import JobRoom
from .listing import job_listing

__all__ = ["Job", "JobRoom", "job_listing"]
