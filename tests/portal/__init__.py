"""The portal, in front of browsers and by hand: one running system and one browser for all of it."""
