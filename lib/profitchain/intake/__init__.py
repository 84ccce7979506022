"""Rows judged: used, or set aside with a reason, and an account of every one."""
