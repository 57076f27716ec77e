"""The usage messages that could not be posted: show them, send them back, discard them.

A command receives the letters that it looks at, which hides them from others until it ends; then those that it did not
move are visible again. A command that is killed leaves them hidden for a quarter of an hour. No letter is lost either
way: one is sent before it is deleted, and what is there twice is charged once.
"""
