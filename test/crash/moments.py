"""Moments in the life of a folder, by inotify: a file with a certain name appears, is written, goes."""
import ctypes
import os
import select
import struct
import time

MODIFY, MOVED_TO, CREATE, DELETE = 0x2, 0x80, 0x100, 0x200
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    """What happens below folders, in those that are there when it begins."""

    def __init__(self, *roots):
        self.descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self.descriptor >= 0, os.strerror(ctypes.get_errno())
        for root in roots:
            for folder, _, _ in os.walk(root):
                _libc.inotify_add_watch(self.descriptor, os.fsencode(folder), MODIFY | MOVED_TO | CREATE | DELETE)

    def events(self, seconds_max):
        """(mask, name) of what happens, until `seconds_max` from now."""
        deadline = time.monotonic() + seconds_max
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.descriptor], [], [], left)[0]:
                return
            data, at = os.read(self.descriptor, 1 << 16), 0
            while at < len(data):
                _, mask, _, size = _EVENT.unpack_from(data, at)
                at += _EVENT.size
                yield mask, data[at:at + size].rstrip(b"\0").decode()
                at += size

    def close(self):
        os.close(self.descriptor)
