"""What every part of pxcap stands on: captures, flows, streams, plugins, layouts. Knows no plugin, store or command."""
