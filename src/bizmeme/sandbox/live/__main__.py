"""`python -m bizmeme.sandbox.live`: the child of running_live, or with a file a process of its own."""

import sys

from bizmeme.sandbox.live.process import main

main(sys.argv[1:])
