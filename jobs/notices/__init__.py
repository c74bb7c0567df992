"""Who is told what: owners when a job ends, operators when something is wrong."""
