"""The plain commands: one file each, with `main(arguments)`."""

COMMANDS = {
    "sandbox": "serve the simulated board and its services until Ctrl-C",
    "summary": "what the last pipeline run made: posts, labels, costs, scores",
}
