"""What moves in a notebook: live displays of what the workspace does.

bridge, bundle, fallback, free_route  what all widgets stand on
editor*                               the pipeline editor
monitor*                              the monitor of a job
"""
