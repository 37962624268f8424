"""The plain commands: one file each, with `main(arguments)`."""

COMMANDS = {
    "collect": "watch the board for days, or look once: every post, edit and deletion",
    "gate": "fail where the student is no better than text or picture alone could be",
    "import": "bring in posts, labels and pictures that you already have",
    "journal": "what was received and paid for; fill a fresh clone's from pulled tables",
    "sandbox": "serve the simulated board and its services until Ctrl-C",
    "summary": "what the last pipeline run made: posts, labels, costs, scores",
}
