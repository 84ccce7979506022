"""From an executed notebook to a page: templates, index, summary, workbook, PDF, commentary."""
