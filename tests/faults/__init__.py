"""Everything that can go wrong, where it can strike, and what comes of it: nothing is lost."""
