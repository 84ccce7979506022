"""What is said: sentences, captions, headings, reasons; the only floor below pages that speaks."""
