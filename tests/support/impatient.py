"""`python -m tests.support.impatient`: the API process as it is deployed, which waits for a request for PATIENCE only."""

from app.process import request_bounds, serve

PATIENCE = 0.5  # seconds

if __name__ == "__main__":
    request_bounds.PATIENCE = PATIENCE
    serve.main()
