"""From packet windows to connections: grouping by flow, TCP reassembly, UDP datagrams."""
