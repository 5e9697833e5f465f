"""That what the pages say of the tree is true."""
