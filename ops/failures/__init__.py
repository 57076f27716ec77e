"""Records of streams that a function gave up: show them, and have the function handle them again.

A message of a queue of failures has the record itself, or only its position on the stream, which keeps records for 24
hours. Every function that reads a stream may be given a record again: it changes nothing that is done.
"""
