"""What workers and kernels are forked from: to import this is to import all that they need.

Only the process that `forking.start` starts imports it. On its way, it leaves one beside itself
that forks kernels.
"""

from profitchain.press import fork_server

fork_server.import_all()
