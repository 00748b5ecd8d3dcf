#!/usr/bin/env python3
"""Writes json_python.tsv: what Python's json module makes of legal, nearly legal and mutated JSON.

    python3 json_python.py COUNT [SAME] > json_python.tsv

One line per input: the input, a tab, and `!` if json.loads refuses it, else its canonical compact text. Bytes other
than printable ASCII, and the backslash, stand as \\xNN. Inputs are tried until COUNT have been kept; of
those with the same error, first and last byte only SAME are kept. A lone surrogate in a key counts as refused.
"""
import json
import random
import sys

SEEDS = r'''
null true false NaN Infinity -Infinity -NaN +1 nan inf nul tru fals TRUE Null NULL Nan infinity INFINITY -infinity
-Infinit Infinit +Infinity NaNN truefalse 0 -0 00 01 -01 1 -1 - -- +0 .5 -.5 0. 1. -1. 0.0 -0.0 1.5 1.50 1e5 1E5 1e+5 1e-5
1e 1e+ 1e- 1E+05 1e05 0e0 0e1 -0e1 1.e5 1.5e 1e400 -1e400 1e-400 -1e-400 1e99999999999999999999 1e-99999999999999999999
0e99999999999999999999 0x10 1_000 1,000 1d5 1f 12345678901234567890123456789012345678901234567890 -9223372036854775808
9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 0.1 0.2 0.30000000000000004
2.2250738585072014e-308 2.2250738585072011e-308 4.9e-324 2.4703282292062327e-324 2.4703282292062328e-324
1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308 9007199254740993.0 9007199254740992.9999
1e15 1e16 1e17 123456789012345680.0 0.0001 0.00001 0.00012345 0.000012345 1e-9 1e-10 0.000000001
100000000000000000000000.0 1.0000000000000000000000000000000000000001
"" "a" "\"" "\\" "\/" "\b\f\n\r\t" "\u0041" "\u00e9" "\u00E9" "\u2028" "\u0000" "\u001f" "\u007f" "\ud83d\ude00" "\uD83D\uDE00"
"\ud83d" "\ude00" "\ude00\ud83d" "\ud83d\ud83d\ude00" "\ud83dx" "\ud83d\n" "\ud83d\u0041" "\ud83d\\ude00" "\u" "\u0" "\u00" "\u004" "\u004g"
"\u 041" "\u+041" "\u-041" "\u0x41" "\U0041" "\x41" "\a" "\v" "\0" "\'" "\e" "\" " "a 'a' "a"b "a""b"
[] [1] [1,2] [1,] [,1] [,] [1 2] [1,,2] [ [[] []] [[]] [[],[]] [[1],[2]] [1}] {} {"a":1} {"a":1,"b":2} {"a":1,} {,} {"a"} {"a":} {"a":1 "b":2}
{a:1} {'a':1} {1:2} {null:1} {"a":1,"a":2} {"a":{"a":{"a":[]}}} {"a":1} {"a"1} {"a"::1} {:1} {"":""} {"\u0061":1} {"\ud800":1} {"\/":"\/"}
[{"a":[{"b":[1,2,{"c":null}]}]}] {"step":3,"loss":NaN,"note":"x","v":[1.0,-Infinity]} [1]] {}} [}{] {[]} [:] {"a":[} [{"a":1]} // /**/ [1]//c [1,/**/2]
1a "a":1 ; [1;2] [True] [None] [undefined] [-] [1.] [.1] [01] [1e] [NaN,Infinity,-Infinity] [-NaN] [+1]
'''.split()
SPACES = [b' ', b'\t', b'\n', b'\r', b'\x0b', b'\x0c', b'\x00', b'\x1c', b'\xc2\xa0', b'\xe2\x80\xa8', b'\xef\xbb\xbf', b'\xc2\x85']
EXTRA = [
    b'', b' ', b'[ ]', b'{ }', b'[ 1 , 2 ]', b'{ "a" : 1 , "b" : 2 }', b'"\x1f"', b'"\x7f"', b'"\n"', b'"\t"', b'"\r"', b'"\x00"', b'"\xc3\xa9"',
    b'"\xc3"', b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xf0\x9f\x98\x80"', b'"\xe2\x80\xa8"', b'"a\xcc\x81"',
    b'\xff', b'\xc3\xa9', b'1\x00', b'\x001', b'[1\x00]', b'\xef\xbb\xbf1', b'"\xef\xbb\xbf"', '\u0661'.encode(), '[1\u0662]'.encode(),
    '1.\u0661'.encode(), '\uff11'.encode(), b'"' + b'a' * 7 + b'\x01"', b'"' + b'a' * 8 + b'\x01"', b'"' + b'a' * 9 + b'\xc3\xa9"', b'1' * 400,
    b'0.' + b'0' * 400 + b'1', b'1' * 400 + b'.5', b'9' * 309 + b'.0', b'9' * 308 + b'e0',
] + [x for s in SPACES for x in (s + b'1', b'1' + s, b'[1,' + s + b'2]', b'{"a"' + s + b':1}', b'"a' + s + b'b"', b'1' + s + b'2')]
ALPHABET = [bytes([c]) for c in b'{}[]",:\\/0123456789.eE+-nulltruefalsNIdfiyub \t\n\r\x00\x1f\x7f\x80\xc3\xa9\xed\xa0\xff'] + [
    b'\\u', b'\\ud800', b'\\udc00', b'\\u00', b'NaN', b'Infinity', b'""', b'[]', b'{}', b'":', b',"', b'1e', b'.0', '\u00e9'.encode(), '\U0001f600'.encode()]


class Members(list):
    pass


class Refused(ValueError):
    pass


def string(s, key):
    out = []
    for c in s:
        if 0xd800 <= ord(c) < 0xe000:
            if key:
                raise Refused('lone surrogate in key')
            out.append('\\u%04x' % ord(c))
        else:
            out.append(json.dumps(c, ensure_ascii=False)[1:-1])
    return '"' + ''.join(out) + '"'


def canonical(v):
    if isinstance(v, Members):
        return '{' + ','.join(string(k, True) + ':' + canonical(x) for k, x in v) + '}'
    if isinstance(v, list):
        return '[' + ','.join(map(canonical, v)) + ']'
    if isinstance(v, str):
        return string(v, False)
    return json.dumps(v)


def verdict(data):
    try:
        value = json.loads(data.decode('utf-8'), object_pairs_hook=Members)
        return canonical(value).encode(), 'ok'
    except ValueError as e:
        return None, getattr(e, 'msg', type(e).__name__)


def escaped(data):
    return ''.join(chr(b) if 0x20 <= b < 0x7f and b != 0x5c else '\\x%02x' % b for b in data)


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        i = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            del data[i:i + rng.choice([1, 1, 2, 5])]
        elif kind == 1:
            data[i:i] = rng.choice(ALPHABET)
        elif kind == 2:
            data[i:i + 1] = rng.choice(ALPHABET)
        elif kind == 3:
            del data[i:]
        else:
            j = rng.randrange(len(data) + 1)
            data[i:i] = data[min(i, j):max(i, j)]
    return bytes(data)


def main():
    rng = random.Random(20)
    count, kept, seen, kinds = int(sys.argv[1]), 0, set(), {}
    limit = float(sys.argv[2]) if len(sys.argv) > 2 else 2
    seeds = [s.encode() for s in SEEDS] + EXTRA

    def inputs():
        yield from seeds
        while True:
            yield mutate(rng, rng.choice(seeds) if rng.random() < .8 else b'[' + rng.choice(seeds) + b',' + rng.choice(seeds) + b']')

    for n, data in enumerate(inputs()):
        if kept >= count:
            break
        if data in seen:
            continue
        seen.add(data)
        result, why = verdict(data)
        kind = (why, data[:1], data[-1:])
        kinds[kind] = kinds.get(kind, 0) + 1
        if n >= len(seeds) and kinds[kind] > limit:
            continue
        kept += 1
        print(escaped(data) + '\t' + ('!' if result is None else escaped(result)))


main()
