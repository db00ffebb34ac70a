"""Pickles, and what `torch.save` writes, read into plain values; nothing is ever unpickled."""
