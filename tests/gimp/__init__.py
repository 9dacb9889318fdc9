"""The built GIMP plug-in in real GIMPs, against the loopback stand-in of the service."""
