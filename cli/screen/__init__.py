"""`pxcap live`: what a script shows, refreshed, on the whole screen.

`keys` makes names of what a terminal sends, `view` is what the person looks at and how keys change it, `draw` makes lines of
it; all three know no terminal. `loop` has the terminal, and a thread that runs the script again and again.
"""
