"""Who may do what: keys, what they allow, and the projects that they belong to."""
