"""HTTP: how requests come in and answers go out. Routes are thin; what they do lives below this package."""
