"""What functions may do against what they did: their calls to AWS are recorded during the tests, and compared."""
