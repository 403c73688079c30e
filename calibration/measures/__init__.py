"""What an audit measures: `audit --json`, part by part, from arrays alone."""
