"""The library through its C ABI, and the Arrow C data interface as Python sees it."""

import ctypes as c
import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LIBRARY = Path(os.environ.get("PLATTLI_LIBRARY", REPO / "build" / "lib" / "libplattli.so"))
lib = c.CDLL(str(LIBRARY))
lib.plattli_last_error.restype = c.c_char_p
lib.plattli_status_name.restype = c.c_char_p
lib.plattli_string_data.restype = c.c_void_p
lib.plattli_string_data.argtypes = [c.c_void_p]
lib.plattli_string_len.restype = c.c_size_t
lib.plattli_string_len.argtypes = [c.c_void_p]
lib.plattli_string_free.argtypes = [c.c_void_p]


class ArrowSchema(c.Structure):
    pass


class ArrowArray(c.Structure):
    pass


class ArrowArrayStream(c.Structure):
    pass


ArrowSchema._fields_ = [
    ("format", c.c_char_p), ("name", c.c_char_p), ("metadata", c.c_void_p), ("flags", c.c_int64),
    ("n_children", c.c_int64), ("children", c.POINTER(c.POINTER(ArrowSchema))),
    ("dictionary", c.POINTER(ArrowSchema)), ("release", c.c_void_p), ("private_data", c.c_void_p)]
ArrowArray._fields_ = [
    ("length", c.c_int64), ("null_count", c.c_int64), ("offset", c.c_int64), ("n_buffers", c.c_int64),
    ("n_children", c.c_int64), ("buffers", c.POINTER(c.c_void_p)),
    ("children", c.POINTER(c.POINTER(ArrowArray))), ("dictionary", c.POINTER(ArrowArray)),
    ("release", c.c_void_p), ("private_data", c.c_void_p)]
ArrowArrayStream._fields_ = [
    ("get_schema", c.CFUNCTYPE(c.c_int, c.POINTER(ArrowArrayStream), c.POINTER(ArrowSchema))),
    ("get_next", c.CFUNCTYPE(c.c_int, c.POINTER(ArrowArrayStream), c.POINTER(ArrowArray))),
    ("get_last_error", c.CFUNCTYPE(c.c_char_p, c.POINTER(ArrowArrayStream))),
    ("release", c.CFUNCTYPE(None, c.POINTER(ArrowArrayStream))), ("private_data", c.c_void_p)]


class Failed(Exception):
    """A call that returned a code."""

    def __init__(self, code):
        self.code = code
        super().__init__(f"{lib.plattli_status_name(code).decode()}: {lib.plattli_last_error().decode()}")


def call(name, *args):
    """Calls a function that returns a status."""
    code = getattr(lib, name)(*[a.encode() if isinstance(a, str) else a for a in args])
    if code != 0:
        raise Failed(code)


def pointer(name, *args):
    """What a function with a last parameter `out` makes."""
    out = c.c_void_p()
    call(name, *args, c.byref(out))
    return out


def strings(names):
    return (c.c_char_p * max(1, len(names)))(*[n.encode() for n in names]), c.c_size_t(len(names))


new_capsule = c.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = c.py_object, [c.c_void_p, c.c_char_p, c.c_void_p]


class Stream:
    """An ArrowArrayStream as any Python library takes it: through `__arrow_c_stream__`, once."""

    def __init__(self):
        self.raw = ArrowArrayStream()

    @property
    def address(self):
        return c.addressof(self.raw)

    def __arrow_c_stream__(self, requested_schema=None):
        return new_capsule(self.address, b"arrow_array_stream", None)

    def arrays(self):
        """The C structs of each batch, as they come."""
        while True:
            array = ArrowArray()
            code = self.raw.get_next(c.byref(self.raw), c.byref(array))
            assert code == 0, self.raw.get_last_error(c.byref(self.raw))
            if not array.release:
                return
            yield array

    def schema(self):
        schema = ArrowSchema()
        assert self.raw.get_schema(c.byref(self.raw), c.byref(schema)) == 0
        return schema


class Selection(c.Structure):
    _fields_ = [("kind", c.c_int32), ("bounds", c.c_int32), ("start", c.c_int64), ("stop", c.c_int64),
                ("vstart", c.c_double), ("vstop", c.c_double)]
