"""Charts and tables with their words, findings under stable ids, workbook sheets."""
