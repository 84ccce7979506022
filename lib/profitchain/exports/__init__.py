"""Exports that are known, files of one table joined, and a first company.yml made from files."""
