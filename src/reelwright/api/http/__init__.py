"""HTTP as such: bodies in, files and problems out, connections. Knows no route."""
