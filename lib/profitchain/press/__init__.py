"""From notebooks to a published edition: kernels, runs, caches, publish, verify, new, languages."""
