"""The usage messages that could not be posted: show them, send them back, discard them.

A command receives the letters that it reads, which hides them from others until it ends; then those that it did not
move are visible again. A command that is killed leaves them hidden for a quarter of an hour. No letter is lost in
either case: it is sent before it is deleted, and a letter that exists twice is charged once.
"""
