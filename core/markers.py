"""The pluggy markers of plugin API 1: `hookspec` for pxcap itself, `hookimpl` for plugins."""

import pluggy

PROJECT = "pxcap"
API = 1

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
