"""nbformat, loaded without a grammar that takes longer to load than all else together."""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"  # of web addresses beyond ASCII, which no notebook's schema asks for

if _GRAMMAR not in sys.modules:
    sys.modules[_GRAMMAR] = None  # jsonschema does without a check whose module can't be imported
    import jsonschema  # noqa: F401

    del sys.modules[_GRAMMAR]

import nbformat  # noqa: E402

__all__ = ["nbformat"]
