"""The tests. A package, so that its parts can import the sandbox and the contract by one name."""
