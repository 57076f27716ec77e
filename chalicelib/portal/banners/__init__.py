"""What needs attention on the first page: one rule for each thing, from what is known of the account. Pure.

`snapshot` is the input, `banner` the result. `account`, `payments`, `wallet`, `card` and `subscription` hold the rules,
and `find` asks all of them. Whatever is true is shown, and goes when it is no longer true: nobody closes a banner.
"""
