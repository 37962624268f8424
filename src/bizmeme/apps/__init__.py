"""The plain commands: one file each, with `main(arguments)`."""

COMMANDS = {
    "gate": "fail where the student is no better than text or picture alone could be",
    "journal": "what was received and paid for; fill a fresh clone's from pulled tables",
    "sandbox": "serve the simulated board and its services until Ctrl-C",
    "summary": "what the last pipeline run made: posts, labels, costs, scores",
}
