"""What a server really offers: the checks behind `ttc doctor`."""
