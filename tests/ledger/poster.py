"""Run as a process: post overlapping batches of pairs that share a workspace, and print how many were new."""

import sys

from tests.ledger.overlapping import overlapping_batches, pairs_of, post_until_posted

if __name__ == "__main__":
    _, workspace, *clients, seed = sys.argv
    print(sum(map(post_until_posted, overlapping_batches(pairs_of(clients, workspace), int(seed)))))
