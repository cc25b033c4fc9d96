"""Pages for people: do in a browser what a seller does in Sales and a clerk in Business Central.

The pages know no rule of either system. They call the systems' own HTTP interface from inside the process, signed in as
the person who acts, and show what it answers, refusals included.
"""
