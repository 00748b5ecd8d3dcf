#!/usr/bin/env python3
"""Writes float_repr.tsv: tricky floats as Python's json writes them. One line each: the bits in hexadecimal, a tab, the text.

    python3 float_repr.py > float_repr.tsv
"""
import json
import math
import random
import struct

values = [0.0, math.inf, math.nan, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 9007199254740993.0, 1 / 3, 0.1 + 0.2, 1e23, 8.41e21,
          9.5e-3, 2e-3, 5e22, 299792458.0, 6.62607015e-34, 6.02214076e23, 123456789012345680.0, 9999999999999998.0, 0.1 + 0.7, 4.35, 2.675,
          1975285027981662.25, 1975285027981662.75]
for e in (-324, -310, -308, -100, -23, -10, -9, -8, -7, -6, -5, -4, -3, -1, 0, 1, 5, 14, 15, 16, 17, 21, 22, 23, 24, 99, 100, 101, 308):
    power = float('1e%d' % e)
    values += [math.nextafter(power, 0), power, math.nextafter(power, math.inf), 1.5 * power]
for e in (-1074, -1022, -53, -13, -14, -16, -17, 24, 31, 53, 54, 63, 64, 113, 1023):
    values += [2.0 ** e, math.nextafter(2.0 ** e, 0)]
rng = random.Random(3)
values += [struct.unpack('<d', rng.randbytes(8))[0] for _ in range(60)]
values += [struct.unpack('<f', rng.randbytes(4))[0] for _ in range(30)]
values += [rng.randrange(10 ** rng.randrange(1, 18)) * 10.0 ** -rng.randrange(24) for _ in range(60)]
values += [-v for v in values]
for v in values:
    print('%016x\t%s' % (struct.unpack('<Q', struct.pack('<d', v))[0], json.dumps(v)))
