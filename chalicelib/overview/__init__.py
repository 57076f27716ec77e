"""The overview: all that the first page of Settings > Billing shows, in one answer.

It owns nothing and changes nothing: it reads the data of the packages below it. It promises that what it shows was read
with strong consistency, and that it includes the reason if auto-pay does not refill.
"""
