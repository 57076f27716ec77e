"""`ops stripe first-day`: tries at Stripe, with a test key, what the emulator can only claim, and says what differs.

`steps` are requests in an order; `shape` reduces an answer to what can be compared: fields, types, states and codes.
`expected.json` has the shapes of the emulator's answers, and a test holds the emulator to it. The requests are plain
HTTP, without the library, so that answers are compared as they come.
"""
