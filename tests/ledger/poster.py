"""Run as a process: post overlapping batches to one wallet and print how many events were fresh."""

import sys

from tests.ledger.test_concurrency import overlapping_batches, post_until_posted

if __name__ == "__main__":
    account_id, seed = sys.argv[1], int(sys.argv[2])
    print(sum(post_until_posted(account_id, batch) for batch in overlapping_batches(seed)))
