"""Pictures of a training, of the names that came of it and of what the network does along a name.

Each is readable alone: the title says what it shows, the line below how to read it. They are plain
matplotlib figures made without pyplot, so there is no global state and no window, and equal input
gives equal bytes on one machine.
"""
