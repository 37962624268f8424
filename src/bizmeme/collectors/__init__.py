"""How sources are collected for days: one file an origin, named as its parser in sources/."""
