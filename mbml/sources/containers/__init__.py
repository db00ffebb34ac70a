"""Files as people have them: compressed, packed into archives, or in folders within folders."""
