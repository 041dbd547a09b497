"""What lies on this machine, and how it gets there.

- `home`: the cache folder
- `whole_file`: writing a file in one step
- `temporary`: temporary folders, and their removal when their process is dead
- `packed`: files that may be compressed
- `spreadsheet`: the rows of a table that a spreadsheet has written
- `workbook`: those of an Excel workbook
- `plain_json`: frozen dataclasses from JSON, checked
- `transfer`: one answer from a server, bounded in time and size
- `kept_files`: files that can be worked out again, counted and deleted
- `cancel`: how work under way is told to stop
- `amounts`: bytes in words
"""
