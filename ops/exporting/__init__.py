"""Export everything about an account, as JSON lines and CSV with its documents: the answer to a request for one's data.

An account is exported as its own people may see it: without secrets, and without what others keep from it. What is
where is decided in `ops.account_data`. A file gets its name when it is whole, and the manifest comes last, so a
directory with a manifest is a complete export; one without is resumed by the next run.
"""
