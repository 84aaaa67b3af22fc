"""Object stores for the tests: a real one that speaks S3, and a stand-in for Cloud Storage."""
