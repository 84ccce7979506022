"""What workers and notebooks are forked from: to import this is to import all that they need."""

from profitchain.press import fork_server

fork_server.import_all()
