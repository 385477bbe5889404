"""The review: records of jobs as a table, decided on by keys.

widget      the widget, and what its browser side may ask
rows        records as JSON: previews for a table, whole for the one looked at
selections  the records that match a query, in an order that stays
opened      which review a job, a workspace or a command opens
static      what a saved notebook keeps of it
"""
