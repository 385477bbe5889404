"""The comparison: two jobs, or two attempts, over the same seeds, and the better record of each.

widget      the widget, and what its browser side may ask
documents   pairs as JSON: what stands in the list, and which records differ
opened      which comparison a job, a workspace or a command opens
static      what a saved notebook keeps of it
"""
