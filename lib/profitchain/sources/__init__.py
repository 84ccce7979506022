"""A firm's tables brought in reach: company.yml, engines, dialects, types."""
