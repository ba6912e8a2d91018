"""The OpenAPI document of the service, made from its routes, and from the errors and events that the code can give."""
