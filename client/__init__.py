"""pxcap from a program or a notebook.

    import pxcap.client

    shop = pxcap.client.open("pxcap.db")
    for call in shop.run("px/http_data", start_time="-5m"):
        print(call.req_path, call.latency)

What a script shows has typed rows, and is an Arrow table or a DataFrame when asked; a notebook draws it as a table. What
goes wrong is a `PxcapError` of one line with a hint.
"""

from pxcap.client.output import Output, Result
from pxcap.client.session import Client, open
from pxcap.core.errors import PxcapError

__all__ = ["Client", "Output", "PxcapError", "Result", "open"]
