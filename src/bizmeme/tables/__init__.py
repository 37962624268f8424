"""One schema a table: what every stage hands over, validated on write and on read (shell/parquet.py).

Keys: posts by (board, no); pictures by the SHA-256 of the normalised file; replies by request hash.
docs/reference/tables.md is generated from these files. A stage names the file of the tables that it uses, so
that a change in one table runs only the stages that see it.
"""
