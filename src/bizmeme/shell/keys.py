"""API keys: read from the environment where they are used, and kept out of what is said and stored."""

import os
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from bizmeme.errors import MissingKeyError

_SHORTEST = 6  # what is shorter is no secret, and may be a word


def read_key(variable: str, *, setting: str, service: str) -> str:
    """The key in an environment variable; raises MissingKeyError.

    `setting` is the key of the configuration that names the variable, `service` whom the key is for.
    """
    key = os.environ.get(variable, "").strip()  # as HTTP trims the header that carries it
    if not key:
        raise MissingKeyError(
            f"${variable} is not set: it holds the key for {service} ({setting}). Run `export {variable}=…`, "
            "or use the sandbox, which needs no key (conf/config.yaml)."
        )
    return key


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is read when it is first needed: whoever is answered from the journal needs none."""

    variable: str  # of the environment
    setting: str  # the key of the configuration that names it
    service: str  # whom it is for

    def read(self) -> str:
        """The key; raises MissingKeyError."""
        return read_key(self.variable, setting=self.setting, service=self.service)

    def hide(self, text: str) -> str:
        """The text without the key."""
        return hidden(text, os.environ.get(self.variable, ""))


def hidden(text: str, key: str) -> str:
    """The text without the key, as it is or percent-encoded: a service may repeat it in an error."""
    key = key.strip()
    if len(key) < _SHORTEST:
        return text
    for form in (key, quote(key, safe=""), quote(key), quote_plus(key)):
        text = text.replace(form, "…")
    return text
