"""What the stream of events says of assets, put on top of their files at once, and their rules run again."""
