"""One file a service: its addresses, headers and formats. None keeps anything, all may be asked again."""
