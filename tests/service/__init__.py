"""The service's contract: its OpenAPI description and the checks that hold requests and replies to it."""
