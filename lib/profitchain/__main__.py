"""`python -m profitchain COMMAND`: the same as `profitchain COMMAND`."""

import sys

from profitchain.cli import main

if __name__ == "__main__":
    sys.exit(main())
