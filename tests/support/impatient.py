"""`python -m tests.support.impatient`: the API process as it is deployed, which waits for a request for a second only."""

from app.process import request_bounds, serve

if __name__ == "__main__":
    request_bounds.PATIENCE = 1.0
    serve.main()
