"""A request and what came of it as a row."""

from pxcap.core.protocol import LOST, Row
from pxcap.core.text import clip_text
from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.types import COMMANDS, Request
from pxcap.plugins.pgsql.wire import CANCEL_REQUEST


def row_of(request: Request, when: int | None, limit: int) -> Row:
    """The row of a request whose answer was whole at `when`; None when it never was."""
    tags, flaws, portal = request.tags, request.flaws, request.portal
    rows = request.rows + request.fresh
    tag = "; ".join(tags) if tags else None
    resp = _answer(request, tag, rows)
    if request.holed and LOST not in flaws and request.kind != CANCEL_REQUEST:
        flaws = f"{flaws},{LOST}" if flaws else LOST
    timed = when is not None and not flaws.startswith("no_request")
    return (
        request.time,
        COMMANDS[request.kind],
        request.text,
        resp if resp is None or len(resp) <= limit else clip_text(resp.encode(), limit),
        render.parameters(portal, limit) if portal is not None else None,
        tag,
        rows if rows or request.counted or (tags and not request.code) else None,
        request.code or None,
        when - request.time if when is not None and timed else None,
        flaws,
    )


def unanswered(request: Request) -> str:
    """The note of a request whose answer is not whole, or never came."""
    flaws = [word for word in request.flaws.split(",") if word and (request.answered or word != "guessed")]
    if request.holed and LOST not in flaws:
        flaws.append(LOST)
    return ",".join(flaws if request.answered else ["no_response", *flaws])


def _answer(request: Request, tag: str | None, rows: int) -> str | None:
    """What came back, for people: tags and columns, errors and notices."""
    said, columns = request.said, request.columns
    copied = f"{request.copied} bytes copied" if request.copying else ""
    if tag is not None:
        done = f"{tag} ({columns})" if columns else tag
        done = f"{done}, {copied}" if copied else done
        return f"{said}; {done}" if said else done
    if said or columns:
        return f"{said or columns}; {copied}" if copied else said or columns
    return f"{rows} rows" if rows else None
