"""The SQLite file: everything a workspace keeps. SQL is written here and nowhere else.

store       opening, connections, the one way to write
held        a thread's connection, and forks
explain     its errors in our words
place       what its folder allows
versions    what a file of an older or a newer version allows
migrations  the tables
rescue      saving what a lost file held
writer      group commit of what jobs produce
journal     executions, calls, steps and records as rows
jobs        the jobs table and the seeds it runs from
lease       who runs a job, and whether that runner still lives
resume      taking up a job that has ended
attempts    further attempts of executions that failed
lineage     who has the seeds of jobs that come of each other
reuse       what a re-run takes over
records     records and traces, rebuilt on reading
review      what people do to records
values      a column's value of a record in SQL
orders      records in order of a column's values
field_index what records hold in a column
search      full-text search
fields      which fields records have
asking      what a query asks of the records themselves
indexing    making the indexes, a little at a time
indexer     the thread that makes them
selection   which records a query selects
library     stored pipelines and models
doctor      what does not add up
"""
