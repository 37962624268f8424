"""`python -m bizmeme.sandbox`: the child process that bizmeme.sandbox.process.running starts."""

from bizmeme.sandbox.process import child_main

child_main()
