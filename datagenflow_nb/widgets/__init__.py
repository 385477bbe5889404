"""What moves in a notebook: live displays of what the workspace does.

free_route  clicks that arrive while a cell runs
job_view    a running job
"""
