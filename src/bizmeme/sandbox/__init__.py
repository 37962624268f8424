"""The sandbox: a small simulated board with known truth, and the loopback servers that speak for it.

    building  which threads and posts there are, on which days      (moods, drafts → world)
    wording   what a post says                                      (markup: as the board prints it)
    drawing   what its picture shows                                (brush, faces, scenes → gallery)
    people    how a stranger reads a sent picture and text          (sight, listening, speaking, studio)
    servers/  the wire: board, media, openai, label_studio, captions, truth, clock
    process   all of them in one event loop: inside, as a child, or as `bizmeme sandbox`

Every answer is a pure function of the configuration: the same bytes whatever the order of requests. The
servers share no code with the clients that they stand in for.
"""
