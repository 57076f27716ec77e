"""Access: whether an account may use the product now, by both wallets, both standings and unpaid subscriptions.

It owns nothing. It promises to answer with two calls to DynamoDB (`allow` makes the first), and that a client's own
token learns nothing of its workspace's money or standing. It does not stop what runs already: usage that has happened
is charged (`usage`).
"""
