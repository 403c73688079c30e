"""Where the marks of an audit's plots stand."""
