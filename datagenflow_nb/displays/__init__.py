"""What values look like: as HTML in a notebook, as text everywhere else.

Functions from plain values (texts, numbers, dictionaries, lists) to HTML or text. They know nothing
of the package, so that everything in it may use them. All data is shown as text, whatever it holds;
nothing here raises for odd data, because a display that raises ends a notebook's run.

text      plain text: tables, shortened values, counts, durations
commands  what to type, names quoted
html      elements, escaped; the style that follows the reader's theme
values    one value of a field
listing   a list that shows as a table
trace     the steps of an execution, and a record with them
pipeline  blocks and the fields that flow between them
job       how far a job is, what became of it
error     what went wrong and what to do
"""
