"""DNS over UDP and TCP (RFC 1035 with EDNS, RFC 6891), multicast DNS (RFC 6762) and LLMNR (RFC 4795)."""
