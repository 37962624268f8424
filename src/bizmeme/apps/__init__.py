"""The plain commands: one file each, with `main(arguments)`."""

COMMANDS = {
    "collect": "watch the board for days, or look once: every post, edit and deletion",
    "coverage": "what is held by day and source, what is missing, how to fill the gaps; a picture",
    "gate": "fail where the student is no better than text or picture alone could be",
    "import": "bring in posts, labels and pictures that you already have",
    "journal": "what was received and paid for; fill a fresh clone's from pulled tables",
    "label": "what people label: push it, see how far they are, extend, queue, export as CSV",
    "label-studio": "a Label Studio of your own on loopback until Ctrl-C",
    "plan": "what auto_label would ask, of which model, in dollars and hours",
    "sandbox": "serve the simulated board and its services until Ctrl-C",
    "stats": "what is held in all: posts, pictures, files, busy hours, the way to 10,000; a picture",
    "summary": "what the last pipeline run made: posts, labels, costs, scores",
}
