"""`triptych doctor`: is this machine ready? Each module looks at one thing, and tries it out."""
