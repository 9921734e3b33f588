"""Mends what libx265 leaves behind on x86: the floating-point unit of its caller's thread stays as its MMX code had it.

Long doubles are wrong then, and by these SQLite compares a whole number with one that has a fraction. showcam itself
encodes no H.265.
"""

import ctypes
import ctypes.util

_DEFAULT = ctypes.c_void_p(-1)  # FE_DFL_ENV of the GNU and musl libraries
_LIBRARY = ctypes.util.find_library("m")
_set = ctypes.CDLL(_LIBRARY).fesetenv if _LIBRARY else None


def mend() -> None:
    """Of the thread that calls it."""
    if _set is not None:
        _set(_DEFAULT)
