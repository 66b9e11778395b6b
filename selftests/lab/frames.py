# SPDX-License-Identifier: GPL-2.0
"""Decoder for the out-of-band channel; guest/labio.c is the encoder.

Frame types:
    R  the boot sector ran: power-on or reset
    H  /init was reached, once per boot; payload: kernel release
    B  heartbeat; payload: uptime in seconds
    K  records of the kernel log, as /dev/kmsg gives them
    S  command <stream> starts; payload: its text
    O  output of command <stream>
    X  end of command <stream>; payload: "exit N", "signal N" or "timeout"
    T  piece of the tar archive of files brought back
    L  kmemleak's report
    W  warning of /init
    P  the machine asks for the plug to be pulled
    I  the interactive shell starts
    Z  the end; payload: "commands=N tainted=N"
"""

import collections
import struct
import zlib

MAGIC = b"\xf5HSL"
HEADER = struct.Struct("<4scBHII")
FRAME_MAX = 16384
TYPES = frozenset(b"RHBKSOXTLWPIZ")

Frame = collections.namedtuple("Frame", "type stream seq payload")


class Decoder:
    """Feed bytes in, take frames out.  Damage is counted, never trusted.

    bad:     frames whose checksum or header was wrong
    lost:    frames missing by sequence number
    """

    def __init__(self):
        self.buf = bytearray()
        self.bad = 0
        self.lost = 0
        self.next_seq = 0

    def feed(self, data):
        """Return the list of whole frames that DATA completes."""
        self.buf += data
        out = []
        while True:
            start = self.buf.find(MAGIC)
            if start < 0:
                # Keep what may be the beginning of a magic.
                del self.buf[:max(0, len(self.buf) - len(MAGIC) + 1)]
                break
            del self.buf[:start]
            if len(self.buf) < HEADER.size:
                break
            _, ftype, zero, stream, seq, length = HEADER.unpack_from(self.buf)
            if length > FRAME_MAX or zero or ftype[0] not in TYPES:
                self.bad += 1
                del self.buf[:1]
                continue
            end = HEADER.size + length
            if len(self.buf) < end + 4:
                break
            crc, = struct.unpack_from("<I", self.buf, end)
            if crc != zlib.crc32(self.buf[4:end]):
                self.bad += 1
                del self.buf[:1]
                continue
            if ftype == b"H":
                self.next_seq = seq     # a boot starts counting at 0
            self.lost += (seq - self.next_seq) & 0xffffffff if seq > self.next_seq else 0
            self.next_seq = seq + 1
            out.append(Frame(ftype.decode(), stream, seq, bytes(self.buf[HEADER.size:end])))
            del self.buf[:end + 4]
        return out


def encode(ftype, stream, seq, payload=b""):
    """One frame, as labio sends it (for tests)."""
    head = HEADER.pack(MAGIC, ftype.encode(), 0, stream, seq, len(payload))
    return head + payload + struct.pack("<I", zlib.crc32(head[4:] + payload))


def kmsg_lines(data):
    """Turn /dev/kmsg records into dmesg-like lines: (level, seconds, text)."""
    for line in data.decode("utf-8", "replace").split("\n"):
        if not line or line.startswith(" "):    # continuation: device dictionary
            continue
        head, sep, text = line.partition(";")
        fields = head.split(",")
        if not sep or len(fields) < 3:
            continue
        try:
            yield int(fields[0]) & 7, int(fields[2]) / 1e6, text
        except ValueError:
            continue
