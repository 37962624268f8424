"""API keys: read from the environment where they are used, and kept out of what is said and stored."""

import os

from bizmeme.errors import MissingKeyError

_SHORTEST = 6  # what is shorter is no secret, and may be a word


def read_key(variable: str, *, setting: str, service: str) -> str:
    """The key in an environment variable; raises MissingKeyError.

    `setting` is the key of the configuration that names the variable, `service` whom the key is for.
    """
    key = os.environ.get(variable)
    if not key:
        raise MissingKeyError(
            f"${variable} is not set: it holds the key for {service} ({setting}). Run `export {variable}=…`, "
            "or use the sandbox, which needs no key (conf/config.yaml)."
        )
    return key


def hidden(text: str, key: str) -> str:
    """The text without the key: a service may repeat it in an error."""
    return text.replace(key, "…") if len(key) >= _SHORTEST else text
