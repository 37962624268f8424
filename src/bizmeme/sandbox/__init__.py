"""The sandbox: a small simulated board with known truth, and the loopback servers that speak for it.

    building    which threads and posts there are, on which days    (drafts, uploads, oddities → world)
    moods       which mood a scene and a topic make together        (regimes bend the odds, ceilings adds up)
    words/      what a post says, in the board's markup            (phrases, lexicon, copypasta → wording)
    pictures/   what its picture shows, and its file                (scenes, faces, murk → drawing, gallery)
    strangers/  how those judge to whom a post is sent              (people, listening, speaking, studio),
                how gullible they are, and the orders they are given
    fuuka/      what the archive holds, and how it prints it
    servers/    the wire: board, media, openai, label_studio, captions, truth, clock, warosu
    process     all of them in one event loop: inside, as a child, or as `bizmeme sandbox`

Every answer is a pure function of the configuration: the same bytes whatever the order of requests. The
servers share no code with the clients that they stand in for.
"""
