"""Spreadsheets: what merchants send and take away as CSV and XLSX."""
