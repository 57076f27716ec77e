"""Pricing: what usage costs each wallet, by the prices that hold at the event's own time. Pure."""
