"""A moving board: days of posts, deletions and edits on the sandbox's clock, and trouble on the wire.

    timeline    everything that happens, drawn from a seed      (crowd, moderation → happenings)
    state       the board at a moment, from the events so far
    rendering   its JSON                                        (words, files)
    hosts       the servers: board, media, clock, truth, elsewhere
    rules       what a host demands, and who breaks it          (gates lets trouble happen behind it)
    knowable    what there was to be known of every post
    revealed    what the answers that were given told: the oracle for a collector
    process     all servers in one event loop: inside, as a child, or as `python -m bizmeme.sandbox.live`

What is served is a pure function of configuration and time; whether a request meets trouble, of its path and
time; and a rolled-back answer is one that was given before. Nothing here is read by the pipeline.
"""
