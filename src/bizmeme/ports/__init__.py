"""The roles that adapters play, as small Protocols, and the plain data that crosses them.

One file a kind of adapter. A new provider, archive or model family is one file in the folder of its kind and
one yaml in conf/.
"""
