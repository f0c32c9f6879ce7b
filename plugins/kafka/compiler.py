"""Readers of whole messages, written as Python source from the schema and compiled when first needed.

A reader takes a frame and where its body begins, and gives the body as JSON text, its first error code and where it ended.
Neighbouring fixed fields are read by one `struct` call that also takes the length in front of the string or array behind
them; the text is put together by f-strings, so that no object is made for a struct. Slices beyond the end give too few
bytes in silence: the next read, or the caller that compares the end, notices. `walker` reads the same schema slowly, for
messages that are cut, damaged or long.
"""

from collections.abc import Callable
from itertools import count
from struct import Struct, error, unpack_from
from typing import Any

from pxcap.plugins.kafka.consumer import assignment_text, subscription_text
from pxcap.plugins.kafka.definitions import fields, flexible
from pxcap.plugins.kafka.records import records_text
from pxcap.plugins.kafka.text import HIDDEN, TEXTS, UUIDS, ErrorTexts, float_text, secret_config, value_text
from pxcap.plugins.kafka.types import Bad, Field, Short
from pxcap.plugins.kafka.varint import uvarint

Reader = Callable[[bytes, int, list[int], bool], tuple[str, int, int]]
"""(frame, position, [bytes of records that may be shown, 0], redact) to (JSON, error code, end).

Raises Short, Bad, IndexError or struct.error when the frame is not such a message.
"""

UNREADABLE = (Short, Bad, IndexError, error)
"""What a reader raises."""

_FIXED = {
    "bool": "b",
    "int8": "b",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "float64": "d",
    "uuid": "16s",
}
_readers: dict[tuple[int, int, bool], Reader] = {}


def reader(key: int, version: int, response: bool) -> Reader:
    """The reader of a message; KeyError when its API is not known."""
    found = _readers.get((key, version, response))
    if found is None:
        found = _readers[key, version, response] = compiled(fields(key, version, response), flexible(key, version))
    return found


def compiled(declared: tuple[Field, ...], compact: bool) -> Reader:
    """Compile a reader of these fields; `compact` for flexible versions."""
    writer = _Writer(compact)
    writer.write_reader(declared)
    namespace: dict[str, Any] = dict(writer.namespace)
    exec(compile("\n".join(writer.lines), "<kafka reader>", "exec"), namespace)  # noqa: S102 - our own source
    made: Reader = namespace["read"]
    return made


class _Writer:
    def __init__(self, compact: bool) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {
            "Short": Short,
            "Bad": Bad,
            "V": uvarint,
            "T": TEXTS,
            "U": UUIDS,
            "F": float_text,
            "J": value_text,
            "R": records_text,
            "HIDDEN": HIDDEN,
            "hides": secret_config,
            "subscription": subscription_text,
            "assignment": assignment_text,
            "unpack_from": unpack_from,
        }
        self._compact = compact
        self._numbers = count()
        self._depth = 1
        self._run: list[tuple[str, str]] = []
        self._checks: list[str] = []  # of error codes, to be made when the run was read
        self._nested = 0

    def write_reader(self, declared: tuple[Field, ...]) -> None:
        self.lines += ["def read(buf, pos, budget, redact):", " size = len(buf)", " top = err = 0"]
        text = self._struct(declared)
        self._flush()
        self._line("if pos > size: raise Short")
        self._line(f"return {text}, top or err, pos")

    def _line(self, line: str) -> None:
        self.lines.append(" " * self._depth + line)

    def _name(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"

    def _fixed(self, code: str) -> str:
        name = self._name("v")
        self._run.append((code, name))
        return name

    def _flush(self) -> None:
        run, self._run = self._run, []
        if not run:
            return
        if [code for code, _ in run] == ["B"]:
            self._line(f"{run[0][1]} = buf[pos]; pos += 1")
            return
        checks, self._checks = self._checks, []
        layout = Struct(">" + "".join(code for code, _ in run))
        name = f"S_{''.join(code for code, _ in run)}"
        self.namespace[name] = layout.unpack_from
        self._line(f"{''.join(f'{variable}, ' for _, variable in run)}= {name}(buf, pos); pos += {layout.size}")
        for check in checks:
            self._line(check)

    def _length(self, code: str) -> str:
        """Read a length or count; -1 is null."""
        if not self._compact:
            name = self._fixed(code)
            self._flush()
            return name
        name = self._varint()
        self._line(f"{name} -= 1")
        return name

    def _varint(self) -> str:
        name = self._fixed("B")
        self._flush()
        self._line(f"if {name} > 127: {name}, pos = V(buf, pos - 1)")
        return name

    def _struct(self, declared: tuple[Field, ...]) -> str:
        """Read a struct; returns the expression that is its text. Fixed fields at its end may be left to be flushed."""
        pieces: list[str] = []
        names: dict[str, str] = {}
        for field in declared:
            if field.tag is not None:
                continue
            pieces.append(f'"{field.name}":{{{self._value(field, names)}}}')
        tagged = [field for field in declared if field.tag is not None]
        rest = ""
        if self._compact:
            rest = self._tagged(tagged)
        body = ",".join(pieces)
        if not rest:
            return "f'{{" + body + "}}'"
        tail = f"{{{rest}}}" if body else f"{{{rest}[1:]}}"
        return "f'{{" + body + tail + "}}'"

    def _tagged(self, declared: list[Field]) -> str:
        number = self._varint()
        rest = self._name("g")
        self._line(f"{rest} = ''")
        self._line(f"if {number}:")
        self._depth += 1
        self._line(f"for _ in range({number}):")
        self._depth += 1
        tag, length, stop = self._varint(), self._varint(), self._name("e")
        self._line(f"{stop} = pos + {length}")
        self._line(f"if {stop} > size: raise Short")
        word = "if"
        for field in declared:
            self._line(f"{word} {tag} == {field.tag}:")
            self._depth += 1
            value = self._value(field, {})
            self._flush()
            self._line(f"""{rest} += f',"{field.name}":{{{value}}}'""")
            self._line(f"if pos > {stop}: raise Bad")
            self._depth -= 1
            word = "elif"
        if declared:
            self._line("else:")
            self._depth += 1
        self._line(f"""{rest} += f',"tag_{{{tag}}}":{{J(buf[pos:{stop}])}}'""")
        if declared:
            self._depth -= 1
        self._line(f"pos = {stop}")
        self._depth -= 2
        return rest

    def _value(self, field: Field, names: dict[str, str]) -> str:
        """Read a field; returns the expression of its text."""
        if field.array:
            return self._array(field)
        if field.type == "{}":
            return self._inner(field)
        code = _FIXED.get(field.type)
        if code is None:
            return self._sized(field, names)
        name = self._fixed(code)
        if field.type == "bool":
            return f'"true" if {name} else "false"'
        if field.type == "uuid":
            return f"U[{name}]"
        if field.type == "float64":
            return f"F({name})"
        if field.name.endswith("error_code"):
            prefix = field.name.removesuffix("error_code")
            self.namespace[f"E_{prefix}"] = ErrorTexts(prefix)
            where = "err" if self._nested else "top"
            self._checks.append(f"if {name} and not {where}: {where} = {name}")
            return f"E_{prefix}[{name}]"
        return name

    def _sized(self, field: Field, names: dict[str, str]) -> str:
        length = self._length("h" if field.type == "string" else "i")
        stop, value = self._name("e"), self._name("v")
        self._line(f"if {length} < 0:")
        self._line(f" {value} = 'null'" if field.nullable else " raise Bad")
        self._line("else:")
        self._line(f" {stop} = pos + {length}")
        self._line(f" if {stop} > size: raise Short")
        render = {"string": "T[buf[pos:{0}]]", "bytes": "J(buf[pos:{0}])", "records": "R(buf, pos, {0}, budget)"}
        expression = render[field.type].format(stop)
        if field.flag in ("subscription", "assignment"):
            expression = f"{field.flag}(buf[pos:{stop}])"
        elif field.flag == "secret":
            expression = f"HIDDEN if redact else {expression}"
        elif field.flag == "config":
            expression = f"HIDDEN if redact and hides({names['name']}) else {expression}"
        self._line(f" {value} = {expression}; pos = {stop}")
        names[field.name] = value
        return value

    def _array(self, field: Field) -> str:
        length = self._length("i")
        value, items = self._name("v"), self._name("p")
        self._line(f"if {length} > size: raise Bad")
        self._line(f"if not {length}: {value} = '[]'")
        self._line(f"elif {length} < 0:")
        self._line(f" {value} = 'null'" if field.nullable else " raise Bad")
        self._line("else:")
        self._depth += 1
        code = _FIXED.get(field.type, "")
        if code in ("b", "h", "i", "q") and field.type != "bool":
            width = Struct(f">{code}").size
            self._line(f"""{value} = f"[{{','.join(map(str, unpack_from(f'>{{{length}}}{code}', buf, pos)))}}]" """)
            self._line(f"pos += {width} * {length}")
        else:
            self._line(f"{items} = []")
            self._line(f"for _ in range({length}):")
            self._depth += 1
            self._nested += 1
            element = Field(field.name, field.type, False, False, None, field.flag, field.fields)
            text = self._struct(field.fields) if field.type == "{}" else f"f'{{{self._value(element, {})}}}'"
            self._flush()
            self._line(f"{items}.append({text})")
            self._nested -= 1
            self._depth -= 1
            self._line(f"""{value} = f"[{{','.join({items})}}]" """)
        self._depth -= 1
        return value

    def _inner(self, field: Field) -> str:
        value = self._name("v")
        if field.nullable:
            there = self._fixed("b")
            self._flush()
            self._line(f"{value} = 'null'")
            self._line(f"if {there} >= 0:")
            self._depth += 1
        self._nested += 1
        text = self._struct(field.fields)
        self._flush()
        self._nested -= 1
        self._line(f"{value} = {text}")
        if field.nullable:
            self._depth -= 1
        return value
