"""The overview: all that the first page of Settings > Billing shows, in one answer.

It owns nothing and changes nothing: it reads what the domains below it keep. It promises that what it shows was read
strongly consistent, and that where nothing is refilled the reason is among it.
"""
