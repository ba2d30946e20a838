"""One training, from its arguments to its exit code: `Run`, what moves it, what it keeps."""
