"""The sample landing zone: synthetic, seeded, made on this machine. Nothing in it is real."""
