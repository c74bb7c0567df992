"""The pages from the upload to the end of a job."""
